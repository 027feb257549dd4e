//! Checkpoints of the folds: when one is begun, what goes into it, and when it is thrown away.
//!
//! It holds the records a fold holds, [`Partition::hold`] says which, and so pseudonymous events: whoever erases one wants it
//! to be gone from here too. A tombstone therefore takes the checkpoint of its partition with it, the one that is being
//! written as well as the one in its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use rapport_model::params::Params;
use rapport_model::partition::{Held, Partition};
use rapport_runtime::build::BUILD;
use rapport_stream::checkpoint::{Asked, Directory, Identity, Loaded, Rejection, State, Witness, Writing};
use rapport_stream::port::{Error, Log, RecordRef, TopicPartition};
use sha2::{Digest as _, Sha256};

use crate::metrics::Metrics;

/// Records taken down between two polls, and what is left of the history begun with the last: a millisecond or two, in which
/// no other is processed.
const SLICE: usize = 1_000;

/// Digits at the end of the key of an event, which is longer than that; keys of ticks are shorter.
const VERSION_DIGITS: usize = 32;

/// By so long after the first partition was given, milliseconds, a group has given all, and others have what did not come back.
const SETTLED_MS: i64 = 5 * 60_000;

/// Milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What all checkpoints of a worker have in common.
pub struct Checkpoints {
    directory: Directory,
    every_records: u64,
    log: Arc<dyn Log>,
    clock: Clock,
    settings: Vec<u8>,
    metrics: Metrics,
    partitions: BTreeMap<u32, Standing>,
    /// When partitions were given first since strays were last looked for.
    given_ms: Option<i64>,
}

/// What the log says of a topic.
#[derive(Clone, Copy)]
struct Known {
    /// How long tombstones are kept, milliseconds.
    kept_ms: u64,
    partitions: u32,
}

/// Where a partition's checkpoint stands.
struct Standing {
    identity: Identity,
    /// How long tombstones are kept, milliseconds.
    kept_ms: u64,
    /// Offset of the next record, and when the last one was written.
    next: u64,
    at_ms: i64,
    /// Records since the last checkpoint was begun.
    records: u64,
    /// When the record was written up to which the last checkpoint reached when it was begun.
    since_ms: Option<i64>,
    /// The last record that is no tick: a log may keep only the newest of those.
    witness: Option<Witness>,
    /// Whether all of the partition that is to be replayed has been.
    is_live: bool,
    taking: Option<Taking>,
}

/// A checkpoint that is being taken.
struct Taking {
    writing: Writing,
    since_ms: i64,
    site: usize,
    held: Option<Held>,
    /// Whether all records have been put.
    is_full: bool,
    /// Whether it was ended, and is only waited for.
    is_ended: bool,
}

impl Checkpoints {
    /// Checkpoints in that directory, each begun after so many records, at least 1, or as many as the fold holds.
    pub fn new(
        directory: Directory,
        every_records: u64,
        params: &Params,
        log: Arc<dyn Log>,
        clock: Clock,
        metrics: Metrics,
    ) -> Checkpoints {
        Checkpoints {
            directory,
            every_records: every_records.max(1),
            log,
            clock,
            settings: Sha256::digest(format!("{params:?}")).to_vec(),
            metrics,
            partitions: BTreeMap::new(),
            given_ms: None,
        }
    }

    /// Loads the checkpoints of partitions, each with the group's position, where there is one that may be believed: from where
    /// to replay each, and the fold of the records before that.
    pub fn load(
        &mut self,
        partitions: &[(TopicPartition, u64)],
        params: &Arc<Params>,
    ) -> Vec<(u64, Partition)> {
        // One that is on its way to its place is as new as can be.
        self.wait();
        self.given_ms.get_or_insert((self.clock)());
        // Every question takes a client of its own: one for all partitions of a topic.
        let mut topics: BTreeMap<&Arc<str>, Option<Known>> = BTreeMap::new();
        let mut loaded = Vec::with_capacity(partitions.len());
        for (at, committed) in partitions {
            self.directory.claim(&at.topic, at.partition);
            self.partitions.remove(&at.partition);
            let known = *topics.entry(&at.topic).or_insert_with(|| self.ask(&at.topic));
            loaded.push(match known {
                Some(known) => self.load_one(at, *committed, known, params),
                None => {
                    // Nobody would remove it when something is erased.
                    self.remove(&at.topic, at.partition);
                    (0, Partition::new(Arc::clone(params)))
                }
            });
        }
        loaded
    }

    fn load_one(
        &mut self,
        at: &TopicPartition,
        committed: u64,
        known: Known,
        params: &Arc<Params>,
    ) -> (u64, Partition) {
        let fresh = || Partition::new(Arc::clone(params));
        let (identity, kept_ms) = (self.identity(at, known.partitions), known.kept_ms);
        let mut fold = fresh();
        let asked =
            Asked { identity: &identity, committed, now_ms: (self.clock)(), kept_ms, log: &*self.log };
        let loaded =
            self.directory.load(&asked, &mut |key, value| fold.replay(Some(key), Some(value)).is_ok());
        let mut standing = Standing {
            identity,
            kept_ms,
            next: 0,
            at_ms: 0,
            records: 0,
            since_ms: None,
            witness: None,
            is_live: committed == 0,
            taking: None,
        };
        let from = match loaded {
            Ok(None) => 0,
            Ok(Some(Loaded { from, since_ms, witness, records })) => {
                (standing.next, standing.at_ms, standing.since_ms) = (from, since_ms, Some(since_ms));
                standing.witness = Some(witness);
                self.metrics.checkpoint_loaded();
                tracing::info!(partition = at.partition, records, from, committed, "checkpoint loaded");
                from
            }
            Err(why) => {
                self.reject(at, why);
                fold = fresh();
                0
            }
        };
        self.partitions.insert(at.partition, standing);
        (from, fold)
    }

    /// What has to be known of a topic; nothing where nobody can tell.
    fn ask(&self, topic: &str) -> Option<Known> {
        let answer = || {
            let (limits, partitions) = (self.log.limits(topic)?, self.log.partitions(topic)?);
            let kept_ms = limits.tombstones_kept_ms;
            Ok::<_, Error>(kept_ms.zip(partitions).map(|(kept_ms, partitions)| Known { kept_ms, partitions }))
        };
        let answer = answer();
        if !matches!(answer, Ok(Some(_))) {
            let cause = answer.as_ref().err().map(ToString::to_string);
            tracing::warn!(topic, cause, "no checkpoints: the log does not say how long it keeps tombstones");
        }
        answer.ok().flatten()
    }

    /// What a checkpoint of the partition must say of itself.
    fn identity(&self, at: &TopicPartition, partitions: u32) -> Identity {
        Identity {
            topic: at.topic.to_string(),
            partition: at.partition,
            partitions,
            build: format!("{} {}", BUILD.version, BUILD.revision),
            settings: self.settings.clone(),
        }
    }

    fn reject(&self, at: &TopicPartition, why: Rejection) {
        self.metrics.checkpoint_rejected(why);
        let partition = at.partition;
        tracing::warn!(partition, reason = why.as_str(), %why, "checkpoint thrown away: the log is replayed from its start");
        self.remove(&at.topic, partition);
    }

    fn remove(&self, topic: &str, partition: u32) {
        if let Err(error) = self.directory.remove(topic, partition) {
            tracing::error!(partition, %error, "a checkpoint cannot be removed");
        }
    }

    /// A record was applied. A tombstone leaves nothing of the partition's checkpoints.
    pub fn applied(&mut self, record: &RecordRef<'_>) {
        let Some(standing) = self.partitions.get_mut(&record.partition) else { return };
        standing.next = record.offset + 1;
        standing.at_ms = record.timestamp_ms;
        standing.records += 1;
        if record.value.is_none() {
            standing.give_up();
            self.remove(record.topic, record.partition);
        } else if record.key.is_some_and(|key| key.len() > VERSION_DIGITS) {
            standing.witness = Some(Witness { offset: record.offset, fingerprint: record.fingerprint() });
        }
    }

    /// All of a partition that was to be replayed has been.
    pub fn replayed(&mut self, partition: u32) {
        if let Some(standing) = self.partitions.get_mut(&partition) {
            standing.is_live = true;
        }
    }

    /// The partition's fold is gone; what is being written of it is nothing any more.
    pub fn revoked(&mut self, partition: u32) {
        self.partitions.remove(&partition);
    }

    /// Another hears of erasures from now on, so nothing that might have to be erased is kept.
    pub fn taken(&self, at: &TopicPartition) {
        self.remove(&at.topic, at.partition);
    }

    /// Takes down some more records, and looks what became of what was handed over.
    pub fn proceed(&mut self, folds: &BTreeMap<u32, Partition>) {
        self.remove_strays();
        for (partition, standing) in &mut self.partitions {
            let Some(fold) = folds.get(partition) else { continue };
            let Some(taking) = &mut standing.taking else { continue };
            match taking.writing.state() {
                State::Going => taking.put_some(fold),
                over => {
                    let since_ms = taking.since_ms;
                    standing.came_of_it(over, since_ms, &self.metrics);
                }
            }
        }
    }

    /// Removes, some time after the start, what an earlier process left of partitions that did not come back: whoever has them
    /// hears what is erased, and this one does not.
    fn remove_strays(&mut self) {
        let Checkpoints { given_ms, clock, .. } = &mut *self;
        if given_ms.take_if(|given| clock().abs_diff(*given) >= SETTLED_MS as u64).is_none() {
            return;
        }
        match self.directory.remove_strays() {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "checkpoints of partitions that others have were removed"),
            Err(error) => tracing::error!(%error, "a checkpoint cannot be removed"),
        }
    }

    /// Everything applied so far is committed: checkpoints that hold all they are to hold can be ended, and others begun.
    pub fn committed(&mut self, folds: &BTreeMap<u32, Partition>) {
        for (partition, standing) in &mut self.partitions {
            let Some(fold) = folds.get(partition).filter(|_| standing.is_live) else { continue };
            let Some(witness) = standing.witness else { continue };
            if let Some(taking) = &mut standing.taking {
                taking.end(fold, standing.next, witness);
            } else if standing.is_due(self.every_records, fold) {
                standing.records = 0;
                match self.directory.begin(&standing.identity, standing.next, standing.at_ms) {
                    Ok(writing) => standing.taking = Some(Taking::new(writing, standing.at_ms)),
                    Err(error) => {
                        let failed = State::Failed(error.to_string());
                        standing.came_of_it(failed, standing.at_ms, &self.metrics);
                    }
                }
            }
        }
    }

    /// Waits for those that were ended.
    pub fn wait(&mut self) {
        for standing in self.partitions.values_mut() {
            if let Some(taking) = standing.taking.take_if(|taking| taking.is_ended) {
                let since_ms = taking.since_ms;
                standing.came_of_it(taking.writing.wait(), since_ms, &self.metrics);
            }
        }
    }
}

impl Standing {
    /// A checkpoint that was begun at that time is over, one way or the other.
    fn came_of_it(&mut self, state: State, since_ms: i64, metrics: &Metrics) {
        self.give_up();
        match state {
            State::Written => {
                self.since_ms = Some(since_ms);
                metrics.checkpoint_written();
            }
            State::Failed(error) => {
                metrics.checkpoint_failed();
                tracing::warn!(partition = self.identity.partition, error, "checkpoint given up");
            }
            State::Going => {}
        }
    }

    /// Leaves it at that until enough has come again.
    fn give_up(&mut self) {
        self.taking = None;
        self.since_ms = None;
    }

    /// Whether so much came since the last one that another is worth its while: as much as writing it costs; or the last one
    /// will soon be too old.
    fn is_due(&self, every_records: u64, fold: &Partition) -> bool {
        let is_old = |since_ms: i64| self.at_ms.abs_diff(since_ms) >= self.kept_ms / 4;
        let enough = self.records >= every_records && self.records >= fold.stats().events as u64;
        enough || self.since_ms.is_some_and(is_old)
    }
}

impl Taking {
    fn new(writing: Writing, since_ms: i64) -> Taking {
        Taking { writing, since_ms, site: 0, held: None, is_full: false, is_ended: false }
    }

    fn put_some(&mut self, fold: &Partition) {
        if self.is_ended || !self.writing.hand_over() || self.is_full {
            return;
        }
        let Taking { writing, held, .. } = self;
        let mut put = 0;
        while put < SLICE {
            let Some(site) = held else {
                *held = fold.hold(self.site);
                self.site += 1;
                if held.is_none() {
                    self.is_full = true;
                    return;
                }
                continue;
            };
            let more = fold.give(site, SLICE - put, &mut |key, value| {
                writing.put(key, value);
                put += 1;
            });
            if !more {
                *held = None;
            }
        }
    }

    fn end(&mut self, fold: &Partition, until: u64, witness: Witness) {
        if !self.is_full || self.is_ended || !self.writing.hand_over() {
            return;
        }
        let (key, value) = fold.clock_record();
        self.writing.put(&key, &value);
        self.is_ended = self.writing.finish(until, witness);
    }
}
