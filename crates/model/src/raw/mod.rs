//! A raw record becomes a canonical event, or a rejection: model.md section 2.
//!
//! Reading order: `framing` (which form the bytes have), `field` and `table` (what each type of event may say),
//! `document` (a record taken apart, whatever its form), `json` and `protobuf` (the two forms), `validate` (the checks
//! in their order), `build` (the canonical event).

mod build;
mod document;
mod field;
mod framing;
mod json;
mod protobuf;
#[cfg(test)]
mod schema;
mod table;
mod validate;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::catalogue::Catalogue;
use crate::event::{Event, Persons};
use crate::pseudonym::Keys;
use crate::time::Instant;

pub use framing::detect_form;

/// Most bytes a raw record may have, its framing included.
pub const MAX_BYTES: usize = 65_536;

/// The form of a raw record's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One UTF-8 JSON object.
    Json,
    /// `rapport.v1.RawEvent`.
    Protobuf,
}

/// Which sites may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sites {
    /// Every well-formed one.
    Any,
    /// Only these.
    Listed(BTreeSet<String>),
}

impl Sites {
    /// Whether `site` may send.
    pub fn admits(&self, site: &str) -> bool {
        match self {
            Sites::Any => true,
            Sites::Listed(sites) => sites.contains(site),
        }
    }
}

/// What a raw record is judged by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Which sites may send.
    pub sites: Sites,
    /// The instruments that may be used.
    pub catalogue: Arc<Catalogue>,
    /// Keys of the pseudonyms.
    pub keys: Keys,
    /// Whether `event_id` and `retracts` are replaced by pseudonyms as persons always are.
    pub pseudonymise_event_ids: bool,
}

/// CloudEvents headers of a raw record: they stand in for what its body lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CloudEvent<'a> {
    /// `ce_id`.
    pub id: Option<&'a str>,
    /// `ce_source`; with `ce_id`, `source#id` stands for an absent `event_id`.
    pub source: Option<&'a str>,
    /// `ce_time`; it stands for an absent `occurred_at`.
    pub time: Option<&'a str>,
}

/// Why a raw record is rejected, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Reason {
    TooLarge,
    UnknownSchema,
    BadProtobuf,
    NotUtf8,
    NotJson,
    UnknownType,
    UnknownField,
    MissingField,
    BadValue,
    UnknownSite,
    UnknownInstrument,
    ScoreOutOfRange,
    InFuture,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 13] = [
        Reason::TooLarge,
        Reason::UnknownSchema,
        Reason::BadProtobuf,
        Reason::NotUtf8,
        Reason::NotJson,
        Reason::UnknownType,
        Reason::UnknownField,
        Reason::MissingField,
        Reason::BadValue,
        Reason::UnknownSite,
        Reason::UnknownInstrument,
        Reason::ScoreOutOfRange,
        Reason::InFuture,
    ];

    /// The model's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::TooLarge => "too_large",
            Reason::UnknownSchema => "unknown_schema",
            Reason::BadProtobuf => "bad_protobuf",
            Reason::NotUtf8 => "not_utf8",
            Reason::NotJson => "not_json",
            Reason::UnknownType => "unknown_type",
            Reason::UnknownField => "unknown_field",
            Reason::MissingField => "missing_field",
            Reason::BadValue => "bad_value",
            Reason::UnknownSite => "unknown_site",
            Reason::UnknownInstrument => "unknown_instrument",
            Reason::ScoreOutOfRange => "score_out_of_range",
            Reason::InFuture => "in_future",
        }
    }
}

/// A raw record's rejection: words of the model, never the sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// The field it is about, `?` where its name is none of the model's; `None` where it is about the record as a whole.
    pub field: Option<&'static str>,
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Rejection { reason, field: None }
    }
}

impl fmt::Display for Rejection {
    /// `reason`, or `reason: field`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_str())?;
        self.field.map_or(Ok(()), |field| write!(f, ": {field}"))
    }
}

/// A canonical event, ready to be written to `rapport.events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its site.
    pub site: Arc<str>,
    /// Who it is about, as pseudonyms.
    pub persons: Persons,
    /// What happened.
    pub event: Event,
}

/// Judges one raw record by `rules`, with `clock` the ingest clock.
///
/// The payload is that of [`detect_form`]. Any bytes give an answer; the same record always gives the same one but for
/// `in_future`, which the clock decides.
pub fn accept(
    bytes: &[u8],
    form: Form,
    cloud: CloudEvent<'_>,
    rules: &Rules,
    clock: Instant,
) -> Result<Accepted, Rejection> {
    if bytes.len() > MAX_BYTES {
        return Err(Reason::TooLarge.into());
    }
    let document = match form {
        Form::Json => json::read(bytes)?,
        Form::Protobuf => protobuf::read(bytes)?,
    };
    validate::validate(document, cloud, rules, clock)
}

/// Number of `Event.ingested_at_us`: above all others, so that the canonical encoding is a prefix of the record.
const INGESTED_AT_TAG: u32 = 100;

impl Accepted {
    /// Key of the record on `rapport.events`: `site/event_id/version`.
    pub fn key(&self) -> String {
        self.key_of(&self.canonical_bytes())
    }

    /// Value of the record: the canonical encoding, then `ingested_at`.
    pub fn value(&self, ingested_at: Instant) -> Vec<u8> {
        stamped(self.canonical_bytes(), ingested_at)
    }

    /// [`Accepted::key`] and [`Accepted::value`] for the price of one encoding.
    pub fn record(&self, ingested_at: Instant) -> (String, Vec<u8>) {
        let canonical = self.canonical_bytes();
        (self.key_of(&canonical), stamped(canonical, ingested_at))
    }

    fn canonical_bytes(&self) -> Vec<u8> {
        self.event.canonical_bytes(&self.site, &self.persons)
    }

    fn key_of(&self, canonical: &[u8]) -> String {
        let version =
            rapport_proto::keys::version(self.event.recorded_at.0, &Sha256::digest(canonical).into());
        rapport_proto::keys::event(&self.site, &self.event.id, &version)
    }
}

fn stamped(mut canonical: Vec<u8>, ingested_at: Instant) -> Vec<u8> {
    if ingested_at.0 != 0 {
        prost::encoding::sint64::encode(INGESTED_AT_TAG, &ingested_at.0, &mut canonical);
    }
    canonical
}
