//! The embedded log by itself.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rapport_proto::topics::TopicSpec;
use rapport_stream::conformance::{self, Bench};
use rapport_stream::embedded::{Durability, EmbeddedLog};
use rapport_stream::port::{
    Created, Error, Log, Output, RecordRef, Session, SessionSpec, Start, TopicPartition,
};

const COMPACTED: TopicSpec =
    TopicSpec { name: "c", compacted: true, retention_ms: None, min_compaction_lag_ms: None, by_site: true };
const BRIEF: TopicSpec = TopicSpec {
    name: "b",
    compacted: false,
    retention_ms: Some(100),
    min_compaction_lag_ms: None,
    by_site: true,
};

fn write(log: &dyn Log, topic: &str, key: &str, value: Option<&str>) {
    let output = Output {
        topic,
        partition: Some(0),
        key: Some(key.as_bytes()),
        value: value.map(str::as_bytes),
        headers: &[("h", b"1"), ("h", b"2")],
    };
    log.appender().unwrap().append(&[output]).unwrap();
}

fn read(log: &dyn Log, topic: &str) -> Vec<(u64, String, Option<String>)> {
    let mut reader = log.reader(&[topic]).unwrap();
    let mut found = Vec::new();
    while !reader.caught_up().unwrap() {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut each = |record: &RecordRef<'_>| {
            assert_eq!(record.headers.header("h"), Some(b"2".as_slice()));
            found.push((record.offset, text(record.key.unwrap()), record.value.map(text)));
        };
        reader.poll(Duration::ZERO, 2, &mut each).unwrap();
    }
    found
}

fn row(offset: u64, key: &str, value: Option<&str>) -> (u64, String, Option<String>) {
    (offset, key.to_owned(), value.map(str::to_owned))
}

fn in_memory(topics: &[TopicSpec]) -> EmbeddedLog {
    let log = EmbeddedLog::in_memory(Arc::new(|| 0)).unwrap();
    log.create_topics(topics, 1).unwrap();
    log
}

/// A session of a group that owns partition 0 of a topic.
fn owner(log: &dyn Log, group: &str, topic: &str) -> (Box<dyn Session>, TopicPartition) {
    let spec = SessionSpec {
        group: group.to_owned(),
        topics: vec![topic.to_owned()],
        instance: "i".to_owned(),
        worker: 0,
    };
    let mut session = log.session(&spec).unwrap();
    session.poll(Duration::ZERO, 1, &mut |_, _| Ok(())).unwrap();
    let partition = TopicPartition { topic: topic.into(), partition: 0 };
    session.start(&[(partition.clone(), Start::Beginning)]).unwrap();
    (session, partition)
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    for durability in [Durability::Immediate, Durability::Eventual] {
        let dir = tempfile::tempdir().unwrap();
        let open = || EmbeddedLog::open(dir.path(), durability, Arc::new(|| 5)).unwrap();
        let log = open();
        assert_eq!(log.create_topics(&[BRIEF, COMPACTED], 2).unwrap(), [Created::New, Created::New]);
        write(&log, "b", "k", Some("v"));
        let (mut session, partition) = owner(&log, "g", "b");
        session.commit(&[(partition.clone(), 1)]).unwrap();
        drop(session);
        drop(log);
        let log = open();
        assert_eq!(log.create_topics(&[COMPACTED], 7).unwrap(), [Created::Existed { partitions: 2 }]);
        assert_eq!(read(&log, "b"), [row(0, "k", Some("v"))]);
        let (mut session, partition) = owner(&log, "g", "b");
        assert_eq!(session.committed(&[partition]).unwrap(), [Some(1)]);
        write(&log, "b", "k", None);
        assert_eq!(read(&log, "b"), [row(0, "k", Some("v")), row(1, "k", None)]);
    }
}

#[test]
fn a_directory_belongs_to_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let open = || EmbeddedLog::open(dir.path(), Durability::Immediate, Arc::new(|| 0));
    let _log = open().unwrap();
    let Err(Error::Unusable(cause)) = open() else { panic!("opened twice") };
    assert!(cause.contains("open in another process"), "{cause}");
}

/// What others may do with a file or directory, and what its owner.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn only_its_owner_may_read_the_log() {
    let home = tempfile::tempdir().unwrap();
    let open = |dir: &Path| EmbeddedLog::open(dir, Durability::Immediate, Arc::new(|| 0)).unwrap();

    // Under the ordinary umask, 022, whatever is made is for everybody to read unless it is said otherwise.
    let dir = home.path().join("a/log");
    let file = dir.join("rapport.redb");
    let log = open(&dir);
    assert_eq!((mode(&dir), mode(&file)), (0o700, 0o600));
    log.create_topics(&[BRIEF], 1).unwrap();
    write(&log, "b", "k", Some("v"));
    drop(log);

    // As an earlier version left it.
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let log = open(&dir);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(read(&log, "b"), [row(0, "k", Some("v"))]);

    // A directory that was there is its owner's business.
    let shared = home.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o755)).unwrap();
    drop(open(&shared));
    assert_eq!((mode(&shared), mode(&shared.join("rapport.redb"))), (0o755, 0o600));
}

#[test]
fn a_damaged_file_is_told_and_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rapport.redb");
    std::fs::write(&file, b"not a log").unwrap();
    let opened = EmbeddedLog::open(dir.path(), Durability::Immediate, Arc::new(|| 0));
    assert!(matches!(opened, Err(Error::Unusable(_))));
    drop(opened);
    assert_eq!(std::fs::read(&file).unwrap(), b"not a log");
}

#[test]
fn a_compacted_topic_keeps_the_newest_record_of_a_key_and_its_tombstone() {
    let log = in_memory(&[COMPACTED]);
    for (key, value) in [("k", Some("1")), ("l", Some("1")), ("k", Some("2")), ("l", None)] {
        write(&log, "c", key, value);
    }
    assert_eq!(read(&log, "c"), [row(2, "k", Some("2")), row(3, "l", None)]);
}

#[test]
fn compaction_leaves_what_a_group_still_has_to_fold() {
    let log = in_memory(&[COMPACTED]);
    write(&log, "c", "k", Some("1"));
    let (mut fast, partition) = owner(&log, "fast", "c");
    let (mut slow, _) = owner(&log, "slow", "c");
    fast.commit(&[(partition.clone(), 1)]).unwrap();
    slow.commit(&[(partition.clone(), 1)]).unwrap();
    write(&log, "c", "k", Some("2"));
    fast.commit(&[(partition.clone(), 2)]).unwrap();
    assert_eq!(read(&log, "c"), [row(0, "k", Some("1")), row(1, "k", Some("2"))]);
    slow.commit(&[(partition, 2)]).unwrap();
    assert_eq!(read(&log, "c"), [row(1, "k", Some("2"))]);
}

#[test]
fn what_has_outlived_its_retention_goes_once_every_group_has_read_it() {
    let now = Arc::new(AtomicI64::new(0));
    let clock = now.clone();
    let log = EmbeddedLog::in_memory(Arc::new(move || clock.load(Ordering::Relaxed))).unwrap();
    log.create_topics(&[BRIEF], 1).unwrap();
    write(&log, "b", "k", Some("1"));
    let (mut session, partition) = owner(&log, "g", "b");
    now.store(101, Ordering::Relaxed);
    write(&log, "b", "k", Some("2"));
    assert_eq!(read(&log, "b").len(), 2, "the group has yet to read the first");
    session.commit(&[(partition, 1)]).unwrap();
    write(&log, "b", "k", Some("3"));
    assert_eq!(read(&log, "b"), [row(1, "k", Some("2")), row(2, "k", Some("3"))]);
}

#[test]
fn what_has_outlived_its_retention_goes_from_partitions_that_get_nothing_more() {
    let now = Arc::new(AtomicI64::new(0));
    let clock = now.clone();
    let log = EmbeddedLog::in_memory(Arc::new(move || clock.load(Ordering::Relaxed))).unwrap();
    log.create_topics(&[COMPACTED, BRIEF], 12).unwrap();
    let appended = |topic, partition| {
        let output = Output {
            topic,
            partition: Some(partition),
            key: Some(b"k"),
            value: None,
            headers: &[("h", b"2")],
        };
        log.appender().unwrap().append(&[output]).unwrap();
    };
    (0..12).for_each(|partition| appended("b", partition));
    now.store(100, Ordering::Relaxed);
    (0..12).for_each(|_| appended("c", 0));
    assert_eq!(read(&log, "b").len(), 12, "none has outlived it");
    now.store(101, Ordering::Relaxed);
    let mut left = 12;
    for _ in 0..12 {
        appended("c", 0);
        let stay = read(&log, "b").len();
        assert!(left - stay <= 4, "a commit takes a few partitions at most: {left}, then {stay}");
        left = stay;
    }
    assert_eq!(left, 0);
}

#[test]
fn what_has_outlived_its_retention_while_the_log_was_closed_is_gone_once_it_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let open = |now| EmbeddedLog::open(dir.path(), Durability::Immediate, Arc::new(move || now)).unwrap();
    let log = open(0);
    log.create_topics(&[BRIEF, COMPACTED], 1).unwrap();
    write(&log, "b", "k", Some("1"));
    write(&log, "c", "k", Some("1"));
    drop(log);
    let log = open(100);
    assert_eq!(read(&log, "b").len(), 1);
    drop(log);
    let log = open(101);
    assert_eq!((read(&log, "b").len(), read(&log, "c").len()), (0, 1));
    write(&log, "b", "k", Some("2"));
    assert_eq!(read(&log, "b"), [row(1, "k", Some("2"))]);
}

#[test]
fn a_waiting_poll_is_woken_by_a_write() {
    let log: Arc<dyn Log> = Arc::new(in_memory(&[BRIEF]));
    let (mut session, _) = owner(log.as_ref(), "g", "b");
    std::thread::scope(|scope| {
        scope.spawn(|| write(log.as_ref(), "b", "k", Some("v")));
        let mut seen = 0;
        // Far longer than any test may take: only being woken ends it in time.
        while seen == 0 {
            session
                .poll(Duration::from_secs(3600), 10, &mut |_, _| {
                    seen += 1;
                    Ok(())
                })
                .unwrap();
        }
    });
}

#[test]
fn a_record_whose_processing_failed_is_delivered_again() {
    let log = in_memory(&[BRIEF]);
    write(&log, "b", "k", Some("1"));
    write(&log, "b", "k", Some("2"));
    let (mut session, _) = owner(&log, "g", "b");
    let mut seen = Vec::new();
    let failed = session.poll(Duration::ZERO, 10, &mut |record, _| {
        seen.push(record.offset);
        if record.offset == 1 { Err(Error::Unavailable("once".to_owned())) } else { Ok(()) }
    });
    assert_eq!(failed, Err(Error::Unavailable("once".to_owned())));
    session
        .poll(Duration::ZERO, 10, &mut |record, _| {
            seen.push(record.offset);
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, [0, 1, 1]);
}

#[test]
fn a_partition_that_is_not_there_cannot_be_written() {
    let log = in_memory(&[BRIEF]);
    let output = Output { topic: "b", partition: Some(1), key: None, value: None, headers: &[] };
    assert!(matches!(log.appender().unwrap().append(&[output]), Err(Error::Unusable(_))));
    assert!(read(&log, "b").is_empty());
}

#[test]
fn the_embedded_log_does_what_any_log_must() {
    for durability in [Durability::Immediate, Durability::Eventual] {
        let dir = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(dir.path(), durability, Arc::new(|| 0)).unwrap();
        let bench = Bench { log: &log, name: "bench".to_owned(), wait: Duration::from_millis(10) };
        assert_eq!(conformance::run(&bench), Ok(()));
    }
}
