//! Writing a checkpoint: slice by slice, handed to a thread of its own, so that a slow disk holds up no record.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::{Directory, END, Identity, MAGIC, UNFINISHED, Witness, format};
use crate::failpoint;

/// Slices that may wait for the disk.
const WAITING: usize = 4;

/// Tells unfinished files of one process apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// How far a checkpoint is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is being written.
    Going,
    /// It is in its place, and will be after a loss of power.
    Written,
    /// It could not be written; nothing is left of it.
    Failed(String),
}

/// A checkpoint that is being written. Dropping it before it is in its place leaves nothing of it.
#[derive(Debug)]
pub struct Writing {
    sender: Option<SyncSender<Part>>,
    /// What was put and not yet handed over.
    slice: Vec<u8>,
    records: u64,
    pub(super) gate: Arc<Mutex<Gate>>,
    pub(super) unfinished: PathBuf,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Part {
    Slice(Vec<u8>),
    Last(Vec<u8>),
}

/// What worker and thread have to agree on: nothing is put in its place that was given up.
#[derive(Debug)]
pub(super) struct Gate {
    state: State,
    pub(super) given_up: bool,
}

fn lock(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    // Only whole values are assigned under the lock.
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(into: &mut Vec<u8>, bytes: &[u8]) {
    // Names and digests; nothing near the limit is ever written to a log.
    let length = u32::try_from(bytes.len()).unwrap_or(END);
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(bytes);
}

impl Directory {
    /// Begins a checkpoint from which the log is to be replayed from offset `from`; `since_ms` is when the record before that
    /// was written, milliseconds since 1970.
    ///
    /// # Errors
    /// Where no file can be made, or no thread.
    pub fn begin(&self, identity: &Identity, from: u64, since_ms: i64) -> io::Result<Writing> {
        let finished = self.file(&identity.topic, identity.partition);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut unfinished = finished.into_os_string();
        unfinished.push(format!(".{}.{number}{UNFINISHED}", std::process::id()));
        let unfinished = PathBuf::from(unfinished);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        self.begin_in(file, unfinished, identity, from, since_ms)
    }

    /// As [`Directory::begin`], in a file that is open.
    pub(super) fn begin_in(
        &self,
        file: File,
        unfinished: PathBuf,
        identity: &Identity,
        from: u64,
        since_ms: i64,
    ) -> io::Result<Writing> {
        let finished = self.file(&identity.topic, identity.partition);
        let (sender, parts) = sync_channel(WAITING);
        let gate = Arc::new(Mutex::new(Gate { state: State::Going, given_up: false }));
        let mut slice = Vec::new();
        slice.extend_from_slice(MAGIC);
        slice.extend_from_slice(&format().to_le_bytes());
        put(&mut slice, identity.topic.as_bytes());
        put(&mut slice, identity.build.as_bytes());
        put(&mut slice, &identity.settings);
        slice.extend_from_slice(&identity.partition.to_le_bytes());
        slice.extend_from_slice(&identity.partitions.to_le_bytes());
        slice.extend_from_slice(&from.to_le_bytes());
        slice.extend_from_slice(&since_ms.to_le_bytes());
        let work = Work { directory: self.path.clone(), finished, unfinished, gate };
        let mut writing = Writing {
            sender: Some(sender),
            slice,
            records: 0,
            gate: Arc::clone(&work.gate),
            unfinished: work.unfinished.clone(),
            thread: None,
        };
        // Where there is no thread, dropping it removes the file.
        let spawned =
            thread::Builder::new().name("checkpoint".to_owned()).spawn(move || work.run(file, &parts));
        writing.thread = Some(spawned?);
        Ok(writing)
    }
}

impl Writing {
    /// How far it is.
    pub fn state(&self) -> State {
        lock(&self.gate).state.clone()
    }

    /// Hands over what was put; whether there is room for more. Never waits.
    pub fn hand_over(&mut self) -> bool {
        if self.slice.is_empty() {
            return self.sender.is_some();
        }
        let slice = std::mem::take(&mut self.slice);
        match self.send(Part::Slice(slice)) {
            Ok(()) => true,
            Err(Part::Slice(slice) | Part::Last(slice)) => {
                self.slice = slice;
                false
            }
        }
    }

    fn send(&mut self, part: Part) -> Result<(), Part> {
        let Some(sender) = &self.sender else { return Err(part) };
        sender.try_send(part).map_err(|error| match error {
            TrySendError::Full(part) | TrySendError::Disconnected(part) => part,
        })
    }

    /// Puts a record.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(END).to_le_bytes();
        self.slice.extend_from_slice(&length(key));
        self.slice.extend_from_slice(&length(value));
        self.slice.extend_from_slice(key);
        self.slice.extend_from_slice(value);
        self.records += 1;
    }

    /// Ends it: everything up to `until` is committed, and `witness` was the last record before that. Whether that could be
    /// handed over; if not, it may be ended later. See [`Writing::state`] for what becomes of it.
    pub fn finish(&mut self, until: u64, witness: Witness) -> bool {
        let rest = self.slice.len();
        self.slice.extend_from_slice(&END.to_le_bytes());
        self.slice.extend_from_slice(&self.records.to_le_bytes());
        self.slice.extend_from_slice(&until.to_le_bytes());
        self.slice.extend_from_slice(&witness.offset.to_le_bytes());
        self.slice.extend_from_slice(&witness.fingerprint.to_le_bytes());
        let last = std::mem::take(&mut self.slice);
        match self.send(Part::Last(last)) {
            Ok(()) => {
                self.sender = None;
                true
            }
            Err(Part::Slice(slice) | Part::Last(slice)) => {
                self.slice = slice;
                self.slice.truncate(rest);
                false
            }
        }
    }

    /// Waits until one that was ended is in its place, or has failed.
    pub fn wait(mut self) -> State {
        self.sender = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            return State::Failed("the thread that writes it panicked".to_owned());
        }
        self.state()
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut gate = lock(&self.gate);
        gate.given_up = true;
        if gate.state == State::Going {
            // It may be gone already, and what is left is removed at the next start.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// What the thread does.
struct Work {
    directory: PathBuf,
    finished: PathBuf,
    unfinished: PathBuf,
    gate: Arc<Mutex<Gate>>,
}

impl Work {
    fn run(&self, file: File, parts: &Receiver<Part>) {
        let done = self.write(file, parts).and_then(|whole| if whole { self.put_in_place() } else { Ok(()) });
        if let Err(error) = done {
            let mut gate = lock(&self.gate);
            gate.state = State::Failed(error.to_string());
            let _ = fs::remove_file(&self.unfinished);
        }
    }

    /// Whether all of it was written; if not, it was given up.
    fn write(&self, mut file: File, parts: &Receiver<Part>) -> io::Result<bool> {
        let mut checksum = crc32fast::Hasher::new();
        while let Ok(part) = parts.recv() {
            let (mut bytes, is_last) = match part {
                Part::Slice(bytes) => (bytes, false),
                Part::Last(bytes) => (bytes, true),
            };
            checksum.update(&bytes);
            if is_last {
                bytes.extend_from_slice(&checksum.clone().finalize().to_le_bytes());
            }
            file.write_all(&bytes)?;
            if is_last {
                file.sync_all()?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn put_in_place(&self) -> io::Result<()> {
        let gate = lock(&self.gate);
        if gate.given_up {
            return Ok(());
        }
        failpoint::pass("before_checkpoint_rename");
        fs::rename(&self.unfinished, &self.finished)?;
        failpoint::pass("after_checkpoint_rename");
        drop(gate);
        File::open(&self.directory)?.sync_all()?;
        lock(&self.gate).state = State::Written;
        Ok(())
    }
}
