//! Reads TOML by hand, so that every wrong field of a file is told at once, each with its line.

use std::fmt;
use std::ops::Range as Span;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Greatest magnitude of a number of a scale: its millionths, squared once over a range, still fit an i64.
const MAX_NUMBER: f64 = 1e6;

/// One thing that is wrong in a catalogue file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// The field; empty where the text is no TOML.
    pub field: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.field.is_empty() {
            write!(f, ", `{}`", self.field)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// What was found wrong so far.
pub(super) struct Problems<'t> {
    text: &'t str,
    pub found: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub fn new(text: &'t str) -> Problems<'t> {
        Problems { text, found: Vec::new() }
    }

    /// Notes that `field`, which stands at `span`, is wrong.
    pub fn note(&mut self, span: &Span<usize>, field: &str, what: impl Into<String>) {
        let breaks = self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        self.found.push(Problem { line: breaks + 1, field: field.to_owned(), what: what.into() });
    }

    /// Notes it unless it holds.
    pub fn check(&mut self, holds: bool, span: &Span<usize>, field: &str, what: &str) -> bool {
        if !holds {
            self.note(span, field, what);
        }
        holds
    }
}

/// A value that was read, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Span<usize>,
}

/// The fields of a TOML table; those nobody asks for do not belong there.
pub(super) struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Where the table stands: the line that names what is missing.
    pub span: Span<usize>,
    /// Its own name with a point, as part of its fields' names.
    prefix: String,
    asked: Vec<&'static str>,
}

impl<'a, 'i> Fields<'a, 'i> {
    /// The fields of `value`, called `name`; noted unless it is a table.
    pub fn of(value: &'a Spanned<DeValue<'i>>, name: &str, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            problems.note(&value.span(), name, "it is not a table");
            return None;
        };
        let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
        Some(Fields { table, span: value.span(), prefix, asked: Vec::new() })
    }

    /// The whole name of a field.
    fn name(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// A field that may be missing.
    pub fn get(&mut self, field: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.asked.push(field);
        self.table.get(field)
    }

    fn need(&mut self, field: &'static str, problems: &mut Problems<'_>) -> Option<&'a Spanned<DeValue<'i>>> {
        let found = self.get(field);
        problems.check(found.is_some(), &self.span, &self.name(field), "it is missing");
        found
    }

    /// A text that may be missing, but not be empty.
    pub fn text_if_any(&mut self, field: &'static str, problems: &mut Problems<'_>) -> Option<At<String>> {
        let value = self.get(field)?;
        text(value, &self.name(field), problems)
    }

    /// A text that must be there, and not be empty.
    pub fn text(&mut self, field: &'static str, problems: &mut Problems<'_>) -> Option<At<String>> {
        let value = self.need(field, problems)?;
        text(value, &self.name(field), problems)
    }

    /// A word of a closed list that must be there.
    pub fn word<T: Copy>(
        &mut self,
        field: &'static str,
        words: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let given = self.text(field, problems)?;
        let found = words.iter().find(|(word, _)| *word == given.value);
        if found.is_none() {
            let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            problems.note(&given.span, &self.name(field), format!("it is none of {}", names.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A number that may be missing.
    pub fn number_if_any(&mut self, field: &'static str, problems: &mut Problems<'_>) -> Option<At<f64>> {
        let value = self.get(field)?;
        number(value, &self.name(field), problems)
    }

    /// A number that must be there.
    pub fn number(&mut self, field: &'static str, problems: &mut Problems<'_>) -> Option<At<f64>> {
        let value = self.need(field, problems)?;
        number(value, &self.name(field), problems)
    }

    /// All fields whatever their names.
    pub fn all(&self) -> impl Iterator<Item = (&'a str, &'a Spanned<DeValue<'i>>)> {
        self.table.iter().map(|(name, value)| (name.get_ref().as_ref(), value))
    }

    /// Notes the fields that nobody asked for.
    pub fn end(self, problems: &mut Problems<'_>) {
        for (name, _) in self.table.iter() {
            if !self.asked.contains(&name.get_ref().as_ref()) {
                problems.note(&name.span(), &self.name(name.get_ref()), "there is no such field");
            }
        }
    }
}

fn text(value: &Spanned<DeValue<'_>>, field: &str, problems: &mut Problems<'_>) -> Option<At<String>> {
    let Some(text) = value.get_ref().as_str() else {
        problems.note(&value.span(), field, "it is not a text in quotes");
        return None;
    };
    let full = problems.check(!text.trim().is_empty(), &value.span(), field, "it is empty");
    full.then(|| At { value: text.to_owned(), span: value.span() })
}

/// A number that a scale may have.
pub(super) fn number(
    value: &Spanned<DeValue<'_>>,
    field: &str,
    problems: &mut Problems<'_>,
) -> Option<At<f64>> {
    let read: Option<f64> = match value.get_ref() {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    };
    let fits = read.filter(|number| number.is_finite() && number.abs() <= MAX_NUMBER);
    let what = "it is not a number between -1000000 and 1000000";
    problems.check(fits.is_some(), &value.span(), field, what);
    fits.map(|value_read| At { value: value_read, span: value.span() })
}
