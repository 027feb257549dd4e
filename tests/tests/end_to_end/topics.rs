//! What lies on a topic.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message;
use rapport_proto::topics::{EVENTS, REJECTED};
use rapport_proto::v1;
use rapport_stream::port::{Error, Headers, Log, RecordRef};
use rapport_tests::harness::{wait_for, wait_until};

use super::stage::SOON;

/// A record, kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its partition.
    pub partition: u32,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value; `None` of a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Kept {
    /// Its key as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.key).expect("keys of Rapport are text")
    }

    /// Everything that somebody could read in it.
    pub fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let headers = self.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_slice()]);
        [self.key.as_slice(), self.value.as_deref().unwrap_or_default()].into_iter().chain(headers)
    }
}

/// Every committed record that is there now, in order within a partition.
pub fn read(log: &impl Log, topic: &str) -> Vec<Kept> {
    let mut reader = wait_for("a topic to be readable", SOON, || log.reader(&[topic]).ok());
    let mut records = Vec::new();
    loop {
        let mut keep = |record: &RecordRef<'_>| {
            records.push(Kept {
                partition: record.partition,
                key: record.key.unwrap_or_default().to_vec(),
                value: record.value.map(<[u8]>::to_vec),
                headers: Headers::all(record.headers),
            });
        };
        reader.poll(Duration::from_millis(100), 10_000, &mut keep).expect("a topic can be read");
        if reader.caught_up().expect("a topic can be read") {
            return records;
        }
    }
}

/// What stands on a compacted topic: the last value of every key, unless that is a tombstone.
pub fn standing(log: &impl Log, topic: &str) -> BTreeMap<String, Vec<u8>> {
    last(&read(log, topic))
}

/// The last value of every key, unless that is a tombstone.
pub fn last(records: &[Kept]) -> BTreeMap<String, Vec<u8>> {
    let last: BTreeMap<&str, &Option<Vec<u8>>> =
        records.iter().map(|record| (record.text(), &record.value)).collect();
    last.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?))).collect()
}

/// Waits until so many raw records have been judged, or more; how many, and the newest clock on each partition of
/// `rapport.events`.
pub fn wait_until_judged(log: &impl Log, sent: usize, deadline: Duration) -> (usize, BTreeMap<u32, i64>) {
    // A broker that is busy with new topics may not know for a moment that it leads them.
    let mut reader = wait_for("topics to be readable", deadline, || log.reader(&[EVENTS, REJECTED]).ok());
    let (mut judged, mut newest) = (0, BTreeMap::new());
    wait_until("every raw record to be judged", deadline, || {
        let mut judge = |record: &RecordRef<'_>| {
            if record.topic == REJECTED {
                judged += 1;
                return;
            }
            let event = v1::Event::decode(record.value.unwrap_or_default()).expect("a canonical event");
            judged += usize::from(event.body.is_some());
            newest.insert(record.partition, event.ingested_at_us);
        };
        match reader.poll(Duration::from_millis(100), 10_000, &mut judge) {
            // Brokers that die while this is read come back.
            Ok(_) | Err(Error::Unavailable(_)) => judged >= sent,
            Err(error) => panic!("topics cannot be read: {error}"),
        }
    });
    (judged, newest)
}
