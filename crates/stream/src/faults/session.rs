//! A session to which things happen.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{CRASH, Dice, Fault, unavailable};
use crate::port::{Appender, Change, Each, Error, Output, Session, Sink, Start, TopicPartition};

/// A record of the open transaction, kept so that a part of them can become visible.
struct Kept {
    topic: String,
    partition: Option<u32>,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
}

pub(super) struct FaultySession {
    /// `None` after a crash.
    inner: Option<Box<dyn Session>>,
    side: Side,
    /// Writes what a torn transaction leaves behind.
    torn: Box<dyn Appender>,
    /// Partitions that were started and not taken back.
    started: BTreeSet<TopicPartition>,
    /// Partitions that were lost and not yet released; another's already, as far as the group is concerned.
    lost: BTreeSet<TopicPartition>,
    /// The transaction is in doubt: the session must be renewed first.
    doubtful: bool,
    dead: DeadSink,
}

/// What a sink needs while the session itself is busy.
struct Side {
    dice: Dice,
    kept: Vec<Kept>,
    crashed: bool,
}

impl FaultySession {
    pub(super) fn new(inner: Box<dyn Session>, torn: Box<dyn Appender>, dice: Dice) -> Self {
        Self {
            inner: Some(inner),
            side: Side { dice, kept: Vec::new(), crashed: false },
            torn,
            started: BTreeSet::new(),
            lost: BTreeSet::new(),
            doubtful: false,
            dead: DeadSink,
        }
    }

    fn crash(&mut self) -> Error {
        // Dropping the inner session leaves nothing uncommitted behind, as the end of a process would.
        self.inner = None;
        Error::Unusable(CRASH.to_owned())
    }

    /// What may befall any call.
    fn alive(&mut self) -> Result<&mut Box<dyn Session>, Error> {
        if self.inner.is_none() || self.side.dice.roll(Fault::Crash) {
            return Err(self.crash());
        }
        self.side.dice.unavailable()?;
        self.inner.as_mut().ok_or_else(unavailable)
    }

    /// Some of what is owned, at least one.
    fn some_started(&mut self) -> Vec<TopicPartition> {
        let count = 1 + self.side.dice.random.below(self.started.len());
        let mut all: Vec<TopicPartition> = self.started.iter().cloned().collect();
        while all.len() > count {
            all.remove(self.side.dice.random.below(all.len()));
        }
        all
    }

    /// Partitions that are taken away by chance.
    fn rebalance(&mut self) -> Option<Change> {
        if self.started.is_empty() {
            return None;
        }
        let lost = self.side.dice.roll(Fault::Lost);
        if !lost && !self.side.dice.roll(Fault::Revoked) {
            return None;
        }
        let taken = self.some_started();
        self.started.retain(|partition| !taken.contains(partition));
        if !lost {
            return Some(Change::Revoked(taken));
        }
        self.lost.extend(taken.iter().cloned());
        Some(Change::Lost(taken))
    }

    /// Makes the first records of the transaction visible, fewer than all where there are two or more.
    fn tear(&mut self) -> Result<(), Error> {
        let count = self.side.dice.random.below(self.side.kept.len()).max(1).min(self.side.kept.len());
        for kept in &self.side.kept[..count] {
            let headers: Vec<(&str, &[u8])> =
                kept.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
            self.torn.append(&[Output {
                topic: &kept.topic,
                partition: kept.partition,
                key: kept.key.as_deref(),
                value: kept.value.as_deref(),
                headers: &headers,
            }])?;
        }
        Ok(())
    }

    fn doubt(&mut self, why: &str) -> Error {
        self.doubtful = true;
        Error::Doubt(format!("{why}, on purpose"))
    }
}

impl Session for FaultySession {
    fn poll(&mut self, wait: Duration, max: usize, each: &mut Each<'_>) -> Result<Vec<Change>, Error> {
        self.alive()?;
        if let Some(change) = self.rebalance() {
            return Ok(vec![change]);
        }
        let small = self.side.dice.roll(Fault::SmallPoll);
        let max = if small { max.min(1 + self.side.dice.random.below(3)) } else { max };
        let Self { inner, side, .. } = self;
        let Some(inner) = inner else { return Err(unavailable()) };
        let polled = inner.poll(wait, max, &mut |record, sink| {
            if side.dice.roll(Fault::CrashInPoll) {
                side.crashed = true;
                return Err(unavailable());
            }
            if side.dice.roll(Fault::UnavailableInPoll) {
                return Err(unavailable());
            }
            each(record, &mut FaultySink { inner: sink, side })
        });
        if self.side.crashed {
            return Err(self.crash());
        }
        for change in polled.iter().flatten() {
            if let Change::Revoked(partitions) | Change::Lost(partitions) = change {
                self.started.retain(|partition| !partitions.contains(partition));
            }
        }
        polled
    }

    fn sink(&mut self) -> &mut dyn Sink {
        if self.inner.is_some() { self } else { &mut self.dead }
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, Error> {
        self.alive()?.committed(partitions)
    }

    fn start(&mut self, places: &[(TopicPartition, Start)]) -> Result<(), Error> {
        self.alive()?.start(places)?;
        self.started.extend(places.iter().map(|(partition, _)| partition.clone()));
        Ok(())
    }

    fn release(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        self.started.retain(|partition| !partitions.contains(partition));
        self.alive()?.release(partitions)?;
        self.lost.retain(|partition| !partitions.contains(partition));
        Ok(())
    }

    fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), Error> {
        self.alive()?;
        if self.doubtful {
            return Err(self.doubt("not renewed"));
        }
        if positions.iter().any(|(partition, _)| self.lost.contains(partition)) {
            return Err(self.doubt("positions of lost partitions"));
        }
        if self.side.dice.roll(Fault::DoubtMissed) {
            return Err(self.doubt("commit missed"));
        }
        if !self.side.kept.is_empty() && self.side.dice.roll(Fault::TornCommit) {
            self.tear()?;
            let crash = self.side.dice.random.below(2) == 0;
            return Err(if crash { self.crash() } else { self.doubt("commit torn") });
        }
        let Some(inner) = &mut self.inner else { return Err(unavailable()) };
        inner.commit(positions)?;
        self.side.kept.clear();
        if self.side.dice.roll(Fault::CrashAfterCommit) {
            return Err(self.crash());
        }
        if self.side.dice.roll(Fault::DoubtHappened) {
            return Err(self.doubt("commit happened"));
        }
        Ok(())
    }

    fn renew(&mut self) -> Result<(), Error> {
        self.alive()?.renew()?;
        self.side.kept.clear();
        self.doubtful = false;
        Ok(())
    }

    fn has_joined(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.has_joined())
    }

    fn dirty(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.dirty())
    }
}

/// Hands records to the real sink, keeps a copy, and fails at times.
struct FaultySink<'a> {
    inner: &'a mut dyn Sink,
    side: &'a mut Side,
}

impl Sink for FaultySink<'_> {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        if self.side.dice.roll(Fault::UnavailableInSend) {
            return Err(unavailable());
        }
        self.inner.send(output)?;
        self.side.kept.push(Kept {
            topic: output.topic.to_owned(),
            partition: output.partition,
            key: output.key.map(<[u8]>::to_vec),
            value: output.value.map(<[u8]>::to_vec),
            headers: output
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
                .collect(),
        });
        Ok(())
    }
}

impl Sink for FaultySession {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        let Self { inner, side, .. } = self;
        match inner {
            Some(inner) => FaultySink { inner: inner.sink(), side }.send(output),
            None => self.dead.send(output),
        }
    }
}

/// The sink of a crashed session.
struct DeadSink;

impl Sink for DeadSink {
    fn send(&mut self, _: Output<'_>) -> Result<(), Error> {
        Err(Error::Unusable(CRASH.to_owned()))
    }
}
