//! What a worker tells those who count.

use std::time::Duration;

use crate::port::TopicPartition;

/// Why a session was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The outcome of a transaction was unknown.
    Doubt,
    /// A commit succeeded, but took so long that it may have been retried.
    Slow,
    /// Partitions were lost while a transaction held something of them.
    Lost,
    /// The service, or the sink it wrote to, returned an error.
    Service,
}

impl Cause {
    /// The word for labels and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Doubt => "doubt",
            Self::Slow => "slow",
            Self::Lost => "lost",
            Self::Service => "service",
        }
    }
}

/// Where a worker stands in a partition it owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The partition.
    pub partition: TopicPartition,
    /// Offset of the next record to be replayed or processed.
    pub next: u64,
    /// The group's committed position as last read or written; 0 where there is none.
    pub committed: u64,
    /// Whether replay has ended.
    pub live: bool,
}

/// Told what a worker does; services implement it with their metrics. Every method is optional.
pub trait Observer: Send {
    /// A step ended, with or without success: the worker is alive. `joined`: its group has said what is its own, be it nothing.
    fn polled(&mut self, _joined: bool) {}
    /// So many records, of so many bytes, were processed.
    fn processed(&mut self, _records: u64, _bytes: u64) {}
    /// So many records were replayed.
    fn replayed(&mut self, _records: u64) {}
    /// So many records, of so many bytes, were sent; not yet committed.
    fn sent(&mut self, _records: u64, _bytes: u64) {}
    /// A transaction was committed, which took so long.
    fn committed(&mut self, _took: Duration) {}
    /// The outcome of a commit is unknown.
    fn doubted(&mut self) {}
    /// The session was renewed.
    fn renewed(&mut self, _cause: Cause) {}
    /// The log could not be reached and will be tried again.
    fn retried(&mut self) {}
    /// The partitions owned after a step in which anything happened, sorted.
    fn owned(&mut self, _places: &[Place]) {}
}

/// Nobody counts.
impl Observer for () {}
