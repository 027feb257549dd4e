//! A raw record in Protobuf.

use std::borrow::Cow;

use prost::Message as _;
use prost::encoding::{DecodeContext, WireType};
use rapport_proto::v1::RawEvent;

use super::Reason;
use super::document::{Document, Value};
use super::field::{Field, UNNAMED};

const SCORES: u32 = 42;

/// Whether a message has a field of that number.
type Known = fn(u32) -> bool;

/// Takes a `RawEvent` apart.
pub(super) fn read<'a>(bytes: &[u8]) -> Result<Document<'a>, Reason> {
    let raw = RawEvent::decode(bytes).map_err(|_| Reason::BadProtobuf)?;
    let mut document = Document::new();
    // prost drops what it does not know: a typing error would lose data silently.
    if holds_unknown_tags(bytes, is_known, Some((SCORES, |tag| matches!(tag, 1 | 2)))) {
        document.note_unknown(Cow::Borrowed(UNNAMED));
    }
    let lists = [
        (Field::MatchedOn, raw.matched_on),
        (Field::Support, raw.support),
        (Field::Requested, raw.requested),
        (Field::Practices, raw.practices),
    ];
    for (field, texts) in lists {
        if !texts.is_empty() {
            document.give(field, Value::Texts(texts.into_iter().map(Cow::Owned).collect()));
        }
    }
    for (field, integer) in [(Field::Minutes, raw.minutes), (Field::Quantity, raw.quantity)] {
        if let Some(integer) = integer {
            document.give(field, Value::Integer(integer));
        }
    }
    for (field, flag) in
        [(Field::Held, raw.held), (Field::Scheduled, raw.scheduled), (Field::Finding, raw.finding)]
    {
        if let Some(flag) = flag {
            document.give(field, Value::Flag(flag));
        }
    }
    if !raw.scores.is_empty() {
        let number = |score: f64| score.is_finite().then_some(score);
        let scores = raw.scores.into_iter().map(|(name, score)| (Cow::Owned(name), number(score))).collect();
        document.give(Field::Scores, Value::Scores(scores));
    }
    let texts = [
        (Field::EventId, raw.event_id),
        (Field::Type, raw.r#type),
        (Field::Site, raw.site),
        (Field::OccurredAt, raw.occurred_at),
        (Field::RecordedAt, raw.recorded_at),
        (Field::Client, raw.client),
        (Field::Peer, raw.peer),
        (Field::Action, raw.action),
        (Field::EndedBy, raw.ended_by),
        (Field::Reason, raw.reason),
        (Field::Attendance, raw.attendance),
        (Field::Channel, raw.channel),
        (Field::Cause, raw.cause),
        (Field::ReportedBy, raw.reported_by),
        (Field::Instrument, raw.instrument),
        (Field::Rater, raw.rater),
        (Field::What, raw.what),
        (Field::Behaviour, raw.behaviour),
        (Field::Valence, raw.valence),
        (Field::Direction, raw.direction),
        (Field::Affect, raw.affect),
        (Field::By, raw.by),
        (Field::Kind, raw.kind),
        (Field::Module, raw.module),
        (Field::Format, raw.format),
        (Field::Step, raw.step),
        (Field::AlertId, raw.alert_id),
        (Field::State, raw.state),
        (Field::Retracts, raw.retracts),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            document.give(field, Value::Text(Cow::Owned(text)));
        }
    }
    Ok(document)
}

/// Whether `RawEvent` has a field of that number.
fn is_known(tag: u32) -> bool {
    matches!(tag, 1..=7 | 10..=13 | 20..=25 | 30..=31 | 40..=42 | 50..=55 | 60..=65 | 70 | 80..=82 | 90)
}

/// Whether `bytes`, which prost has decoded, hold a field whose number `known` denies. `nested` looks into a field's
/// own message.
fn holds_unknown_tags(mut bytes: &[u8], known: Known, nested: Option<(u32, Known)>) -> bool {
    while !bytes.is_empty() {
        let Ok((tag, wire_type)) = prost::encoding::decode_key(&mut bytes) else { return true };
        if !known(tag) {
            return true;
        }
        let before = bytes;
        if prost::encoding::skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).is_err() {
            return true;
        }
        if let Some((field, known_inside)) = nested
            && field == tag
            && wire_type == WireType::LengthDelimited
        {
            let mut entry = &before[..before.len() - bytes.len()];
            if prost::encoding::decode_varint(&mut entry).is_err()
                || holds_unknown_tags(entry, known_inside, None)
            {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_numbers_and_names_of_raw_event_are_those_of_the_contract() {
        let descriptors = prost_types::FileDescriptorSet::decode(rapport_proto::DESCRIPTORS).unwrap();
        let message =
            descriptors.file.iter().flat_map(|file| &file.message_type).find(|m| m.name() == "RawEvent");
        let fields = &message.unwrap().field;
        let known: BTreeSet<u32> = fields.iter().map(|field| field.number() as u32).collect();
        assert_eq!((0..200).filter(|tag| is_known(*tag)).collect::<BTreeSet<u32>>(), known);
        assert_eq!(fields.iter().find(|field| field.name() == "scores").unwrap().number() as u32, SCORES);
        let names: BTreeSet<&str> = fields.iter().map(|field| field.name()).collect();
        assert_eq!(Field::ALL.iter().map(|field| field.as_str()).collect::<BTreeSet<_>>(), names);
    }
}
