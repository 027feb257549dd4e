//! Every golden raw message becomes exactly what its file says.
//!
//! `RAPPORT_BLESS=1` writes what is found into the files of the accepted ones, to be read before it is committed: a
//! changed canonical encoding changes the keys of records that are already in the log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use rapport_model::catalogue::Catalogue;
use rapport_model::event::Decoder;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Accepted, CloudEvent, Reason, Rejection, Rules, Sites, accept, detect_form};
use rapport_model::time::Instant;
use rapport_proto::examples::{self, Example, Expected};
use rapport_proto::v1;

fn rules() -> Rules {
    let (name, secret) = examples::KEY;
    Rules {
        sites: Sites::Listed(examples::SITES.iter().map(|site| site.to_string()).collect()),
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![(name.to_owned(), secret.as_bytes().to_vec())]).unwrap(),
        pseudonymise_event_ids: true,
    }
}

fn judge(example: &Example) -> Result<Accepted, Rejection> {
    let header = |name: &str| example.headers.get(name).map(String::as_str);
    let schemas = BTreeSet::from([examples::SCHEMA_ID]);
    let (form, payload) = detect_form(header("content-type"), &example.bytes, &schemas)?;
    let cloud = CloudEvent { id: header("ce_id"), source: header("ce_source"), time: header("ce_time") };
    accept(payload, form, cloud, &rules(), Instant::parse(&example.clock).unwrap())
}

fn expected_of(example: &Example) -> Expected {
    match judge(example) {
        Ok(accepted) => {
            let (key, value) = accepted.record(Instant::parse(&example.clock).unwrap());
            Expected::Accepted { key, event: as_json(&value), value_hex: examples::encode_hex(&value) }
        }
        Err(Rejection { reason, field }) => {
            Expected::Rejected { reason: reason.as_str().to_owned(), field: field.map(str::to_owned) }
        }
    }
}

/// A record's value in Protobuf's JSON form, with the names of the contract.
fn as_json(value: &[u8]) -> serde_json::Value {
    let pool = DescriptorPool::decode(rapport_proto::DESCRIPTORS).unwrap();
    let event = DynamicMessage::decode(pool.get_message_by_name("rapport.v1.Event").unwrap(), value).unwrap();
    let options = SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
    event.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

fn bless(example: &Example) {
    let Expected::Accepted { key, value_hex, event } = expected_of(example) else { return };
    let text = fs::read_to_string(&example.path).unwrap();
    let Some((head, _)) = text.split_once("\"accepted\":") else { return };
    let event = serde_json::to_string_pretty(&event).unwrap().replace('\n', "\n    ");
    let outcome = format!(
        "{{\n    \"key\": \"{key}\",\n    \"value_hex\": \"{value_hex}\",\n    \"event\": {event}\n  }}"
    );
    fs::write(&example.path, format!("{head}\"accepted\": {outcome}\n}}\n")).unwrap();
}

#[test]
fn every_example_becomes_what_its_file_says() {
    for example in examples::load().unwrap() {
        if std::env::var_os("RAPPORT_BLESS").is_some() {
            bless(&example);
        } else {
            assert_eq!(
                expected_of(&example),
                example.expected,
                "{}: {}",
                example.path.display(),
                example.about
            );
        }
    }
}

#[test]
fn there_is_an_example_of_every_reason_and_of_every_word_of_type_action_and_kind() {
    let (mut reasons, mut bodies) = (BTreeSet::new(), BTreeSet::new());
    for example in examples::load().unwrap() {
        match (judge(&example), example.expected) {
            (Err(rejection), _) => drop(reasons.insert(rejection.reason)),
            (Ok(_), Expected::Accepted { event, .. }) => drop(bodies.insert(variant(&event))),
            _ => {}
        }
    }
    assert_eq!(reasons, BTreeSet::from(Reason::ALL));
    let pool = DescriptorPool::decode(rapport_proto::DESCRIPTORS).unwrap();
    let body = pool.get_message_by_name("rapport.v1.Event").unwrap().oneofs().next().unwrap();
    let mut expected = BTreeSet::new();
    for field in body.fields() {
        let message = field.kind().as_message().cloned().unwrap();
        let word = ["action", "kind", "what"].iter().find_map(|name| message.get_field_by_name(name));
        let varied = word.filter(|_| field.name() != "acknowledgement");
        match varied.and_then(|word| word.kind().as_enum().cloned()) {
            Some(words) => expected.extend(
                words
                    .values()
                    .filter(|word| word.number() != 0)
                    .map(|word| (field.name().to_owned(), word.name().to_owned())),
            ),
            None => drop(expected.insert((field.name().to_owned(), String::new()))),
        }
    }
    assert_eq!(bodies, expected);
}

/// Type and action, kind or "what" of an event in Protobuf's JSON form.
fn variant(event: &serde_json::Value) -> (String, String) {
    let (name, body) = event.as_object().unwrap().iter().find(|(_, value)| value.is_object()).unwrap();
    let word = ["action", "kind", "what"].iter().find_map(|name| body.get(name)?.as_str());
    (name.clone(), word.filter(|_| name != "acknowledgement").unwrap_or_default().to_owned())
}

#[test]
fn a_record_is_its_canonical_bytes_then_the_ingest_clock_as_prost_would_write_it() {
    let (mut seen, mut decoder) = (BTreeMap::new(), Decoder::default());
    for example in examples::load().unwrap() {
        let Ok(accepted) = judge(&example) else { continue };
        let clock = Instant::parse(&example.clock).unwrap();
        let canonical = accepted.event.canonical_bytes(&accepted.site, &accepted.persons);
        let (key, value) = accepted.record(clock);
        assert!(value.starts_with(&canonical) && value.len() > canonical.len());
        let whole = v1::Event::decode(value.as_slice()).unwrap();
        assert_eq!(whole.ingested_at_us, clock.0);
        assert_eq!(whole.encode_to_vec(), value);
        assert_eq!((accepted.key(), accepted.value(clock)), (key.clone(), value.clone()));
        let decoded = decoder.decode(&value).unwrap();
        assert_eq!(decoded.ingested_at, clock);
        let (site, names, event) = decoded.event.unwrap();
        assert_eq!((site, names.to_persons(), event), (&*accepted.site, accepted.persons, accepted.event));
        seen.entry(key)
            .or_insert_with(Vec::new)
            .push(example.path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    let same: Vec<_> = seen.into_values().filter(|names| names.len() > 1).collect();
    let twins = |a: &str, b: &str| same.contains(&vec![a.to_owned(), b.to_owned()]);
    assert!(
        twins("contact-attended", "protobuf-contact")
            && twins("measure-alliance", "protobuf-confluent-measure"),
        "{same:?}"
    );
}
