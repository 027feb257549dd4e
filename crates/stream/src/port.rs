//! The log port: what a service may ask of a log, and what it is promised.
//!
//! A [`Log`] opens [`Session`]s (consume–process–produce, exactly once), [`Reader`]s (everything from the start, no
//! group) and [`Appender`]s (durable writes from outside). All calls block: a session lives on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use rapport_proto::headers::Source;
use rapport_proto::topics::TopicSpec;

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Number of the partition, from 0.
    pub partition: u32,
}

/// A record as it lies in the log, borrowed from the backend for the time of a callback.
pub struct RecordRef<'a> {
    /// Name of its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: u32,
    /// Its offset in the partition.
    pub offset: u64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` of a tombstone.
    pub value: Option<&'a [u8]>,
    /// When it was written, milliseconds since 1970; a fact about the log, never an input of the model.
    pub timestamp_ms: i64,
    /// Its headers.
    pub headers: &'a dyn Headers,
}

impl<'a> RecordRef<'a> {
    /// Where it lies, as what is derived of it says; nothing of a clock.
    pub fn source(&self) -> Source<'a> {
        Source {
            topic: self.topic,
            partition: self.partition,
            offset: self.offset,
            clock_us: None,
            recorded_us: None,
        }
    }

    /// A CRC-32 of when it was written, its key and its value: what makes it this record and no other.
    pub fn fingerprint(&self) -> u32 {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&self.timestamp_ms.to_le_bytes());
        for part in [self.key, self.value] {
            // The length, and whether there is anything: an empty value is no tombstone.
            checksum.update(&(part.map_or(u64::MAX, |part| part.len() as u64)).to_le_bytes());
            checksum.update(part.unwrap_or_default());
        }
        checksum.finalize()
    }
}

/// The headers of a record, decoded only when asked for.
pub trait Headers {
    /// The last value under that name.
    fn header(&self, name: &str) -> Option<&[u8]>;
    /// All headers in order; a header without a value counts as empty.
    fn all(&self) -> Vec<(String, Vec<u8>)>;
}

impl Headers for Vec<(String, Vec<u8>)> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.iter().rev().find(|(header, _)| header == name).map(|(_, value)| value.as_slice())
    }

    fn all(&self) -> Vec<(String, Vec<u8>)> {
        self.clone()
    }
}

/// A record to be written.
#[derive(Debug, Clone, Copy)]
pub struct Output<'a> {
    /// Name of the topic.
    pub topic: &'a str,
    /// The partition; `None` where any will do.
    pub partition: Option<u32>,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// Where records go. Within a session they become visible together with the positions, or never.
pub trait Sink {
    /// Hands a record over. Blocks while the backend's bounded queue is full.
    fn send(&mut self, output: Output<'_>) -> Result<(), Error>;
}

/// What happened to the partitions a session owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// They are the session's from now on; nothing is delivered of them before [`Session::start`].
    Assigned(Vec<TopicPartition>),
    /// They are to be given up: what was sent may still be committed, then [`Session::release`].
    Revoked(Vec<TopicPartition>),
    /// They are another's already: nothing of them can be committed any more; [`Session::release`].
    Lost(Vec<TopicPartition>),
}

/// Where to start reading a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the first record there is.
    Beginning,
    /// At this offset, or the first one after it.
    Offset(u64),
}

/// What is done with each record of a poll; an error ends the poll and comes out of it.
pub type Each<'a> = dyn FnMut(&RecordRef<'_>, &mut dyn Sink) -> Result<(), Error> + 'a;

/// One worker's membership of a group, and its one transaction.
pub trait Session: Send {
    /// Waits at most `wait`, then calls `each` for at most `max` records, in order of offsets within a partition.
    ///
    /// Returns what happened to the assignment; where something did, no record was delivered in this poll. Only records
    /// of committed transactions are delivered.
    fn poll(&mut self, wait: Duration, max: usize, each: &mut Each<'_>) -> Result<Vec<Change>, Error>;

    /// Whether the group has said what is this session's, be it nothing.
    fn has_joined(&self) -> bool {
        true
    }

    /// For records that answer no record (ticks); part of the same transaction.
    fn sink(&mut self) -> &mut dyn Sink;

    /// The group's committed positions (offset of the next record), `None` where there is none. Waits for pending
    /// transactions to be decided.
    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, Error>;

    /// Starts, or starts again, delivering these assigned partitions from these places.
    fn start(&mut self, places: &[(TopicPartition, Start)]) -> Result<(), Error>;

    /// Gives up partitions that were revoked or lost.
    fn release(&mut self, partitions: &[TopicPartition]) -> Result<(), Error>;

    /// Makes everything sent since the last commit visible and moves the group's positions, atomically. `positions` are
    /// offsets of the next records to be processed, and are never empty.
    ///
    /// On [`Error::Doubt`] it may or may not have happened: [`Session::renew`], then read [`Session::committed`].
    fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), Error>;

    /// Drops the transaction and whatever made it, and starts afresh under the same identity, so that nothing of the
    /// old one can happen any more.
    fn renew(&mut self) -> Result<(), Error>;

    /// Whether anything was sent since the last commit.
    fn dirty(&self) -> bool;
}

/// Reads whole topics from their start, without a group.
pub trait Reader: Send {
    /// Waits at most `wait`, then calls `each` for at most `max` committed records. Returns how many.
    fn poll(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(&RecordRef<'_>),
    ) -> Result<usize, Error>;

    /// Whether everything has been read that was in the topics when the reader was opened.
    fn caught_up(&mut self) -> Result<bool, Error>;
}

/// Writes from outside; no transaction.
pub trait Appender: Send {
    /// Writes records; when this returns they are durable, in order within a partition.
    fn append(&mut self, outputs: &[Output<'_>]) -> Result<(), Error>;
}

/// Who a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSpec {
    /// The consumer group, `rapport.indicators` for one.
    pub group: String,
    /// The topics read.
    pub topics: Vec<String>,
    /// Name of this instance, stable over restarts and unique among instances.
    pub instance: String,
    /// Number of the worker within the instance, from 0.
    pub worker: u32,
}

/// What became of a topic that was to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is new.
    New,
    /// It was there, with this many partitions.
    Existed {
        /// Its partitions.
        partitions: u32,
    },
}

/// What a topic's settings allow; `None` where the log cannot tell, or may not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TopicLimits {
    /// How long tombstones are kept at least, milliseconds.
    pub tombstones_kept_ms: Option<u64>,
    /// Most bytes of a batch of records, which is at least one of them.
    pub batch_bytes_max: Option<u64>,
}

/// A log.
pub trait Log: Send + Sync {
    /// Opens a session.
    fn session(&self, spec: &SessionSpec) -> Result<Box<dyn Session>, Error>;

    /// Opens a reader of whole topics.
    fn reader(&self, topics: &[&str]) -> Result<Box<dyn Reader>, Error>;

    /// Opens an appender.
    fn appender(&self) -> Result<Box<dyn Appender>, Error>;

    /// How many partitions a topic has; `None` where it does not exist.
    fn partitions(&self, topic: &str) -> Result<Option<u32>, Error>;

    /// Creates topics with that many partitions; those that exist are left as they are.
    fn create_topics(&self, topics: &[TopicSpec], partitions: u32) -> Result<Vec<Created>, Error>;

    /// The [`RecordRef::fingerprint`] of the committed record at that very offset; `None` where there is none (any more).
    ///
    /// A log that cannot tell says that there is none.
    fn fingerprint(&self, _at: &TopicPartition, _offset: u64) -> Result<Option<u32>, Error> {
        Ok(None)
    }

    /// What a topic's settings allow.
    fn limits(&self, _topic: &str) -> Result<TopicLimits, Error> {
        Ok(TopicLimits::default())
    }
}

/// What can go wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It may pass: the same call can be made again.
    #[error("reach the log: {0}")]
    Unavailable(String),
    /// Nobody knows whether the transaction happened: the session must be renewed.
    #[error("learn the outcome of a transaction: {0}")]
    Doubt(String),
    /// Another instance with the same identity is at work: this one must stop.
    #[error("stay the only instance of this name: {0}")]
    Fenced(String),
    /// A record can never be written as it is (too large, say): its partition must stop.
    #[error("write a record: {0}")]
    Unwritable(String),
    /// The log is not what it should be (missing topic, other partition count, damaged file).
    #[error("use the log: {0}")]
    Unusable(String),
}
