//! Alerts: stretches of time in which something holds that a supervisor should know: model.md section 6.
//!
//! Each kind is a rule that lists all its stretches ever from what the history says up to an instant (`Story`); what
//! acknowledgements close, identity, state and wording are the same for all.

mod rules;
mod wording;

use std::sync::Arc;

use rapport_proto::v1;
use sha2::{Digest, Sha256};

use crate::event::Event;
use crate::time::Instant;
use crate::timeline::{Episode, Rule};
use crate::words::*;

pub(crate) use rules::deadline;

/// The standing acknowledgements of a site that have occurred up to its clock.
pub trait Acknowledgements {
    /// `occurred_at` of the first acknowledgement, in the order of events, of that alert (32 hex digits) in state closed.
    fn closed_at(&self, alert_id: &str) -> Option<Instant>;
}

/// No acknowledgements.
impl Acknowledgements for () {
    fn closed_at(&self, _: &str) -> Option<Instant> {
        None
    }
}

/// Which alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A breakdown opened.
    AllianceBreakdown,
    /// A watch opened.
    AllianceWatch,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 2] = [Kind::AllianceBreakdown, Kind::AllianceWatch];

    /// Its name in alerts and indicators.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::AllianceBreakdown => "alliance_breakdown",
            Kind::AllianceWatch => "alliance_watch",
        }
    }

    /// How it is delivered: page, digest, safeguarding or operations.
    pub fn tier(self) -> &'static str {
        match self {
            Kind::AllianceBreakdown => "page",
            Kind::AllianceWatch => "digest",
        }
    }

    /// Whether an acknowledgement in state closed closes it.
    fn is_closed_by_acknowledgement(self) -> bool {
        self == Kind::AllianceBreakdown
    }
}

/// What a rule looks at: a dyad as it is at an instant.
pub(crate) struct Story<'a> {
    /// Its episodes, advanced to the instant.
    pub episodes: &'a [&'a Episode],
    /// Its own events, sorted, none after the instant.
    pub events: &'a [Arc<Event>],
    /// The instant.
    pub now: Instant,
}

impl Story<'_> {
    /// When the version of that event was recorded which stands.
    fn recorded_at(&self, occurred_at: Instant, id: &str) -> Instant {
        let from = self.events.partition_point(|event| event.occurred_at < occurred_at);
        let found = self.events[from..].iter().find(|event| *event.id == *id);
        found.map_or(occurred_at, |event| event.recorded_at)
    }
}

/// Who an alert is about, and where.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub site: &'a str,
    pub client: &'a str,
    pub peer: &'a str,
    /// What a person opens; `{alert_id}` stands for the id.
    pub link: &'a str,
}

/// What opened an alert, as its wording depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    Breakdown(Rule),
    Watch,
}

/// One stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub kind: Kind,
    /// Id of the opening event; where time opened it, of the event counted from.
    pub opened_by: Arc<str>,
    /// When what opened it was recorded.
    pub recorded_at: Instant,
    pub since: Instant,
    pub until: Option<Instant>,
    pub mechanism: Mechanism,
    pub component: Option<Component>,
    pub detected_by: Option<DetectedBy>,
    pub evidence: Evidence,
    /// Ratings its rule looked at, the baseline's included; 0: none.
    pub ratings: u32,
}

impl Stretch {
    /// The identity: first 16 bytes, hex, of SHA-256 over site, alert, subject and opening event, joined by 0x00.
    pub fn id(&self, about: About<'_>) -> String {
        let parts = [about.site, self.kind.as_str(), about.client, about.peer, &self.opened_by];
        let mut hash = Sha256::new();
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                hash.update([0]);
            }
            hash.update(part.as_bytes());
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether both are the same alert.
    pub fn is_same(&self, other: &Stretch) -> bool {
        self.kind == other.kind && self.opened_by == other.opened_by
    }

    /// Applies what acknowledgements close.
    pub fn acknowledge(&mut self, about: About<'_>, acknowledgements: &dyn Acknowledgements) {
        if !self.kind.is_closed_by_acknowledgement() {
            return;
        }
        if let Some(at) = acknowledgements.closed_at(&self.id(about)) {
            let closed = at.max(self.since);
            self.until = Some(self.until.map_or(closed, |until| until.min(closed)));
        }
    }

    /// The record of `rapport.alerts`; of one withdrawn, `withdrawn_at` is when.
    pub fn record(&self, about: About<'_>, withdrawn_at: Option<Instant>) -> v1::Alert {
        let alert_id = self.id(about);
        let state = match (withdrawn_at, self.until) {
            (Some(_), _) => "withdrawn",
            (None, Some(_)) => "resolved",
            (None, None) => "firing",
        };
        v1::Alert {
            site: about.site.to_owned(),
            alert: self.kind.as_str().to_owned(),
            tier: self.kind.tier().to_owned(),
            state: state.to_owned(),
            since: self.since.to_string(),
            until: self.until.or(withdrawn_at).map(|until| until.to_string()),
            recorded_at: self.recorded_at.to_string(),
            subject: Some(v1::Subject {
                client: Some(about.client.to_owned()),
                peer: Some(about.peer.to_owned()),
            }),
            mechanism: Some(self.mechanism.as_str().to_owned()),
            component: self.component.map(|component| component.as_str().to_owned()),
            detected_by: self.detected_by.map(|by| by.as_str().to_owned()),
            summary: Some(wording::summary(self.evidence).to_owned()),
            certainty: Some(wording::certainty(self.evidence, self.ratings)),
            next_step: Some(wording::next_step(self.kind).to_owned()),
            link: about.link.replace("{alert_id}", &alert_id),
            withdrawn_event: None,
            alert_id,
        }
    }
}

/// All stretches ever, up to the instant of the story.
pub(crate) fn stretches(
    story: &Story<'_>,
    about: About<'_>,
    acknowledgements: &dyn Acknowledgements,
) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    rules::ALL.iter().for_each(|rule| rule(story, &mut stretches));
    stretches.iter_mut().for_each(|stretch| stretch.acknowledge(about, acknowledgements));
    stretches
}

/// What to write so that whoever knows `before` knows `after`: new and changed alerts, and those withdrawn at `now`.
pub(crate) fn differences(
    before: &[Stretch],
    after: &[Stretch],
    about: About<'_>,
    now: Instant,
) -> Vec<v1::Alert> {
    let gone = before.iter().filter(|old| !after.iter().any(|new| new.is_same(old)));
    let new = after.iter().filter(|new| !before.contains(new));
    gone.map(|old| old.record(about, Some(now))).chain(new.map(|new| new.record(about, None))).collect()
}
