//! The open transaction: polling into it, committing it, and what becomes of it when partitions move or doubt arises.

use std::time::Duration;

use super::owned::{Standing, start};
use super::{Cause, Service, Worker};
use crate::failpoint;
use crate::port::{Error, Output, Sink, TopicPartition};

/// A replay during which nothing came for this long is over.
const QUIET: Duration = Duration::from_secs(3);
/// Ends a poll before a record that has no room in the transaction; never seen outside this file.
const FULL: &str = "the transaction is full";

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
