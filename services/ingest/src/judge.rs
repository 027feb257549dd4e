//! One record's verdict: the same for records of topics and of HTTP.

use std::collections::BTreeSet;
use std::sync::Arc;

use rapport_model::raw::{Accepted, CloudEvent, Form, Reason, Rejection, Rules, accept, detect_form};
use rapport_model::time::Instant;
use rapport_proto::headers;
use rapport_stream::port::{Headers, RecordRef};

/// Judges raw records. Clones share the rules.
#[derive(Clone)]
pub struct Judge {
    rules: Arc<Rules>,
    /// Ids under which `rapport.v1.RawEvent` is registered in a schema registry.
    schemas: Arc<BTreeSet<u32>>,
}

impl Judge {
    /// A judge by these rules.
    pub fn new(rules: Arc<Rules>, schemas: BTreeSet<u32>) -> Judge {
        Judge { rules, schemas: Arc::new(schemas) }
    }

    /// Judges a record of a raw topic. A record without a value is judged as an empty one.
    pub fn record(&self, record: &RecordRef<'_>, now: Instant) -> Result<Accepted, Rejection> {
        let bytes = record.value.unwrap_or_default();
        let content_type = match record.headers.header(headers::CONTENT_TYPE).map(std::str::from_utf8) {
            None => None,
            Some(Ok(text)) => Some(text),
            // A media type in no known encoding is none that is known, but size comes first.
            Some(Err(_)) => Some("?"),
        };
        let (form, payload) = detect_form(content_type, bytes, &self.schemas).map_err(Rejection::from)?;
        let text = |name| record.headers.header(name).and_then(|value| std::str::from_utf8(value).ok());
        let cloud = CloudEvent {
            id: text(headers::CE_ID),
            source: text(headers::CE_SOURCE),
            time: text(headers::CE_TIME),
        };
        accept(payload, form, cloud, &self.rules, now)
    }

    /// Judges a record of an HTTP request, which is JSON.
    pub fn json(&self, bytes: &[u8], now: Instant) -> Result<Accepted, Rejection> {
        accept(bytes, Form::Json, CloudEvent::default(), &self.rules, now)
    }
}

/// All reasons, for counters that begin at 0.
pub fn reasons() -> impl Iterator<Item = &'static str> {
    Reason::ALL.into_iter().map(Reason::as_str)
}

/// Headers of no record, for judging without any.
pub fn no_headers() -> impl Headers {
    Vec::<(String, Vec<u8>)>::new()
}
