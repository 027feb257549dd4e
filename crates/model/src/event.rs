//! A canonical event in memory: compact, ordered as model.md section 3 says, and nothing lost against the wire.

use std::cmp::Ordering;
use std::sync::Arc;

use prost::Message as _;
use rapport_proto::v1;

use crate::time::Instant;
use crate::words::*;

/// Who an event is about, as pseudonyms; `None` where its type has no such person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Persons {
    /// The client.
    pub client: Option<Arc<str>>,
    /// The peer.
    pub peer: Option<Arc<str>>,
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
    Training { module: Box<str> },
    Supervision { held: bool, format: Option<SupervisionFormat>, scheduled: Option<bool> },
    Reflection,
    PeerSupportReceived,
    Joined,
    Left { reason: LeftReason },
    Pathway(PathwayStep),
    Acknowledgement(Box<Acknowledgement>),
    Retraction { retracts: Arc<str> },
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
    pub scores: Vec<(Box<str>, i64)>,
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
pub struct Decoded {
    /// The ingest clock when it was accepted.
    pub ingested_at: Instant,
    /// The event; `None` of a tick.
    pub event: Option<(Arc<str>, Persons, Event)>,
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
            body: Some(body_to_proto(&self.body)),
            ingested_at_us: 0,
        }
    }
}

/// Takes a record's value apart.
pub fn decode(value: &[u8]) -> Result<Decoded, Malformed> {
    let wire = v1::Event::decode(value).map_err(|_| Malformed::Protobuf)?;
    let ingested_at = Instant(wire.ingested_at_us);
    let Some(body) = wire.body else {
        let tick = wire.event_id.is_empty() && wire.site.is_empty();
        return if tick { Ok(Decoded { ingested_at, event: None }) } else { Err(Malformed::Body) };
    };
    let person = |name: String| (!name.is_empty()).then(|| Arc::from(name));
    let event = Event {
        occurred_at: Instant(wire.occurred_at_us),
        recorded_at: Instant(wire.recorded_at_us),
        id: wire.event_id.into(),
        body: body_from_proto(body).ok_or(Malformed::Body)?,
    };
    let persons = Persons { client: person(wire.client), peer: person(wire.peer) };
    Ok(Decoded { ingested_at, event: Some((wire.site.into(), persons, event)) })
}

fn numbers<T: Word>(set: Set<T>) -> Vec<i32> {
    set.iter().map(Word::number).collect()
}

fn number<T: Word>(word: Option<T>) -> i32 {
    word.map_or(0, Word::number)
}

fn set<T: Word>(numbers: &[i32]) -> Option<Set<T>> {
    numbers.iter().map(|n| T::from_number(*n)).collect()
}

/// `Some(None)` of an unspecified word, `None` of one this version does not know.
fn optional<T: Word>(number: i32) -> Option<Option<T>> {
    if number == 0 { Some(None) } else { T::from_number(number).map(Some) }
}

fn body_to_proto(body: &Body) -> v1::event::Body {
    use v1::event::Body as Wire;
    let relationship =
        |action: RelationshipAction, matched_on, ended_by: Option<Side>, reason: Option<EndReason>| {
            Wire::Relationship(v1::Relationship {
                action: action.number(),
                matched_on,
                ended_by: number(ended_by),
                reason: number(reason),
            })
        };
    let development = |kind: DevelopmentKind| v1::Development { kind: kind.number(), ..Default::default() };
    match body {
        Body::Started { matched_on } => {
            relationship(RelationshipAction::Started, numbers(*matched_on), None, None)
        }
        Body::Paused => relationship(RelationshipAction::Paused, vec![], None, None),
        Body::Resumed => relationship(RelationshipAction::Resumed, vec![], None, None),
        Body::Ended { by, reason } => {
            relationship(RelationshipAction::Ended, vec![], Some(*by), Some(*reason))
        }
        Body::Contact(contact) => Wire::Contact(v1::Contact {
            attendance: contact.attendance.number(),
            channel: number(contact.channel),
            minutes: contact.minutes.map(u32::from),
            support: numbers(contact.support),
            requested: numbers(contact.requested),
            practices: numbers(contact.practices),
        }),
        Body::Ruptured { cause, reported_by } => Wire::Alliance(v1::Alliance {
            action: AllianceAction::Ruptured.number(),
            cause: cause.number(),
            reported_by: number(*reported_by),
        }),
        Body::Repaired => Wire::Alliance(v1::Alliance {
            action: AllianceAction::Repaired.number(),
            cause: 0,
            reported_by: 0,
        }),
        Body::Measure(measure) => Wire::Measure(v1::Measure {
            instrument: measure.instrument.to_string(),
            rater: measure.rater.number(),
            scores: measure
                .scores
                .iter()
                .map(|(name, micros)| v1::Score { name: name.to_string(), micros: *micros })
                .collect(),
        }),
        Body::Behaviour(behaviour) => Wire::Modelling(v1::Modelling {
            what: if behaviour.enacted { ModellingWhat::Enacted } else { ModellingWhat::Modelled }.number(),
            behaviour: behaviour.code.to_string(),
            valence: behaviour.valence.number(),
            ..Default::default()
        }),
        Body::Comparison { by, direction, affect } => Wire::Modelling(v1::Modelling {
            what: ModellingWhat::Comparison.number(),
            direction: direction.number(),
            affect: affect.number(),
            by: by.number(),
            ..Default::default()
        }),
        Body::ServiceUse { kind, quantity } => {
            Wire::ServiceUse(v1::ServiceUse { kind: kind.number(), quantity: Some(*quantity) })
        }
        Body::Training { module } => Wire::Development(v1::Development {
            module: module.to_string(),
            ..development(DevelopmentKind::Training)
        }),
        Body::Supervision { held, format, scheduled } => Wire::Development(v1::Development {
            held: Some(*held),
            format: number(*format),
            scheduled: *scheduled,
            ..development(DevelopmentKind::Supervision)
        }),
        Body::Reflection => Wire::Development(development(DevelopmentKind::Reflection)),
        Body::PeerSupportReceived => Wire::Development(development(DevelopmentKind::PeerSupportReceived)),
        Body::Joined => Wire::PeerChange(v1::PeerChange { action: PeerAction::Joined.number(), reason: 0 }),
        Body::Left { reason } => {
            Wire::PeerChange(v1::PeerChange { action: PeerAction::Left.number(), reason: reason.number() })
        }
        Body::Pathway(step) => Wire::Pathway(v1::Pathway { step: step.number() }),
        Body::Acknowledgement(acknowledgement) => Wire::Acknowledgement(v1::Acknowledgement {
            alert_id: acknowledgement.alert_id.to_string(),
            state: acknowledgement.state.number(),
            action: number(acknowledgement.action),
            finding: acknowledgement.finding,
        }),
        Body::Retraction { retracts } => Wire::Retraction(v1::Retraction { retracts: retracts.to_string() }),
    }
}

fn body_from_proto(body: v1::event::Body) -> Option<Body> {
    use v1::event::Body as Wire;
    Some(match body {
        Wire::Relationship(wire) => match RelationshipAction::from_number(wire.action)? {
            RelationshipAction::Started => Body::Started { matched_on: set(&wire.matched_on)? },
            RelationshipAction::Paused => Body::Paused,
            RelationshipAction::Resumed => Body::Resumed,
            RelationshipAction::Ended => Body::Ended {
                by: Side::from_number(wire.ended_by)?,
                reason: EndReason::from_number(wire.reason)?,
            },
        },
        Wire::Contact(wire) => Body::Contact(Contact {
            attendance: Attendance::from_number(wire.attendance)?,
            channel: optional(wire.channel)?,
            minutes: wire.minutes.map(u16::try_from).transpose().ok()?,
            support: set(&wire.support)?,
            requested: set(&wire.requested)?,
            practices: set(&wire.practices)?,
        }),
        Wire::Alliance(wire) => match AllianceAction::from_number(wire.action)? {
            AllianceAction::Ruptured => Body::Ruptured {
                cause: RuptureCause::from_number(wire.cause)?,
                reported_by: optional(wire.reported_by)?,
            },
            AllianceAction::Repaired => Body::Repaired,
        },
        Wire::Measure(wire) => Body::Measure(Box::new(Measure {
            instrument: wire.instrument.into(),
            rater: Rater::from_number(wire.rater)?,
            scores: wire.scores.into_iter().map(|score| (score.name.into(), score.micros)).collect(),
        })),
        Wire::Modelling(wire) => match ModellingWhat::from_number(wire.what)? {
            ModellingWhat::Comparison => Body::Comparison {
                by: Comparer::from_number(wire.by)?,
                direction: Direction::from_number(wire.direction)?,
                affect: Affect::from_number(wire.affect)?,
            },
            what => Body::Behaviour(Box::new(Behaviour {
                enacted: what == ModellingWhat::Enacted,
                code: wire.behaviour.into(),
                valence: Valence::from_number(wire.valence)?,
            })),
        },
        Wire::ServiceUse(wire) => {
            Body::ServiceUse { kind: ServiceUseKind::from_number(wire.kind)?, quantity: wire.quantity? }
        }
        Wire::Development(wire) => match DevelopmentKind::from_number(wire.kind)? {
            DevelopmentKind::Training => Body::Training { module: wire.module.into() },
            DevelopmentKind::Supervision => Body::Supervision {
                held: wire.held?,
                format: optional(wire.format)?,
                scheduled: wire.scheduled,
            },
            DevelopmentKind::Reflection => Body::Reflection,
            DevelopmentKind::PeerSupportReceived => Body::PeerSupportReceived,
        },
        Wire::PeerChange(wire) => match PeerAction::from_number(wire.action)? {
            PeerAction::Joined => Body::Joined,
            PeerAction::Left => Body::Left { reason: LeftReason::from_number(wire.reason)? },
        },
        Wire::Pathway(wire) => Body::Pathway(PathwayStep::from_number(wire.step)?),
        Wire::Acknowledgement(wire) => Body::Acknowledgement(Box::new(Acknowledgement {
            alert_id: wire.alert_id.into(),
            state: AcknowledgementState::from_number(wire.state)?,
            action: optional(wire.action)?,
            finding: wire.finding,
        })),
        Wire::Retraction(wire) => Body::Retraction { retracts: wire.retracts.into() },
    })
}
