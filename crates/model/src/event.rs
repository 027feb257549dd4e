//! A canonical event in memory: compact, ordered as model.md section 3 says, and nothing lost against the wire.

pub(crate) mod sorted;
mod thin;
mod wire;

use std::cmp::Ordering;
use std::sync::Arc;

use prost::Message as _;
use rapport_proto::v1;

use crate::time::Instant;
use crate::words::*;

pub use thin::Thin;

/// Who an event is about, as pseudonyms; `None` where its type has no such person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Persons {
    /// The client.
    pub client: Option<Arc<str>>,
    /// The peer.
    pub peer: Option<Arc<str>>,
}

impl Persons {
    /// The same, borrowed.
    pub fn names(&self) -> Names<'_> {
        Names { client: self.client.as_deref(), peer: self.peer.as_deref() }
    }
}

/// The same, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Names<'a> {
    /// The client.
    pub client: Option<&'a str>,
    /// The peer.
    pub peer: Option<&'a str>,
}

impl Names<'_> {
    /// The same, owned.
    pub fn to_persons(self) -> Persons {
        Persons { client: self.client.map(Arc::from), peer: self.peer.map(Arc::from) }
    }
}

/// One version of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub occurred_at: Instant,
    /// When this version was recorded.
    pub recorded_at: Instant,
    /// Its id as on `rapport.events`.
    pub id: Arc<str>,
    /// What happened.
    pub body: Body,
}

/// What happened, by type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Body {
    Started { matched_on: Set<MatchedOn> },
    Paused,
    Resumed,
    Ended { by: Side, reason: EndReason },
    Contact(Contact),
    Ruptured { cause: RuptureCause, reported_by: Option<Reporter> },
    Repaired,
    Measure(Box<Measure>),
    Behaviour(Box<Behaviour>),
    Comparison { by: Comparer, direction: Direction, affect: Affect },
    ServiceUse { kind: ServiceUseKind, quantity: u32 },
    Training { module: Thin },
    Supervision { held: bool, format: Option<SupervisionFormat>, scheduled: Option<bool> },
    Reflection,
    PeerSupportReceived,
    Joined,
    Left { reason: LeftReason },
    Pathway(PathwayStep),
    Acknowledgement(Box<Acknowledgement>),
    Retraction { retracts: Thin },
}

/// A contact, held or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// Whether it took place.
    pub attendance: Attendance,
    /// How.
    pub channel: Option<Channel>,
    /// How long, minutes, 0–1440.
    pub minutes: Option<u16>,
    /// Types delivered, if attended.
    pub support: Set<SupportType>,
    /// Types the client asked for, attended or not.
    pub requested: Set<SupportType>,
    /// What the peer did.
    pub practices: Set<Practice>,
}

impl Contact {
    /// Whether it took place.
    pub fn attended(&self) -> bool {
        self.attendance == Attendance::Attended
    }

    /// Whether it took place and delivered support of that type.
    pub fn delivered(&self, kind: SupportType) -> bool {
        self.attended() && self.support.contains(kind)
    }
}

/// Scores of one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Id of the instrument.
    pub instrument: Box<str>,
    /// Who rated.
    pub rater: Rater,
    /// Score by subscale or `total`, millionths of the instrument's own scale; sorted by name.
    pub scores: Box<[(Box<str>, i64)]>,
}

/// A behaviour modelled by the peer or enacted by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// Whether the client enacted it; otherwise the peer modelled it.
    pub enacted: bool,
    /// Its code.
    pub code: Box<str>,
    /// Whether it is wanted.
    pub valence: Valence,
}

/// An acknowledgement of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The alert's id, 32 hex digits.
    pub alert_id: Box<str>,
    /// How far it has been dealt with.
    pub state: AcknowledgementState,
    /// What was done.
    pub action: Option<AcknowledgementAction>,
    /// Whether the alert was right.
    pub finding: Option<bool>,
}

/// A record of `rapport.events`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The ingest clock when it was accepted.
    pub ingested_at: Instant,
    /// The event with its site and persons; `None` of a tick.
    pub event: Option<(&'a str, Names<'a>, Event)>,
}

/// Why bytes are no record of `rapport.events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes are no Protobuf of the contract.
    #[error("decode the protobuf")]
    Protobuf,
    /// It has a body this version does not know, or a word missing that its type requires.
    #[error("understand the body")]
    Body,
}

impl Event {
    /// Place among events of one instant: started, resumed, contact, measure, modelling, ruptured, repaired, everything
    /// else, paused, ended.
    pub fn rank(&self) -> u8 {
        match self.body {
            Body::Started { .. } => 0,
            Body::Resumed => 1,
            Body::Contact(_) => 2,
            Body::Measure(_) => 3,
            Body::Behaviour(_) | Body::Comparison { .. } => 4,
            Body::Ruptured { .. } => 5,
            Body::Repaired => 6,
            Body::Paused => 8,
            Body::Ended { .. } => 9,
            _ => 7,
        }
    }

    /// The order of model.md section 3: by instant, by rank, by id bytewise.
    pub fn order(&self, other: &Event) -> Ordering {
        (self.occurred_at, self.rank(), self.id.as_bytes()).cmp(&(
            other.occurred_at,
            other.rank(),
            other.id.as_bytes(),
        ))
    }

    /// The canonical encoding: what a version is compared and identified by.
    pub fn canonical_bytes(&self, site: &str, persons: &Persons) -> Vec<u8> {
        self.to_proto(site, persons).encode_to_vec()
    }

    /// The event as it stands on the wire, without `ingested_at_us`.
    pub fn to_proto(&self, site: &str, persons: &Persons) -> v1::Event {
        v1::Event {
            event_id: self.id.to_string(),
            site: site.to_owned(),
            occurred_at_us: self.occurred_at.0,
            recorded_at_us: self.recorded_at.0,
            client: persons.client.as_deref().unwrap_or_default().to_owned(),
            peer: persons.peer.as_deref().unwrap_or_default().to_owned(),
            body: Some(wire::to_proto(&self.body)),
            ingested_at_us: 0,
        }
    }
}

/// Takes values of records apart, one after the other; keeps its memory.
#[derive(Debug, Default)]
pub struct Decoder(v1::Event);

impl Decoder {
    /// Takes a record's value apart.
    ///
    /// # Errors
    /// Where it is no record of `rapport.events`.
    pub fn decode(&mut self, value: &[u8]) -> Result<Decoded<'_>, Malformed> {
        let Decoder(wire) = self;
        wire.clear();
        wire.merge(value).map_err(|_| Malformed::Protobuf)?;
        let ingested_at = Instant(wire.ingested_at_us);
        let Some(body) = wire.body.take() else {
            let tick = wire.event_id.is_empty() && wire.site.is_empty();
            return if tick { Ok(Decoded { ingested_at, event: None }) } else { Err(Malformed::Body) };
        };
        let event = Event {
            occurred_at: Instant(wire.occurred_at_us),
            recorded_at: Instant(wire.recorded_at_us),
            id: wire.event_id.as_str().into(),
            body: wire::from_proto(body).ok_or(Malformed::Body)?,
        };
        let [client, peer] =
            [&wire.client, &wire.peer].map(|name| (!name.is_empty()).then_some(name.as_str()));
        let names = Names { client, peer };
        Ok(Decoded { ingested_at, event: Some((&wire.site, names, event)) })
    }
}
