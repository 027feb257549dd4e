//! The exactly-once loop: one thread, one session, its partitions' state.
//!
//! A worker polls, hands each record to its [`Service`], and commits what was sent together with the positions it has
//! reached. State lives exactly as long as its assignment: a partition that is assigned is replayed up to the group's
//! committed position with outputs off, one that is revoked is committed and forgotten, one that is lost is dropped.
//! Whenever the outcome of a transaction is in doubt the session is renewed, the committed positions are read again
//! and, unless they prove that the transaction happened, state is born again and replayed.

mod backoff;
mod extent;
mod observer;
mod owned;
mod transaction;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

pub use self::observer::{Cause, Observer, Place};

use self::backoff::Backoff;
use self::extent::Transaction;
use self::owned::Owned;
use self::transaction::Counting;
use crate::port::{Change, Error, Log, RecordRef, Session, SessionSpec, Sink, TopicPartition};

/// What a service does with records; one value per worker.
///
/// An error from [`Service::process`] or [`Service::on_time`] never loses the record: what the service sent since the
/// last commit is dropped, its state is born again, and the record comes again — or, where the error is one that ends
/// the worker, to its successor.
pub trait Service: Send {
    /// Whether its state is a fold of the log: then partitions are replayed up to the committed position, from their start or
    /// from where [`Service::prepare`] says.
    fn replays(&self) -> bool;

    /// Partitions, each with the group's position, are about to be the worker's, or their states to be born again: from which
    /// offset on each is to be replayed. What it knows of the records before that it keeps for [`Service::assigned`].
    fn prepare(&mut self, partitions: &[(TopicPartition, u64)]) -> Vec<u64> {
        vec![0; partitions.len()]
    }

    /// A partition is the worker's: its state is born.
    fn assigned(&mut self, partition: &TopicPartition);

    /// A partition is the worker's no longer: its state dies.
    fn revoked(&mut self, partition: &TopicPartition);

    /// The group gives a partition to another, who will hear what is written to it from now on.
    fn taken(&mut self, _partition: &TopicPartition) {}

    /// A record that was processed before, to be folded into the state without output.
    fn replay(&mut self, record: &RecordRef<'_>);

    /// All records of a partition up to the committed position have been replayed.
    fn replayed(&mut self, _partition: &TopicPartition) {}

    /// A record to be processed. Bad input is a value, not an error; an error is the log's.
    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error>;

    /// Called once per step while at least one owned partition has been replayed, for what answers no record.
    fn on_time(&mut self, sink: &mut dyn Sink) -> Result<(), Error>;

    /// Everything sent so far is committed.
    fn committed(&mut self) {}
}

impl<S: Service + ?Sized> Service for Box<S> {
    fn replays(&self) -> bool {
        (**self).replays()
    }

    fn prepare(&mut self, partitions: &[(TopicPartition, u64)]) -> Vec<u64> {
        (**self).prepare(partitions)
    }

    fn assigned(&mut self, partition: &TopicPartition) {
        (**self).assigned(partition);
    }

    fn revoked(&mut self, partition: &TopicPartition) {
        (**self).revoked(partition);
    }

    fn taken(&mut self, partition: &TopicPartition) {
        (**self).taken(partition);
    }

    fn replay(&mut self, record: &RecordRef<'_>) {
        (**self).replay(record);
    }

    fn replayed(&mut self, partition: &TopicPartition) {
        (**self).replayed(partition);
    }

    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        (**self).process(record, sink)
    }

    fn on_time(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        (**self).on_time(sink)
    }

    fn committed(&mut self) {
        (**self).committed();
    }
}

/// A monotonic reading of time since any fixed moment, handed in so that simulations own it.
pub type Stopwatch = Arc<dyn Fn() -> Duration + Send + Sync>;

/// When a transaction ends, and when one that ended took suspiciously long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time between the first record of a transaction and its commit.
    pub commit_every: Duration,
    /// Most records processed in one transaction, at least 1.
    pub max_records: u64,
    /// Most bytes read and sent in one transaction; a poll may pass it by as much again, or by one record.
    pub max_bytes: u64,
    /// A commit that takes longer than this may have been retried behind our back: the session is renewed.
    pub slow_commit: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            commit_every: Duration::from_millis(100),
            max_records: 50_000,
            max_bytes: 16 << 20,
            slow_commit: Duration::from_secs(1),
        }
    }
}

/// What a step did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// Records processed.
    pub processed: u64,
    /// Records replayed.
    pub replayed: u64,
    /// Records sent.
    pub sent: u64,
    /// Whether the assignment changed.
    pub changed: bool,
    /// Whether a transaction was committed.
    pub committed: bool,
    /// Whether the session had to be renewed.
    pub renewed: bool,
    /// Whether there was nothing to do and everything done before is committed.
    pub idle: bool,
}

/// A service at work on one session of a log.
pub struct Worker<S: Service> {
    log: Arc<dyn Log>,
    spec: SessionSpec,
    service: S,
    limits: Limits,
    stopwatch: Stopwatch,
    observer: Box<dyn Observer>,
    session: Option<Box<dyn Session>>,
    owned: Owned,
    transaction: Transaction,
    /// What the session told and the worker has yet to do; an error in the middle leaves the rest here.
    changes: VecDeque<Change>,
    /// Why the transaction cannot be used any more, until the session is renewed.
    doubt: Option<Cause>,
    /// A poll ended before a record that may have passed the session by.
    rewind: bool,
    step: Step,
}

impl<S: Service> Worker<S> {
    /// Makes a worker; its session is opened by the first step.
    pub fn new(
        log: Arc<dyn Log>,
        spec: SessionSpec,
        service: S,
        limits: Limits,
        stopwatch: Stopwatch,
        observer: Box<dyn Observer>,
    ) -> Self {
        Self {
            log,
            spec,
            service,
            limits,
            stopwatch,
            observer,
            session: None,
            owned: Owned::default(),
            transaction: Transaction::default(),
            changes: VecDeque::new(),
            doubt: None,
            rewind: false,
            step: Step::default(),
        }
    }

    /// The service, for those who look at its state between steps.
    pub fn service(&self) -> &S {
        &self.service
    }

    /// The service, for those who steer it between steps.
    pub fn service_mut(&mut self) -> &mut S {
        &mut self.service
    }

    /// Steps until `stop` says so, then commits what is done and leaves the group.
    ///
    /// What may pass is tried again, with a pause that grows to five seconds and ends early when `stop` does.
    ///
    /// # Errors
    ///
    /// [`Error::Fenced`], [`Error::Unwritable`] and [`Error::Unusable`] end it; nothing uncommitted is lost by that.
    pub fn run(&mut self, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        let mut backoff = Backoff::default();
        while !stop() {
            match self.step(self.limits.commit_every) {
                Ok(step) if step.renewed && !step.committed => backoff.pause(stop),
                Ok(step) if step.committed || step.idle => backoff.reset(),
                Ok(_) => {}
                Err(Error::Unavailable(cause)) => {
                    tracing::warn!(group = %self.spec.group, worker = self.spec.worker, %cause, "log unavailable");
                    self.observer.retried();
                    backoff.pause(stop);
                }
                Err(error) => {
                    tracing::error!(group = %self.spec.group, worker = self.spec.worker, %error, "worker ends");
                    return Err(error);
                }
            }
        }
        self.leave()
    }

    /// Steps until there is nothing left to do; for replays and simulations over a log that answers at once.
    ///
    /// # Errors
    ///
    /// Whatever a step returns; the caller may go on.
    pub fn run_until_idle(&mut self) -> Result<(), Error> {
        loop {
            let step = self.step(Duration::ZERO)?;
            if step.idle {
                return Ok(());
            }
            if step.processed == 0 && step.replayed == 0 && !step.changed {
                self.flush()?;
            }
        }
    }

    /// One poll of at most `wait`, what follows from it, and a commit if one is due.
    ///
    /// # Errors
    ///
    /// After [`Error::Unavailable`] the worker goes on where it was; any other error ends it.
    pub fn step(&mut self, wait: Duration) -> Result<Step, Error> {
        self.step = Step::default();
        let done = self.try_step(wait);
        if self.step != Step::default() {
            self.observer.owned(&self.owned.places());
        }
        let joined = self.session.as_ref().is_some_and(|session| session.has_joined());
        self.observer.polled(joined);
        match done {
            Ok(()) => {
                self.step.idle = self.step == Step::default() && !self.transaction.is_open();
                Ok(self.step)
            }
            // A renewal that is itself in doubt: nothing was decided, the same can be tried again.
            Err(Error::Doubt(cause)) => {
                self.doubt.get_or_insert(Cause::Doubt);
                Err(Error::Unavailable(cause))
            }
            Err(error) => Err(error),
        }
    }

    /// Commits now what has been processed or sent and is not yet committed. Returns whether there was anything.
    ///
    /// # Errors
    ///
    /// As [`Worker::step`].
    pub fn flush(&mut self) -> Result<bool, Error> {
        let open = self.transaction.is_open() && self.doubt.is_none();
        if open {
            self.commit()?;
        }
        self.settle()?;
        Ok(open)
    }

    /// Commits what is done, lets the state die and leaves the group.
    ///
    /// # Errors
    ///
    /// Those that would have ended [`Worker::run`]. What could not be committed is simply not committed.
    pub fn leave(&mut self) -> Result<(), Error> {
        let mut outcome = Ok(());
        if self.doubt.is_none() && self.transaction.is_open() {
            outcome = self.commit();
        }
        let partitions = self.owned.partitions();
        self.forget(&partitions);
        if let Some(mut session) = self.session.take() {
            outcome = outcome.and(session.release(&partitions));
        }
        self.changes.clear();
        self.transaction = Transaction::default();
        self.doubt = None;
        self.rewind = false;
        match outcome {
            Err(Error::Unavailable(cause) | Error::Doubt(cause)) => {
                tracing::warn!(group = %self.spec.group, %cause, "left without a last commit");
                Ok(())
            }
            other => other,
        }
    }

    fn try_step(&mut self, wait: Duration) -> Result<(), Error> {
        self.open()?;
        self.settle()?;
        if self.transaction.is_due(&self.limits, (self.stopwatch)()) {
            self.commit()?;
            self.settle()?;
        }
        let wait = self.transaction.wait(&self.limits, (self.stopwatch)(), wait);
        self.poll(wait)?;
        self.settle()?;
        if self.owned.any_live() {
            self.on_time()?;
        }
        if self.transaction.is_due(&self.limits, (self.stopwatch)()) {
            self.commit()?;
        }
        self.settle()
    }

    fn open(&mut self) -> Result<(), Error> {
        if self.session.is_none() {
            self.session = Some(self.log.session(&self.spec)?);
        }
        Ok(())
    }

    fn session(&mut self) -> Result<&mut dyn Session, Error> {
        match &mut self.session {
            Some(session) => Ok(session.as_mut()),
            None => Err(Error::Unavailable("no session is open".to_owned())),
        }
    }

    /// Does what is left to do before the next record: changes of assignment, then a renewal.
    fn settle(&mut self) -> Result<(), Error> {
        while let Some(change) = self.changes.front().cloned() {
            self.step.changed = true;
            match change {
                Change::Assigned(partitions) => self.assigned(&partitions)?,
                Change::Revoked(partitions) => self.revoked(&partitions)?,
                Change::Lost(partitions) => self.lost(&partitions)?,
            }
            self.changes.pop_front();
        }
        match self.doubt {
            Some(cause) => self.renew(cause),
            None if self.rewind => self.restart(),
            None => Ok(()),
        }
    }

    fn on_time(&mut self) -> Result<(), Error> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let mut sink = Counting::new(session.sink());
        let done = self.service.on_time(&mut sink);
        let (sent, bytes) = sink.counts();
        self.count_sent(sent, bytes);
        done.inspect_err(|_| self.doubt = Some(Cause::Service))
    }

    fn count_sent(&mut self, sent: u64, bytes: u64) {
        if sent > 0 {
            self.transaction.add(0, sent, bytes, (self.stopwatch)());
            self.step.sent += sent;
            self.observer.sent(sent, bytes);
        }
    }
}
