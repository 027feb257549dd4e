//! The canonical event out of checked fields.

use std::borrow::Cow;
use std::sync::Arc;

use super::field::{Field, FieldSet};
use crate::event::{Acknowledgement, Behaviour, Body, Contact, Measure};
use crate::words::*;

/// A value whose form is right.
#[derive(Debug)]
pub(super) enum Parsed<'a> {
    /// An id, a site, a code, the name of an instrument.
    Text(Cow<'a, str>),
    /// An instant.
    Instant(crate::time::Instant),
    /// A word, by its number on the wire.
    Word(i32),
    /// Words, bits by their numbers.
    Words(u16),
    /// An integer.
    Integer(u32),
    /// true or false.
    Flag(bool),
    /// Finite numbers by name.
    Scores(Vec<(Cow<'a, str>, f64)>),
}

/// The fields of a record of one type, each in its form.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    kind: &'static str,
    given: FieldSet,
    values: Vec<(Field, Parsed<'a>)>,
}

impl<'a> Fields<'a> {
    /// No fields of an event of type `kind`.
    pub(super) fn new(kind: &'static str) -> Self {
        Fields { kind, given: FieldSet::EMPTY, values: Vec::with_capacity(12) }
    }

    /// Adds a field.
    pub(super) fn push(&mut self, field: Field, value: Parsed<'a>) {
        self.given.insert(field);
        self.values.push((field, value));
    }

    /// The fields there are.
    pub(super) fn given(&self) -> FieldSet {
        self.given
    }

    fn get(&self, field: Field) -> Option<&Parsed<'a>> {
        self.values.iter().find(|(name, _)| *name == field).map(|(_, value)| value)
    }

    /// The text of `field`.
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        if let Parsed::Text(text) = self.get(field)? { Some(text) } else { None }
    }

    /// The instant of `field`.
    pub(super) fn instant(&self, field: Field) -> Option<crate::time::Instant> {
        if let Parsed::Instant(instant) = self.get(field)? { Some(*instant) } else { None }
    }

    /// The word of `field`.
    pub(super) fn word<T: Word>(&self, field: Field) -> Option<T> {
        if let Parsed::Word(number) = self.get(field)? { T::from_number(*number) } else { None }
    }

    /// The scores.
    pub(super) fn scores(&self) -> Option<&[(Cow<'a, str>, f64)]> {
        if let Parsed::Scores(scores) = self.get(Field::Scores)? { Some(scores) } else { None }
    }

    fn set<T: Word>(&self, field: Field) -> Set<T> {
        let Some(Parsed::Words(bits)) = self.get(field) else { return Set::default() };
        T::ALL.iter().copied().filter(|word| bits & 1 << word.number() != 0).collect()
    }

    fn integer(&self, field: Field) -> Option<u32> {
        if let Parsed::Integer(integer) = self.get(field)? { Some(*integer) } else { None }
    }

    fn flag(&self, field: Field) -> Option<bool> {
        if let Parsed::Flag(flag) = self.get(field)? { Some(*flag) } else { None }
    }
}

/// What happened; `None` where a required field is missing, which the checks before exclude.
pub(super) fn body(
    fields: &Fields<'_>,
    measure: Option<Measure>,
    retracts: Option<Arc<str>>,
) -> Option<Body> {
    Some(match fields.kind {
        "relationship" => relationship(fields)?,
        "contact" => Body::Contact(Contact {
            attendance: fields.word(Field::Attendance)?,
            channel: fields.word(Field::Channel),
            minutes: fields.integer(Field::Minutes).and_then(|minutes| minutes.try_into().ok()),
            support: fields.set(Field::Support),
            requested: fields.set(Field::Requested),
            practices: fields.set(Field::Practices),
        }),
        "alliance" => match fields.word(Field::Action)? {
            AllianceAction::Ruptured => Body::Ruptured {
                cause: fields.word(Field::Cause)?,
                reported_by: fields.word(Field::ReportedBy),
            },
            AllianceAction::Repaired => Body::Repaired,
        },
        "measure" => Body::Measure(Box::new(measure?)),
        "modelling" => modelling(fields)?,
        "service_use" => Body::ServiceUse {
            kind: fields.word(Field::Kind)?,
            quantity: fields.integer(Field::Quantity).unwrap_or(1),
        },
        "development" => development(fields)?,
        "peer" => match fields.word(Field::Action)? {
            PeerAction::Joined => Body::Joined,
            PeerAction::Left => Body::Left { reason: fields.word(Field::Reason)? },
        },
        "pathway" => Body::Pathway(fields.word(Field::Step)?),
        "acknowledgement" => Body::Acknowledgement(Box::new(Acknowledgement {
            alert_id: fields.text(Field::AlertId)?.into(),
            state: fields.word(Field::State)?,
            action: fields.word(Field::Action),
            finding: fields.flag(Field::Finding),
        })),
        "retraction" => Body::Retraction { retracts: retracts?.as_ref().into() },
        _ => return None,
    })
}

fn relationship(fields: &Fields<'_>) -> Option<Body> {
    Some(match fields.word(Field::Action)? {
        RelationshipAction::Started => Body::Started { matched_on: fields.set(Field::MatchedOn) },
        RelationshipAction::Paused => Body::Paused,
        RelationshipAction::Resumed => Body::Resumed,
        RelationshipAction::Ended => {
            Body::Ended { by: fields.word(Field::EndedBy)?, reason: fields.word(Field::Reason)? }
        }
    })
}

fn modelling(fields: &Fields<'_>) -> Option<Body> {
    Some(match fields.word(Field::What)? {
        ModellingWhat::Comparison => Body::Comparison {
            by: fields.word(Field::By).unwrap_or(Comparer::Client),
            direction: fields.word(Field::Direction)?,
            affect: fields.word(Field::Affect)?,
        },
        what => Body::Behaviour(Box::new(Behaviour {
            enacted: what == ModellingWhat::Enacted,
            code: fields.text(Field::Behaviour)?.into(),
            valence: fields.word(Field::Valence)?,
        })),
    })
}

fn development(fields: &Fields<'_>) -> Option<Body> {
    Some(match fields.word(Field::Kind)? {
        DevelopmentKind::Training => Body::Training { module: fields.text(Field::Module)?.into() },
        DevelopmentKind::Supervision => Body::Supervision {
            held: fields.flag(Field::Held)?,
            format: fields.word(Field::Format),
            scheduled: fields.flag(Field::Scheduled),
        },
        DevelopmentKind::Reflection => Body::Reflection,
        DevelopmentKind::PeerSupportReceived => Body::PeerSupportReceived,
    })
}
