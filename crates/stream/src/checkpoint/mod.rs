//! Checkpoints: the records of a partition's fold in a file, so that not all of the log has to be replayed.
//!
//! A checkpoint is a cache and nothing more. It is believed only where everything says that it belongs to this log, this
//! group, this build and these settings ([`Rejection`] lists what may say otherwise), and whoever does not believe it
//! replays the log from the start. What the records mean is nothing to this module.
//!
//! The records are taken down while others are processed: the file holds all that were before `from` when it was begun, and
//! some of those up to `until`, the position when it was finished. Replaying the log from `from` over them gives the same as
//! replaying all of it, for a fold of which order and repetition do not matter.

mod reading;
#[cfg(test)]
mod tests;
mod writing;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::failpoint;

pub use reading::{Asked, Loaded};
pub use writing::{State, Writing};

/// What the file begins with.
const MAGIC: &[u8; 8] = b"RAPPORTC";
/// Changes whenever the format does.
const FORMAT: u32 = 1;

/// The format that is written, and the only one that is read.
fn format() -> u32 {
    FORMAT + u32::from(failpoint::is_newer())
}

/// Stands where the length of a key would, after the last record.
const END: u32 = u32::MAX;
/// How names of files that are not finished end; those of finished ones end otherwise.
const UNFINISHED: &str = ".unfinished";
/// How names of finished files end.
const FINISHED: &str = ".checkpoint";

/// What a checkpoint is of, and what made it; another one's is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name of the topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// How many partitions the topic has.
    pub partitions: u32,
    /// What was built.
    pub build: String,
    /// A digest of everything the fold depends on beside its records.
    pub settings: Vec<u8>,
}

/// A record by which a log is told from another: if the same record lies at the same offset, then so does all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness {
    /// Its offset.
    pub offset: u64,
    /// Its [`fingerprint`](crate::port::RecordRef::fingerprint).
    pub fingerprint: u32,
}

/// Why a checkpoint was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Rejection {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable,
    /// It is cut off, or its checksum is not that of what it holds.
    #[error("the file is damaged")]
    Damaged,
    /// It was written in another format.
    #[error("it has another format")]
    Format,
    /// It is of another topic or partition.
    #[error("it is of another partition")]
    Place,
    /// The topic had another number of partitions.
    #[error("the topic had another number of partitions")]
    Partitions,
    /// Another build wrote it.
    #[error("another build wrote it")]
    Build,
    /// The settings or the catalogue were others.
    #[error("the settings or the catalogue were others")]
    Settings,
    /// It is past the group's committed position.
    #[error("it is past the group's position")]
    Ahead,
    /// The record that it names is not, or no longer, in the log.
    #[error("the record that it names is not in the log")]
    Witness,
    /// A tombstone may have been removed since it was begun.
    #[error("it is so old that an erasure may have been missed")]
    Age,
    /// The log does not answer what has to be known.
    #[error("the log does not say whether it is right")]
    Unanswered,
}

impl Rejection {
    /// All of them.
    pub const ALL: [Rejection; 11] = [
        Rejection::Unreadable,
        Rejection::Damaged,
        Rejection::Format,
        Rejection::Place,
        Rejection::Partitions,
        Rejection::Build,
        Rejection::Settings,
        Rejection::Ahead,
        Rejection::Witness,
        Rejection::Age,
        Rejection::Unanswered,
    ];

    /// The word for labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Rejection::Unreadable => "unreadable",
            Rejection::Damaged => "damaged",
            Rejection::Format => "format",
            Rejection::Place => "place",
            Rejection::Partitions => "partitions",
            Rejection::Build => "build",
            Rejection::Settings => "settings",
            Rejection::Ahead => "ahead",
            Rejection::Witness => "witness",
            Rejection::Age => "age",
            Rejection::Unanswered => "unanswered",
        }
    }
}

/// The directory in which a process keeps its checkpoints, one file per partition. Clones are the same directory.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
    /// Files of the partitions that the process was given; nothing once the others have been removed.
    claimed: Arc<Mutex<Option<BTreeSet<PathBuf>>>>,
}

impl Directory {
    /// Takes a directory, which is made, for nobody else to read, if it is not there; removes what a process that died has
    /// left unfinished in it.
    ///
    /// # Errors
    /// Where it cannot be made or looked into.
    pub fn open(path: &Path) -> io::Result<Directory> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Directory { path: path.to_owned(), claimed: Arc::new(Mutex::new(Some(BTreeSet::new()))) })
    }

    /// Says that the process was given a partition: its checkpoint is no stray.
    pub fn claim(&self, topic: &str, partition: u32) {
        if let Some(claimed) = &mut *self.claimed() {
            claimed.insert(self.file(topic, partition));
        }
    }

    /// Removes the checkpoints of partitions that the process was not given since it took the directory; how many. Of one that
    /// another has now nobody here hears what is erased. Does so once: whatever comes later is removed when it is given up.
    ///
    /// # Errors
    /// Where one cannot be removed, or the directory not be looked into.
    pub fn remove_strays(&self) -> io::Result<usize> {
        let Some(claimed) = self.claimed().take() else { return Ok(0) };
        let mut removed = 0;
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let is_finished = path.to_string_lossy().ends_with(FINISHED);
            if is_finished && !claimed.contains(&path) {
                fs::remove_file(path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn claimed(&self) -> MutexGuard<'_, Option<BTreeSet<PathBuf>>> {
        // Only whole values are assigned under the lock.
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the checkpoint of a partition, if there is one.
    ///
    /// # Errors
    /// Where it is there and cannot be removed.
    pub fn remove(&self, topic: &str, partition: u32) -> io::Result<()> {
        match fs::remove_file(self.file(topic, partition)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file of a partition's checkpoint.
    pub fn file(&self, topic: &str, partition: u32) -> PathBuf {
        self.path.join(format!("{topic}-{partition}{FINISHED}"))
    }
}
