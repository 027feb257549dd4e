//! What each type of event may say: the table of model.md section 2.

use super::field::{Field, FieldSet};
use crate::words::*;

/// The words a field may hold.
#[derive(Clone, Copy)]
pub(super) struct Vocabulary {
    /// Number of a word on the wire; `None` if it is none of them.
    pub(super) number: fn(&str) -> Option<i32>,
    /// All of them.
    #[cfg_attr(not(test), expect(dead_code, reason = "the JSON Schema is held against it"))]
    pub(super) words: fn() -> Vec<&'static str>,
}

/// The form a field's value must have.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// 1–128 Unicode scalar values, no control character, no white space at either end.
    Id,
    /// `[a-z0-9][a-z0-9-]{0,62}`.
    Site,
    /// RFC 3339 with an offset.
    Instant,
    /// 32 lower-case hex digits, as alert ids are written.
    AlertId,
    /// 1–64 lower-case letters, digits, underscores; with `true` also hyphens.
    Code { hyphens: bool },
    /// An integer from 0 to this, without fraction or exponent.
    Integer(u32),
    /// true or false.
    Flag,
    /// One word.
    Word(Vocabulary),
    /// A set of words.
    Words(Vocabulary),
    /// Any text: whether it names an instrument is a later question.
    Instrument,
    /// Numbers by name.
    Scores,
}

/// A type of event.
pub(super) struct Type {
    /// Its name.
    pub(super) name: &'static str,
    /// The persons it is about; of a measure those it may be about.
    pub(super) persons: FieldSet,
    /// Whether it must name all of them; of a measure the instrument says which.
    pub(super) persons_required: bool,
    /// Its own fields and their forms.
    pub(super) fields: &'static [(Field, Shape)],
    /// Those required whatever the variant.
    pub(super) required: FieldSet,
    /// The field that says which variant it is, and what each variant has; `None` where there is only one.
    pub(super) variants: Option<(Field, &'static [Variant])>,
}

/// An action, kind or "what" of a type.
pub(super) struct Variant {
    /// The word that says so.
    pub(super) word: &'static str,
    /// Fields it requires.
    pub(super) required: FieldSet,
    /// Fields it may have.
    pub(super) optional: FieldSet,
}

impl Type {
    /// The type of that name.
    pub(super) fn named(name: &str) -> Option<&'static Type> {
        TYPES.iter().find(|kind| kind.name == name)
    }

    /// All its own fields.
    pub(super) fn own_fields(&self) -> FieldSet {
        self.fields.iter().fold(FieldSet::EMPTY, |set, (field, _)| set.union(FieldSet::of(&[*field])))
    }

    /// The form of a field that belongs to it.
    pub(super) fn shape(&self, field: Field) -> Shape {
        match field {
            Field::EventId | Field::Client | Field::Peer => Shape::Id,
            Field::Site => Shape::Site,
            Field::OccurredAt | Field::RecordedAt => Shape::Instant,
            _ => self
                .fields
                .iter()
                .find(|(own, _)| *own == field)
                .map_or(Shape::Instrument, |(_, shape)| *shape),
        }
    }
}

/// Fields that every event may have.
pub(super) const COMMON: FieldSet =
    FieldSet::of(&[Field::EventId, Field::Type, Field::Site, Field::OccurredAt, Field::RecordedAt]);
/// Those of them that it must have.
pub(super) const COMMON_REQUIRED: FieldSet =
    FieldSet::of(&[Field::EventId, Field::Type, Field::Site, Field::OccurredAt]);
/// Both persons.
pub(super) const PERSONS: FieldSet = FieldSet::of(&[Field::Client, Field::Peer]);
/// The client.
pub(super) const CLIENT: FieldSet = FieldSet::of(&[Field::Client]);
/// The peer.
pub(super) const PEER: FieldSet = FieldSet::of(&[Field::Peer]);

fn number_of<T: Word>(text: &str) -> Option<i32> {
    T::parse(text).map(Word::number)
}

fn words_of<T: Word>() -> Vec<&'static str> {
    T::ALL.iter().map(|word| word.as_str()).collect()
}

const fn vocabulary<T: Word>() -> Vocabulary {
    Vocabulary { number: number_of::<T>, words: words_of::<T> }
}

const fn word<T: Word>() -> Shape {
    Shape::Word(vocabulary::<T>())
}

const fn words<T: Word>() -> Shape {
    Shape::Words(vocabulary::<T>())
}

/// Psychological therapy can be requested, never delivered.
const FIVE_TYPES: Vocabulary = Vocabulary {
    number: |text| SupportType::parse(text).filter(|word| SupportType::FIVE.contains(word)).map(Word::number),
    words: || SupportType::FIVE.iter().map(|word| word.as_str()).collect(),
};

const fn variant(word: &'static str, required: &[Field], optional: &[Field]) -> Variant {
    Variant { word, required: FieldSet::of(required), optional: FieldSet::of(optional) }
}

/// All types.
pub(super) const TYPES: &[Type] = &[
    CONTACT,
    MEASURE,
    RELATIONSHIP,
    ALLIANCE,
    MODELLING,
    SERVICE_USE,
    DEVELOPMENT,
    PEER_CHANGE,
    PATHWAY,
    ACKNOWLEDGEMENT,
    RETRACTION,
];

/// A type without variants, about `persons`.
const fn plain(
    name: &'static str,
    persons: FieldSet,
    fields: &'static [(Field, Shape)],
    required: &[Field],
) -> Type {
    Type { name, persons, persons_required: true, fields, required: FieldSet::of(required), variants: None }
}

/// A type whose `field` says which variant it is.
const fn varied(
    name: &'static str,
    persons: FieldSet,
    fields: &'static [(Field, Shape)],
    field: Field,
    variants: &'static [Variant],
) -> Type {
    let required = FieldSet::of(&[field]);
    Type { name, persons, persons_required: true, fields, required, variants: Some((field, variants)) }
}

const RELATIONSHIP: Type = varied(
    "relationship",
    PERSONS,
    &[
        (Field::Action, word::<RelationshipAction>()),
        (Field::MatchedOn, words::<MatchedOn>()),
        (Field::EndedBy, word::<Side>()),
        (Field::Reason, word::<EndReason>()),
    ],
    Field::Action,
    &[
        variant("started", &[], &[Field::MatchedOn]),
        variant("paused", &[], &[]),
        variant("resumed", &[], &[]),
        variant("ended", &[Field::EndedBy, Field::Reason], &[]),
    ],
);

const CONTACT: Type = plain(
    "contact",
    PERSONS,
    &[
        (Field::Attendance, word::<Attendance>()),
        (Field::Channel, word::<Channel>()),
        (Field::Minutes, Shape::Integer(1440)),
        (Field::Support, Shape::Words(FIVE_TYPES)),
        (Field::Requested, words::<SupportType>()),
        (Field::Practices, words::<Practice>()),
    ],
    &[Field::Attendance],
);

const ALLIANCE: Type = varied(
    "alliance",
    PERSONS,
    &[
        (Field::Action, word::<AllianceAction>()),
        (Field::Cause, word::<RuptureCause>()),
        (Field::ReportedBy, word::<Reporter>()),
    ],
    Field::Action,
    &[variant("ruptured", &[Field::Cause], &[Field::ReportedBy]), variant("repaired", &[], &[])],
);

const MEASURE: Type = Type {
    persons_required: false,
    ..plain(
        "measure",
        PERSONS,
        &[
            (Field::Instrument, Shape::Instrument),
            (Field::Rater, word::<Rater>()),
            (Field::Scores, Shape::Scores),
        ],
        &[Field::Instrument, Field::Rater, Field::Scores],
    )
};

const MODELLING: Type = varied(
    "modelling",
    PERSONS,
    &[
        (Field::What, word::<ModellingWhat>()),
        (Field::Behaviour, Shape::Code { hyphens: false }),
        (Field::Valence, word::<Valence>()),
        (Field::Direction, word::<Direction>()),
        (Field::Affect, word::<Affect>()),
        (Field::By, word::<Comparer>()),
    ],
    Field::What,
    &[
        variant("modelled", &[Field::Behaviour, Field::Valence], &[]),
        variant("enacted", &[Field::Behaviour, Field::Valence], &[]),
        variant("comparison", &[Field::Direction, Field::Affect], &[Field::By]),
    ],
);

const SERVICE_USE: Type = plain(
    "service_use",
    CLIENT,
    &[(Field::Kind, word::<ServiceUseKind>()), (Field::Quantity, Shape::Integer(10_000))],
    &[Field::Kind],
);

const DEVELOPMENT: Type = varied(
    "development",
    PEER,
    &[
        (Field::Kind, word::<DevelopmentKind>()),
        (Field::Module, Shape::Code { hyphens: true }),
        (Field::Held, Shape::Flag),
        (Field::Format, word::<SupervisionFormat>()),
        (Field::Scheduled, Shape::Flag),
    ],
    Field::Kind,
    &[
        variant("training", &[Field::Module], &[]),
        variant("supervision", &[Field::Held], &[Field::Format, Field::Scheduled]),
        variant("reflection", &[], &[]),
        variant("peer_support_received", &[], &[]),
    ],
);

const PEER_CHANGE: Type = varied(
    "peer",
    PEER,
    &[(Field::Action, word::<PeerAction>()), (Field::Reason, word::<LeftReason>())],
    Field::Action,
    &[variant("joined", &[], &[]), variant("left", &[Field::Reason], &[])],
);

const PATHWAY: Type = plain("pathway", CLIENT, &[(Field::Step, word::<PathwayStep>())], &[Field::Step]);

const ACKNOWLEDGEMENT: Type = plain(
    "acknowledgement",
    FieldSet::EMPTY,
    &[
        (Field::AlertId, Shape::AlertId),
        (Field::State, word::<AcknowledgementState>()),
        (Field::Action, word::<AcknowledgementAction>()),
        (Field::Finding, Shape::Flag),
    ],
    &[Field::AlertId, Field::State],
);

const RETRACTION: Type =
    plain("retraction", FieldSet::EMPTY, &[(Field::Retracts, Shape::Id)], &[Field::Retracts]);
