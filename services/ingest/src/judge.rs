//! One record's verdict: the same for records of topics and of HTTP.

use std::collections::BTreeSet;
use std::sync::Arc;

use rapport_model::raw::{Accepted, CloudEvent, Form, Reason, Rejection, Rules, accept, detect_form};
use rapport_model::time::Instant;
use rapport_proto::headers;
use rapport_stream::port::RecordRef;

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

#[cfg(test)]
mod tests {
    use rapport_model::catalogue::Catalogue;
    use rapport_model::pseudonym::Keys;
    use rapport_model::raw::Sites;

    use super::*;

    #[test]
    fn a_media_type_that_is_no_text_is_none_that_is_known_and_a_record_without_value_is_empty() {
        let rules = Rules {
            sites: Sites::Any,
            catalogue: Catalogue::embedded(),
            keys: Keys::new(vec![("k1".to_owned(), vec![1; 32])]).unwrap(),
            pseudonymise_event_ids: true,
        };
        let judge = Judge::new(Arc::new(rules), BTreeSet::new());
        let reason = |content_type: &[u8], value| {
            let headers = vec![(headers::CONTENT_TYPE.to_owned(), content_type.to_vec())];
            let (topic, key) = ("rapport.raw", None);
            let record =
                RecordRef { topic, partition: 0, offset: 0, key, value, timestamp_ms: 0, headers: &headers };
            judge.record(&record, Instant(0)).unwrap_err().reason
        };
        assert_eq!(reason(b"application/json\xff", Some(b"{}".as_slice())), Reason::UnknownSchema);
        assert_eq!(reason(b"application/json", None), Reason::NotJson);
    }
}
