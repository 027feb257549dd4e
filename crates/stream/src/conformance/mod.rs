//! What any log must do, whatever stands behind it: run it against each backend.
//!
//! Each check makes topics and groups of its own under the name of the [`Bench`], so a long-lived log may be used, and
//! a name should be used once. What compaction and retention remove is not part of it.

mod checks;
mod handover;

use std::time::Duration;

use rapport_proto::topics::TopicSpec;

use crate::port::{Change, Error, Log, Output, RecordRef, Session, SessionSpec, Sink, Start, TopicPartition};

/// Partitions of every topic made here.
const PARTITIONS: u32 = 2;
/// Polls after which what was waited for is taken not to come.
const POLLS: usize = 300;
/// Polls after which what must not come is taken not to come.
const QUIET_POLLS: usize = 5;

/// The log under test and the name everything made on it begins with.
pub struct Bench<'a> {
    /// The log.
    pub log: &'a dyn Log,
    /// Names are `{name}.{check}…`.
    pub name: String,
    /// How long one poll waits. What must come is waited for over 300 polls, what must not come over 5.
    pub wait: Duration,
}

/// One check; says what is wrong.
pub type Check = fn(&Bench<'_>) -> Result<(), String>;

/// All checks by name.
pub const CHECKS: [(&str, Check); 13] = [
    ("topics", checks::topics),
    ("records", checks::records),
    ("fingerprint", checks::fingerprint),
    ("commit", checks::commit),
    ("idle_commit", checks::idle_commit),
    ("order", checks::order),
    ("start", checks::start),
    ("failed_record", checks::failed_record),
    ("too_large", checks::too_large),
    ("dropped_session", handover::dropped_session),
    ("renewal", handover::renewal),
    ("takeover", handover::takeover),
    ("release", handover::release),
];

/// Runs all checks.
///
/// # Errors
///
/// The first check that fails, and why.
pub fn run(bench: &Bench<'_>) -> Result<(), String> {
    for (name, check) in CHECKS {
        check(bench).map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    partition: u32,
    offset: u64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
}

impl Read {
    fn of(record: &RecordRef<'_>) -> Self {
        Self {
            partition: record.partition,
            offset: record.offset,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: record.headers.all(),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }
}

fn why(what: &str) -> impl Fn(Error) -> String {
    move |error| format!("{what}: failed to {error}")
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}

impl Bench<'_> {
    /// Makes a topic of this check; its name lives as long as the process, as those of all topics do.
    fn topic(&self, check: &str, part: &str) -> Result<&'static str, String> {
        let name: &'static str = Box::leak(format!("{}.{check}.{part}", self.name).into_boxed_str());
        let spec = TopicSpec {
            name,
            compacted: false,
            retention_ms: None,
            min_compaction_lag_ms: None,
            by_site: true,
        };
        self.log.create_topics(&[spec], PARTITIONS).map_err(why("topic"))?;
        Ok(name)
    }

    fn append(&self, topic: &str, partition: u32, values: &[&'static str]) -> Result<(), String> {
        let output = |value: &&'static str| Output {
            topic,
            partition: Some(partition),
            key: Some(b"k".as_slice()),
            value: Some((*value).as_bytes()),
            headers: &[],
        };
        let mut appender = self.log.appender().map_err(why("appender"))?;
        let outputs: Vec<Output<'_>> = values.iter().map(output).collect();
        appender.append(&outputs).map_err(why("append"))
    }

    fn spec(&self, check: &str, topic: &str) -> SessionSpec {
        SessionSpec {
            group: format!("{}.{check}", self.name),
            topics: vec![topic.to_owned()],
            instance: format!("{}.{check}", self.name),
            worker: 0,
        }
    }

    /// A session of this check that owns all of a topic and reads it from where the group stands.
    fn member(&self, check: &str, topic: &'static str) -> Result<Member, String> {
        let session = self.log.session(&self.spec(check, topic)).map_err(why("session"))?;
        let mut member = self.joined(session, topic);
        member.own_all()?;
        Ok(member)
    }

    /// A session that owns nothing yet.
    fn joined(&self, session: Box<dyn Session>, topic: &'static str) -> Member {
        Member { session, topic, wait: self.wait, owned: Vec::new(), read: Vec::new() }
    }

    /// Everything committed to a topic so far; what comes while nobody writes.
    fn read_all(&self, topic: &str) -> Result<Vec<Read>, String> {
        let mut reader = self.log.reader(&[topic]).map_err(why("reader"))?;
        let mut found = Vec::new();
        for _ in 0..POLLS {
            if reader.caught_up().map_err(why("caught up"))? {
                found.sort_by_key(|read: &Read| (read.partition, read.offset));
                return Ok(found);
            }
            reader
                .poll(self.wait, 100, &mut |record| found.push(Read::of(record)))
                .map_err(why("reader's poll"))?;
        }
        Err(format!("a reader never caught up; it read {found:?}"))
    }

    /// How much of a topic is visible while a transaction is open: a reader may wait for its end to be caught up.
    fn count_so_far(&self, topic: &str) -> Result<usize, String> {
        let mut reader = self.log.reader(&[topic]).map_err(why("reader"))?;
        let mut count = 0;
        for _ in 0..QUIET_POLLS {
            count += reader.poll(self.wait, 100, &mut |_| {}).map_err(why("reader's poll"))?;
        }
        Ok(count)
    }

    fn texts(&self, topic: &str) -> Result<Vec<String>, String> {
        Ok(self.read_all(topic)?.iter().map(Read::text).collect())
    }
}

/// A session and what it has seen.
struct Member {
    session: Box<dyn Session>,
    topic: &'static str,
    wait: Duration,
    owned: Vec<TopicPartition>,
    read: Vec<Read>,
}

fn at(topic: &str, partition: u32) -> TopicPartition {
    TopicPartition { topic: topic.into(), partition }
}

fn send(sink: &mut dyn Sink, topic: &str, partition: u32, value: &str) -> Result<(), Error> {
    let output = Output {
        topic,
        partition: Some(partition),
        key: Some(b"k"),
        value: Some(value.as_bytes()),
        headers: &[],
    };
    sink.send(output)
}

impl Member {
    /// Polls once, answering whatever becomes of the assignment as a worker would that has nothing to commit.
    fn poll(&mut self) -> Result<(), String> {
        let read = &mut self.read;
        let mut each = |record: &RecordRef<'_>, _: &mut dyn Sink| {
            read.push(Read::of(record));
            Ok(())
        };
        let changes = self.session.poll(self.wait, 100, &mut each).map_err(why("poll"))?;
        for change in changes {
            match change {
                Change::Assigned(partitions) => {
                    let committed = self.session.committed(&partitions).map_err(why("committed"))?;
                    let start = |offset: Option<u64>| offset.map_or(Start::Beginning, Start::Offset);
                    let places: Vec<_> =
                        partitions.iter().cloned().zip(committed.into_iter().map(start)).collect();
                    self.session.start(&places).map_err(why("start"))?;
                    self.owned.extend(partitions);
                }
                Change::Revoked(partitions) | Change::Lost(partitions) => {
                    self.session.release(&partitions).map_err(why("release"))?;
                    self.owned.retain(|partition| !partitions.contains(partition));
                }
            }
        }
        Ok(())
    }

    fn poll_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<(), String> {
        for _ in 0..POLLS {
            if done(self) {
                return Ok(());
            }
            self.poll()?;
        }
        Err(format!("{what} never came: owned {:?}, read {:?}", self.owned, self.read))
    }

    fn own_all(&mut self) -> Result<(), String> {
        self.poll_until("ownership", |member| member.owned.len() == PARTITIONS as usize)
    }

    fn read_count(&mut self, count: usize) -> Result<(), String> {
        self.poll_until("a record", |member| member.read.len() >= count)
    }

    /// Polls a few times for what must not come.
    fn stay_quiet(&mut self) -> Result<(), String> {
        for _ in 0..QUIET_POLLS {
            self.poll()?;
        }
        Ok(())
    }

    fn send(&mut self, topic: &str, partition: u32, value: &str) -> Result<(), String> {
        send(self.session.sink(), topic, partition, value).map_err(why("send"))
    }

    fn commit(&mut self, partition: u32, position: u64) -> Result<(), String> {
        self.session.commit(&[(at(self.topic, partition), position)]).map_err(why("commit"))
    }

    fn committed(&mut self) -> Result<Vec<Option<u64>>, String> {
        let all: Vec<TopicPartition> = (0..PARTITIONS).map(|partition| at(self.topic, partition)).collect();
        self.session.committed(&all).map_err(why("committed"))
    }

    /// The values read of a partition, in order.
    fn values(&self, partition: u32) -> Vec<String> {
        self.read.iter().filter(|read| read.partition == partition).map(Read::text).collect()
    }
}
