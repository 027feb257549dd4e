//! The stream service: one fold per owned partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use rapport_model::params::Params;
use rapport_model::partition::{Outputs, Partition, Stats};
use rapport_proto::topics;
use rapport_stream::failpoint;
use rapport_stream::port::{Error, RecordRef, Sink, TopicPartition};
use rapport_stream::worker::Service;

use crate::arrived::Arrived;
use crate::checkpoints::Checkpoints;
use crate::metrics::{Metrics, Tally};
use crate::outputs::{Writer, Writing};

/// Its consumer group.
pub const GROUP: &str = "rapport.indicators";

/// How many members of sites are looked at, to count releases ahead, after a poll that brought nothing: less than a
/// millisecond's work.
const AHEAD: usize = 8_192;
/// The same for each record that a poll brought.
const AHEAD_OF_RECORD: usize = 64;
/// Where so many records came with a poll, which brings 1 024 at most, there are more to come: then nothing is counted ahead.
const BUSY: usize = 256;

/// One worker's service.
pub struct Indicators {
    params: Arc<Params>,
    partitions: BTreeMap<u32, Partition>,
    writer: Writer,
    tally: Tally,
    worker: String,
    metrics: Metrics,
    checkpoints: Option<Checkpoints>,
    /// Folds of partitions that are about to be assigned.
    prepared: BTreeMap<u32, Partition>,
    arrived: Arrived,
    /// Records processed since the last poll.
    polled: usize,
}

impl Indicators {
    /// A service that owns nothing yet; `worker` names it in metrics.
    pub fn new(params: Arc<Params>, worker: u32, metrics: Metrics) -> Indicators {
        Indicators {
            params,
            partitions: BTreeMap::new(),
            writer: Writer::default(),
            tally: Tally::default(),
            worker: worker.to_string(),
            metrics,
            checkpoints: None,
            prepared: BTreeMap::new(),
            arrived: Arrived::default(),
            polled: 0,
        }
    }

    /// The same service, with checkpoints.
    #[must_use]
    pub fn with_checkpoints(mut self, checkpoints: Option<Checkpoints>) -> Indicators {
        self.checkpoints = checkpoints;
        self
    }

    /// Its checkpoints, where it has any.
    pub fn checkpoints_mut(&mut self) -> Option<&mut Checkpoints> {
        self.checkpoints.as_mut()
    }

    /// The fold of an owned partition.
    pub fn partition(&self, partition: u32) -> Option<&Partition> {
        self.partitions.get(&partition)
    }

    /// The fold of the record's partition; where versions are not to count, what arrived before it is forgotten first.
    fn fold_for(
        &mut self,
        record: &RecordRef<'_>,
        forget: impl FnOnce(&mut Partition, &[u8]),
    ) -> &mut Partition {
        let params = &self.params;
        let fold = self.partitions.entry(record.partition).or_insert_with(|| Partition::new(params.clone()));
        if failpoint::is_broken("versions")
            && let Some(earlier) = self.arrived.replaced_by(record)
        {
            // Whichever was recorded last.
            forget(fold, earlier.as_bytes());
        }
        fold
    }

    /// Applies a record; what follows is put to `out`. `false` where it is malformed.
    fn apply(&mut self, record: &RecordRef<'_>, out: &mut dyn Outputs) -> bool {
        let fold = self.fold_for(record, |fold, earlier| {
            fold.apply(Some(earlier), None, &mut *out).ok();
        });
        let applied = fold.apply(record.key, record.value, out);
        if let Err(malformed) = &applied {
            tracing::debug!(partition = record.partition, offset = record.offset, %malformed, "record passed over");
        }
        self.applied(record);
        applied.is_ok()
    }

    fn applied(&mut self, record: &RecordRef<'_>) {
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.applied(record);
        }
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

    fn prepare(&mut self, partitions: &[(TopicPartition, u64)]) -> Vec<u64> {
        let Some(checkpoints) = &mut self.checkpoints else { return vec![0; partitions.len()] };
        // There is no room for two of each, and the ones before are about to die.
        partitions.iter().for_each(|(at, _)| drop(self.partitions.remove(&at.partition)));
        let loaded = checkpoints.load(partitions, &self.params).into_iter().zip(partitions);
        let prepared = loaded.map(|((from, fold), (at, _))| {
            self.prepared.insert(at.partition, fold);
            from
        });
        prepared.collect()
    }

    fn assigned(&mut self, partition: &TopicPartition) {
        self.tally = Tally::default();
        let prepared = self.prepared.remove(&partition.partition);
        let fold = prepared.unwrap_or_else(|| Partition::new(self.params.clone()));
        self.partitions.insert(partition.partition, fold);
    }

    fn revoked(&mut self, partition: &TopicPartition) {
        self.tally = Tally::default();
        self.partitions.remove(&partition.partition);
        // One that is prepared is the next state's.
        if let Some(checkpoints) =
            self.checkpoints.as_mut().filter(|_| !self.prepared.contains_key(&partition.partition))
        {
            checkpoints.revoked(partition.partition);
        }
        self.metrics.forget(partition.partition);
        self.report();
    }

    fn taken(&mut self, partition: &TopicPartition) {
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.taken(partition);
        }
    }

    fn replay(&mut self, record: &RecordRef<'_>) {
        let fold = self.fold_for(record, |fold, earlier| fold.note(Some(earlier), None));
        fold.note(record.key, record.value);
        self.applied(record);
    }

    fn replayed(&mut self, partition: &TopicPartition) {
        if let Some(fold) = self.partitions.get_mut(&partition.partition) {
            fold.settle();
        }
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.replayed(partition.partition);
        }
        self.report();
    }

    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        self.polled += 1;
        let (mut writer, mut tally) = (std::mem::take(&mut self.writer), std::mem::take(&mut self.tally));
        let mut writing = Writing::new(record, &mut writer, &mut tally, sink);
        let applied = self.apply(record, &mut writing);
        let written = writing.end();
        tally.record(applied);
        (self.writer, self.tally) = (writer, tally);
        written
    }

    fn on_time(&mut self, _: &mut dyn Sink) -> Result<(), Error> {
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.proceed(&self.partitions);
        }
        let effort = match std::mem::take(&mut self.polled) {
            0 => AHEAD,
            records if records < BUSY => records * AHEAD_OF_RECORD,
            _ => return Ok(()),
        };
        let share = effort / self.partitions.len().max(1);
        self.partitions.values_mut().for_each(|fold| fold.count_ahead(share));
        Ok(())
    }

    fn committed(&mut self) {
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.committed(&self.partitions);
        }
        self.metrics.add(&self.tally);
        self.tally = Tally::default();
        self.report();
    }
}

/// The topic it reads.
pub fn topics() -> Vec<String> {
    vec![topics::EVENTS.to_owned()]
}
