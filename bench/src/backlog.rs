//! The backlogs that everything reads, written once.

use anyhow::Result;
use indicatif::ProgressBar;
use rapport_model::raw::Accepted;
use rapport_model::time::Instant;
use rapport_proto::topics::{ALL, EVENTS, RAW};
use rapport_stream::port::{Appender, Log, Output};

use crate::records::{self, Entry, Record, Shares, after, entries, last_arrival, tick};
use crate::settings::{Part, Settings};
use crate::stage::{PARTITIONS, Stage};

/// Prefix of the topics of the backlog that was ingested in one day.
pub const DAY: &str = "day.";
/// Prefix of the topics of the backlog with a tick for each day.
pub const DAILY: &str = "daily.";
/// Prefix of the topics that `ingest` reads and writes.
pub const SENT: &str = "sent.";

const BATCH: usize = 20_000;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backlog {
    /// What the events are.
    pub shares: Shares,
    /// Bytes of a canonical record on average, its key included.
    pub record_bytes: u64,
    /// Bytes of an enriched row on average, key included; 0 until one was written.
    pub row_bytes: u64,
}

/// Records on their way to one topic.
pub(crate) struct Queue {
    topic: &'static str,
    appender: Box<dyn Appender>,
    records: Vec<Record>,
    written: u64,
    bytes: u64,
}

impl Queue {
    pub(crate) fn new(log: &dyn Log, topic: &'static str) -> Result<Queue> {
        let appender = log.appender()?;
        Ok(Queue { topic, appender, records: Vec::with_capacity(BATCH), written: 0, bytes: 0 })
    }

    pub(crate) fn push(&mut self, record: Record) -> Result<()> {
        self.bytes += (record.key.len() + record.value.len()) as u64;
        self.written += 1;
        self.records.push(record);
        if self.records.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        let outputs: Vec<Output<'_>> = self
            .records
            .iter()
            .map(|Record { partition, key, value }| Output {
                topic: self.topic,
                partition: Some(*partition),
                key: Some(key.as_bytes()),
                value: Some(value.as_slice()),
                headers: &[],
            })
            .collect();
        self.appender.append(&outputs)?;
        self.records.clear();
        Ok(())
    }
}

/// Where the events go.
struct Queues {
    day: Queue,
    daily: Option<Queue>,
    sent: Option<Queue>,
    /// When everything was ingested.
    ingested_at: Instant,
}

impl Queues {
    fn event(&mut self, partition: u32, raw: &str, event: &Accepted, clock: Instant) -> Result<()> {
        let (key, value) = event.record(self.ingested_at);
        if let Some(queue) = &mut self.daily {
            queue.push(Record { partition, key: key.clone(), value: event.value(clock) })?;
        }
        if let Some(queue) = &mut self.sent {
            let (key, value) = (event.site.to_string(), raw.as_bytes().to_vec());
            queue.push(Record { partition, key, value })?;
        }
        self.day.push(Record { partition, key, value })
    }
}

/// Writes the backlogs that are wanted.
///
/// # Errors
/// Where they cannot be written.
pub fn write(stage: &Stage, settings: &Settings, bar: &ProgressBar) -> Result<Backlog> {
    let plan = records::plan(settings.sites(), settings.dyads, settings.seed);
    let open = |prefix: &str, topic: &'static str| {
        stage.fresh(prefix, &ALL)?;
        Queue::new(&stage.log(prefix), topic)
    };
    let sent = settings.wants(Part::Ingest1) || settings.wants(Part::Ingest2);
    let mut queues = Queues {
        day: open(DAY, EVENTS)?,
        daily: settings.wants(Part::Daily).then(|| open(DAILY, EVENTS)).transpose()?,
        sent: sent.then(|| open(SENT, RAW)).transpose()?,
        ingested_at: after(last_arrival(&plan, settings.events)),
    };
    let shares = entries(&plan, PARTITIONS, settings.events, |entry| match entry {
        Entry::Day(clock) => (0..PARTITIONS).try_for_each(|partition| match &mut queues.daily {
            Some(queue) => queue.push(tick(partition, clock)),
            None => Ok(()),
        }),
        Entry::Event { partition, raw, event, clock } => {
            bar.inc(1);
            queues.event(partition, raw, event, clock)
        }
    })?;
    let queues = [Some(queues.day), queues.daily, queues.sent];
    let mut sums = [(0, 0); 3];
    for (sum, queue) in sums.iter_mut().zip(queues) {
        if let Some(mut queue) = queue {
            queue.flush()?;
            *sum = (queue.written, queue.bytes);
        }
    }
    let [(written, bytes), ..] = sums;
    Ok(Backlog { shares, record_bytes: bytes / written.max(1), row_bytes: 0 })
}
