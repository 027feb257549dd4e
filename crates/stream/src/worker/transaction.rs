//! The open transaction: polling into it, committing it, and what becomes of it when partitions move or doubt arises.

use std::time::Duration;

use super::owned::{Standing, start};
use super::{Cause, Limits, Service, Worker};
use crate::failpoint;
use crate::port::{Error, Output, Sink, TopicPartition};

/// Most records taken by one poll, so that the clock is looked at now and then.
const POLL_RECORDS: u64 = 1024;
/// A replay during which nothing came for this long is over.
const QUIET: Duration = Duration::from_secs(3);
/// Ends a poll before a record that has no room in the transaction; never seen outside this file.
const FULL: &str = "the transaction is full";

/// After so many commits transactions may be twice as large again that had become smaller.
const CALM: u32 = 64;
/// How many times transactions become half as large at most: of 50 000 records 48 are left.
const MOST_CAUTION: u32 = 10;

/// What has been read and sent since the last commit.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    since: Option<Duration>,
    records: u64,
    sent: u64,
    bytes: u64,
    /// Bytes read and sent per record of the last poll that had any.
    bytes_per_record: u64,
    /// When a record last came, for the end of a replay.
    heard: Option<Duration>,
    /// How many times the limits are halved: a transaction that was not committed, because a slow cluster did not take it in
    /// time, say, would not be the next time either.
    caution: u32,
    /// Commits since that last changed.
    commits: u32,
}

impl Transaction {
    /// Whether there is anything to commit.
    pub(super) fn is_open(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn add(&mut self, records: u64, sent: u64, bytes: u64, now: Duration) {
        if records + sent == 0 {
            return;
        }
        self.since.get_or_insert(now);
        self.records += records;
        self.sent += sent;
        self.bytes += bytes;
        if let Some(each) = bytes.checked_div(records) {
            self.bytes_per_record = each;
        }
    }

    /// What is left of the limits.
    fn limits(&self, limits: &Limits) -> Limits {
        Limits {
            commit_every: limits.commit_every / (1 << self.caution),
            max_records: (limits.max_records >> self.caution).max(1),
            max_bytes: limits.max_bytes >> self.caution,
            slow_commit: limits.slow_commit,
        }
    }

    /// The transaction was not committed: the next ones are half as large.
    pub(super) fn failed(&mut self) {
        (self.caution, self.commits) = ((self.caution + 1).min(MOST_CAUTION), 0);
    }

    /// The transaction was committed.
    fn succeeded(&mut self) {
        self.commits += 1;
        if self.commits >= CALM {
            (self.caution, self.commits) = (self.caution.saturating_sub(1), 0);
        }
    }

    pub(super) fn is_due(&self, limits: &Limits, now: Duration) -> bool {
        let limits = self.limits(limits);
        self.since.is_some_and(|since| {
            now.saturating_sub(since) >= limits.commit_every
                || self.records >= limits.max_records
                || self.bytes >= limits.max_bytes
        })
    }

    /// How long a poll may wait without making the commit late.
    pub(super) fn wait(&self, limits: &Limits, now: Duration, wait: Duration) -> Duration {
        let limits = self.limits(limits);
        let left = |since| limits.commit_every.saturating_sub(now.saturating_sub(since));
        self.since.map_or(wait, |since| wait.min(left(since)))
    }

    /// How many records the next poll may take.
    fn room(&self, limits: &Limits) -> usize {
        let limits = self.limits(limits);
        let by_bytes = limits.max_bytes.saturating_sub(self.bytes) / self.bytes_per_record.max(1);
        let by_records = limits.max_records.saturating_sub(self.records);
        // At most 1024, so the conversion cannot fail.
        by_bytes.min(by_records).clamp(1, POLL_RECORDS) as usize
    }

    fn clear(&mut self) {
        let Self { bytes_per_record, heard, caution, commits, .. } = *self;
        *self = Self { bytes_per_record, heard, caution, commits, ..Self::default() };
    }
}

/// A sink that counts what passes.
pub(super) struct Counting<'a> {
    inner: &'a mut dyn Sink,
    sent: u64,
    bytes: u64,
}

impl<'a> Counting<'a> {
    pub(super) fn new(inner: &'a mut dyn Sink) -> Self {
        Self { inner, sent: 0, bytes: 0 }
    }

    /// Records and bytes so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.sent, self.bytes)
    }
}

impl Sink for Counting<'_> {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        self.sent += 1;
        self.bytes += (output.key.map_or(0, <[u8]>::len) + output.value.map_or(0, <[u8]>::len)) as u64;
        failpoint::pass("before_send");
        let sent = self.inner.send(output);
        failpoint::pass("after_send");
        sent
    }
}

/// What one poll did.
#[derive(Default)]
struct Tally {
    processed: u64,
    processed_bytes: u64,
    replayed: u64,
    sent: u64,
    sent_bytes: u64,
    failed: bool,
    full: bool,
}

impl<S: Service> Worker<S> {
    pub(super) fn poll(&mut self, wait: Duration) -> Result<(), Error> {
        let max = self.transaction.room(&self.limits);
        // Twice the limit: the number of records asked for keeps a poll near it, this only stops the extraordinary.
        let most_bytes = self.limits.max_bytes.saturating_mul(2).saturating_sub(self.transaction.bytes);
        let Self { session, service, owned, .. } = self;
        let Some(session) = session else { return Ok(()) };
        let mut tally = Tally::default();
        let polled = session.poll(wait, max, &mut |record, sink| {
            let Some(standing) = owned.find(record.topic, record.partition) else { return Ok(()) };
            if record.offset < standing.next {
                return Ok(());
            }
            if record.offset < standing.committed {
                failpoint::pass("in_replay");
                service.replay(record);
                tally.replayed += 1;
                if record.offset + 1 == standing.committed {
                    service.replayed(&standing.partition);
                }
            } else {
                if standing.end_replay() {
                    // Compaction took the last records before the committed position, and this one came before the silence did.
                    service.replayed(&standing.partition);
                }
                if tally.processed > 0 && tally.processed_bytes + tally.sent_bytes >= most_bytes {
                    tally.full = true;
                    return Err(Error::Unavailable(FULL.to_owned()));
                }
                let mut counting = Counting::new(sink);
                let done = service.process(record, &mut counting);
                tally.sent += counting.sent;
                tally.sent_bytes += counting.bytes;
                tally.failed = done.is_err();
                done?;
                tally.processed += 1;
                tally.processed_bytes +=
                    (record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len)) as u64;
                standing.moved = true;
            }
            standing.next = record.offset + 1;
            Ok(())
        });
        self.count(&tally);
        match polled {
            Ok(changes) => {
                self.changes.extend(changes);
                Ok(())
            }
            Err(_) if tally.full => {
                self.rewind = true;
                Ok(())
            }
            Err(error) if tally.failed => {
                self.doubt = Some(Cause::Service);
                if matches!(error, Error::Doubt(_)) { Ok(()) } else { Err(error) }
            }
            Err(Error::Doubt(_)) => {
                self.doubt = Some(Cause::Doubt);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn count(&mut self, tally: &Tally) {
        let now = (self.stopwatch)();
        self.transaction.add(tally.processed, tally.sent, tally.processed_bytes + tally.sent_bytes, now);
        self.step.processed += tally.processed;
        self.step.replayed += tally.replayed;
        self.step.sent += tally.sent;
        if tally.processed > 0 {
            self.observer.processed(tally.processed, tally.processed_bytes);
        }
        if tally.sent > 0 {
            self.observer.sent(tally.sent, tally.sent_bytes);
        }
        if tally.replayed > 0 {
            self.observer.replayed(tally.replayed);
        }
        self.end_quiet_replay(tally.processed + tally.replayed > 0, now);
    }

    /// Compaction may have taken the last record before the committed position; then silence ends the replay. Only
    /// readiness and ticks hang on this: what is replayed and what is processed is decided by offset alone.
    fn end_quiet_replay(&mut self, heard: bool, now: Duration) {
        let replaying = !self.owned.is_empty() && !self.owned.all_live();
        let last = *self.transaction.heard.get_or_insert(now);
        if heard || !replaying {
            self.transaction.heard = Some(now);
        } else if now.saturating_sub(last) >= QUIET {
            if self.owned.replaying().all(|standing| self.is_taken(standing)) {
                for partition in self.owned.end_replay() {
                    self.service.replayed(&partition);
                }
                self.step.changed = true;
            } else {
                // A log that is away is silent too.
                self.transaction.heard = Some((self.stopwatch)());
            }
        }
    }

    /// Whether the log says that the last record before the committed position is not there any more.
    fn is_taken(&self, standing: &Standing) -> bool {
        let last = standing.committed.saturating_sub(1);
        self.log.fingerprint(&standing.partition, last) == Ok(None)
    }

    /// Commits. Doubt is no error here: it is left for [`Worker::settle`].
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        let positions = self.owned.positions();
        if positions.is_empty() {
            // Nothing is owned, so nothing of it may become visible.
            self.doubt = Some(Cause::Lost);
            return Ok(());
        }
        let begun = (self.stopwatch)();
        match self.session()?.commit(&positions) {
            Ok(()) => {
                failpoint::pass("after_commit_before_merge");
                let took = (self.stopwatch)().saturating_sub(begun);
                self.happened();
                self.observer.committed(took);
                if took > self.limits.slow_commit {
                    self.doubt = Some(Cause::Slow);
                }
                Ok(())
            }
            Err(Error::Doubt(cause)) => {
                tracing::warn!(group = %self.spec.group, worker = self.spec.worker, %cause, "commit in doubt");
                self.observer.doubted();
                self.doubt = Some(Cause::Doubt);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The transaction is known to be committed.
    fn happened(&mut self) {
        for standing in self.owned.iter_mut() {
            standing.committed = standing.position();
            standing.moved = false;
        }
        self.transaction.clear();
        self.transaction.succeeded();
        self.step.committed = true;
        self.service.committed();
    }

    pub(super) fn assigned(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        let committed = self.session()?.committed(partitions)?;
        self.begin(partitions, &committed)?;
        tracing::info!(group = %self.spec.group, worker = self.spec.worker, ?partitions, "assigned");
        Ok(())
    }

    pub(super) fn revoked(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        failpoint::pass("in_revoke_before_commit");
        if self.doubt.is_none() && self.transaction.is_open() {
            self.commit()?;
        }
        self.forget(partitions);
        partitions.iter().for_each(|partition| self.service.taken(partition));
        tracing::info!(group = %self.spec.group, worker = self.spec.worker, ?partitions, "revoked");
        self.session()?.release(partitions)
    }

    pub(super) fn lost(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        self.forget(partitions);
        partitions.iter().for_each(|partition| self.service.taken(partition));
        if self.transaction.is_open() {
            self.doubt.get_or_insert(Cause::Lost);
        }
        tracing::warn!(group = %self.spec.group, worker = self.spec.worker, ?partitions, "lost");
        self.session()?.release(partitions)
    }

    /// Lets the state of these partitions die.
    pub(super) fn forget(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            if self.owned.remove(partition) {
                self.service.revoked(partition);
            }
        }
    }

    /// Gives these partitions a new state and starts reading them from where that state begins.
    fn begin(&mut self, partitions: &[TopicPartition], committed: &[Option<u64>]) -> Result<(), Error> {
        let replays = self.service.replays() && !failpoint::is_broken("replay");
        let committed =
            partitions.iter().zip(committed).map(|(at, position)| (at.clone(), position.unwrap_or(0)));
        let committed: Vec<(TopicPartition, u64)> = committed.collect();
        let next = if replays {
            self.service.prepare(&committed)
        } else {
            committed.iter().map(|(_, position)| *position).collect()
        };
        let places: Vec<_> = committed
            .into_iter()
            .zip(next)
            .map(|((at, position), next)| (at, next.min(position), position))
            .collect();
        let starts: Vec<_> = places.iter().map(|(at, next, _)| (at.clone(), start(*next))).collect();
        self.session()?.start(&starts)?;
        self.forget(partitions);
        for (partition, next, committed) in places {
            self.owned.begin(&partition, next, committed);
            self.service.assigned(&partition);
            if replays && committed > 0 && next == committed {
                // Nothing is left to be replayed.
                self.service.replayed(&partition);
            }
        }
        self.transaction.heard = None;
        Ok(())
    }

    /// Reads on from where each partition stands.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        let places: Vec<_> =
            self.owned.iter().map(|standing| (standing.partition.clone(), standing.start())).collect();
        if !places.is_empty() {
            self.session()?.start(&places)?;
        }
        self.rewind = false;
        Ok(())
    }

    /// Drops the transaction and what made it, learns what is committed, and goes on from there.
    ///
    /// State is kept only where the committed positions prove that all it holds was committed; otherwise it is born
    /// again and replayed.
    pub(super) fn renew(&mut self, cause: Cause) -> Result<(), Error> {
        self.session()?.renew()?;
        failpoint::pass("on_renew");
        let partitions = self.owned.partitions();
        if !partitions.is_empty() {
            let committed = self.session()?.committed(&partitions)?;
            let agree = self
                .owned
                .iter()
                .zip(&committed)
                .all(|(standing, committed)| standing.position() == committed.unwrap_or(0));
            // Where nothing moved, equal positions prove nothing about what was sent.
            let moved = self.owned.iter().any(|standing| standing.moved);
            let proven = match cause {
                Cause::Slow => agree,
                Cause::Doubt => agree && moved,
                Cause::Lost | Cause::Service => false,
            };
            if !proven {
                if cause != Cause::Lost {
                    self.transaction.failed();
                }
                self.begin(&partitions, &committed)?;
            } else {
                self.restart()?;
                if self.transaction.is_open() {
                    self.happened();
                }
            }
        }
        self.transaction.clear();
        self.doubt = None;
        self.rewind = false;
        self.step.renewed = true;
        self.observer.renewed(cause);
        tracing::info!(group = %self.spec.group, worker = self.spec.worker, cause = cause.as_str(), "renewed");
        Ok(())
    }
}
