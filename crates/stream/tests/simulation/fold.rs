//! A service whose state is a fold of its input, and the outputs it must have made in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rapport_proto::topics::TopicSpec;
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::{Error, Log, Output, RecordRef, SessionSpec, Sink, TopicPartition};
use rapport_stream::worker::{Limits, Service, Worker};

pub const GROUP: &str = "fold";
pub const PARTITIONS: u32 = 3;

const fn topic(name: &'static str, compacted: bool) -> TopicSpec {
    TopicSpec { name, compacted, retention_ms: None, min_compaction_lag_ms: None, by_site: true }
}

/// Kept whole, so that the oracle can read it.
pub const INPUT: TopicSpec = topic("input", false);
/// Kept whole, so that every output ever committed can be held against the oracle.
pub const SUMS: TopicSpec = topic("sums", false);

/// Per key the sum of all values so far, sent with every record: `sum@offset`.
#[derive(Default)]
pub struct Fold {
    pub sums: BTreeMap<TopicPartition, BTreeMap<Vec<u8>, u64>>,
    /// Makes the service wrong on purpose: it forgets to fold what is replayed.
    pub deaf_to_replay: bool,
    pub commits: u64,
    /// How often it was told that the replay of a partition is over.
    pub replays_ended: u64,
}

impl Fold {
    fn fold(&mut self, record: &RecordRef<'_>) -> Option<u64> {
        let partition = TopicPartition { topic: record.topic.into(), partition: record.partition };
        let sums = self.sums.get_mut(&partition).expect("a record of a partition that was assigned");
        let value: u64 = std::str::from_utf8(record.value?).ok()?.parse().ok()?;
        let sum = sums.entry(record.key?.to_vec()).or_default();
        *sum += value;
        Some(*sum)
    }
}

impl Service for Fold {
    fn replays(&self) -> bool {
        true
    }

    fn assigned(&mut self, partition: &TopicPartition) {
        assert!(self.sums.insert(partition.clone(), BTreeMap::new()).is_none(), "born twice: {partition:?}");
    }

    fn revoked(&mut self, partition: &TopicPartition) {
        assert!(self.sums.remove(partition).is_some(), "died twice: {partition:?}");
    }

    fn replay(&mut self, record: &RecordRef<'_>) {
        if !self.deaf_to_replay {
            self.fold(record);
        }
    }

    fn replayed(&mut self, _: &TopicPartition) {
        self.replays_ended += 1;
    }

    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let Some(sum) = self.fold(record) else { return Ok(()) };
        let value = format!("{sum}@{}", record.offset);
        sink.send(Output {
            topic: SUMS.name,
            partition: Some(record.partition),
            key: record.key,
            value: Some(value.as_bytes()),
            headers: &[("source", record.topic.as_bytes())],
        })
    }

    fn on_time(&mut self, _: &mut dyn Sink) -> Result<(), Error> {
        Ok(())
    }

    fn committed(&mut self) {
        self.commits += 1;
    }
}

pub fn log() -> Arc<dyn Log> {
    let log = EmbeddedLog::in_memory(Arc::new(|| 0)).unwrap();
    log.create_topics(&[INPUT, SUMS], PARTITIONS).unwrap();
    Arc::new(log)
}

pub fn spec(worker: u32) -> SessionSpec {
    SessionSpec {
        group: GROUP.to_owned(),
        topics: vec![INPUT.name.to_owned()],
        instance: "test".to_owned(),
        worker,
    }
}

pub fn worker(log: &Arc<dyn Log>, number: u32, service: Fold, limits: Limits) -> Worker<Fold> {
    Worker::new(log.clone(), spec(number), service, limits, Arc::new(|| Duration::ZERO), Box::new(()))
}

/// Appends `key=value` pairs, keyed so that a key stays on its partition.
pub fn append(log: &Arc<dyn Log>, pairs: &[(u8, u64)]) {
    let mut appender = log.appender().unwrap();
    for (key, value) in pairs {
        let (key, value) = ([b'a' + key], value.to_string());
        let output = Output {
            topic: INPUT.name,
            partition: Some(u32::from(key[0]) % PARTITIONS),
            key: Some(&key),
            value: Some(value.as_bytes()),
            headers: &[],
        };
        appender.append(&[output]).unwrap();
    }
}

/// Everything committed to a topic: partition, key and value in order.
pub fn everything(log: &Arc<dyn Log>, topic: &str) -> Vec<(u32, Vec<u8>, String)> {
    let mut reader = log.reader(&[topic]).unwrap();
    let mut found = Vec::new();
    while !reader.caught_up().unwrap() {
        let mut each = |record: &RecordRef<'_>| {
            let value = String::from_utf8(record.value.unwrap_or_default().to_vec()).unwrap();
            found.push((record.partition, record.key.unwrap_or_default().to_vec(), value));
        };
        reader.poll(Duration::ZERO, 1000, &mut each).unwrap();
    }
    found.sort_by_key(|(partition, ..)| *partition);
    found
}

/// What must have been committed: one sum per input, in order.
pub fn expected(log: &Arc<dyn Log>) -> Vec<(u32, Vec<u8>, String)> {
    let mut sums: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let mut offsets: BTreeMap<u32, u64> = BTreeMap::new();
    let sum = |(partition, key, value): (u32, Vec<u8>, String)| {
        let sum = sums.entry(key.clone()).or_default();
        *sum += value.parse::<u64>().unwrap();
        let offset = offsets.entry(partition).or_default();
        *offset += 1;
        (partition, key, format!("{sum}@{}", *offset - 1))
    };
    everything(log, INPUT.name).into_iter().map(sum).collect()
}
