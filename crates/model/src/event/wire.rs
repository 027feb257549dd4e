//! What happened, in memory and on the wire.

use rapport_proto::v1::{self, event::Body as Wire};

use super::{Acknowledgement, Behaviour, Body, Contact, Measure};
use crate::words::*;

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

/// What happened, as it stands on the wire.
pub(super) fn to_proto(body: &Body) -> Wire {
    match body {
        Body::Started { matched_on } => {
            relationship(RelationshipAction::Started, numbers(*matched_on), None, None)
        }
        Body::Paused => relationship(RelationshipAction::Paused, vec![], None, None),
        Body::Resumed => relationship(RelationshipAction::Resumed, vec![], None, None),
        Body::Ended { by, reason } => {
            relationship(RelationshipAction::Ended, vec![], Some(*by), Some(*reason))
        }
        Body::Contact(contact) => Wire::Contact(contact_to_proto(contact)),
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
        Body::Measure(measure) => Wire::Measure(measure_to_proto(measure)),
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
        Body::Acknowledgement(acknowledgement) => {
            Wire::Acknowledgement(acknowledgement_to_proto(acknowledgement))
        }
        Body::Retraction { retracts } => Wire::Retraction(v1::Retraction { retracts: retracts.to_string() }),
    }
}

/// What happened; `None` where the wire holds a word that this version does not know, or lacks what is required.
pub(super) fn from_proto(body: Wire) -> Option<Body> {
    Some(match body {
        Wire::Relationship(wire) => relationship_from_proto(&wire)?,
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
            // Made anew, as large as what is in it: the list that was read has room for more.
            scores: wire.scores.iter().map(|score| (score.name.as_str().into(), score.micros)).collect(),
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
        Wire::Development(wire) => development_from_proto(wire)?,
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
        Wire::Retraction(wire) => Body::Retraction { retracts: wire.retracts.as_str().into() },
    })
}

fn relationship(
    action: RelationshipAction,
    matched_on: Vec<i32>,
    ended_by: Option<Side>,
    reason: Option<EndReason>,
) -> Wire {
    let (ended_by, reason) = (number(ended_by), number(reason));
    Wire::Relationship(v1::Relationship { action: action.number(), matched_on, ended_by, reason })
}

fn development(kind: DevelopmentKind) -> v1::Development {
    v1::Development { kind: kind.number(), ..Default::default() }
}

fn contact_to_proto(contact: &Contact) -> v1::Contact {
    v1::Contact {
        attendance: contact.attendance.number(),
        channel: number(contact.channel),
        minutes: contact.minutes.map(u32::from),
        support: numbers(contact.support),
        requested: numbers(contact.requested),
        practices: numbers(contact.practices),
    }
}

fn measure_to_proto(measure: &Measure) -> v1::Measure {
    let score = |(name, micros): &(_, i64)| v1::Score { name: ToString::to_string(name), micros: *micros };
    v1::Measure {
        instrument: measure.instrument.to_string(),
        rater: measure.rater.number(),
        scores: measure.scores.iter().map(score).collect(),
    }
}

fn acknowledgement_to_proto(acknowledgement: &Acknowledgement) -> v1::Acknowledgement {
    v1::Acknowledgement {
        alert_id: acknowledgement.alert_id.to_string(),
        state: acknowledgement.state.number(),
        action: number(acknowledgement.action),
        finding: acknowledgement.finding,
    }
}

fn relationship_from_proto(wire: &v1::Relationship) -> Option<Body> {
    Some(match RelationshipAction::from_number(wire.action)? {
        RelationshipAction::Started => Body::Started { matched_on: set(&wire.matched_on)? },
        RelationshipAction::Paused => Body::Paused,
        RelationshipAction::Resumed => Body::Resumed,
        RelationshipAction::Ended => Body::Ended {
            by: Side::from_number(wire.ended_by)?,
            reason: EndReason::from_number(wire.reason)?,
        },
    })
}

fn development_from_proto(wire: v1::Development) -> Option<Body> {
    Some(match DevelopmentKind::from_number(wire.kind)? {
        DevelopmentKind::Training => Body::Training { module: wire.module.as_str().into() },
        DevelopmentKind::Supervision => {
            Body::Supervision { held: wire.held?, format: optional(wire.format)?, scheduled: wire.scheduled }
        }
        DevelopmentKind::Reflection => Body::Reflection,
        DevelopmentKind::PeerSupportReceived => Body::PeerSupportReceived,
    })
}
