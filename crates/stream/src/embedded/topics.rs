//! The topics there are, and the number under which each of their partitions lies in the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::port::Output;
use rapport_proto::partition::murmur2;

/// Number of a partition in the store, unique over all topics.
pub(super) type Slot = u32;

/// A topic and how it is kept.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) name: Arc<str>,
    /// Slot of its partition 0; the others follow.
    pub(super) first: Slot,
    pub(super) partitions: u32,
    pub(super) compacted: bool,
    pub(super) retention_ms: Option<u64>,
}

impl Topic {
    /// How long its records are kept, milliseconds; `None` is for ever, or until they are superseded.
    pub(super) fn retention(&self) -> Option<u64> {
        self.retention_ms.filter(|_| !self.compacted)
    }

    /// Where an output goes that names no partition: by its key, as Java's default partitioner would; `turn` without.
    pub(super) fn slot(&self, output: &Output<'_>, turn: u32) -> Option<Slot> {
        let partition = match (output.partition, output.key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => (murmur2(key) & 0x7fff_ffff) % self.partitions.max(1),
            (None, None) => turn % self.partitions.max(1),
        };
        (partition < self.partitions).then(|| self.first + partition)
    }
}

/// All topics, by name and by slot.
#[derive(Debug, Default, Clone)]
pub(super) struct Topics {
    by_name: BTreeMap<Arc<str>, Topic>,
    by_first: BTreeMap<Slot, Arc<str>>,
    next: Slot,
}

impl Topics {
    pub(super) fn add(&mut self, topic: Topic) {
        self.next = self.next.max(topic.first + topic.partitions);
        self.by_first.insert(topic.first, topic.name.clone());
        self.by_name.insert(topic.name.clone(), topic);
    }

    /// The first slot that is free.
    pub(super) fn next(&self) -> Slot {
        self.next
    }

    pub(super) fn get(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name)
    }

    /// Slots of topics whose records are kept for a time only.
    pub(super) fn retained(&self) -> Vec<Slot> {
        let topics = self.by_name.values().filter(|topic| topic.retention().is_some());
        topics.flat_map(|topic| topic.first..topic.first + topic.partitions).collect()
    }

    /// The topic that owns a slot.
    pub(super) fn of(&self, slot: Slot) -> Option<&Topic> {
        let (_, name) = self.by_first.range(..=slot).next_back()?;
        self.by_name.get(name)
    }
}
