//! Records as JSON for people and for jq.
//!
//! Fields stand under their names of `rapport/v1/*.proto`, enums as the words of the model, instants (`…_us` on the
//! wire) as RFC 3339 under the name without `_us`; what is absent is left out.

use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, MessageDescriptor, ReflectMessage as _, Value,
};
use rapport_model::time::Instant;
use rapport_proto::{DESCRIPTORS, topics};

use crate::failure::Failure;

/// Reads records of Rapport's Protobuf topics.
pub struct View {
    event: MessageDescriptor,
    enriched: MessageDescriptor,
}

impl View {
    /// A view of this version's messages.
    ///
    /// # Errors
    /// None is expected: the messages are compiled in.
    pub fn new() -> Result<View, Failure> {
        let pool = DescriptorPool::decode(DESCRIPTORS)
            .map_err(|e| Failure::failed(format!("read the contract: {e}")))?;
        let message = |name: &str| {
            pool.get_message_by_name(name)
                .ok_or_else(|| Failure::failed(format!("find {name} in the contract")))
        };
        Ok(View { event: message("rapport.v1.Event")?, enriched: message("rapport.v1.Enriched")? })
    }

    /// The value of a record of `topic` as one line of JSON; `None` if it is not what that topic holds.
    ///
    /// The text of a topic that holds JSON is given as it is.
    pub fn json(&self, topic: &str, value: &[u8]) -> Option<String> {
        let message = match topic {
            topics::EVENTS => &self.event,
            topics::ENRICHED => &self.enriched,
            _ => {
                let text = std::str::from_utf8(value).ok()?;
                serde_json::from_str::<&serde_json::value::RawValue>(text).ok()?;
                return Some(if text.contains('\n') {
                    text.replace(['\n', '\r'], " ")
                } else {
                    text.to_owned()
                });
            }
        };
        let message = DynamicMessage::decode(message.clone(), value).ok()?;
        let mut text = String::with_capacity(512);
        write_message(&message, &mut text);
        Some(text)
    }
}

fn write_message(message: &DynamicMessage, text: &mut String) {
    text.push('{');
    let mut first = true;
    for field in message.descriptor().fields() {
        if !message.has_field(&field) {
            continue;
        }
        if !first {
            text.push(',');
        }
        first = false;
        let (name, value) = (field.name(), message.get_field(&field));
        let instant = name.strip_suffix("_us").zip(value.as_i64());
        text.push('"');
        text.push_str(instant.map_or(name, |(name, _)| name));
        text.push_str("\":");
        match instant {
            Some((_, us)) => push_text(&Instant(us).to_string(), text),
            None => write_value(&value, field.kind().as_enum(), text),
        }
    }
    text.push('}');
}

fn write_value(value: &Value, words: Option<&EnumDescriptor>, text: &mut String) {
    match value {
        Value::Message(message) => write_message(message, text),
        Value::EnumNumber(number) => match words.and_then(|words| word(words, *number)) {
            Some(word) => push_text(&word, text),
            // A word of a later version.
            None => text.push_str(&number.to_string()),
        },
        Value::List(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(value, words, text);
            }
            text.push(']');
        }
        Value::String(value) => push_text(value, text),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::I32(value) => text.push_str(&value.to_string()),
        Value::I64(value) => text.push_str(&value.to_string()),
        Value::U32(value) => text.push_str(&value.to_string()),
        Value::U64(value) => text.push_str(&value.to_string()),
        Value::F32(value) => push_number(f64::from(*value), text),
        Value::F64(value) => push_number(*value, text),
        // The messages shown here have neither bytes nor maps.
        Value::Bytes(_) | Value::Map(_) => text.push_str("null"),
    }
}

/// `ATTENDANCE_MISSED_BY_CLIENT` of `Attendance` is `missed_by_client`: the prefix is that of the unspecified word.
fn word(words: &EnumDescriptor, number: i32) -> Option<String> {
    let value = words.get_value(number)?;
    let unspecified = words.get_value(0)?;
    let prefix = unspecified.name().strip_suffix("UNSPECIFIED")?;
    Some(value.name().strip_prefix(prefix)?.to_ascii_lowercase())
}

fn push_text(value: &str, text: &mut String) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

fn push_number(value: f64, text: &mut String) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use rapport_proto::v1;

    use super::*;

    #[test]
    fn a_canonical_event_is_shown_in_the_models_words() {
        let contact = v1::Contact {
            attendance: v1::Attendance::MissedByClient.into(),
            minutes: Some(0),
            requested: vec![v1::SupportType::Emotional.into(), 99],
            ..Default::default()
        };
        let event = v1::Event {
            event_id: "a \"b\"".to_owned(),
            site: "leeds".to_owned(),
            occurred_at_us: 1_767_225_600_000_001,
            body: Some(v1::event::Body::Contact(contact)),
            ..Default::default()
        };
        let json = View::new().unwrap().json(topics::EVENTS, &event.encode_to_vec()).unwrap();
        assert_eq!(
            json,
            r#"{"event_id":"a \"b\"","site":"leeds","occurred_at":"2026-01-01T00:00:00.000001Z","contact":{"attendance":"missed_by_client","minutes":0,"requested":["emotional",99]}}"#
        );
    }

    #[test]
    fn what_is_not_of_the_topic_is_not_shown() {
        let view = View::new().unwrap();
        assert_eq!(view.json(topics::ENRICHED, b"\xff"), None);
        assert_eq!(view.json(topics::ALERTS, b"{\"a\":"), None);
        assert_eq!(view.json(topics::ALERTS, b"{\"a\":1}").as_deref(), Some("{\"a\":1}"));
    }
}
