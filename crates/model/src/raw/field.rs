//! Names of fields, and sets of them.

/// What stands for a name that is none of the model's.
pub(super) const UNNAMED: &str = "?";

macro_rules! fields {
    ($($variant:ident $text:literal),+ $(,)?) => {
        /// A field of a raw event. The variants stand in byte order of the names, so that the first of a set is the
        /// one a rejection names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub(super) enum Field { $($variant),+ }

        impl Field {
            /// All fields, in byte order of their names.
            pub(super) const ALL: &'static [Field] = &[$(Field::$variant),+];

            /// The field of that name.
            pub(super) fn parse(name: &str) -> Option<Field> {
                match name { $($text => Some(Field::$variant),)+ _ => None }
            }

            /// Its name.
            pub(super) fn as_str(self) -> &'static str {
                match self { $(Field::$variant => $text),+ }
            }
        }
    };
}

fields! {
    Action "action", Affect "affect", AlertId "alert_id", Attendance "attendance", Behaviour "behaviour", By "by",
    Cause "cause", Channel "channel", Client "client", Direction "direction", EndedBy "ended_by", EventId "event_id",
    Finding "finding", Format "format", Held "held", Instrument "instrument", Kind "kind", MatchedOn "matched_on",
    Minutes "minutes", Module "module", OccurredAt "occurred_at", Peer "peer", Practices "practices",
    Quantity "quantity", Rater "rater", Reason "reason", RecordedAt "recorded_at", ReportedBy "reported_by",
    Requested "requested", Retracts "retracts", Scheduled "scheduled", Scores "scores", Site "site", State "state",
    Step "step", Support "support", Type "type", Valence "valence", What "what",
}

impl Field {
    /// Whether it holds a JSON array; an empty one is as if absent.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Field::MatchedOn | Field::Practices | Field::Requested | Field::Support)
    }

    /// Whether it holds an integer.
    pub(super) fn is_integer(self) -> bool {
        matches!(self, Field::Minutes | Field::Quantity)
    }
}

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FieldSet(u64);

impl FieldSet {
    /// The set of no field.
    pub(super) const EMPTY: FieldSet = FieldSet(0);

    /// The set of these.
    pub(super) const fn of(fields: &[Field]) -> FieldSet {
        let mut bits = 0;
        let mut at = 0;
        while at < fields.len() {
            bits |= 1 << fields[at] as u8;
            at += 1;
        }
        FieldSet(bits)
    }

    /// Adds `field`; false if it was there.
    pub(super) fn insert(&mut self, field: Field) -> bool {
        let bit = 1 << field as u8;
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }

    /// Whether `field` is in it.
    pub(super) const fn contains(self, field: Field) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    /// The fields of both.
    pub(super) const fn union(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 | other.0)
    }

    /// Those not in `other`.
    pub(super) const fn minus(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 & !other.0)
    }

    /// Those also in `other`.
    pub(super) const fn common(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 & other.0)
    }

    /// The first in byte order of the names.
    pub(super) fn first(self) -> Option<Field> {
        Field::ALL.get(self.0.trailing_zeros() as usize).copied()
    }

    /// The fields in byte order of their names.
    #[cfg(test)]
    pub(super) fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.iter().copied().filter(move |field| self.contains(*field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_byte_order_of_their_names_and_fit_a_set() {
        assert!(Field::ALL.is_sorted_by(|a, b| a.as_str().as_bytes() < b.as_str().as_bytes()));
        assert!(Field::ALL.len() <= 64);
        for (number, field) in Field::ALL.iter().enumerate() {
            assert_eq!(*field as usize, number);
            assert_eq!(Field::parse(field.as_str()), Some(*field));
            assert_eq!(FieldSet::of(&[*field]).first(), Some(*field));
        }
        assert_eq!(FieldSet::EMPTY.first(), None);
    }
}
