//! A raw record taken apart, whatever its form: names of the model with their values as sent, not yet judged.

use std::borrow::Cow;

use super::field::{Field, FieldSet, UNNAMED};

/// A value as sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// true or false.
    Flag(bool),
    /// A number without fraction or exponent.
    Integer(i64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list of texts, not empty.
    Texts(Vec<Cow<'a, str>>),
    /// What `scores` holds, by name; `None` where a value is no number.
    Scores(Vec<(Cow<'a, str>, Option<f64>)>),
    /// Anything else.
    Other,
}

/// A raw record taken apart.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    /// The model's names that are present, those without a value included.
    pub(super) present: FieldSet,
    /// Names within `scores` whose value is null: as if absent, but they must belong.
    pub(super) null_scores: Vec<Cow<'a, str>>,
    /// The first in byte order of the names that are none of the model's; `?` of Protobuf, which has only numbers.
    first_unknown: Option<Cow<'a, str>>,
    given: FieldSet,
    values: Vec<(Field, Value<'a>)>,
}

impl<'a> Document<'a> {
    /// A document without fields.
    pub(super) fn new() -> Self {
        Document { values: Vec::with_capacity(12), ..Document::default() }
    }

    /// Adds a value. The name must be new.
    pub(super) fn give(&mut self, field: Field, value: Value<'a>) {
        self.present.insert(field);
        self.given.insert(field);
        self.values.push((field, value));
    }

    /// Notes a name that is none of the model's.
    pub(super) fn note_unknown(&mut self, name: Cow<'a, str>) {
        if self.first_unknown.as_ref().is_none_or(|first| name.as_bytes() < first.as_bytes()) {
            self.first_unknown = Some(name);
        }
    }

    /// Fields with a value.
    pub(super) fn given(&self) -> FieldSet {
        self.given
    }

    /// The value of `field`.
    pub(super) fn get(&self, field: Field) -> Option<&Value<'a>> {
        self.values.iter().find(|(name, _)| *name == field).map(|(_, value)| value)
    }

    /// The first in byte order of all names present that are not in `belonging`, as a rejection may say it.
    pub(super) fn first_not_in(&self, belonging: FieldSet) -> Option<&'static str> {
        let misplaced = self.present.minus(belonging).first().map(Field::as_str);
        match (&self.first_unknown, misplaced) {
            (Some(unknown), Some(known)) if known.as_bytes() < unknown.as_bytes() => Some(known),
            (Some(_), _) => Some(UNNAMED),
            (None, misplaced) => misplaced,
        }
    }

    /// All values, in byte order of the names.
    pub(super) fn into_values(mut self) -> (Vec<(Field, Value<'a>)>, Vec<Cow<'a, str>>) {
        self.values.sort_unstable_by_key(|(field, _)| *field);
        (self.values, self.null_scores)
    }
}
