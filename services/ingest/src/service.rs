//! The stream service: a raw record in, one record of `rapport.events` or of `rapport.rejected` out; and ticks.

use std::sync::Arc;

use rapport_model::raw::{Accepted, Rejection};
use rapport_proto::{headers, partition, topics};
use rapport_stream::port::{Error, Output, RecordRef, Sink, TopicPartition};
use rapport_stream::worker::Service;

use crate::clock::IngestClock;
use crate::judge::Judge;
use crate::metrics::{Metrics, Tally};
use crate::rejected;
use crate::ticks::{self, Ticks};

/// Its consumer group.
pub const GROUP: &str = "rapport.ingest";

/// Partitions of the topics it writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitions {
    /// Of `rapport.events`.
    pub events: u32,
    /// Of `rapport.rejected`.
    pub rejected: u32,
}

/// What it works with.
#[derive(Clone)]
pub struct Parts {
    /// Judges records.
    pub judge: Judge,
    /// The ingest clock.
    pub clock: Arc<dyn IngestClock>,
    /// Partitions of the topics it writes to.
    pub partitions: Partitions,
    /// The raw topics; whoever owns partition 0 of the first writes the ticks.
    pub topics: Vec<String>,
    /// Seconds from tick to tick.
    pub tick_seconds: u32,
    /// Most bytes of a raw record that are kept on `rapport.rejected`.
    pub rejected_bytes_max: usize,
    /// Counters.
    pub metrics: Metrics,
}

/// One worker's service.
pub struct Ingest {
    parts: Parts,
    ticks: Ticks,
    /// Whether this worker writes the ticks.
    ticking: bool,
    tally: Tally,
}

impl Ingest {
    /// A service that owns nothing yet.
    pub fn new(parts: Parts) -> Ingest {
        Ingest { ticks: Ticks::new(parts.tick_seconds), ticking: false, tally: Tally::default(), parts }
    }

    fn is_first(&self, partition: &TopicPartition) -> bool {
        partition.partition == 0 && self.parts.topics.first().is_some_and(|first| **first == *partition.topic)
    }

    fn accepted(
        &mut self,
        record: &RecordRef<'_>,
        accepted: &Accepted,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let ingested_at = self.parts.clock.ingested_at(accepted.event.recorded_at);
        let (key, value) = accepted.record(ingested_at);
        let time = accepted.event.occurred_at.to_string();
        let (source, from) = (format!("rapport/{}", accepted.site), record.source().to_text());
        // The site and its slash: the rest of the key is unique within the source.
        let id = key.get(accepted.site.len() + 1..).unwrap_or(&key);
        sink.send(Output {
            topic: topics::EVENTS,
            partition: Some(partition::partition_for(&accepted.site, self.parts.partitions.events)),
            key: Some(key.as_bytes()),
            value: Some(&value),
            headers: &[
                (headers::CONTENT_TYPE, headers::PROTOBUF.as_bytes()),
                (headers::CE_SPECVERSION, b"1.0"),
                (headers::CE_ID, id.as_bytes()),
                (headers::CE_SOURCE, source.as_bytes()),
                (headers::CE_TYPE, b"rapport.v1.Event"),
                (headers::CE_TIME, time.as_bytes()),
                (headers::SOURCE, from.as_bytes()),
            ],
        })
    }

    fn rejected(
        &self,
        record: &RecordRef<'_>,
        rejection: Rejection,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let parts = &self.parts;
        rejected::send(record, rejection, parts.partitions.rejected, parts.rejected_bytes_max, sink)
    }
}

impl Service for Ingest {
    fn replays(&self) -> bool {
        false
    }

    fn assigned(&mut self, partition: &TopicPartition) {
        self.tally.clear();
        if self.is_first(partition) {
            self.ticking = true;
            self.ticks.reset();
        }
    }

    fn revoked(&mut self, partition: &TopicPartition) {
        self.tally.clear();
        if self.is_first(partition) {
            self.ticking = false;
        }
    }

    fn replay(&mut self, _: &RecordRef<'_>) {}

    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let verdict = self.parts.judge.record(record, self.parts.clock.now());
        self.tally.record(record.topic, verdict.as_ref().err().map(|rejection| rejection.reason));
        match verdict {
            Ok(accepted) => self.accepted(record, &accepted, sink),
            Err(rejection) => self.rejected(record, rejection, sink),
        }
    }

    fn on_time(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        if !self.ticking || !self.parts.clock.ticks() {
            return Ok(());
        }
        let now = self.parts.clock.now();
        for key in self.ticks.due(now) {
            self.tally.tick(now);
            let value = ticks::value(now);
            for partition in 0..self.parts.partitions.events {
                sink.send(Output {
                    topic: topics::EVENTS,
                    partition: Some(partition),
                    key: Some(key.as_bytes()),
                    value: Some(&value),
                    headers: &[(headers::CONTENT_TYPE, headers::PROTOBUF.as_bytes())],
                })?;
            }
        }
        Ok(())
    }

    fn committed(&mut self) {
        self.parts.metrics.add(&self.tally);
        self.tally.clear();
    }
}
