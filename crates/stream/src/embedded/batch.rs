//! Records on their way into the store.

use std::sync::Arc;

use super::encoding::encode;
use super::topics::{Slot, Topics};
use crate::port::{Error, Output, Sink};

/// Records of one transaction, encoded one after the other.
pub(super) struct Batch {
    topics: Arc<Topics>,
    bytes: Vec<u8>,
    /// Slot and end of each record.
    records: Vec<(Slot, usize)>,
    turn: u32,
}

impl Batch {
    pub(super) fn new(topics: Arc<Topics>) -> Self {
        Self { topics, bytes: Vec::new(), records: Vec::new(), turn: 0 }
    }

    pub(super) fn topics(&self) -> &Topics {
        &self.topics
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Slot and bytes of each record, in the order sent.
    pub(super) fn records(&self) -> impl Iterator<Item = (Slot, &[u8])> {
        let mut start = 0;
        self.records.iter().map(move |(slot, end)| {
            let bytes = &self.bytes[start..*end];
            start = *end;
            (*slot, bytes)
        })
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }
}

impl Sink for Batch {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        let topic = self
            .topics
            .get(output.topic)
            .ok_or_else(|| Error::Unusable(format!("topic {} does not exist", output.topic)))?;
        let slot = topic.slot(&output, self.turn).ok_or_else(|| {
            Error::Unusable(format!("topic {} has {} partitions only", output.topic, topic.partitions))
        })?;
        encode(&output, &mut self.bytes)?;
        self.turn = self.turn.wrapping_add(1);
        self.records.push((slot, self.bytes.len()));
        Ok(())
    }
}
