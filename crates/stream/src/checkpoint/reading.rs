//! Reading a checkpoint: first whether it is whole, then whether it is the right one, and only then what it holds.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use super::{Directory, END, Identity, MAGIC, Rejection, Witness, format};
use crate::port::{Log, TopicPartition};

/// Bytes read at once.
const BLOCK: usize = 256 << 10;
/// Bytes of the checksum at the end.
const CHECKSUM: u64 = 4;
/// Bytes of what lies between the last record and the checksum.
const FOOTER: u64 = 4 + 8 + 8 + 8 + 4;

/// What a checkpoint is held against.
pub struct Asked<'a> {
    /// What it must be of, and what must have made it.
    pub identity: &'a Identity,
    /// The group's committed position.
    pub committed: u64,
    /// The time, milliseconds since 1970.
    pub now_ms: i64,
    /// How long the topic's tombstones are kept at least, milliseconds; see [`crate::port::TopicLimits::tombstones_kept_ms`].
    pub kept_ms: u64,
    /// The log.
    pub log: &'a dyn Log,
}

/// What is known of a checkpoint that was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// The offset from which the log is to be replayed over it.
    pub from: u64,
    /// When the record before that was written, milliseconds since 1970.
    pub since_ms: i64,
    /// The last record it knows.
    pub witness: Witness,
    /// Records it held.
    pub records: u64,
}

impl Directory {
    /// Gives `each` the key and the value of every record of a partition's checkpoint, if there is one; `each` says whether
    /// the record made sense.
    ///
    /// # Errors
    /// Why it must not be used. What `each` made of its records so far is then to be thrown away.
    pub fn load(
        &self,
        asked: &Asked<'_>,
        each: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<Option<Loaded>, Rejection> {
        let file = match File::open(self.file(&asked.identity.topic, asked.identity.partition)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(Rejection::Unreadable),
        };
        let length = whole(&file)?;
        let mut fields = Fields { file: BufReader::with_capacity(BLOCK, file), left: length };
        fields.file.rewind().map_err(|_| Rejection::Unreadable)?;
        let (identity, from, since_ms) = fields.header()?;
        let (records, until, witness) = fields.footer()?;
        let loaded = Loaded { from, since_ms, witness, records };
        asked.judge(&identity, &loaded, until)?;
        fields.records(records, each)?;
        Ok(Some(loaded))
    }
}

/// Whether the file is as it was written: its length without the checksum.
fn whole(file: &File) -> Result<u64, Rejection> {
    let size = file.metadata().map_err(|_| Rejection::Unreadable)?.len();
    let length = size.checked_sub(CHECKSUM).ok_or(Rejection::Damaged)?;
    let (mut file, mut left) = (file, length);
    let mut block = vec![0; BLOCK];
    let mut checksum = crc32fast::Hasher::new();
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        let read = file.read(&mut block[..most]).map_err(|_| Rejection::Unreadable)?;
        if read == 0 {
            return Err(Rejection::Damaged);
        }
        checksum.update(&block[..read]);
        left -= read as u64;
    }
    let mut expected = [0; CHECKSUM as usize];
    file.read_exact(&mut expected).map_err(|_| Rejection::Unreadable)?;
    if checksum.finalize() == u32::from_le_bytes(expected) { Ok(length) } else { Err(Rejection::Damaged) }
}

impl Asked<'_> {
    fn judge(&self, found: &Identity, loaded: &Loaded, until: u64) -> Result<(), Rejection> {
        let expected = self.identity;
        let reject = |is_wrong: bool, why: Rejection| if is_wrong { Err(why) } else { Ok(()) };
        reject(found.topic != expected.topic || found.partition != expected.partition, Rejection::Place)?;
        reject(found.partitions != expected.partitions, Rejection::Partitions)?;
        reject(found.build != expected.build, Rejection::Build)?;
        reject(found.settings != expected.settings, Rejection::Settings)?;
        reject(loaded.from > until || loaded.witness.offset >= until, Rejection::Damaged)?;
        reject(until > self.committed, Rejection::Ahead)?;
        // A clock that was set back, too, says nothing about tombstones any more.
        reject(self.now_ms.abs_diff(loaded.since_ms) >= self.kept_ms / 2, Rejection::Age)?;
        let at = TopicPartition { topic: Arc::from(expected.topic.as_str()), partition: expected.partition };
        match self.log.fingerprint(&at, loaded.witness.offset) {
            Ok(found) => reject(found != Some(loaded.witness.fingerprint), Rejection::Witness),
            Err(_) => Err(Rejection::Unanswered),
        }
    }
}

/// Takes the file apart. Its checksum was right, so what does not fit was written otherwise; still it is only believed
/// within the file's own length.
struct Fields {
    file: BufReader<File>,
    /// Bytes not yet read, without the checksum.
    left: u64,
}

impl Fields {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Rejection> {
        self.left = self.left.checked_sub(N as u64).ok_or(Rejection::Damaged)?;
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(|_| Rejection::Unreadable)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Rejection> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Rejection> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn fill(&mut self, into: &mut Vec<u8>, length: u32) -> Result<(), Rejection> {
        self.left = self.left.checked_sub(u64::from(length)).ok_or(Rejection::Damaged)?;
        into.resize(length as usize, 0);
        self.file.read_exact(into).map_err(|_| Rejection::Unreadable)
    }

    fn name(&mut self) -> Result<Vec<u8>, Rejection> {
        let length = self.u32()?;
        let mut name = Vec::new();
        self.fill(&mut name, length)?;
        Ok(name)
    }

    fn header(&mut self) -> Result<(Identity, u64, i64), Rejection> {
        if &self.bytes()? != MAGIC || self.u32()? != format() {
            return Err(Rejection::Format);
        }
        let topic = String::from_utf8(self.name()?).map_err(|_| Rejection::Damaged)?;
        let build = String::from_utf8(self.name()?).map_err(|_| Rejection::Damaged)?;
        let settings = self.name()?;
        let (partition, partitions) = (self.u32()?, self.u32()?);
        let identity = Identity { topic, partition, partitions, build, settings };
        Ok((identity, self.u64()?, self.bytes().map(i64::from_le_bytes)?))
    }

    /// Reads what lies between the last record and the checksum, without losing the place: how many records there are, up to
    /// where, and the last of them.
    fn footer(&mut self) -> Result<(u64, u64, Witness), Rejection> {
        let left = self.left;
        let skipped = left.checked_sub(FOOTER).and_then(|skipped| i64::try_from(skipped).ok());
        let here = self.file.stream_position().map_err(|_| Rejection::Unreadable)?;
        self.file.seek_relative(skipped.ok_or(Rejection::Damaged)?).map_err(|_| Rejection::Unreadable)?;
        self.left = FOOTER;
        if self.u32()? != END {
            return Err(Rejection::Damaged);
        }
        let (records, until) = (self.u64()?, self.u64()?);
        let witness = Witness { offset: self.u64()?, fingerprint: self.u32()? };
        self.file.seek(SeekFrom::Start(here)).map_err(|_| Rejection::Unreadable)?;
        self.left = left;
        Ok((records, until, witness))
    }

    fn records(&mut self, records: u64, each: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), Rejection> {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        for _ in 0..records {
            let (key_length, value_length) = (self.u32()?, self.u32()?);
            self.fill(&mut key, key_length)?;
            self.fill(&mut value, value_length)?;
            if !each(&key, &value) {
                return Err(Rejection::Damaged);
            }
        }
        if self.u32()? == END && self.left == FOOTER - 4 { Ok(()) } else { Err(Rejection::Damaged) }
    }
}
