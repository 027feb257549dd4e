//! Alerts of peers and sites, told in small histories, and what all alerts have in common.

mod common;
mod peer;
mod site;
mod wellbeing;

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::Digest as _;

use super::*;
use crate::catalogue::Catalogue;
use crate::event::{Body, Event, Measure};
use crate::params::Params;
use crate::time::{DAY_US, Day};
use crate::words::*;

const ABOUT_PEER: About<'static> =
    About { site: "s", client: None, peer: Some("p"), link: "https://x/{alert_id}" };

fn at(day: i32, hour: i64) -> Instant {
    Instant(Day(day).start().0 + hour * (DAY_US / 24))
}

fn noon(day: i32) -> Instant {
    at(day, 12)
}

fn event(id: &str, at: Instant, body: Body) -> Arc<Event> {
    Arc::new(Event { occurred_at: at, recorded_at: at, id: id.into(), body })
}

/// The identity of an alert, as the model says.
fn alert_id(parts: &[&str]) -> String {
    let hash = sha2::Sha256::digest(parts.join("\0"));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A stretch in which a dyad is open, from a `started` of that id on.
fn open(id: &str, from: Instant, until: Option<Instant>) -> OpenStretch {
    let opener = event(id, from, Body::Started { matched_on: Set::default() });
    OpenStretch { from, opener, until, lost: false }
}

/// The same, until it is presumed lost.
fn lost(id: &str, from: Instant, until: Instant) -> OpenStretch {
    OpenStretch { lost: true, ..open(id, from, Some(until)) }
}

/// A stretch that time opened, counting from a pause.
fn after_pause(id: &str, paused: Instant, from: Instant) -> OpenStretch {
    OpenStretch { from, opener: event(id, paused, Body::Paused), until: None, lost: false }
}

/// From, until, and the event that opened it or was counted from.
type Told = (Instant, Option<Instant>, String);

fn told(from: Instant, until: Option<Instant>, by: &str) -> Told {
    (from, until, by.to_owned())
}

/// A peer's own events and its dyads.
struct Peer {
    params: Params,
    events: Vec<Arc<Event>>,
    dyads: Vec<Vec<OpenStretch>>,
}

impl Peer {
    fn with(events: &[Arc<Event>], dyads: &[&[OpenStretch]]) -> Peer {
        let settings = Settings {
            overload_dyads: 2,
            mandatory_training: BTreeMap::from([("basics".to_owned(), 0), ("first-aid".to_owned(), 10)]),
            ..Settings::default()
        };
        let mut events = events.to_vec();
        events.sort_by(|a, b| a.order(b));
        let params = Params { settings, catalogue: Arc::new(Catalogue::parse(CATALOGUE).unwrap()) };
        Peer { params, events, dyads: dyads.iter().map(|dyad| dyad.to_vec()).collect() }
    }

    fn ask<T>(&self, now: Instant, ask: impl FnOnce(&PeerStory<'_>) -> T) -> T {
        let known = self.events.partition_point(|event| event.occurred_at <= now);
        // As the dyads were at the instant.
        let as_of = |open: &OpenStretch| OpenStretch {
            until: open.until.filter(|until| *until <= now),
            lost: open.lost && open.until.is_some_and(|until| until <= now),
            ..open.clone()
        };
        let dyads: Vec<Vec<OpenStretch>> = self
            .dyads
            .iter()
            .map(|dyad| dyad.iter().filter(|open| open.from <= now).map(as_of).collect())
            .collect();
        let presence = Presence::of(dyads.iter().map(Vec::as_slice));
        let told = self.events[..known].iter().filter(|event| is_told_of_peer(&event.body));
        let told: Vec<Arc<Event>> = told.cloned().collect();
        ask(&PeerStory { params: &self.params, told: &told, presence, wellbeing: None, now })
    }

    fn stretches(&self, kind: Kind, now: Instant) -> Vec<Stretch> {
        let mut stretches = self.ask(now, |story| peer_stretches(story, ABOUT_PEER, &()));
        stretches.retain(|stretch| stretch.kind == kind);
        stretches
    }

    fn told(&self, kind: Kind, now: Instant) -> Vec<Told> {
        let told = self.stretches(kind, now).into_iter();
        told.map(|one| (one.since, one.until, one.opened_by.to_string())).collect()
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        self.ask(now, peer_deadline)
    }
}

/// Instruments for peers: `calm`, of which less is worse, and `strain`, of which more is; and one without a reliable change.
const CATALOGUE: &str = r#"
[[instrument]]
id = "calm"
name = "Calm"
target = "peer"
construct = "wellbeing"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 0, max = 10 }
reliable_change = { value = 3, source = "none" }

[[instrument]]
id = "strain"
name = "Strain"
target = "peer"
construct = "distress"
direction = "high_is_bad"
scoring = "as is"
licence = "none"
total = { min = 0, max = 10 }
reliable_change = { value = 3, source = "none" }

[[instrument]]
id = "vague"
name = "Vague"
target = "peer"
construct = "coping"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 0, max = 10 }

[[instrument]]
id = "hope"
name = "Hope"
target = "client"
construct = "hope"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 0, max = 10 }
reliable_change = { value = 3, source = "none" }
"#;
