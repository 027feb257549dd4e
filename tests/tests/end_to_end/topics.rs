//! What lies on a topic.

use std::collections::BTreeMap;
use std::time::Duration;

use rapport_stream::port::{Headers, Log};
use rapport_tests::harness::wait_for;

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
        let mut keep = |record: &rapport_stream::port::RecordRef<'_>| {
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
    let mut last = BTreeMap::new();
    for record in read(log, topic) {
        last.insert(record.text().to_owned(), record.value);
    }
    last.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}
