//! The tables: records, positions, and what compaction has to know. One transaction of redb is one of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

use redb::{Database, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::batch::Batch;
use super::encoding::{TIME_BYTES, decode};
use super::topics::{Slot, Topic, Topics};
use crate::port::Error;

/// Memory redb keeps pages in, bytes.
const CACHE_BYTES: usize = 128 << 20;
/// Expired records one commit removes at most from one partition.
const TRIM_RECORDS: usize = 10_000;
/// Partitions one commit removes expired records from beside those it appends to: what gets nothing more expires too.
const TRIM_OTHERS: usize = 4;
/// Non-durable commits between two durable ones: pages freed by the former are only then used again.
const DURABLE_EVERY: u32 = 64;

/// Topic name to (first slot, partitions, whether compacted, retention in milliseconds; 0 for ever).
const TOPICS: TableDefinition<'_, &str, (Slot, u32, bool, u64)> = TableDefinition::new("topics");
/// Slot and offset to encoded record.
const RECORDS: TableDefinition<'_, (Slot, u64), &[u8]> = TableDefinition::new("records");
/// Slot to the offset its next record gets.
const ENDS: TableDefinition<'_, Slot, u64> = TableDefinition::new("ends");
/// Slot of a compacted topic and key to the offset of its newest record.
const KEYS: TableDefinition<'_, (Slot, &[u8]), u64> = TableDefinition::new("keys");
/// Slot and offset of a record to the offset of the one it supersedes, which some group has yet to pass.
const SUPERSEDED: TableDefinition<'_, (Slot, u64), u64> = TableDefinition::new("superseded");
/// Slot and group to the offset of the next record it will process.
const POSITIONS: TableDefinition<'_, (Slot, &str), u64> = TableDefinition::new("positions");

/// When a commit is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When it returns.
    Immediate,
    /// Some commits later, or when the log is closed; what is on the disk is a whole number of commits at all times.
    /// For demonstrations, replays and tests.
    Eventual,
}

/// What is done with a row: its slot, offset and encoded record.
pub(super) type EachRow<'a> = dyn FnMut(Slot, u64, &[u8]) -> Result<(), Error> + 'a;

/// A group's positions, written with a batch.
pub(super) struct Positions<'a> {
    pub(super) group: &'a str,
    pub(super) offsets: &'a [(Slot, u64)],
}

pub(super) struct Store {
    database: Database,
    durability: Durability,
    /// Commits since the last durable one.
    since_durable: AtomicU32,
    /// How many partitions had their turn to be trimmed.
    turns: AtomicUsize,
}

/// Any error of redb: none of them may pass.
pub(super) fn unusable(error: impl std::fmt::Display) -> Error {
    Error::Unusable(error.to_string())
}

impl Store {
    /// Opens or makes the file; no other process can have it open.
    pub(super) fn open(file: &Path, durability: Durability) -> Result<Self, Error> {
        let failed = |error: redb::DatabaseError| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => {
                Error::Unusable(format!("{} is open in another process", file.display()))
            }
            other => Error::Unusable(format!("{}: {other}", file.display())),
        };
        let opened =
            super::private(file).map_err(|error| Error::Unusable(format!("{}: {error}", file.display())))?;
        let backend = redb::backends::FileBackend::new(opened).map_err(failed)?;
        let database =
            Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend).map_err(failed)?;
        Self::new(database, durability)
    }

    /// A store that is gone when it is dropped.
    pub(super) fn in_memory() -> Result<Self, Error> {
        let backend = redb::backends::InMemoryBackend::new();
        let database = Database::builder().create_with_backend(backend).map_err(unusable)?;
        Self::new(database, Durability::Eventual)
    }

    fn new(database: Database, durability: Durability) -> Result<Self, Error> {
        let store = Self { database, durability, since_durable: 0.into(), turns: 0.into() };
        // Readers find their tables from the first moment.
        store.transact(|transaction| {
            transaction.open_table(TOPICS).map_err(unusable)?;
            transaction.open_table(RECORDS).map_err(unusable)?;
            transaction.open_table(ENDS).map_err(unusable)?;
            transaction.open_table(POSITIONS).map_err(unusable)?;
            Ok(())
        })?;
        Ok(store)
    }

    fn transact<T>(&self, work: impl FnOnce(&WriteTransaction) -> Result<T, Error>) -> Result<T, Error> {
        let mut transaction = self.database.begin_write().map_err(unusable)?;
        if self.durability == Durability::Eventual && self.since_durable.fetch_add(1, Relaxed) < DURABLE_EVERY
        {
            transaction.set_durability(redb::Durability::None).map_err(unusable)?;
        } else {
            self.since_durable.store(0, Relaxed);
        }
        let done = work(&transaction)?;
        transaction.commit().map_err(unusable)?;
        Ok(done)
    }

    /// All topics, and the offset the next record of each slot gets.
    pub(super) fn load(&self) -> Result<(Topics, Vec<u64>), Error> {
        let transaction = self.database.begin_read().map_err(unusable)?;
        let mut topics = Topics::default();
        for row in transaction.open_table(TOPICS).map_err(unusable)?.iter().map_err(unusable)? {
            let (name, settings) = row.map_err(unusable)?;
            let (first, partitions, compacted, retention) = settings.value();
            let retention_ms = (retention > 0).then_some(retention);
            topics.add(Topic { name: name.value().into(), first, partitions, compacted, retention_ms });
        }
        let mut ends = vec![0; topics.next() as usize];
        for row in transaction.open_table(ENDS).map_err(unusable)?.iter().map_err(unusable)? {
            let (slot, end) = row.map_err(unusable)?;
            if let Some(known) = ends.get_mut(slot.value() as usize) {
                *known = end.value();
            }
        }
        Ok((topics, ends))
    }

    pub(super) fn create(&self, topics: &[Topic]) -> Result<(), Error> {
        self.transact(|transaction| {
            let mut table = transaction.open_table(TOPICS).map_err(unusable)?;
            for topic in topics {
                let retention = topic.retention_ms.unwrap_or(0);
                let settings = (topic.first, topic.partitions, topic.compacted, retention);
                table.insert(&*topic.name, settings).map_err(unusable)?;
            }
            Ok(())
        })
    }

    /// Writes records and positions at once, or nothing. Returns the new end of every slot written to.
    pub(super) fn write(
        &self,
        batch: &Batch,
        positions: Option<&Positions<'_>>,
        now_ms: i64,
    ) -> Result<BTreeMap<Slot, u64>, Error> {
        self.transact(|transaction| {
            let mut tables = Tables::open(transaction)?;
            let ends = tables.append(batch, now_ms)?;
            if let Some(positions) = positions {
                tables.advance(positions)?;
            }
            let slots = ends.keys().copied().chain(self.due(batch.topics())).collect();
            tables.trim(batch.topics(), &slots, now_ms)?;
            Ok(ends)
        })
    }

    /// Partitions whose turn it is to be trimmed, whether or not anything is appended to them.
    fn due(&self, topics: &Topics) -> Vec<Slot> {
        let retained = topics.retained();
        let count = TRIM_OTHERS.min(retained.len());
        let first = self.turns.fetch_add(count, Relaxed) % retained.len().max(1);
        retained.iter().copied().cycle().skip(first).take(count).collect()
    }

    /// Removes expired records of all partitions, as many of each as a commit would.
    pub(super) fn trim(&self, topics: &Topics, now_ms: i64) -> Result<(), Error> {
        let slots: BTreeSet<Slot> = topics.retained().into_iter().collect();
        if slots.is_empty() {
            return Ok(());
        }
        self.transact(|transaction| Tables::open(transaction)?.trim(topics, &slots, now_ms))
    }

    /// Notes that a group reads these slots, so that nothing of them goes before it was read.
    pub(super) fn follow(&self, group: &str, slots: &[Slot]) -> Result<(), Error> {
        self.transact(|transaction| {
            let mut positions = transaction.open_table(POSITIONS).map_err(unusable)?;
            for slot in slots {
                if positions.get((*slot, group)).map_err(unusable)?.is_none() {
                    positions.insert((*slot, group), 0).map_err(unusable)?;
                }
            }
            Ok(())
        })
    }

    /// The positions of a group; a position before everything is none.
    pub(super) fn positions(&self, group: &str, slots: &[Slot]) -> Result<Vec<Option<u64>>, Error> {
        let transaction = self.database.begin_read().map_err(unusable)?;
        let table = transaction.open_table(POSITIONS).map_err(unusable)?;
        let position = |slot: &Slot| {
            let found = table.get((*slot, group)).map_err(unusable)?;
            Ok(found.map(|found| found.value()).filter(|position| *position > 0))
        };
        slots.iter().map(position).collect()
    }

    /// Calls `each` for records of the slots from the offset of each, at most `share` a slot, and moves the offset past
    /// every record for which it returned `Ok`; past all there is where fewer than `share` are left.
    pub(super) fn read(
        &self,
        places: &mut [Reading],
        share: usize,
        each: &mut EachRow<'_>,
    ) -> Result<usize, Error> {
        let transaction = self.database.begin_read().map_err(unusable)?;
        let table = transaction.open_table(RECORDS).map_err(unusable)?;
        let mut read = 0;
        for place in places {
            let mut rows =
                table.range((place.slot, place.next)..(place.slot, place.end)).map_err(unusable)?;
            let mut left = share;
            while left > 0 {
                let Some(row) = rows.next() else {
                    place.next = place.end;
                    break;
                };
                let (key, value) = row.map_err(unusable)?;
                let (_, offset) = key.value();
                each(place.slot, offset, value.value())?;
                place.next = offset + 1;
                left -= 1;
                read += 1;
            }
        }
        Ok(read)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Brings non-durable commits to the disk; redb's own closing does not promise that.
        if self.durability == Durability::Eventual
            && let Ok(transaction) = self.database.begin_write()
            && let Err(error) = transaction.commit()
        {
            tracing::warn!(%error, "log closed without its last commits");
        }
    }
}

/// How far a slot has been read, and how far it can be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) slot: Slot,
    pub(super) next: u64,
    pub(super) end: u64,
}

struct Tables<'t> {
    records: Table<'t, (Slot, u64), &'static [u8]>,
    ends: Table<'t, Slot, u64>,
    keys: Table<'t, (Slot, &'static [u8]), u64>,
    superseded: Table<'t, (Slot, u64), u64>,
    positions: Table<'t, (Slot, &'static str), u64>,
}

impl<'t> Tables<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, Error> {
        Ok(Self {
            records: transaction.open_table(RECORDS).map_err(unusable)?,
            ends: transaction.open_table(ENDS).map_err(unusable)?,
            keys: transaction.open_table(KEYS).map_err(unusable)?,
            superseded: transaction.open_table(SUPERSEDED).map_err(unusable)?,
            positions: transaction.open_table(POSITIONS).map_err(unusable)?,
        })
    }

    fn append(&mut self, batch: &Batch, now_ms: i64) -> Result<BTreeMap<Slot, u64>, Error> {
        let mut by_slot: BTreeMap<Slot, Vec<&[u8]>> = BTreeMap::new();
        for (slot, bytes) in batch.records() {
            by_slot.entry(slot).or_default().push(bytes);
        }
        let mut ends = BTreeMap::new();
        let mut keyed = Vec::new();
        for (slot, records) in by_slot {
            let start = self.ends.get(slot).map_err(unusable)?.map_or(0, |end| end.value());
            let end = start + records.len() as u64;
            self.append_to(slot, start, &records, now_ms)?;
            self.ends.insert(slot, end).map_err(unusable)?;
            ends.insert(slot, end);
            if batch.topics().of(slot).is_some_and(|topic| topic.compacted) {
                let key = |(offset, bytes)| Some((slot, decode(bytes)?.key?, offset));
                keyed.extend((start..).zip(records).filter_map(key));
            }
        }
        // Neighbours in the table one after the other: it stays in the processor's caches.
        keyed.sort_unstable();
        for (slot, key, offset) in keyed {
            self.supersede(slot, key, offset)?;
        }
        Ok(ends)
    }

    /// Appends records to the end of a slot in one go.
    fn append_to(&mut self, slot: Slot, start: u64, records: &[&[u8]], now_ms: i64) -> Result<(), Error> {
        let mut timed = Vec::new();
        let mut cursor = self.records.lower_bound_mut(Bound::Included((slot, start))).map_err(unusable)?;
        for (offset, bytes) in (start..).zip(records) {
            timed.clear();
            timed.extend_from_slice(&now_ms.to_le_bytes());
            timed.extend_from_slice(&bytes[TIME_BYTES..]);
            cursor.insert_before((slot, offset), timed.as_slice()).map_err(unusable)?;
        }
        cursor.close().map_err(unusable)
    }

    /// A record of a key takes the place of the older one: at once where no group reads the partition, and otherwise
    /// when all of them have passed it, so that a fold up to any group's position finds all it was made of.
    fn supersede(&mut self, slot: Slot, key: &[u8], offset: u64) -> Result<(), Error> {
        let older = self.keys.insert((slot, key), offset).map_err(unusable)?.map(|found| found.value());
        let Some(older) = older else { return Ok(()) };
        if self.slowest(slot)?.is_some() {
            self.superseded.insert((slot, offset), older).map_err(unusable)?;
        } else {
            self.records.remove((slot, older)).map_err(unusable)?;
        }
        Ok(())
    }

    /// The least position any group has in a slot.
    fn slowest(&self, slot: Slot) -> Result<Option<u64>, Error> {
        let mut slowest = None;
        for row in self.positions.range((slot, "")..(slot + 1, "")).map_err(unusable)? {
            let position = row.map_err(unusable)?.1.value();
            slowest = Some(slowest.map_or(position, |least: u64| least.min(position)));
        }
        Ok(slowest)
    }

    fn advance(&mut self, positions: &Positions<'_>) -> Result<(), Error> {
        for (slot, offset) in positions.offsets {
            self.positions.insert((*slot, positions.group), offset).map_err(unusable)?;
            let passed = self.slowest(*slot)?.unwrap_or(0);
            let removed: Vec<u64> = self
                .superseded
                .extract_from_if((*slot, 0)..(*slot, passed), |_, _| true)
                .map_err(unusable)?
                .map(|row| row.map(|(_, older)| older.value()))
                .collect::<Result<_, _>>()
                .map_err(unusable)?;
            for older in removed {
                self.records.remove((*slot, older)).map_err(unusable)?;
            }
        }
        Ok(())
    }

    /// Removes what has outlived its topic's retention and was read by every group of the partition.
    fn trim(&mut self, topics: &Topics, slots: &BTreeSet<Slot>, now_ms: i64) -> Result<(), Error> {
        for slot in slots {
            let Some(retention) = topics.of(*slot).and_then(Topic::retention) else { continue };
            let oldest = now_ms.saturating_sub(i64::try_from(retention).unwrap_or(i64::MAX));
            // Where no group reads, up to the end.
            let read = self.slowest(*slot)?.unwrap_or(u64::MAX);
            let mut expired = Vec::new();
            for row in self.records.range((*slot, 0)..(*slot, read)).map_err(unusable)?.take(TRIM_RECORDS) {
                let (key, value) = row.map_err(unusable)?;
                if decode(value.value()).is_some_and(|record| record.timestamp_ms >= oldest) {
                    break;
                }
                expired.push(key.value());
            }
            for key in expired {
                self.records.remove(key).map_err(unusable)?;
            }
        }
        Ok(())
    }
}
