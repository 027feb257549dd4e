//! The golden raw messages of `examples/raw`, good and bad, that every consumer must digest. For tests: it reads files.
//!
//! A file is one JSON object: `about` (what it shows), `clock` (the ingest clock), `headers`, the record (`json`: the bytes
//! of the value as they stand in the file; or `text`; or `hex`; with `repeat`, so many times), and what becomes of it:
//! `accepted` (`key` and `value_hex` of the record on `rapport.events`, and that value as JSON for people) or `rejected`
//! (`reason`, and `field` where there is one).
//!
//! And the golden records of the derived topics, in `examples/derived`: [`derived`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{keys, topics};

/// Where the examples are.
pub const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/raw");
/// Where the golden records of the derived topics are.
pub const DERIVED_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/derived");
/// The JSON Schema of raw events.
pub const RAW_EVENT_SCHEMA: &str = include_str!("../schema/raw-event.schema.json");
/// The sites that are listed.
pub const SITES: [&str; 2] = ["leeds", "york"];
/// Name and secret of the one pseudonym key. Event ids are pseudonymised too.
pub const KEY: (&str, &str) = ("k1", "golden examples are no secret");
/// The one schema id that is known in Confluent framing.
pub const SCHEMA_ID: u32 = 7;

/// One example.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its file.
    pub path: PathBuf,
    /// What it shows.
    pub about: String,
    /// The ingest clock, RFC 3339.
    pub clock: String,
    /// The record's headers.
    pub headers: BTreeMap<String, String>,
    /// The record's value.
    pub bytes: Vec<u8>,
    /// What becomes of it.
    pub expected: Expected,
}

/// What becomes of an example.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// It is written to `rapport.events`.
    Accepted {
        /// The record's key.
        #[serde(default)]
        key: String,
        /// The record's value, hex.
        #[serde(default)]
        value_hex: String,
        /// The value in Protobuf's JSON form, for people.
        #[serde(default)]
        event: serde_json::Value,
    },
    /// It is written to `rapport.rejected`.
    Rejected {
        /// The model's word.
        reason: String,
        /// The field; `?` where its name is none of the model's.
        field: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    about: String,
    clock: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(borrow)]
    json: Option<&'a RawValue>,
    text: Option<String>,
    hex: Option<String>,
    repeat: Option<usize>,
    accepted: Option<serde_json::Value>,
    rejected: Option<serde_json::Value>,
}

/// All examples, by path. Errors name the file.
pub fn load() -> Result<Vec<Example>, String> {
    let mut examples = Vec::new();
    for folder in ["accepted", "rejected"] {
        let folder = Path::new(DIR).join(folder);
        let entries = fs::read_dir(&folder).map_err(|error| format!("list {}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| format!("list {}: {error}", folder.display()))?.path();
            examples.push(read(&path).map_err(|error| format!("read {}: {error}", path.display()))?);
        }
    }
    examples.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(examples)
}

/// A golden record of a derived topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its topic.
    pub topic: &'static str,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// A line of `enriched.jsonl`.
#[derive(Deserialize)]
struct Row {
    key: String,
    value_hex: String,
}

/// What the files of alerts and releases are keyed by.
#[derive(Deserialize)]
struct Keyed {
    alert_id: Option<String>,
    site: String,
    release: Option<String>,
}

/// All golden records of the derived topics: enriched rows, alerts of every kind and state, a release. Errors name the file.
pub fn derived() -> Result<Vec<Record>, String> {
    let file = |name: &str| {
        let path = Path::new(DERIVED_DIR).join(name);
        fs::read_to_string(&path).map_err(|error| format!("read {}: {error}", path.display()))
    };
    let wrong = |error: serde_json::Error| format!("read a golden record: {error}");
    let mut records = Vec::new();
    for line in file("enriched.jsonl")?.lines() {
        let Row { key, value_hex } = serde_json::from_str(line).map_err(wrong)?;
        let value = decode_hex(&value_hex).ok_or("`value_hex` is no hex")?;
        records.push(Record { topic: topics::ENRICHED, key, value });
    }
    for line in file("alerts.jsonl")?.lines() {
        let keyed: Keyed = serde_json::from_str(line).map_err(wrong)?;
        let key = keyed.alert_id.ok_or("an alert has no `alert_id`")?;
        records.push(Record { topic: topics::ALERTS, key, value: line.as_bytes().to_vec() });
    }
    let release = file("release.json")?;
    let keyed: Keyed = serde_json::from_str(&release).map_err(wrong)?;
    let key = keys::release(&keyed.site, &keyed.release.ok_or("a release has no day")?);
    records.push(Record { topic: topics::INDICATORS, key, value: release.into_bytes() });
    Ok(records)
}

fn read(path: &Path) -> Result<Example, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let file: File<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let once = match (file.json, file.text, file.hex) {
        (Some(json), None, None) => json.get().as_bytes().to_vec(),
        (None, Some(text), None) => text.into_bytes(),
        (None, None, Some(hex)) => decode_hex(&hex).ok_or("`hex` is no hex")?,
        _ => return Err("it needs one of `json`, `text`, `hex`".to_owned()),
    };
    let outcome = match (file.accepted, file.rejected) {
        (Some(accepted), None) => serde_json::json!({ "accepted": accepted }),
        (None, Some(rejected)) => serde_json::json!({ "rejected": rejected }),
        _ => return Err("it needs one of `accepted`, `rejected`".to_owned()),
    };
    Ok(Example {
        path: path.to_owned(),
        about: file.about,
        clock: file.clock,
        headers: file.headers,
        bytes: once.repeat(file.repeat.unwrap_or(1)),
        expected: serde_json::from_value(outcome).map_err(|error| error.to_string())?,
    })
}

/// Bytes as lower-case hex.
pub fn encode_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hex as bytes; `None` if it is none.
pub fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?, 16).ok())
        .collect()
}
