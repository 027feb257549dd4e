//! The JSON Schema of raw events in `proto/schema` is what the table says: it is made from it.
//!
//! `RAPPORT_BLESS=1` writes it. What a schema cannot say (3.0 is no integer, what an instrument asks for, duplicate keys,
//! what comes first) remains ingest's to judge.

use serde_json::{Map, Value, json};

use super::field::{Field, FieldSet};
use super::table::{COMMON, COMMON_REQUIRED, Shape, TYPES, Type};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/schema/raw-event.schema.json");
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";

fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Id => json!({ "$ref": "#/$defs/id" }),
        Shape::Site => json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$" }),
        Shape::Instant => json!({ "$ref": "#/$defs/instant" }),
        Shape::AlertId => json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }),
        Shape::Code { hyphens: false } => json!({ "type": "string", "pattern": "^[a-z0-9_]{1,64}$" }),
        Shape::Code { hyphens: true } => json!({ "type": "string", "pattern": "^[a-z0-9_-]{1,64}$" }),
        Shape::Integer(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Word(words) => json!({ "enum": (words.words)() }),
        Shape::Words(words) => json!({ "type": "array", "items": { "enum": (words.words)() } }),
        Shape::Instrument => json!({ "type": "string", "description": "An id of the catalogue." }),
        Shape::Scores => json!({
            "type": "object",
            "description": "A score by subscale of the instrument, or `total`.",
            "minProperties": 1,
            "additionalProperties": { "type": ["number", "null"] },
        }),
    }
}

/// An event of `kind` that has `fields`, must have `required`, and says `word` in the field that says so.
fn event(kind: &Type, fields: FieldSet, required: FieldSet, word: Option<(Field, &str)>) -> Value {
    let mut properties = Map::new();
    for field in fields.iter() {
        let value = match word {
            Some((discriminator, word)) if discriminator == field => json!({ "const": word }),
            _ if field == Field::Type => json!({ "const": kind.name }),
            _ if required.contains(field) => shape(kind.shape(field)),
            _ => json!({ "anyOf": [shape(kind.shape(field)), { "type": "null" }] }),
        };
        properties.insert(field.as_str().to_owned(), value);
    }
    let required: Vec<&str> = required.iter().map(Field::as_str).collect();
    json!({ "properties": properties, "required": required, "additionalProperties": false })
}

fn schema() -> Value {
    let (mut definitions, mut rules) = (Map::new(), Vec::new());
    for kind in TYPES {
        let base = COMMON.union(kind.persons);
        let persons = if kind.persons_required { kind.persons } else { FieldSet::EMPTY };
        let base_required = COMMON_REQUIRED.union(persons).union(kind.required);
        let Some((field, variants)) = kind.variants else {
            definitions.insert(
                kind.name.to_owned(),
                event(kind, base.union(kind.own_fields()), base_required, None),
            );
            rules.push(json!({
                "if": { "properties": { "type": { "const": kind.name } }, "required": ["type"] },
                "then": { "$ref": format!("#/$defs/{}", kind.name) },
            }));
            continue;
        };
        rules.push(json!({
            "if": { "properties": { "type": { "const": kind.name } }, "required": ["type"] },
            "then": { "properties": { field.as_str(): shape(kind.shape(field)) }, "required": [field.as_str()] },
        }));
        for variant in variants {
            let name = format!("{}_{}", kind.name, variant.word);
            let fields = base.union(variant.required).union(variant.optional).union(FieldSet::of(&[field]));
            let required = base_required.union(variant.required);
            definitions.insert(name.clone(), event(kind, fields, required, Some((field, variant.word))));
            rules.push(json!({
                "if": {
                    "properties": { "type": { "const": kind.name }, field.as_str(): { "const": variant.word } },
                    "required": ["type", field.as_str()],
                },
                "then": { "$ref": format!("#/$defs/{name}") },
            }));
        }
    }
    let edge = format!(r"[^\s{CONTROL}]");
    definitions.insert(
        "id".to_owned(),
        json!({
            "description": "No control character, no white space at either end.",
            "type": "string", "minLength": 1, "maxLength": 128, "pattern": format!("^{edge}([^{CONTROL}]*{edge})?$"),
        }),
    );
    definitions.insert(
        "instant".to_owned(),
        json!({
            "description": "RFC 3339 with an offset; no leap second; from 1970 on.",
            "type": "string",
            "format": "date-time",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        }),
    );
    let types: Vec<&str> = TYPES.iter().map(|kind| kind.name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:rapport:raw-event:1",
        "title": "A raw event of Rapport",
        "description": "null is as if absent where a field belongs. `event_id` and `occurred_at` may be absent where the CloudEvents headers ce_source and ce_id, or ce_time, stand for them.",
        "type": "object",
        "properties": { "type": { "enum": types } },
        "required": ["type"],
        "allOf": rules,
        "$defs": definitions,
    })
}

#[test]
fn the_json_schema_is_what_the_table_says() {
    let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let file = std::fs::read_to_string(PATH).unwrap();
    assert!(
        file == text,
        "proto/schema/raw-event.schema.json differs from the table: RAPPORT_BLESS=1 rewrites it"
    );
}

#[test]
fn the_variants_of_a_type_share_out_its_fields_and_are_the_words_of_its_discriminator() {
    for kind in TYPES {
        let Some((field, variants)) = kind.variants else { continue };
        let Shape::Word(vocabulary) = kind.shape(field) else { panic!("{} is no word", field.as_str()) };
        let words: Vec<&str> = variants.iter().map(|variant| variant.word).collect();
        assert_eq!((vocabulary.words)(), words, "{}", kind.name);
        let shared =
            variants.iter().fold(FieldSet::of(&[field]), |all, v| all.union(v.required).union(v.optional));
        assert_eq!(shared, kind.own_fields(), "{}", kind.name);
    }
}
