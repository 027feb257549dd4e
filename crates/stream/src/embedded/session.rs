//! A member of a group and its transaction, which is a batch in memory until it is committed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::group::{Group, Name, SessionId};
use super::reader::Cursor;
use super::store::{Positions, Reading};
use super::topics::{Slot, Topics};
use super::{Batch, Shared, lock};
use crate::port::{Change, Each, Error, Session, SessionSpec, Sink, Start, TopicPartition};

/// Bytes a transaction may hold; a worker commits long before.
const MAX_TRANSACTION_BYTES: usize = 2 << 30;

pub(super) struct EmbeddedSession {
    shared: Arc<Shared>,
    group_name: String,
    group: Arc<Mutex<Group>>,
    name: Name,
    id: SessionId,
    cursor: Cursor,
    /// Partitions the owner was told are its own.
    told: BTreeSet<Slot>,
    /// Of those, the ones it was told to give up.
    leaving: BTreeSet<Slot>,
    /// Partitions that were started.
    places: Vec<Reading>,
    /// The membership changes this session has seen; `None` before its first poll.
    seen: Option<u64>,
    batch: Batch,
}

impl EmbeddedSession {
    pub(super) fn join(
        shared: Arc<Shared>,
        topics: Arc<Topics>,
        spec: &SessionSpec,
        id: SessionId,
        partitions: Vec<(Slot, TopicPartition)>,
    ) -> Self {
        let group = shared.group(&spec.group);
        let name = (spec.instance.clone(), spec.worker);
        let cursor = Cursor::new(shared.clone(), partitions);
        // Waits for a commit of the one it takes over from.
        lock(&group).join(name.clone(), id, cursor.slots().collect());
        shared.membership_changed();
        Self {
            shared,
            group_name: spec.group.clone(),
            group,
            name,
            id,
            cursor,
            told: BTreeSet::new(),
            leaving: BTreeSet::new(),
            places: Vec::new(),
            seen: None,
            batch: Batch::new(topics),
        }
    }

    fn partitions(&self, slots: impl IntoIterator<Item = Slot>) -> Vec<TopicPartition> {
        slots.into_iter().filter_map(|slot| self.cursor.partition(slot).cloned()).collect()
    }

    fn slots(&self, partitions: &[TopicPartition]) -> Result<Vec<Slot>, Error> {
        let slot = |partition: &TopicPartition| {
            self.cursor.slot(partition).ok_or_else(|| {
                Error::Unusable(format!(
                    "{}/{} is not read by this group",
                    partition.topic, partition.partition
                ))
            })
        };
        partitions.iter().map(slot).collect()
    }

    fn fenced(&self) -> Error {
        Error::Fenced(format!(
            "another worker {} of instance {} joined {}",
            self.name.1, self.name.0, self.group_name
        ))
    }

    fn changes(&mut self) -> Result<Vec<Change>, Error> {
        let group = self.group.clone();
        let mut group = lock(&group);
        if !group.is_member(&self.name, self.id) {
            if self.told.is_empty() {
                return Err(self.fenced());
            }
            self.leaving.clone_from(&self.told);
            self.places.clear();
            return Ok(vec![Change::Lost(self.partitions(self.told.iter().copied()))]);
        }
        let moves = group.moves(self.id);
        drop(group);
        let revoked: Vec<Slot> =
            moves.revoked.into_iter().filter(|slot| self.leaving.insert(*slot)).collect();
        let mut changes = Vec::new();
        if !revoked.is_empty() {
            self.places.retain(|place| !revoked.contains(&place.slot));
            changes.push(Change::Revoked(self.partitions(revoked)));
        }
        if !moves.assigned.is_empty() {
            self.told.extend(&moves.assigned);
            changes.push(Change::Assigned(self.partitions(moves.assigned)));
        }
        Ok(changes)
    }
}

impl Session for EmbeddedSession {
    fn poll(&mut self, wait: Duration, max: usize, each: &mut Each<'_>) -> Result<Vec<Change>, Error> {
        let before = self.changes()?;
        if !before.is_empty() {
            return Ok(before);
        }
        let seen = self.shared.wait(wait, self.seen, &mut self.places);
        if self.seen.replace(seen) != Some(seen) {
            let after = self.changes()?;
            if !after.is_empty() {
                return Ok(after);
            }
        }
        let Self { cursor, places, batch, .. } = self;
        cursor.read(places, max, &mut |record| each(record, batch))?;
        if batch.bytes() > MAX_TRANSACTION_BYTES {
            return Err(Error::Unwritable(format!(
                "a transaction holds more than {MAX_TRANSACTION_BYTES} bytes"
            )));
        }
        Ok(Vec::new())
    }

    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.batch
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, Error> {
        let slots = self.slots(partitions)?;
        self.shared.store.positions(&self.group_name, &slots)
    }

    fn start(&mut self, places: &[(TopicPartition, Start)]) -> Result<(), Error> {
        for (partition, start) in places {
            let slot = self.slots(std::slice::from_ref(partition))?[0];
            let next = match start {
                Start::Beginning => 0,
                Start::Offset(offset) => *offset,
            };
            let end = lock(&self.shared.tail).ends.get(slot as usize).copied().unwrap_or(0);
            if next > end {
                return Err(Error::Unusable(format!(
                    "offset {next} is past the end {end} of {}/{}",
                    partition.topic, partition.partition
                )));
            }
            self.places.retain(|place| place.slot != slot);
            if self.told.contains(&slot) && !self.leaving.contains(&slot) {
                self.places.push(Reading { slot, next, end: next });
            }
        }
        Ok(())
    }

    fn release(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        let slots = self.slots(partitions)?;
        self.told.retain(|slot| !slots.contains(slot));
        self.leaving.retain(|slot| !slots.contains(slot));
        self.places.retain(|place| !slots.contains(&place.slot));
        lock(&self.group).release(&slots, self.id);
        self.shared.membership_changed();
        Ok(())
    }

    fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), Error> {
        let partitions: Vec<TopicPartition> =
            positions.iter().map(|(partition, _)| partition.clone()).collect();
        let slots = self.slots(&partitions)?;
        let offsets: Vec<(Slot, u64)> =
            slots.iter().copied().zip(positions.iter().map(|(_, offset)| *offset)).collect();
        // Held over the write, so that nobody takes a partition over in between and reads an older position.
        let group = lock(&self.group);
        if !group.is_member(&self.name, self.id) || slots.iter().any(|slot| !group.owns(*slot, self.id)) {
            return Err(self.fenced());
        }
        self.shared.write(&self.batch, Some(&Positions { group: &self.group_name, offsets: &offsets }))?;
        drop(group);
        self.batch.clear();
        Ok(())
    }

    fn renew(&mut self) -> Result<(), Error> {
        self.batch.clear();
        if lock(&self.group).is_member(&self.name, self.id) { Ok(()) } else { Err(self.fenced()) }
    }

    fn dirty(&self) -> bool {
        !self.batch.is_empty()
    }
}

impl Drop for EmbeddedSession {
    fn drop(&mut self) {
        lock(&self.group).leave(&self.name, self.id);
        self.shared.membership_changed();
    }
}
