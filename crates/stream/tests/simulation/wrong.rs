//! A log between the worker and the faults that turns a right loop into a wrong one, to show that the oracle sees it.

use std::sync::Arc;
use std::time::Duration;

use rapport_stream::port::{Change, Each, Error, Log, Session, Sink, Start, TopicPartition};

use crate::above::Above;

/// A mistake that a loop might make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The transaction is committed, the positions are not sent: processed records come again.
    PositionsNotSent,
    /// The positions sent are one too far: a record is never processed.
    PositionsTooFar,
    /// The transaction goes on being used after doubt.
    NotRenewed,
    /// A doubtful commit is taken for one that happened.
    DoubtTakenForSuccess,
    /// What was sent of partitions that are lost is committed with the rest.
    LostNotDropped,
    /// Reading goes on where it was instead of where the committed position says.
    NotRewound,
}

impl Mistake {
    pub const ALL: [Self; 6] = [
        Self::PositionsNotSent,
        Self::PositionsTooFar,
        Self::NotRenewed,
        Self::DoubtTakenForSuccess,
        Self::LostNotDropped,
        Self::NotRewound,
    ];
}

/// A log on which loops make that mistake.
pub fn wrong_log(inner: Arc<dyn Log>, mistake: Mistake) -> Arc<dyn Log> {
    let session = move |inner| -> Box<dyn Session> {
        Box::new(WrongSession { inner, mistake, first: Vec::new(), skip_renewal: false })
    };
    Arc::new(Above { inner, session })
}

struct WrongSession {
    inner: Box<dyn Session>,
    mistake: Mistake,
    /// Positions as first seen by this session.
    first: Vec<(TopicPartition, Option<u64>)>,
    /// Partitions were just lost, and what was sent of them stays.
    skip_renewal: bool,
}

impl Session for WrongSession {
    fn poll(&mut self, wait: Duration, max: usize, each: &mut Each<'_>) -> Result<Vec<Change>, Error> {
        let changes = self.inner.poll(wait, max, each)?;
        let lost = changes.iter().any(|change| matches!(change, Change::Lost(_)));
        self.skip_renewal = lost && self.mistake == Mistake::LostNotDropped;
        Ok(changes)
    }

    fn sink(&mut self) -> &mut dyn Sink {
        self.inner.sink()
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, Error> {
        let committed = self.inner.committed(partitions)?;
        if self.mistake == Mistake::PositionsNotSent {
            self.first.extend(partitions.iter().cloned().zip(committed.iter().copied()));
        }
        Ok(committed)
    }

    fn start(&mut self, places: &[(TopicPartition, Start)]) -> Result<(), Error> {
        let ahead = |(partition, start): &(TopicPartition, Start)| match start {
            Start::Beginning if self.mistake == Mistake::NotRewound => (partition.clone(), Start::Offset(1)),
            other => (partition.clone(), *other),
        };
        self.inner.start(&places.iter().map(ahead).collect::<Vec<_>>())
    }

    fn release(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        self.inner.release(partitions)
    }

    fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), Error> {
        let first = |partition: &TopicPartition| {
            self.first
                .iter()
                .find(|(known, _)| known == partition)
                .and_then(|(_, offset)| *offset)
                .unwrap_or(0)
        };
        let wrong = |(partition, offset): &(TopicPartition, u64)| match self.mistake {
            Mistake::PositionsNotSent => (partition.clone(), first(partition)),
            Mistake::PositionsTooFar => (partition.clone(), offset + 1),
            _ => (partition.clone(), *offset),
        };
        let done = self.inner.commit(&positions.iter().map(wrong).collect::<Vec<_>>());
        match (done, self.mistake) {
            (Err(Error::Doubt(_)), Mistake::DoubtTakenForSuccess) => {
                self.inner.renew()?;
                Ok(())
            }
            (done, _) => done,
        }
    }

    fn renew(&mut self) -> Result<(), Error> {
        if self.skip_renewal || (self.mistake == Mistake::NotRenewed && self.inner.dirty()) {
            self.skip_renewal = false;
            return Ok(());
        }
        self.inner.renew()
    }

    fn dirty(&self) -> bool {
        self.inner.dirty()
    }
}
