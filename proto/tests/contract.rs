//! Today's messages are held against `golden/descriptors.txt`: what is written today must be readable for ever.
//!
//! A line of the golden file that today's messages lack is a breaking change: a field or a word was removed, renumbered,
//! renamed, retyped or relabelled. Give the field or word a new name and number instead and leave the old one standing.
//! A line that the golden file lacks is an addition: `RAPPORT_BLESS=1 cargo test -p rapport-proto --test contract` adds
//! it, and only adds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use rapport_proto::v1;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/descriptors.txt");

fn today() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(rapport_proto::DESCRIPTORS).unwrap();
    let mut lines = BTreeSet::new();
    for file in &files.file {
        for message in &file.message_type {
            list_message(&format!("{}.{}", file.package(), message.name()), message, &mut lines);
        }
        for words in &file.enum_type {
            list_words(&format!("{}.{}", file.package(), words.name()), words, &mut lines);
        }
    }
    lines
}

fn list_message(path: &str, message: &DescriptorProto, lines: &mut BTreeSet<String>) {
    for field in &message.field {
        lines.insert(format!(
            "message {path} {} = {} : {}",
            field.name(),
            field.number(),
            kind(field, message)
        ));
    }
    for nested in &message.nested_type {
        list_message(&format!("{path}.{}", nested.name()), nested, lines);
    }
    for words in &message.enum_type {
        list_words(&format!("{path}.{}", words.name()), words, lines);
    }
}

fn kind(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    let label = match field.label() {
        Label::Repeated => "repeated ",
        _ if field.proto3_optional() => "optional ",
        _ => "",
    };
    let name = match field.r#type() {
        Type::Message | Type::Enum | Type::Group => field.type_name().trim_start_matches('.').to_owned(),
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    let one_of = field.oneof_index.filter(|_| !field.proto3_optional());
    let one_of = one_of.map_or(String::new(), |at| format!(" in {}", message.oneof_decl[at as usize].name()));
    format!("{label}{name}{one_of}")
}

fn list_words(path: &str, words: &EnumDescriptorProto, lines: &mut BTreeSet<String>) {
    for word in &words.value {
        lines.insert(format!("enum {path} {} = {}", word.name(), word.number()));
    }
}

#[test]
fn what_was_written_under_the_contract_stays_readable() {
    let golden: BTreeSet<String> =
        fs::read_to_string(GOLDEN).unwrap_or_default().lines().map(str::to_owned).collect();
    let today = today();
    let broken: Vec<&String> = golden.difference(&today).collect();
    assert!(
        broken.is_empty(),
        "breaking change: these are gone or altered; add new ones instead:\n{broken:#?}"
    );
    let added: Vec<&String> = today.difference(&golden).collect();
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        fs::write(GOLDEN, today.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    } else {
        assert!(
            added.is_empty(),
            "additions: run with RAPPORT_BLESS=1 to take them into the golden file:\n{added:#?}"
        );
    }
}

#[test]
fn the_clock_of_a_record_has_the_highest_number_so_that_the_canonical_encoding_is_its_prefix() {
    let prefix = "message rapport.v1.Event ";
    let numbers = today().into_iter().filter_map(|line| {
        let (name, rest) = line.strip_prefix(prefix)?.split_once(" = ")?;
        let number: u32 = rest.split(' ').next()?.parse().ok()?;
        Some((number, name.to_owned()))
    });
    assert_eq!(numbers.max(), Some((100, "ingested_at_us".to_owned())));
}

/// A later version adds fields, and is rolled back: what it has written stays.
#[test]
fn what_a_later_version_adds_to_a_record_is_passed_over_by_this_one() {
    fn in_json<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(record: T) {
        let json = serde_json::to_string(&record).unwrap();
        let newer = format!("{},\"newer\":{{\"a\":1}}}}", json.strip_suffix('}').unwrap());
        assert_eq!(serde_json::from_str::<T>(&newer).unwrap(), record);
    }
    in_json(v1::Release::default());
    in_json(v1::Sample { value: "1".to_owned(), ..v1::Sample::default() });
    in_json(v1::Alert::default());
    in_json(v1::Subject { client: Some("k1:client".to_owned()), ..v1::Subject::default() });
    let event = v1::Event { event_id: "e1".to_owned(), ingested_at_us: 1, ..v1::Event::default() };
    // Field 2047, a number: 1.
    let newer = [event.encode_to_vec(), vec![0xf8, 0x7f, 1]].concat();
    assert_eq!(v1::Event::decode(newer.as_slice()).unwrap(), event);
}
