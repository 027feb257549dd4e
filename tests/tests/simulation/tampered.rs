//! The service `indicators`, as it is or wrong on purpose: what proves that the simulation would notice.

use std::collections::BTreeSet;

use rapport_indicators::service::Indicators;
use rapport_proto::keys;
use rapport_stream::port::{Error, RecordRef, Sink, TopicPartition};
use rapport_stream::worker::Service;

/// What is made wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// Records up to the committed position are passed over.
    DeafToReplay,
    /// Of the versions of an event, the first to arrive stands.
    FirstVersionStands,
}

/// The service with a mistake in front of it, or none.
pub struct Tampered {
    inner: Indicators,
    mistake: Option<Mistake>,
    seen: BTreeSet<(u32, String)>,
}

impl Tampered {
    pub fn new(inner: Indicators, mistake: Option<Mistake>) -> Tampered {
        Tampered { inner, mistake, seen: BTreeSet::new() }
    }

    /// Waits until checkpoints that were ended are in their place, so that no run depends on how fast a disk is.
    pub fn wait_for_checkpoints(&mut self) {
        if let Some(checkpoints) = self.inner.checkpoints_mut() {
            checkpoints.wait();
        }
    }

    /// Whether the mistake hides this record.
    fn hides(&mut self, record: &RecordRef<'_>) -> bool {
        if self.mistake != Some(Mistake::FirstVersionStands) {
            return false;
        }
        let key = std::str::from_utf8(record.key.unwrap_or_default()).unwrap_or_default();
        let Some((site, event_id, _)) = keys::parse_event(key) else { return false };
        !self.seen.insert((record.partition, keys::enriched(site, event_id)))
    }
}

impl Service for Tampered {
    fn replays(&self) -> bool {
        self.inner.replays()
    }

    fn prepare(&mut self, partitions: &[(TopicPartition, u64)]) -> Vec<u64> {
        self.inner.prepare(partitions)
    }

    fn assigned(&mut self, partition: &TopicPartition) {
        self.seen.retain(|(number, _)| *number != partition.partition);
        self.inner.assigned(partition);
    }

    fn revoked(&mut self, partition: &TopicPartition) {
        self.inner.revoked(partition);
    }

    fn taken(&mut self, partition: &TopicPartition) {
        self.inner.taken(partition);
    }

    fn replayed(&mut self, partition: &TopicPartition) {
        self.inner.replayed(partition);
    }

    fn replay(&mut self, record: &RecordRef<'_>) {
        if self.mistake != Some(Mistake::DeafToReplay) && !self.hides(record) {
            self.inner.replay(record);
        }
    }

    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        if self.hides(record) { Ok(()) } else { self.inner.process(record, sink) }
    }

    fn on_time(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        self.inner.on_time(sink)
    }

    fn committed(&mut self) {
        self.inner.committed();
    }
}
