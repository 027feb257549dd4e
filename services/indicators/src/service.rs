//! The stream service: one fold per owned partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use rapport_model::params::Params;
use rapport_model::partition::{Output, Partition, Stats};
use rapport_proto::topics;
use rapport_stream::port::{Error, RecordRef, Sink, TopicPartition};
use rapport_stream::worker::Service;

use crate::metrics::{Metrics, Tally};
use crate::outputs::{Source, Writer};

/// Its consumer group.
pub const GROUP: &str = "rapport.indicators";

/// One worker's service.
pub struct Indicators {
    params: Arc<Params>,
    partitions: BTreeMap<u32, Partition>,
    /// Outputs of the record at hand; kept for its memory.
    outputs: Vec<Output>,
    writer: Writer,
    tally: Tally,
    worker: String,
    metrics: Metrics,
}

impl Indicators {
    /// A service that owns nothing yet; `worker` names it in metrics.
    pub fn new(params: Arc<Params>, worker: u32, metrics: Metrics) -> Indicators {
        Indicators {
            params,
            partitions: BTreeMap::new(),
            outputs: Vec::new(),
            writer: Writer::default(),
            tally: Tally::default(),
            worker: worker.to_string(),
            metrics,
        }
    }

    /// The fold of an owned partition.
    pub fn partition(&self, partition: u32) -> Option<&Partition> {
        self.partitions.get(&partition)
    }

    /// Applies a record; what follows from it is in `outputs`, unless it was applied before. `false` where it is malformed.
    fn apply(&mut self, record: &RecordRef<'_>, before: bool) -> bool {
        self.outputs.clear();
        let params = &self.params;
        let fold = self.partitions.entry(record.partition).or_insert_with(|| Partition::new(params.clone()));
        let applied = if before {
            fold.replay(record.key, record.value)
        } else {
            fold.apply(record.key, record.value, &mut self.outputs)
        };
        if let Err(malformed) = &applied {
            tracing::debug!(partition = record.partition, offset = record.offset, %malformed, "record passed over");
        }
        applied.is_ok()
    }

    fn report(&self) {
        let mut stats = Stats::default();
        for (number, fold) in &self.partitions {
            let own = fold.stats();
            stats.sites += own.sites;
            stats.dyads += own.dyads;
            stats.events += own.events;
            stats.pending += own.pending;
            self.metrics.clock(*number, fold.clock());
        }
        self.metrics.holds(&self.worker, stats);
    }
}

impl Service for Indicators {
    fn replays(&self) -> bool {
        true
    }

    fn assigned(&mut self, partition: &TopicPartition) {
        self.tally = Tally::default();
        self.partitions.insert(partition.partition, Partition::new(self.params.clone()));
    }

    fn revoked(&mut self, partition: &TopicPartition) {
        self.tally = Tally::default();
        self.partitions.remove(&partition.partition);
        self.metrics.forget(partition.partition);
        self.report();
    }

    fn replay(&mut self, record: &RecordRef<'_>) {
        self.apply(record, true);
    }

    fn replayed(&mut self, partition: &TopicPartition) {
        if let Some(fold) = self.partitions.get_mut(&partition.partition) {
            fold.settle();
        }
        self.report();
    }

    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let applied = self.apply(record, false);
        self.tally.record(applied);
        if self.outputs.is_empty() {
            return Ok(());
        }
        let clock = self.partitions.get(&record.partition).map(Partition::clock).unwrap_or_default();
        let source = Source::of(record, clock);
        for output in &self.outputs {
            self.tally.output(output);
            self.writer.send(&source, output, sink)?;
        }
        Ok(())
    }

    fn on_time(&mut self, _: &mut dyn Sink) -> Result<(), Error> {
        Ok(())
    }

    fn committed(&mut self) {
        self.metrics.add(&self.tally);
        self.tally = Tally::default();
        self.report();
    }
}

/// The topic it reads.
pub fn topics() -> Vec<String> {
    vec![topics::EVENTS.to_owned()]
}
