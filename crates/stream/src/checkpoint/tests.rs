//! What is written is read, and whatever is not quite right is thrown away for the reason it has.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use rapport_proto::topics::TopicSpec;

use super::*;
use crate::embedded::EmbeddedLog;
use crate::port::{Error, Log, Output, TopicPartition};

const TOPIC: &str = "events";
const PARTITION: u32 = 1;
const NOW_MS: i64 = 1_000_000;
const KEPT_MS: u64 = 10_000;
const RECORDS: [(&[u8], &[u8]); 3] = [(b"a", b"one"), (b"bb", b""), (b"tick", b"\xff\x00")];

/// A log with five records, a directory, and what a checkpoint of it says.
struct Bench {
    log: Arc<dyn Log>,
    scratch: tempfile::TempDir,
    identity: Identity,
    witness: Witness,
}

/// A log with an empty topic, all of whose records are written then.
fn empty_log(now_ms: i64) -> EmbeddedLog {
    let log = EmbeddedLog::in_memory(Arc::new(move || now_ms)).unwrap();
    let spec = TopicSpec {
        name: TOPIC,
        compacted: true,
        retention_ms: None,
        min_compaction_lag_ms: None,
        by_site: true,
    };
    log.create_topics(&[spec], 2).unwrap();
    log
}

fn append(log: &dyn Log, key: &[u8], value: &[u8]) {
    let (partition, key, value) = (Some(PARTITION), Some(key), Some(value));
    let output = Output { topic: TOPIC, partition, key, value, headers: &[] };
    log.appender().unwrap().append(&[output]).unwrap();
}

/// The same five records in any log.
fn append_five(log: &dyn Log) {
    [b"a", b"b", b"c", b"d", b"e"].iter().for_each(|key| append(log, *key, *key));
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench {
            log: Arc::new(empty_log(NOW_MS)),
            scratch: tempfile::tempdir().unwrap(),
            identity: Identity {
                topic: TOPIC.to_owned(),
                partition: PARTITION,
                partitions: 2,
                build: "1.0".to_owned(),
                settings: vec![1, 2, 3],
            },
            witness: Witness { offset: 3, fingerprint: 0 },
        };
        append_five(&*bench.log);
        let fingerprint = bench.log.fingerprint(&at(), 3).unwrap().unwrap();
        Bench { witness: Witness { offset: 3, fingerprint }, ..bench }
    }

    fn directory(&self) -> Directory {
        Directory::open(&self.scratch.path().join("checkpoints")).unwrap()
    }

    /// Writes a checkpoint from offset 2 up to 4.
    fn write(&self) -> PathBuf {
        let mut writing = self.directory().begin(&self.identity, 2, NOW_MS).unwrap();
        for (key, value) in RECORDS {
            writing.put(key, value);
            while !writing.hand_over() {}
        }
        while !writing.finish(4, self.witness) {}
        assert_eq!(writing.wait(), State::Written);
        self.directory().file(TOPIC, PARTITION)
    }

    fn asked(&self) -> Asked<'_> {
        Asked { identity: &self.identity, committed: 4, now_ms: NOW_MS, kept_ms: KEPT_MS, log: &*self.log }
    }

    fn load(&self, asked: &Asked<'_>) -> Result<Option<Loaded>, Rejection> {
        self.directory().load(asked, &mut |_, _| true)
    }

    /// What becomes of it where something was otherwise when it was written.
    fn load_as(&self, change: impl FnOnce(&mut Identity)) -> Option<Rejection> {
        let mut identity = self.identity.clone();
        change(&mut identity);
        self.load(&Asked { identity: &identity, ..self.asked() }).err()
    }
}

fn at() -> TopicPartition {
    TopicPartition { topic: TOPIC.into(), partition: PARTITION }
}

#[test]
fn what_was_put_is_read_again_and_only_the_owner_may_read_it() {
    let bench = Bench::new();
    assert_eq!(bench.load(&bench.asked()), Ok(None));
    let file = bench.write();
    let mut read = Vec::new();
    let mut each = |key: &[u8], value: &[u8]| {
        read.push((key.to_vec(), value.to_vec()));
        true
    };
    let loaded = bench.directory().load(&bench.asked(), &mut each).unwrap().unwrap();
    assert_eq!(loaded, Loaded { from: 2, since_ms: NOW_MS, witness: bench.witness, records: 3 });
    assert_eq!(read, RECORDS.map(|(key, value)| (key.to_vec(), value.to_vec())));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing unfinished is left");
}

#[test]
fn a_file_that_is_cut_off_anywhere_or_has_any_byte_changed_is_damaged() {
    let bench = Bench::new();
    let file = bench.write();
    let bytes = fs::read(&file).unwrap();
    for length in 0..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        assert_eq!(bench.load(&bench.asked()), Err(Rejection::Damaged), "{length} of {} bytes", bytes.len());
    }
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            fs::write(&file, &changed).unwrap();
            assert_eq!(bench.load(&bench.asked()), Err(Rejection::Damaged), "bit {bit} of byte {place}");
        }
    }
    fs::write(&file, [&bytes[..], b"x"].concat()).unwrap();
    assert_eq!(bench.load(&bench.asked()), Err(Rejection::Damaged));
    fs::write(&file, &bytes).unwrap();
    assert!(bench.load(&bench.asked()).unwrap().is_some());
}

/// The file with a part of it changed by somebody who knows how to make a checksum.
fn forge(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    bytes.truncate(bytes.len() - 4);
    change(&mut bytes);
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    fs::write(file, bytes).unwrap();
}

#[test]
fn another_format_is_told_from_damage_and_a_right_checksum_makes_no_length_right() {
    let bench = Bench::new();
    let file = bench.write();
    let bytes = fs::read(&file).unwrap();
    for place in [0, 8] {
        fs::write(&file, &bytes).unwrap();
        forge(&file, |bytes| bytes[place] += 1);
        assert_eq!(bench.load(&bench.asked()), Err(Rejection::Format));
    }
    for place in (0..bytes.len() - 8).filter(|place| !(0..12).contains(place)) {
        fs::write(&file, &bytes).unwrap();
        forge(&file, |bytes| bytes[place..place + 4].fill(0xee));
        // What changes only a record's content cannot be known here; all else is refused, and nothing goes wrong.
        let _ = bench.load(&bench.asked());
    }
    fs::write(&file, &bytes).unwrap();
    forge(&file, |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(bench.load(&bench.asked()), Err(Rejection::Damaged));
    fs::write(&file, &bytes).unwrap();
    assert_eq!(bench.directory().load(&bench.asked(), &mut |_, _| false), Err(Rejection::Damaged));
}

#[test]
fn what_contradicts_itself_is_damaged() {
    let bench = Bench::new();
    let with = |from: u64, until: u64, offset: u64| {
        let mut writing = bench.directory().begin(&bench.identity, from, NOW_MS).unwrap();
        writing.put(b"a", b"one");
        let fingerprint = bench.log.fingerprint(&at(), offset).unwrap().unwrap();
        while !writing.finish(until, Witness { offset, fingerprint }) {}
        assert_eq!(writing.wait(), State::Written);
        bench.load(&bench.asked()).map(|loaded| loaded.unwrap().from)
    };
    assert_eq!(with(4, 4, 3), Ok(4));
    assert_eq!(with(4, 3, 0), Err(Rejection::Damaged), "it begins behind its end");
    assert_eq!(with(2, 3, 3), Err(Rejection::Damaged), "it knows a record behind its end");
    let file = bench.write();
    let bytes = fs::read(&file).unwrap();
    // What lies behind the last record: its end, the records, until, the witness; and the checksum.
    let end = bytes.len() - 4 - (4 + 8 + 8 + 8 + 4);
    forge(&file, |bytes| bytes[end + 4] -= 1);
    assert_eq!(bench.load(&bench.asked()), Err(Rejection::Damaged), "a record more than it says");
    fs::write(&file, &bytes).unwrap();
    forge(&file, |bytes| drop(bytes.splice(end..end, END.to_le_bytes())));
    assert_eq!(bench.load(&bench.asked()), Err(Rejection::Damaged), "something behind its last record");
}

#[test]
fn what_is_of_another_partition_build_or_setting_is_of_no_use() {
    let bench = Bench::new();
    let file = bench.write();
    assert_eq!(bench.load_as(|_| ()), None);
    assert_eq!(bench.load_as(|identity| identity.partitions = 3), Some(Rejection::Partitions));
    assert_eq!(bench.load_as(|identity| identity.build = "1.1".to_owned()), Some(Rejection::Build));
    assert_eq!(bench.load_as(|identity| identity.settings[2] = 4), Some(Rejection::Settings));
    fs::copy(&file, bench.directory().file(TOPIC, 0)).unwrap();
    assert_eq!(bench.load_as(|identity| identity.partition = 0), Some(Rejection::Place));
    fs::copy(&file, bench.directory().file("other", PARTITION)).unwrap();
    assert_eq!(bench.load_as(|identity| identity.topic = "other".to_owned()), Some(Rejection::Place));
}

#[test]
fn what_is_past_the_groups_position_or_so_old_that_a_tombstone_may_be_gone_is_of_no_use() {
    let bench = Bench::new();
    bench.write();
    assert_eq!(bench.load(&Asked { committed: 3, ..bench.asked() }), Err(Rejection::Ahead));
    assert!(bench.load(&Asked { committed: 5, ..bench.asked() }).is_ok());
    assert!(bench.load(&Asked { now_ms: NOW_MS + 4_999, ..bench.asked() }).is_ok());
    assert_eq!(bench.load(&Asked { now_ms: NOW_MS + 5_000, ..bench.asked() }), Err(Rejection::Age));
    assert_eq!(bench.load(&Asked { now_ms: NOW_MS - 5_000, ..bench.asked() }), Err(Rejection::Age));
}

/// A log that cannot be reached.
struct Away;

impl Log for Away {
    fn session(&self, _: &crate::port::SessionSpec) -> Result<Box<dyn crate::port::Session>, Error> {
        Err(Error::Unavailable("away".to_owned()))
    }

    fn reader(&self, _: &[&str]) -> Result<Box<dyn crate::port::Reader>, Error> {
        Err(Error::Unavailable("away".to_owned()))
    }

    fn appender(&self) -> Result<Box<dyn crate::port::Appender>, Error> {
        Err(Error::Unavailable("away".to_owned()))
    }

    fn partitions(&self, _: &str) -> Result<Option<u32>, Error> {
        Err(Error::Unavailable("away".to_owned()))
    }

    fn create_topics(&self, _: &[TopicSpec], _: u32) -> Result<Vec<crate::port::Created>, Error> {
        Err(Error::Unavailable("away".to_owned()))
    }

    fn fingerprint(&self, _: &TopicPartition, _: u64) -> Result<Option<u32>, Error> {
        Err(Error::Unavailable("away".to_owned()))
    }
}

#[test]
fn what_the_log_does_not_bear_witness_to_is_of_no_use() {
    let bench = Bench::new();
    bench.write();
    assert_eq!(bench.load(&Asked { log: &Away, ..bench.asked() }), Err(Rejection::Unanswered));
    // Another log with other records at the same offsets; and one that ends before.
    let other = Bench::new();
    assert!(
        bench.load(&Asked { log: &*other.log, ..bench.asked() }).is_ok(),
        "the same records are the same log"
    );
    let other = empty_log(NOW_MS + 1);
    assert_eq!(bench.load(&Asked { log: &other, ..bench.asked() }), Err(Rejection::Witness));
    append_five(&other);
    assert_eq!(bench.load(&Asked { log: &other, ..bench.asked() }), Err(Rejection::Witness), "written later");
    // Compaction takes the record.
    append(&*bench.log, b"d", b"newer");
    assert_eq!(bench.load(&bench.asked()), Err(Rejection::Witness));
}

#[test]
fn what_cannot_be_opened_or_removed_is_said_to_be_so() {
    let bench = Bench::new();
    let file = bench.directory().file(TOPIC, PARTITION);
    std::os::unix::fs::symlink(&file, &file).unwrap();
    assert_eq!(bench.load(&bench.asked()), Err(Rejection::Unreadable));
    bench.directory().remove(TOPIC, PARTITION).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(bench.load(&bench.asked()), Err(Rejection::Unreadable));
    assert!(bench.directory().remove(TOPIC, PARTITION).is_err());
}

#[test]
fn one_that_is_given_up_leaves_the_one_before_and_nothing_else() {
    let bench = Bench::new();
    let file = bench.write();
    let before = fs::read(&file).unwrap();
    let mut writing = bench.directory().begin(&bench.identity, 3, NOW_MS).unwrap();
    writing.put(b"x", b"y");
    assert!(writing.hand_over());
    let unfinished = writing.unfinished.clone();
    assert!(unfinished.exists());
    drop(writing);
    assert!(!unfinished.exists());
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::write(&unfinished, b"left by a process that died").unwrap();
    bench.directory();
    assert!(!unfinished.exists());
    assert_eq!(fs::read(&file).unwrap(), before);
    bench.directory().remove(TOPIC, PARTITION).unwrap();
    bench.directory().remove(TOPIC, PARTITION).unwrap();
    assert!(!file.exists());
}

#[test]
fn one_that_is_given_up_before_it_is_whole_is_never_put_in_its_place() {
    let bench = Bench::new();
    let mut writing = bench.directory().begin(&bench.identity, 2, NOW_MS).unwrap();
    writing.gate.lock().unwrap().given_up = true;
    while !writing.finish(4, bench.witness) {}
    assert_eq!(writing.wait(), State::Going);
    assert_eq!(fs::read_dir(&bench.directory().path).unwrap().count(), 0);
}

#[test]
fn one_that_is_waited_for_before_it_was_ended_is_given_up() {
    let bench = Bench::new();
    let mut writing = bench.directory().begin(&bench.identity, 2, NOW_MS).unwrap();
    writing.put(b"a", b"one");
    assert!(writing.hand_over());
    assert_eq!(writing.wait(), State::Going);
    assert_eq!(fs::read_dir(&bench.directory().path).unwrap().count(), 0);
}

#[test]
fn what_a_slow_disk_has_no_room_for_is_not_lost_and_can_be_ended_later() {
    let bench = Bench::new();
    // Takes nothing until somebody reads what is in it.
    let (mut disk, end) = std::io::pipe().unwrap();
    let file = File::from(std::os::fd::OwnedFd::from(end));
    let directory = bench.directory();
    let mut writing =
        directory.begin_in(file, PathBuf::from("/nowhere"), &bench.identity, 2, NOW_MS).unwrap();
    let value = vec![7; 1 << 20];
    let mut put = 0;
    while put == 0 || writing.hand_over() {
        writing.put(b"a", &value);
        put += 1;
        assert!(put < 100, "there is always room");
    }
    assert!(!writing.finish(4, bench.witness) && !writing.finish(4, bench.witness));
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        disk.read_to_end(&mut bytes).map(|_| bytes)
    });
    while !writing.finish(4, bench.witness) {
        std::thread::yield_now();
    }
    assert!(matches!(writing.wait(), State::Failed(_)), "a pipe cannot be put in its place");
    fs::write(directory.file(TOPIC, PARTITION), reading.join().unwrap().unwrap()).unwrap();
    assert_eq!(bench.load(&bench.asked()).map(|loaded| loaded.unwrap().records), Ok(put));
}

#[test]
fn one_that_was_ended_and_is_given_up_is_either_in_its_place_or_never_will_be() {
    let bench = Bench::new();
    for _ in 0..50 {
        let mut writing = bench.directory().begin(&bench.identity, 2, NOW_MS).unwrap();
        while !writing.finish(4, bench.witness) {}
        let (gate, unfinished) = (Arc::clone(&writing.gate), writing.unfinished.clone());
        drop(writing);
        bench.directory().remove(TOPIC, PARTITION).unwrap();
        // The thread has dropped its end of what they share when it is over.
        while Arc::strong_count(&gate) > 1 {
            std::thread::yield_now();
        }
        assert!(!bench.directory().file(TOPIC, PARTITION).exists());
        assert!(!unfinished.exists());
    }
}

#[test]
fn a_disk_that_is_full_fails_the_checkpoint_and_leaves_the_one_before() {
    let bench = Bench::new();
    let file = bench.write();
    let before = fs::read(&file).unwrap();
    let directory = bench.directory();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut writing =
        directory.begin_in(full, PathBuf::from("/nowhere"), &bench.identity, 3, NOW_MS).unwrap();
    writing.put(b"x", &[7; 1 << 16]);
    while writing.state() == State::Going {
        writing.hand_over();
        std::thread::yield_now();
    }
    assert!(matches!(writing.state(), State::Failed(why) if why.contains("space")));
    assert!(!writing.hand_over() || !writing.finish(4, bench.witness));
    assert_eq!(fs::read(&file).unwrap(), before);
}
