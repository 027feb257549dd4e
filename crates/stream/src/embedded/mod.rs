//! A log in one directory: redb tables in one file, groups within one process.
//!
//! A commit is one transaction of redb that holds records and positions, so it happens or it does not; there is never
//! any doubt. The directory belongs to one process at a time. A group may have any number of members within it, and a
//! new session takes over from an older one of the same instance and worker.
//!
//! Compacted topics keep the newest record of a key, tombstones included. An older one is removed as soon as every
//! group that reads the partition has passed the newer one, so that replaying up to a group's position always finds
//! everything that position stands for. Other topics lose what has outlived their retention and was read by every
//! group: when the log is opened, and with each commit where it appends and in a few partitions more, which take turns. A
//! group that will never come back therefore holds the log at its position.

mod batch;
mod encoding;
mod group;
mod reader;
mod session;
mod store;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rapport_proto::topics::TopicSpec;

pub use self::store::Durability;

use self::batch::Batch;
use self::group::Group;
use self::reader::{Cursor, EmbeddedAppender, EmbeddedReader};
use self::session::EmbeddedSession;
use self::store::{Positions, Reading, Store};
use self::topics::{Slot, Topic, Topics};
use crate::port::{Appender, Created, Error, Log, Reader, Session, SessionSpec, TopicLimits, TopicPartition};

/// Milliseconds since 1970, for the time a record was written; handed in so that simulations own it.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Name of the file in the log's directory.
const FILE: &str = "rapport.redb";

/// A log in one directory.
pub struct EmbeddedLog {
    shared: Arc<Shared>,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, which is made if it is not there, for nobody else to read; nor is the file in it.
    ///
    /// # Errors
    ///
    /// [`Error::Unusable`] if another process has it open, if it is damaged, or if the directory cannot be written.
    pub fn open(dir: &Path, durability: Durability, clock: Clock) -> Result<Self, Error> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| Error::Unusable(format!("directory {}: {error}", dir.display())))?;
        Self::new(Store::open(&dir.join(FILE), durability)?, clock, None)
    }

    /// A log in a temporary directory, gone when the last handle on it is dropped; for replays.
    ///
    /// # Errors
    ///
    /// [`Error::Unusable`] if there is no place for temporary files.
    pub fn temporary(clock: Clock) -> Result<Self, Error> {
        let dir =
            tempfile::tempdir().map_err(|error| Error::Unusable(format!("temporary directory: {error}")))?;
        Self::new(Store::open(&dir.path().join(FILE), Durability::Eventual)?, clock, Some(dir))
    }

    /// A log in memory; for tests and simulations.
    ///
    /// # Errors
    ///
    /// None is expected.
    pub fn in_memory(clock: Clock) -> Result<Self, Error> {
        Self::new(Store::in_memory()?, clock, None)
    }

    fn new(store: Store, clock: Clock, dir: Option<tempfile::TempDir>) -> Result<Self, Error> {
        let (topics, ends) = store.load()?;
        // What expired while the log was closed.
        store.trim(&topics, clock())?;
        let shared = Shared {
            store,
            clock,
            topics: Mutex::new(Arc::new(topics)),
            groups: Mutex::default(),
            tail: Mutex::new(Tail { ends, memberships: 0 }),
            wake: Condvar::new(),
            sessions: AtomicU64::new(0),
            _dir: dir,
        };
        Ok(Self { shared: Arc::new(shared) })
    }
}

/// Opens or makes the log's file, for its owner alone: raw records have the source's own ids.
fn private(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    // An earlier version left it to the umask.
    if file.metadata()?.permissions().mode() & 0o077 != 0
        && let Err(error) = file.set_permissions(Permissions::from_mode(0o600))
    {
        tracing::warn!(%error, file = %path.display(), "others than its owner may read the log");
    }
    Ok(file)
}

/// What all handles on a log share.
struct Shared {
    store: Store,
    clock: Clock,
    topics: Mutex<Arc<Topics>>,
    groups: Mutex<BTreeMap<String, Arc<Mutex<Group>>>>,
    tail: Mutex<Tail>,
    /// Notified whenever the tail changes.
    wake: Condvar,
    sessions: AtomicU64,
    /// Dropped after the store, and the directory with it.
    _dir: Option<tempfile::TempDir>,
}

/// What those who wait are waiting for.
struct Tail {
    /// Offset of the next record of each slot; everything before it is committed.
    ends: Vec<u64>,
    /// How often members came, went or gave something up.
    memberships: u64,
}

/// A lock is held for plain assignments only, so what a panicking holder left behind is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn topics(&self) -> Arc<Topics> {
        lock(&self.topics).clone()
    }

    fn group(&self, name: &str) -> Arc<Mutex<Group>> {
        lock(&self.groups).entry(name.to_owned()).or_default().clone()
    }

    /// Writes a batch and wakes those who wait for it.
    fn write(&self, batch: &Batch, positions: Option<&Positions<'_>>) -> Result<(), Error> {
        let ends = self.store.write(batch, positions, (self.clock)())?;
        let mut tail = lock(&self.tail);
        for (slot, end) in ends {
            if let Some(known) = tail.ends.get_mut(slot as usize) {
                // Two writers may come here in either order.
                *known = end.max(*known);
            }
        }
        drop(tail);
        self.wake.notify_all();
        Ok(())
    }

    fn membership_changed(&self) {
        lock(&self.tail).memberships += 1;
        self.wake.notify_all();
    }

    /// Waits until one of the places can be read, memberships differ from those seen, or the time is over; then brings
    /// the ends of the places up to date. Returns the memberships.
    fn wait(&self, wait: Duration, seen: Option<u64>, places: &mut [Reading]) -> u64 {
        let behind = |tail: &Tail, place: &Reading| {
            tail.ends.get(place.slot as usize).is_some_and(|end| *end > place.next)
        };
        let tail = lock(&self.tail);
        let (tail, _) = self
            .wake
            .wait_timeout_while(tail, wait, |tail| {
                seen.is_none_or(|seen| seen == tail.memberships)
                    && !places.iter().any(|place| behind(tail, place))
            })
            .unwrap_or_else(PoisonError::into_inner);
        for place in places {
            place.end = tail.ends.get(place.slot as usize).copied().unwrap_or(0);
        }
        tail.memberships
    }
}

/// The partitions of topics that must exist.
fn partitions_of(topics: &Topics, names: &[&str]) -> Result<Vec<(Slot, TopicPartition)>, Error> {
    let mut found = Vec::new();
    for name in names {
        let topic =
            topics.get(name).ok_or_else(|| Error::Unusable(format!("topic {name} does not exist")))?;
        let partition =
            |number| (topic.first + number, TopicPartition { topic: topic.name.clone(), partition: number });
        found.extend((0..topic.partitions).map(partition));
    }
    Ok(found)
}

impl Log for EmbeddedLog {
    fn session(&self, spec: &SessionSpec) -> Result<Box<dyn Session>, Error> {
        let names: BTreeSet<&str> = spec.topics.iter().map(String::as_str).collect();
        let topics = self.shared.topics();
        let partitions = partitions_of(&topics, &names.into_iter().collect::<Vec<_>>())?;
        let slots: Vec<Slot> = partitions.iter().map(|(slot, _)| *slot).collect();
        self.shared.store.follow(&spec.group, &slots)?;
        let number = self.shared.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(EmbeddedSession::join(self.shared.clone(), topics, spec, number, partitions)))
    }

    fn reader(&self, topics: &[&str]) -> Result<Box<dyn Reader>, Error> {
        let partitions = partitions_of(&self.shared.topics(), topics)?;
        Ok(Box::new(EmbeddedReader::new(self.shared.clone(), partitions)))
    }

    fn appender(&self) -> Result<Box<dyn Appender>, Error> {
        Ok(Box::new(EmbeddedAppender::new(self.shared.clone())))
    }

    fn partitions(&self, topic: &str) -> Result<Option<u32>, Error> {
        Ok(self.shared.topics().get(topic).map(|topic| topic.partitions))
    }

    fn create_topics(&self, specs: &[TopicSpec], partitions: u32) -> Result<Vec<Created>, Error> {
        if partitions == 0 {
            return Err(Error::Unusable("a topic needs at least one partition".to_owned()));
        }
        let mut known = lock(&self.shared.topics);
        let mut topics = (**known).clone();
        let mut new = Vec::new();
        let mut created = Vec::new();
        for spec in specs {
            if let Some(topic) = topics.get(spec.name) {
                created.push(Created::Existed { partitions: topic.partitions });
                continue;
            }
            let topic = Topic {
                name: spec.name.into(),
                first: topics.next(),
                partitions,
                compacted: spec.compacted,
                retention_ms: spec.retention_ms,
            };
            topics.add(topic.clone());
            new.push(topic);
            created.push(Created::New);
        }
        self.shared.store.create(&new)?;
        lock(&self.shared.tail).ends.resize(topics.next() as usize, 0);
        *known = Arc::new(topics);
        Ok(created)
    }

    fn fingerprint(&self, at: &TopicPartition, offset: u64) -> Result<Option<u32>, Error> {
        let partitions = partitions_of(&self.shared.topics(), &[&at.topic])?;
        let Some(slot) = partitions.iter().find(|(_, known)| known == at).map(|(slot, _)| *slot) else {
            return Ok(None);
        };
        let mut place = [Reading { slot, next: offset, end: offset.saturating_add(1) }];
        let mut found = None;
        Cursor::new(self.shared.clone(), partitions).read(&mut place, 1, &mut |record| {
            found = Some(record.fingerprint());
            Ok(())
        })?;
        Ok(found)
    }

    /// The newest record of a key stays, whatever it is.
    fn limits(&self, _: &str) -> Result<TopicLimits, Error> {
        Ok(TopicLimits { tombstones_kept_ms: Some(u64::MAX), batch_bytes_max: None })
    }
}
