//! One alert: a stretch of time, with its identity, its state and its record.

use std::sync::Arc;

use rapport_proto::v1;
use sha2::{Digest, Sha256};

use super::{Acknowledgements, Kind, wording};
use crate::event::Event;
use crate::time::Instant;
use crate::timeline::Rule;
use crate::words::*;

/// Who an alert is about, and where.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub site: &'a str,
    pub client: Option<&'a str>,
    pub peer: Option<&'a str>,
    /// What a person opens; `{alert_id}` stands for the id.
    pub link: &'a str,
}

/// Of what in its mechanism an alert speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Part {
    #[default]
    None,
    Component(Component),
    /// A part of the subject: there is one alert per type.
    Support(SupportType),
    /// A part of the subject: there is one alert per series of scores.
    Series(Box<Series>),
}

/// Scores of one instrument, rated by one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    pub instrument: Box<str>,
    pub rater: Rater,
    pub construct: Box<str>,
}

impl Part {
    fn as_str(&self) -> Option<&str> {
        match self {
            Part::None => None,
            Part::Component(component) => Some(component.as_str()),
            Part::Support(kind) => Some(kind.as_str()),
            Part::Series(series) => Some(&series.construct),
        }
    }

    /// What it adds to the subject.
    fn of_subject(&self) -> [Option<&str>; 2] {
        match self {
            Part::None | Part::Component(_) => [None, None],
            Part::Support(kind) => [Some(kind.as_str()), None],
            Part::Series(series) => [Some(&series.instrument), Some(series.rater.as_str())],
        }
    }
}

/// An alert's id, to be kept: a fourth of its digits' memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id([u8; 16]);

impl Id {
    /// Reads 32 hex digits as [`Stretch::id`] writes them; no alert has another id.
    pub fn parse(digits: &str) -> Option<Id> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = digits.len() == 32 && digits.bytes().all(is_digit);
        let id = is_id.then(|| u128::from_str_radix(digits, 16).ok()).flatten()?;
        Some(Id(id.to_be_bytes()))
    }
}

/// State of an alert that no longer follows from the events.
pub(crate) const WITHDRAWN: &str = "withdrawn";

/// One stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub kind: Kind,
    /// Id of the opening event; where time opened it, of the event counted from.
    pub opened_by: Arc<str>,
    /// When what opened it was recorded; where time opened it, not before then.
    pub recorded_at: Instant,
    pub since: Instant,
    pub until: Option<Instant>,
    pub mechanism: Option<Mechanism>,
    pub part: Part,
    pub detected_by: Option<DetectedBy>,
    /// Of breakdowns: the rule that opened them.
    pub rule: Option<Rule>,
    /// Ratings its rule looked at, the baseline's included; 0: none.
    pub ratings: u32,
    /// Of safeguarding: no standing version of its event says so any more.
    pub withdrawn_event: bool,
}

impl Stretch {
    /// One that `event` opened at its own instant, or that time opened later, counting from it.
    ///
    /// What time opens is news at that moment, however long ago the event was recorded; but not if the event itself
    /// became known only later. Delivery, which goes by `recorded_at`, would else never tell of 28 days that have passed.
    pub fn opened(kind: Kind, event: &Event, since: Instant) -> Stretch {
        Stretch::opened_by(kind, event.id.clone(), (event.occurred_at, event.recorded_at), since)
    }

    /// The same, of an event known by its id and by when it occurred and was recorded.
    pub fn opened_by(
        kind: Kind,
        id: Arc<str>,
        (occurred_at, recorded_at): (Instant, Instant),
        since: Instant,
    ) -> Stretch {
        let by_time = since > occurred_at;
        Stretch {
            kind,
            opened_by: id,
            recorded_at: if by_time { recorded_at.max(since) } else { recorded_at },
            since,
            until: None,
            mechanism: None,
            part: Part::None,
            detected_by: None,
            rule: None,
            ratings: 0,
            withdrawn_event: false,
        }
    }

    /// With where in the change model it stands.
    pub fn at(self, mechanism: Mechanism, part: Part) -> Stretch {
        Stretch { mechanism: Some(mechanism), part, ..self }
    }

    /// With its end.
    pub fn until(self, until: Option<Instant>) -> Stretch {
        Stretch { until, ..self }
    }

    /// The identity: first 16 bytes, hex, of SHA-256 over site, alert, subject and opening event, joined by 0x00.
    pub fn id(&self, about: About<'_>) -> String {
        identity(self.kind, &self.part, &self.opened_by, about)
    }

    /// Whether both, of one subject, are the same alert.
    pub fn is_same(&self, other: &Stretch) -> bool {
        self.kind == other.kind
            && self.opened_by == other.opened_by
            && self.part.of_subject() == other.part.of_subject()
    }

    /// `occurred_at` of the acknowledgement that closes it, which may be before it opens.
    pub fn acknowledged_at(
        &self,
        about: About<'_>,
        acknowledgements: &dyn Acknowledgements,
    ) -> Option<Instant> {
        let states = self.kind.closed_by();
        let is_asked = !states.is_empty() && !acknowledgements.is_empty();
        if is_asked { acknowledgements.first(&self.id(about), states) } else { None }
    }

    /// Applies what acknowledgements close.
    pub fn acknowledge(&mut self, about: About<'_>, acknowledgements: &dyn Acknowledgements) {
        if let Some(at) = self.acknowledged_at(about, acknowledgements) {
            let closed = at.max(self.since);
            self.until = Some(self.until.map_or(closed, |until| until.min(closed)));
        }
    }

    /// The record of `rapport.alerts`; of one withdrawn, `withdrawn_at` is when.
    pub fn record(&self, about: About<'_>, withdrawn_at: Option<Instant>) -> v1::Alert {
        let alert_id = self.id(about);
        let state = match (withdrawn_at, self.until) {
            (Some(_), _) => WITHDRAWN,
            (None, Some(_)) => "resolved",
            (None, None) => "firing",
        };
        let words = wording::of(self);
        v1::Alert {
            site: about.site.to_owned(),
            alert: self.kind.as_str().to_owned(),
            tier: self.kind.tier().to_owned(),
            state: state.to_owned(),
            since: self.since.to_string(),
            until: self.until.or(withdrawn_at).map(|until| until.to_string()),
            recorded_at: self.recorded_at.to_string(),
            subject: Some(v1::Subject {
                client: about.client.map(str::to_owned),
                peer: about.peer.map(str::to_owned),
            }),
            mechanism: self.mechanism.map(|mechanism| mechanism.as_str().to_owned()),
            component: self.part.as_str().map(str::to_owned),
            detected_by: self.detected_by.map(|by| by.as_str().to_owned()),
            summary: words.map(|words| words.summary.to_owned()),
            certainty: words.map(|words| v1::Certainty {
                rule: words.rule.to_owned(),
                ratings: (self.ratings > 0).then_some(self.ratings),
                expected_false_alarms: words.expected_false_alarms.map(str::to_owned),
            }),
            next_step: words.map(|words| words.next_step.to_owned()),
            link: about.link.replace("{alert_id}", &alert_id),
            withdrawn_event: self.withdrawn_event.then_some(true),
            alert_id,
        }
    }
}

/// The identity of an alert of that kind and part of its subject: [`Stretch::id`].
pub(super) fn identity(kind: Kind, part: &Part, opened_by: &str, about: About<'_>) -> String {
    let [part, of_part] = part.of_subject();
    let subject = [about.client, about.peer, part, of_part].into_iter().flatten();
    let mut hash = Sha256::new();
    hash.update(about.site.as_bytes());
    for string in [kind.as_str()].into_iter().chain(subject).chain([opened_by]) {
        hash.update([0]);
        hash.update(string.as_bytes());
    }
    let id = hash.finalize().iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte));
    format!("{id:032x}")
}
