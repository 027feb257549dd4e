//! Reading and writing without a group.

use std::sync::Arc;
use std::time::Duration;

use super::encoding::decode;
use super::store::Reading;
use super::topics::Slot;
use super::{Batch, Shared, lock};
use crate::port::{Appender, Error, Output, Reader, RecordRef, Sink, TopicPartition};

/// Hands records of some slots over as the port wants them.
pub(super) struct Cursor {
    shared: Arc<Shared>,
    /// Sorted by slot.
    partitions: Vec<(Slot, TopicPartition)>,
}

impl Cursor {
    pub(super) fn new(shared: Arc<Shared>, mut partitions: Vec<(Slot, TopicPartition)>) -> Self {
        partitions.sort();
        Self { shared, partitions }
    }

    pub(super) fn partition(&self, slot: Slot) -> Option<&TopicPartition> {
        let index = self.partitions.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        self.partitions.get(index).map(|(_, partition)| partition)
    }

    pub(super) fn slot(&self, partition: &TopicPartition) -> Option<Slot> {
        self.partitions.iter().find(|(_, known)| known == partition).map(|(slot, _)| *slot)
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.partitions.iter().map(|(slot, _)| *slot)
    }

    /// Reads on from the places, whose ends are up to date.
    pub(super) fn read(
        &self,
        places: &mut [Reading],
        max: usize,
        each: &mut dyn FnMut(&RecordRef<'_>) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        let behind = places.iter().filter(|place| place.next < place.end).count();
        if behind == 0 || max == 0 {
            return Ok(0);
        }
        // Those with most to read last, so that what the others leave of their share is not wasted on a poll.
        places.sort_by_key(|place| place.end.saturating_sub(place.next));
        let first = places.partition_point(|place| place.next >= place.end);
        let mut left = max;
        let mut read = 0;
        for index in first..places.len() {
            let share = left.div_ceil(places.len() - index);
            let count = self.read_one(&mut places[index..=index], share, each)?;
            read += count;
            left -= count;
            if left == 0 {
                break;
            }
        }
        Ok(read)
    }

    fn read_one(
        &self,
        place: &mut [Reading],
        share: usize,
        each: &mut dyn FnMut(&RecordRef<'_>) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        self.shared.store.read(place, share, &mut |slot, offset, bytes| {
            let damaged = || Error::Unusable(format!("record {offset} of slot {slot} is damaged"));
            let partition = self.partition(slot).ok_or_else(damaged)?;
            let decoded = decode(bytes).ok_or_else(damaged)?;
            each(&RecordRef {
                topic: &partition.topic,
                partition: partition.partition,
                offset,
                key: decoded.key,
                value: decoded.value,
                timestamp_ms: decoded.timestamp_ms,
                headers: &decoded.headers,
            })
        })
    }
}

/// Reads whole topics.
pub(super) struct EmbeddedReader {
    cursor: Cursor,
    places: Vec<Reading>,
    /// The ends there were when the reader was opened.
    goal: Vec<(Slot, u64)>,
}

impl EmbeddedReader {
    pub(super) fn new(shared: Arc<Shared>, partitions: Vec<(Slot, TopicPartition)>) -> Self {
        let tail = lock(&shared.tail);
        let end = |slot: Slot| tail.ends.get(slot as usize).copied().unwrap_or(0);
        let goal = partitions.iter().map(|(slot, _)| (*slot, end(*slot))).collect();
        let places = partitions.iter().map(|(slot, _)| Reading { slot: *slot, next: 0, end: 0 }).collect();
        drop(tail);
        Self { cursor: Cursor::new(shared, partitions), places, goal }
    }
}

impl Reader for EmbeddedReader {
    fn poll(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(&RecordRef<'_>),
    ) -> Result<usize, Error> {
        self.cursor.shared.wait(wait, None, &mut self.places);
        self.cursor.read(&mut self.places, max, &mut |record| {
            each(record);
            Ok(())
        })
    }

    fn caught_up(&mut self) -> Result<bool, Error> {
        let reached = |(slot, goal): &(Slot, u64)| {
            self.places.iter().any(|place| place.slot == *slot && place.next >= *goal)
        };
        Ok(self.goal.iter().all(reached))
    }
}

/// Writes records, each call in one commit.
pub(super) struct EmbeddedAppender {
    shared: Arc<Shared>,
    batch: Batch,
}

impl EmbeddedAppender {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let batch = Batch::new(shared.topics());
        Self { shared, batch }
    }
}

impl Appender for EmbeddedAppender {
    fn append(&mut self, outputs: &[Output<'_>]) -> Result<(), Error> {
        self.batch.clear();
        for output in outputs {
            self.batch.send(*output)?;
        }
        if self.batch.is_empty() { Ok(()) } else { self.shared.write(&self.batch, None) }
    }
}
