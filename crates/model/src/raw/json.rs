//! A raw record in JSON. What RFC 8259 leaves open is closed here: no duplicate key, no depth beyond 16, no number that
//! f64 cannot hold. Numbers that are looked at keep their spelling, so that 3.0 is no integer.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Reason;
use super::document::{Document, Value};
use super::field::Field;

const MAX_DEPTH: u32 = 16;

/// Takes a JSON object apart.
pub(super) fn read(bytes: &[u8]) -> Result<Document<'_>, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let document = deserializer.deserialize_map(Record).map_err(|_| Reason::NotJson)?;
    deserializer.end().map_err(|_| Reason::NotJson)?;
    Ok(document)
}

/// The name of a field, which an escape may have hidden.
enum Name<'de> {
    Known(Field),
    Unknown(Cow<'de, str>),
}

/// Reads a text without copying it where it has no escape.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Reads the object that a record is.
struct Record;

impl<'de> Visitor<'de> for Record {
    type Value = Document<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut document = Document::new();
        let mut unknown = BTreeSet::new();
        while let Some(name) = map.next_key_seed(Text)? {
            match Field::parse(&name).map_or(Name::Unknown(name), Name::Known) {
                Name::Known(field) => {
                    if !document.present.insert(field) {
                        return Err(A::Error::custom("a duplicate key"));
                    }
                    read_field(field, &mut map, &mut document)?;
                }
                Name::Unknown(name) => {
                    if !unknown.insert(name) {
                        return Err(A::Error::custom("a duplicate key"));
                    }
                    map.next_value_seed(Any { depth: 2 })?;
                }
            }
        }
        if let Some(first) = unknown.pop_first() {
            document.note_unknown(first);
        }
        Ok(document)
    }
}

fn read_field<'de, A: MapAccess<'de>>(
    field: Field,
    map: &mut A,
    document: &mut Document<'de>,
) -> Result<(), A::Error> {
    if field.is_integer() {
        let raw: &RawValue = map.next_value()?;
        let value = match number_of(raw, 2).map_err(A::Error::custom)? {
            Some(_) => raw.get().parse().map_or(Value::Other, Value::Integer),
            None if raw.get() == "null" => return Ok(()),
            None => Value::Other,
        };
        document.give(field, value);
    } else if field == Field::Scores {
        if let Some(value) = map.next_value_seed(Scores { null: &mut document.null_scores })? {
            document.give(field, value);
        }
    } else {
        match map.next_value_seed(Any { depth: 2 })? {
            Sent::Null => {}
            Sent::EmptyList if field.is_list() => {}
            Sent::EmptyList => document.give(field, Value::Other),
            Sent::Value(value) => document.give(field, value),
        }
    }
    Ok(())
}

/// The number that `raw` spells, which must fit an f64; `None` if it is something else, which is looked through as what has that
/// `depth`.
fn number_of(raw: &RawValue, depth: u32) -> Result<Option<f64>, serde_json::Error> {
    let text = raw.get();
    if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        // The standard library's reading is the nearest f64, serde_json's own may be one beside it.
        let number: f64 = text.parse().map_err(serde_json::Error::custom)?;
        return if number.is_finite() {
            Ok(Some(number))
        } else {
            Err(serde_json::Error::custom("a number too large"))
        };
    }
    // A raw value is not looked into: here it is.
    Any { depth }.deserialize(&mut serde_json::Deserializer::from_str(text))?;
    Ok(None)
}

/// What stands at a name.
enum Sent<'de> {
    Null,
    EmptyList,
    Value(Value<'de>),
}

/// Reads any value, strictly; `depth` is what it has if it is an array or an object.
#[derive(Clone, Copy)]
struct Any {
    depth: u32,
}

impl Any {
    fn inside<E: Error>(self) -> Result<Any, E> {
        if self.depth > MAX_DEPTH { Err(E::custom("too deep")) } else { Ok(Any { depth: self.depth + 1 }) }
    }
}

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Sent<'de>;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Sent<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Sent::Null)
    }
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Sent::Value(Value::Flag(flag)))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Sent::Value(Value::Other))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Sent::Value(Value::Other))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Sent::Value(Value::Other))
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Sent::Value(Value::Text(Cow::Borrowed(text))))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Sent::Value(Value::Text(Cow::Owned(text.to_owned()))))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let inside = self.inside()?;
        let (mut texts, mut other) = (Vec::new(), false);
        while let Some(element) = seq.next_element_seed(inside)? {
            match element {
                Sent::Value(Value::Text(text)) => texts.push(text),
                _ => other = true,
            }
        }
        Ok(match (other, texts.is_empty()) {
            (true, _) => Sent::Value(Value::Other),
            (false, true) => Sent::EmptyList,
            (false, false) => Sent::Value(Value::Texts(texts)),
        })
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let inside = self.inside()?;
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key_seed(Text)? {
            if !names.insert(name) {
                return Err(A::Error::custom("a duplicate key"));
            }
            map.next_value_seed(inside)?;
        }
        Ok(Sent::Value(Value::Other))
    }
}

/// Reads `scores`, keeping each number as it is spelt until it is an f64; `None` if nothing is given.
struct Scores<'a, 'de> {
    null: &'a mut Vec<Cow<'de, str>>,
}

impl<'de> DeserializeSeed<'de> for Scores<'_, 'de> {
    type Value = Option<Value<'de>>;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scores<'_, 'de> {
    type Value = Option<Value<'de>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("scores")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut scores: Vec<(Cow<'de, str>, Option<f64>)> = Vec::new();
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key_seed(Text)? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a duplicate key"));
            }
            let raw: &RawValue = map.next_value()?;
            match number_of(raw, 3).map_err(A::Error::custom)? {
                None if raw.get() == "null" => self.null.push(name),
                number => scores.push((name, number)),
            }
        }
        Ok((!scores.is_empty()).then_some(Value::Scores(scores)))
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Some(Value::Other))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Some(Value::Other))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Some(Value::Other))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some(Value::Other))
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Some(Value::Other))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Any { depth: 2 }.visit_seq(seq)?;
        Ok(Some(Value::Other))
    }
}
