//! The checks of a raw record, in their order. Of several fields the first in byte order of their names is named.

use std::borrow::Cow;
use std::sync::Arc;

use super::build::{Fields, Parsed, body};
use super::document::{Document, Value};
use super::field::{Field, FieldSet};
use super::table::{CLIENT, COMMON, COMMON_REQUIRED, PEER, PERSONS, Shape, Type, Vocabulary};
use super::{Accepted, CloudEvent, Reason, Rejection, Rules};
use crate::catalogue::{Instrument, Range, Target};
use crate::event::{Event, Measure, Persons};
use crate::pseudonym::Domain;
use crate::time::{DAY_US, Instant};

/// Judges a record taken apart.
pub(super) fn validate(
    mut document: Document<'_>,
    cloud: CloudEvent<'_>,
    rules: &Rules,
    clock: Instant,
) -> Result<Accepted, Rejection> {
    let kind = type_of(&document)?;
    stand_in(&mut document, cloud);
    check_names(&document, kind)?;
    let present = document.present;
    let (values, null_scores) = document.into_values();
    let fields = parse(kind, values)?;
    let site = fields.text(Field::Site).unwrap_or_default();
    if !rules.sites.admits(site) {
        return Err(about(Reason::UnknownSite, Field::Site));
    }
    let measure = match fields.scores() {
        Some(scores) => Some(check_measure(&fields, scores, present, &null_scores, rules)?),
        None => None,
    };
    check_clock(&fields, clock)?;
    build(&fields, measure, rules)
}

fn about(reason: Reason, field: Field) -> Rejection {
    Rejection { reason, field: Some(field.as_str()) }
}

fn type_of(document: &Document<'_>) -> Result<&'static Type, Rejection> {
    match document.get(Field::Type) {
        None => Err(about(Reason::MissingField, Field::Type)),
        Some(Value::Text(name)) => Type::named(name).ok_or(about(Reason::UnknownType, Field::Type)),
        Some(_) => Err(about(Reason::BadValue, Field::Type)),
    }
}

/// CloudEvents headers stand for what the body lacks; the body wins.
fn stand_in(document: &mut Document<'_>, cloud: CloudEvent<'_>) {
    if let Some(time) = cloud.time
        && !document.given().contains(Field::OccurredAt)
    {
        document.give(Field::OccurredAt, Value::Text(Cow::Owned(time.to_owned())));
    }
    if let (Some(source), Some(id)) = (cloud.source, cloud.id)
        && !document.given().contains(Field::EventId)
    {
        document.give(Field::EventId, Value::Text(Cow::Owned(format!("{source}#{id}"))));
    }
}

/// That every name belongs and every required one has a value.
fn check_names(document: &Document<'_>, kind: &Type) -> Result<(), Rejection> {
    let (mut own, mut required) = (kind.own_fields(), kind.required);
    if let Some((field, variants)) = kind.variants {
        let word = match document.get(field) {
            Some(Value::Text(word)) => Some(word),
            _ => None,
        };
        // While the variant is itself unknown, every field of the type belongs and none more is required.
        if let Some(variant) =
            word.and_then(|word| variants.iter().find(|variant| variant.word == word.as_ref()))
        {
            own = FieldSet::of(&[field]).union(variant.required).union(variant.optional);
            required = required.union(variant.required);
        }
    }
    if let Some(field) = document.first_not_in(COMMON.union(kind.persons).union(own)) {
        return Err(Rejection { reason: Reason::UnknownField, field: Some(field) });
    }
    let persons = if kind.persons_required { kind.persons } else { FieldSet::EMPTY };
    match COMMON_REQUIRED.union(persons).union(required).minus(document.given()).first() {
        Some(field) => Err(about(Reason::MissingField, field)),
        None => Ok(()),
    }
}

/// The form of each value. `values` stand in byte order of their names.
fn parse<'a>(kind: &'static Type, values: Vec<(Field, Value<'a>)>) -> Result<Fields<'a>, Rejection> {
    let mut fields = Fields::new(kind.name);
    for (field, value) in values {
        let bad = about(Reason::BadValue, field);
        if field == Field::Type {
            continue;
        }
        let parsed = parse_value(kind.shape(field), value).ok_or(bad)?;
        // `occurred_at` comes first in the order of names.
        if let (Field::RecordedAt, Parsed::Instant(recorded)) = (field, &parsed)
            && fields.instant(Field::OccurredAt).is_some_and(|occurred| recorded.0 < occurred.0 - DAY_US)
        {
            return Err(bad);
        }
        fields.push(field, parsed);
    }
    Ok(fields)
}

fn parse_value(shape: Shape, value: Value<'_>) -> Option<Parsed<'_>> {
    match (shape, value) {
        (Shape::Id, Value::Text(text)) => is_id(&text).then_some(Parsed::Text(text)),
        (Shape::Site, Value::Text(text)) => is_site(&text).then_some(Parsed::Text(text)),
        (Shape::AlertId, Value::Text(text)) => is_alert_id(&text).then_some(Parsed::Text(text)),
        (Shape::Code { hyphens }, Value::Text(text)) => is_code(&text, hyphens).then_some(Parsed::Text(text)),
        (Shape::Instrument, Value::Text(text)) => Some(Parsed::Text(text)),
        (Shape::Instant, Value::Text(text)) => Instant::parse(&text).map(Parsed::Instant),
        (Shape::Integer(most), Value::Integer(integer)) => {
            u32::try_from(integer).ok().filter(|integer| *integer <= most).map(Parsed::Integer)
        }
        (Shape::Flag, Value::Flag(flag)) => Some(Parsed::Flag(flag)),
        (Shape::Word(Vocabulary { number, .. }), Value::Text(text)) => number(&text).map(Parsed::Word),
        (Shape::Words(Vocabulary { number, .. }), Value::Texts(texts)) => {
            texts.iter().try_fold(0, |bits, text| Some(bits | 1 << number(text)?)).map(Parsed::Words)
        }
        (Shape::Scores, Value::Scores(scores)) => scores
            .into_iter()
            .map(|(name, score)| Some((name, score?)))
            .collect::<Option<Vec<_>>>()
            .map(Parsed::Scores),
        _ => None,
    }
}

fn is_id(text: &str) -> bool {
    let white_space_at_an_end = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    // 128 scalar values are at most 512 bytes: what is longer is not counted.
    (1..=512).contains(&text.len())
        && text.chars().count() <= 128
        && !white_space_at_an_end
        && !text.chars().any(char::is_control)
}

fn is_site(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn is_alert_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_code(text: &str, hyphens: bool) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_') || (hyphens && b == b'-'))
}

/// What the instrument asks of a measure: its persons, the names of its scores, their ranges.
fn check_measure(
    fields: &Fields<'_>,
    scores: &[(Cow<'_, str>, f64)],
    present: FieldSet,
    null_scores: &[Cow<'_, str>],
    rules: &Rules,
) -> Result<Measure, Rejection> {
    let id = fields.text(Field::Instrument).unwrap_or_default();
    let instrument = rules.catalogue.get(id).ok_or(about(Reason::UnknownInstrument, Field::Instrument))?;
    let persons = match instrument.target {
        Target::Alliance => PERSONS,
        Target::Client => CLIENT,
        Target::Peer => PEER,
    };
    if let Some(person) = PERSONS.minus(persons).common(present).first() {
        return Err(about(Reason::UnknownField, person));
    }
    let mut names = scores.iter().map(|(name, _)| name).chain(null_scores);
    if names.any(|name| range_of(instrument, name).is_none()) {
        return Err(about(Reason::UnknownField, Field::Scores));
    }
    if let Some(person) = persons.minus(fields.given()).first() {
        return Err(about(Reason::MissingField, person));
    }
    let mut in_range = Vec::with_capacity(scores.len());
    for (name, score) in scores {
        let range = range_of(instrument, name);
        let micros = range.and_then(|range| micros_within(*score, range));
        in_range.push((name.as_ref().into(), micros.ok_or(about(Reason::ScoreOutOfRange, Field::Scores))?));
    }
    in_range.sort_unstable();
    let rater = fields.word(Field::Rater).ok_or(about(Reason::MissingField, Field::Rater))?;
    Ok(Measure { instrument: id.into(), rater, scores: in_range.into() })
}

fn range_of(instrument: &Instrument, name: &str) -> Option<Range> {
    if name == "total" { instrument.total } else { instrument.subscales.get(name).copied() }
}

/// ⌊v·10⁶ + ½⌋ if that is in the range. It is compared before it becomes an integer, which the greatest f64 would not.
fn micros_within(score: f64, range: Range) -> Option<i64> {
    let micros = (score * 1e6 + 0.5).floor();
    (micros >= range.min_micros as f64 && micros <= range.max_micros as f64).then_some(micros as i64)
}

fn check_clock(fields: &Fields<'_>, clock: Instant) -> Result<(), Rejection> {
    let latest = Instant(clock.0.saturating_add(DAY_US));
    let late = [Field::OccurredAt, Field::RecordedAt]
        .into_iter()
        .find(|field| fields.instant(*field).is_some_and(|instant| instant > latest));
    late.map_or(Ok(()), |field| Err(about(Reason::InFuture, field)))
}

fn build(fields: &Fields<'_>, measure: Option<Measure>, rules: &Rules) -> Result<Accepted, Rejection> {
    let missing = |field| about(Reason::MissingField, field);
    let event_id = |field| -> Result<Arc<str>, Rejection> {
        let raw = fields.text(field).ok_or(missing(field))?;
        let pseudonymise = rules.pseudonymise_event_ids;
        Ok(if pseudonymise { rules.keys.pseudonym(Domain::Event, raw).into() } else { raw.into() })
    };
    let person = |field, domain| fields.text(field).map(|id| Arc::from(rules.keys.pseudonym(domain, id)));
    let occurred_at = fields.instant(Field::OccurredAt).ok_or(missing(Field::OccurredAt))?;
    let retracts = fields.text(Field::Retracts).map(|_| event_id(Field::Retracts)).transpose()?;
    Ok(Accepted {
        site: fields.text(Field::Site).ok_or(missing(Field::Site))?.into(),
        persons: Persons {
            client: person(Field::Client, Domain::Client),
            peer: person(Field::Peer, Domain::Peer),
        },
        event: Event {
            occurred_at,
            recorded_at: fields.instant(Field::RecordedAt).unwrap_or(occurred_at),
            id: event_id(Field::EventId)?,
            body: body(fields, measure, retracts).ok_or(missing(Field::Type))?,
        },
    })
}
