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
    let mut raw = RawEvent::decode(bytes).map_err(|_| Reason::BadProtobuf)?;
    let mut document = Document::new();
    // prost drops what it does not know: a typing error would lose data silently.
    if holds_unknown_tags(bytes, is_known, Some((SCORES, |tag| matches!(tag, 1 | 2)))) {
        document.note_unknown(Cow::Borrowed(UNNAMED));
    }
    give_texts(&mut document, &mut raw);
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
    Ok(document)
}

fn give_texts(document: &mut Document<'_>, raw: &mut RawEvent) {
    let texts = [
        (Field::EventId, &mut raw.event_id),
        (Field::Type, &mut raw.r#type),
        (Field::Site, &mut raw.site),
        (Field::OccurredAt, &mut raw.occurred_at),
        (Field::RecordedAt, &mut raw.recorded_at),
        (Field::Client, &mut raw.client),
        (Field::Peer, &mut raw.peer),
        (Field::Action, &mut raw.action),
        (Field::EndedBy, &mut raw.ended_by),
        (Field::Reason, &mut raw.reason),
        (Field::Attendance, &mut raw.attendance),
        (Field::Channel, &mut raw.channel),
        (Field::Cause, &mut raw.cause),
        (Field::ReportedBy, &mut raw.reported_by),
        (Field::Instrument, &mut raw.instrument),
        (Field::Rater, &mut raw.rater),
        (Field::What, &mut raw.what),
        (Field::Behaviour, &mut raw.behaviour),
        (Field::Valence, &mut raw.valence),
        (Field::Direction, &mut raw.direction),
        (Field::Affect, &mut raw.affect),
        (Field::By, &mut raw.by),
        (Field::Kind, &mut raw.kind),
        (Field::Module, &mut raw.module),
        (Field::Format, &mut raw.format),
        (Field::Step, &mut raw.step),
        (Field::AlertId, &mut raw.alert_id),
        (Field::State, &mut raw.state),
        (Field::Retracts, &mut raw.retracts),
    ];
    for (field, text) in texts {
        if let Some(text) = text.take() {
            document.give(field, Value::Text(Cow::Owned(text)));
        }
    }
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
