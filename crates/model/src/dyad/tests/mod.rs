//! What a dyad's history says, told in small histories.

mod alerts;
mod alerts_of_loss;
mod alerts_of_modelling;
mod alerts_of_support;
mod alliance;
mod ends;
mod episodes;
mod open;
mod properties;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use rapport_proto::v1;

use super::{Changes, Context, Dyad};
use crate::alert::{Acknowledgements, Kind};
use crate::catalogue::Catalogue;
use crate::event::{Behaviour, Body, Contact, Event, Measure};
use crate::params::{Params, Settings};
use crate::time::{DAY_US, Day, Instant};
use crate::timeline::{Episode, Timeline};
use crate::words::*;

/// Two alliance instruments from 0 to 1, so that millionths of scores are q, and one for clients.
const CATALOGUE: &str = r#"
[[instrument]]
id = "a"
name = "A"
target = "alliance"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 0, max = 1 }
subscales = { bond = { min = 0, max = 1 }, goal = { min = 0, max = 1 }, task = { min = 0, max = 1 } }
within_dyad_sd = { value = 0.10, source = "assumption: replace by your own after 100 dyads" }

[[instrument]]
id = "b"
name = "B"
target = "alliance"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 0, max = 1 }
within_dyad_sd = { value = 0.10, source = "assumption: replace by your own after 100 dyads" }

[[instrument]]
id = "hope"
name = "Hope"
target = "client"
construct = "hope"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 0, max = 10 }
"#;

/// With σ = 0.10, ν₀ = 8 and four equal ratings, one SD of a further rating is 95 346 millionths.
const USUAL: i64 = 800_000;
/// z > 1, but not 2.
const LOW: i64 = USUAL - 150_000;
/// z > 2, but not 3.
const WELL_BELOW: i64 = USUAL - 200_000;
/// z > 3.
const FAR_BELOW: i64 = USUAL - 300_000;

pub(super) fn params() -> Params {
    Params { settings: Settings::default(), catalogue: Arc::new(Catalogue::parse(CATALOGUE).unwrap()) }
}

/// An event of a history: when, what, and whether it is the dyad's own.
type Told = (Instant, Body, bool);

fn at(day: i32, hour: i64) -> Instant {
    Instant(Day(day).start().0 + hour * (DAY_US / 24))
}

fn noon(day: i32) -> Instant {
    at(day, 12)
}

fn own(instant: Instant, body: Body) -> Told {
    (instant, body, true)
}

fn elsewhere(instant: Instant, body: Body) -> Told {
    (instant, body, false)
}

fn started() -> Body {
    Body::Started { matched_on: Set::default() }
}

fn ended(reason: EndReason) -> Body {
    Body::Ended { by: Side::Client, reason }
}

fn contact(attendance: Attendance, support: &[SupportType], requested: &[SupportType]) -> Body {
    Body::Contact(Contact {
        attendance,
        channel: None,
        minutes: None,
        support: support.iter().copied().collect(),
        requested: requested.iter().copied().collect(),
        practices: Set::default(),
    })
}

fn attended() -> Body {
    contact(Attendance::Attended, &[], &[])
}

fn missed() -> Body {
    contact(Attendance::MissedByClient, &[], &[])
}

fn ruptured(cause: RuptureCause) -> Body {
    Body::Ruptured { cause, reported_by: None }
}

fn scored(instrument: &str, rater: Rater, scores: &[(&str, i64)]) -> Body {
    let scores = scores.iter().map(|(name, micros)| ((*name).into(), *micros)).collect();
    Body::Measure(Box::new(Measure { instrument: instrument.into(), rater, scores }))
}

fn rated_with(instrument: &str, total: i64) -> Body {
    scored(instrument, Rater::Client, &[("total", total)])
}

fn rated(total: i64) -> Body {
    rated_with("a", total)
}

fn behaviour(enacted: bool, code: &str, valence: Valence) -> Body {
    Body::Behaviour(Box::new(Behaviour { enacted, code: code.into(), valence }))
}

fn modelled(enacted: bool) -> Body {
    behaviour(enacted, "walk", Valence::Positive)
}

/// A comparison by the client.
fn compared(affect: Affect) -> Body {
    Body::Comparison { by: Comparer::Client, direction: Direction::Upward, affect }
}

/// A baseline of four usual ratings on days 0, 7, 14, 21, and an attended contact on each.
fn baseline() -> Vec<Told> {
    let days = [0, 7, 14, 21];
    days.iter().flat_map(|day| [own(noon(*day), attended()), own(noon(*day), rated(USUAL))]).collect()
}

/// A baseline, and what followed.
fn after_baseline(more: &[Told]) -> History {
    let told: Vec<Told> = baseline().into_iter().chain(more.iter().cloned()).collect();
    history(&told)
}

/// A history: its events are named `e00`, `e01` … as told.
fn history(told: &[Told]) -> History {
    let events = told.iter().enumerate().map(|(n, (instant, body, own))| {
        let id = format!("e{n:02}");
        let event = Event { occurred_at: *instant, recorded_at: *instant, id: id.into(), body: body.clone() };
        (Arc::new(event), *own)
    });
    History { events: events.collect(), acknowledged: Acknowledged::default() }
}

/// Acknowledgements, in order: of which alert, when, and how far it had been dealt with.
#[derive(Default, Clone)]
struct Acknowledged(Vec<(String, Instant, AcknowledgementState)>);

impl Acknowledgements for Acknowledged {
    fn first(&self, alert_id: &str, states: &[AcknowledgementState]) -> Option<Instant> {
        let is_one = |(id, _, state): &&(String, _, _)| id == alert_id && states.contains(state);
        self.0.iter().find(is_one).map(|(_, at, _)| *at)
    }
}

/// The identity of an alert, as the model says.
fn alert_id(parts: &[&str]) -> String {
    let hash = <sha2::Sha256 as sha2::Digest>::digest(parts.join("\0"));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// From when until when.
type Span = (Instant, Option<Instant>);

struct History {
    events: Vec<(Arc<Event>, bool)>,
    acknowledged: Acknowledged,
}

impl History {
    /// Asks a dyad that was told everything up to `now`, in order, and settled then.
    fn ask<T>(&self, now: Instant, ask: impl Fn(&Context<'_>, &Dyad, Changes) -> T) -> T {
        let params = params();
        let (client, peer) = (Arc::from("c"), Arc::from("p"));
        let acknowledgements = &self.acknowledged;
        let cx = Context { params: &params, site: "s", client: &client, peer: &peer, acknowledgements };
        let mut dyad = Dyad::new();
        let mut known: Vec<_> = self.events.iter().filter(|(event, _)| event.occurred_at <= now).collect();
        known.sort_by(|(a, _), (b, _)| a.order(b));
        for (event, own) in known {
            dyad.insert(&cx, event.clone(), *own);
        }
        let changes = dyad.settle(&cx, now);
        ask(&cx, &dyad, changes)
    }

    fn timeline(&self, now: Instant) -> Timeline {
        self.ask(now, |cx, dyad, _| dyad.timeline(cx, now))
    }

    fn phase(&self, now: Instant) -> Option<Phase> {
        self.timeline(now).phase
    }

    fn last(&self, now: Instant) -> Episode {
        self.timeline(now).episodes.last().cloned().unwrap()
    }

    fn episodes(&self, now: Instant) -> usize {
        self.timeline(now).episodes.len()
    }

    /// The row of the event told as the `n`-th, from 0.
    fn row(&self, n: usize) -> v1::Enriched {
        let id = format!("e{n:02}");
        let now = self.events.iter().map(|(event, _)| event.occurred_at).max().unwrap();
        let rows = self.ask(now, |_, _, changes| changes.rows);
        rows.into_iter().find(|(found, _)| **found == *id).and_then(|(_, row)| row).unwrap()
    }

    /// Alerts as (kind, state, since, until).
    fn alerts(&self, now: Instant) -> Vec<(String, String, String, Option<String>)> {
        let alerts = self.ask(now, |_, _, changes| changes.alerts);
        alerts.into_iter().map(|alert| (alert.alert, alert.state, alert.since, alert.until)).collect()
    }

    /// The records of alerts of that kind, in order of their openings.
    fn records(&self, kind: Kind, now: Instant) -> Vec<v1::Alert> {
        let mut alerts = self.ask(now, |_, _, changes| changes.alerts);
        alerts.retain(|alert| alert.alert == kind.as_str());
        alerts
    }

    /// When alerts of that kind were open.
    fn spans(&self, kind: Kind, now: Instant) -> Vec<Span> {
        let instant = |text: &str| Instant::parse(text).unwrap();
        let span = |alert: v1::Alert| {
            assert_eq!(alert.state, if alert.until.is_some() { "resolved" } else { "firing" });
            (instant(&alert.since), alert.until.as_deref().map(instant))
        };
        self.records(kind, now).into_iter().map(span).collect()
    }

    /// Acknowledges the alert of that kind that the event told as the `n`-th opened.
    fn acknowledge(&mut self, kind: Kind, n: usize, at: Instant, state: AcknowledgementState) {
        let id = alert_id(&["s", kind.as_str(), "c", "p", &format!("e{n:02}")]);
        self.acknowledged.0.push((id, at, state));
    }

    /// Until when the only breakdown alert was open, as of `now`.
    fn breakdown_until(&self, now: Instant) -> Option<String> {
        let mut alerts = self.alerts(now);
        alerts.retain(|(kind, ..)| kind == "alliance_breakdown");
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        alerts.remove(0).3
    }
}
