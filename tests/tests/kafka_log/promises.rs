//! What the port promises.

use std::time::Duration;

use rapport_proto::topics::{ALL, ENRICHED, EVENTS, RAW, REJECTED};
use rapport_stream::conformance::{self, Bench};
use rapport_stream::port::{Created, Error, Log, Output};
use rapport_tests::harness::{Kafka, fresh_prefix, kcat, wait_until};

use super::member::{
    A_MOMENT, Member, SOON, append, at_broker, create_topics, numbers, read, read_on, spec, spread,
    wait_until_there,
};

#[test]
fn kafka_keeps_the_promises_that_every_log_keeps() {
    let log = Kafka::shared().log(&fresh_prefix("conformance"));
    let bench = Bench { log: &log, name: "bench".to_owned(), wait: A_MOMENT };
    assert_eq!(conformance::run(&bench), Ok(()));
}

#[test]
fn topics_are_created_once_and_left_alone_afterwards() {
    let log = Kafka::shared().log(&fresh_prefix("topics"));
    assert_eq!(log.partitions(EVENTS).unwrap(), None);
    assert_eq!(log.create_topics(&ALL, 3).unwrap(), vec![Created::New; ALL.len()]);
    assert_eq!(log.partitions(EVENTS).unwrap(), Some(3));
    assert_eq!(log.create_topics(&ALL, 5).unwrap(), vec![Created::Existed { partitions: 3 }; ALL.len()]);
    let limits = log.limits(EVENTS).unwrap();
    assert_eq!(limits.tombstones_kept_ms, Some(7 * 24 * 3_600_000));
    assert_eq!(limits.batch_bytes_max, Some(1_048_588));
}

#[test]
fn nothing_of_a_transaction_is_seen_before_its_commit_and_everything_after() {
    let prefix = fresh_prefix("atomic");
    let log = Kafka::shared().log(&prefix);
    create_topics(&log, 2);
    append(&log, spread(0..100, 2));
    let mut member = Member::join(&log, "a");
    member.copy(100);
    assert!(member.session.dirty());
    assert!(at_broker(Kafka::shared(), &prefix, "read_committed").is_empty());
    let owned: Vec<_> = member.owned.iter().cloned().collect();
    assert_eq!(member.session.committed(&owned).unwrap(), [None, None]);
    member.commit().unwrap();
    assert!(!member.session.dirty());
    assert_eq!(read(&log, ENRICHED), numbers(0..100));
    assert_eq!(member.session.committed(&owned).unwrap(), [Some(50), Some(50)]);
}

#[test]
fn a_session_goes_on_where_the_last_commit_of_its_group_left_off() {
    let log = Kafka::shared().log(&fresh_prefix("resume"));
    create_topics(&log, 2);
    append(&log, spread(0..10, 2));
    let mut first = Member::join(&log, "a");
    first.copy(10);
    first.commit().unwrap();
    append(&log, spread(10..20, 2));
    first.copy(20); // never committed
    drop(first);
    let mut second = Member::join(&log, "b");
    second.copy(10);
    second.commit().unwrap();
    assert_eq!(read(&log, ENRICHED), numbers(0..20));
}

#[test]
fn a_started_partition_can_be_started_again_elsewhere() {
    let log = Kafka::shared().log(&fresh_prefix("again"));
    create_topics(&log, 2);
    append(&log, spread(0..10, 2));
    let mut member = Member::join(&log, "a");
    member.copy(10);
    member.session.renew().unwrap();
    assert!(!member.session.dirty());
    member.restart().unwrap();
    member.copy(20);
    member.commit().unwrap();
    assert_eq!(read(&log, ENRICHED), numbers(0..10));
}

#[test]
fn a_newcomer_gets_its_share_and_nothing_is_copied_twice() {
    let log = Kafka::shared().log(&fresh_prefix("share"));
    create_topics(&log, 4);
    append(&log, spread(0..100, 4));
    let mut old = Member::join(&log, "old");
    old.copy(100);
    let mut new = Member::join(&log, "new");
    wait_until("both members to own half", SOON, || {
        old.step().unwrap();
        new.step().unwrap();
        old.owned.len() == 2 && new.owned.len() == 2
    });
    append(&log, spread(100..200, 4));
    wait_until("both members to copy the rest", SOON, || {
        old.step().unwrap();
        new.step().unwrap();
        old.copied + new.copied == 200
    });
    old.commit().unwrap();
    new.commit().unwrap();
    assert_eq!((old.lost, new.lost), (0, 0));
    assert_eq!(read(&log, ENRICHED), numbers(0..200));
}

#[test]
fn a_reader_waits_for_a_transaction_that_was_open_when_it_was_opened() {
    let prefix = fresh_prefix("reader");
    let log = Kafka::shared().log(&prefix);
    create_topics(&log, 1);
    append(&log, spread(0..3, 1));
    let mut member = Member::join(&log, "a");
    member.copy(3);
    member.commit().unwrap();
    append(&log, spread(3..6, 1));
    member.copy(6);
    wait_until_there(Kafka::shared(), &prefix, 6);
    let mut reader = log.reader(&[ENRICHED]).unwrap();
    let seen: usize = (0..10).map(|_| reader.poll(A_MOMENT, 10, &mut |_| {}).unwrap()).sum();
    assert!(seen == 0 && !reader.caught_up().unwrap());
    member.commit().unwrap();
    assert_eq!(read_on(reader.as_mut()), numbers(0..6));
}

#[test]
fn a_reader_can_be_closed_at_the_moment_at_which_a_transaction_has_ended() {
    let prefix = fresh_prefix("closing");
    let log = Kafka::shared().log(&prefix);
    create_topics(&log, 4);
    let mut member = Member::join(&log, "a");
    for round in 1..=20 {
        append(&log, spread(round * 4 - 4..round * 4, 4));
        member.copy(4 * round);
        wait_until_there(Kafka::shared(), &prefix, 4 * round);
        let mut reader = log.reader(&[ENRICHED]).unwrap();
        reader.poll(A_MOMENT, 10, &mut |_| {}).unwrap();
        member.commit().unwrap();
        wait_until("the transaction to have ended", SOON, || {
            at_broker(Kafka::shared(), &prefix, "read_committed").len() == 4 * round
        });
        reader.poll(Duration::ZERO, 10, &mut |_| {}).unwrap();
    }
    assert_eq!(read(&log, ENRICHED), numbers(0..80));
}

#[test]
fn a_reader_of_nothing_and_of_several_topics_catches_up() {
    let log = Kafka::shared().log(&fresh_prefix("several"));
    create_topics(&log, 2);
    assert_eq!(read(&log, EVENTS), Vec::<String>::new());
    append(&log, spread(0..6, 2));
    let mut reader = log.reader(&[ENRICHED, EVENTS, REJECTED]).unwrap();
    assert_eq!(read_on(reader.as_mut()), numbers(0..6));
}

#[test]
fn a_record_too_large_is_unwritable_and_not_a_doubt() {
    let log = Kafka::shared().log(&fresh_prefix("large"));
    create_topics(&log, 1);
    let value = vec![0_u8; 2_000_000];
    let output = Output { topic: EVENTS, partition: Some(0), key: None, value: Some(&value), headers: &[] };
    let outcome = log.appender().unwrap().append(&[output]);
    assert!(matches!(outcome, Err(Error::Unwritable(_))), "{outcome:?}");
    let mut member = Member::join(&log, "a");
    let outcome = member.session.sink().send(output);
    assert!(matches!(outcome, Err(Error::Unwritable(_))), "{outcome:?}");
}

#[test]
fn tombstones_empty_values_and_headers_come_through_as_they_are() {
    let prefix = fresh_prefix("shapes");
    let log = Kafka::shared().log(&prefix);
    create_topics(&log, 1);
    let plain = Output { topic: RAW, partition: Some(0), key: Some(b"k"), value: None, headers: &[] };
    let twice: &[(&str, &[u8])] = &[("h", b"1"), ("other", b""), ("h", b"2")];
    let full = Output { key: None, value: Some(b""), headers: twice, ..plain };
    log.appender().unwrap().append(&[plain, full]).unwrap();
    let mut reader = log.reader(&[RAW]).unwrap();
    let mut seen = vec![];
    wait_until("the reader to catch up", SOON, || {
        let mut keep = |record: &rapport_stream::port::RecordRef<'_>| {
            let (key, value) = (record.key.map(<[u8]>::to_vec), record.value.map(<[u8]>::to_vec));
            assert!(record.timestamp_ms > 1_600_000_000_000);
            seen.push((key, value, record.headers.all(), record.headers.header("h").map(<[u8]>::to_vec)));
        };
        reader.poll(A_MOMENT, 10, &mut keep).unwrap();
        reader.caught_up().unwrap()
    });
    let all = twice.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect::<Vec<_>>();
    assert_eq!(
        seen,
        [(Some(b"k".to_vec()), None, vec![], None), (None, Some(vec![]), all, Some(b"2".to_vec()))]
    );
}

#[test]
fn a_session_has_joined_once_its_group_has_said_what_is_its_own_be_it_nothing() {
    let log = Kafka::shared().log(&fresh_prefix("joined"));
    create_topics(&log, 1);
    let mut first = Member::join(&log, "a");
    assert!(!first.session.has_joined());
    wait_until("the first to be given the partition", SOON, || {
        first.step().unwrap();
        !first.owned.is_empty()
    });
    assert!(first.session.has_joined());
    let mut second = Member::join(&log, "b");
    assert!(!second.session.has_joined());
    wait_until("the second to be given nothing", SOON, || {
        first.step().unwrap();
        second.step().unwrap();
        second.session.has_joined()
    });
    assert!(second.owned.is_empty() && !first.owned.is_empty());
}

#[test]
fn a_header_whose_name_is_no_text_is_left_out_and_stops_nobody() {
    use std::os::unix::ffi::OsStrExt;
    let prefix = fresh_prefix("names");
    let log = Kafka::shared().log(&prefix);
    create_topics(&log, 1);
    let (topic, brokers) = (format!("{prefix}{RAW}"), Kafka::shared().brokers());
    let file = rapport_tests::harness::Scratch::new("names");
    let value = file.path().join("value");
    std::fs::write(&value, "v").unwrap();
    let bad = std::ffi::OsStr::from_bytes(b"bad\xff=1");
    // To find out that a name is unreadable costs as much as a record: of a record with thousands of them hardly any is looked at.
    for bad in [vec![bad], vec![bad; 5_000]] {
        let mut args: Vec<&std::ffi::OsStr> =
            ["-b", &brokers, "-P", "-t", &topic, "-H", "first=1"].map(AsRef::as_ref).to_vec();
        args.extend(bad.iter().flat_map(|bad| ["-H".as_ref(), *bad]));
        args.extend(["-H".as_ref(), "last=2".as_ref(), value.as_os_str()]);
        let output = kcat(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut reader = log.reader(&[RAW]).unwrap();
    let mut headers = vec![];
    wait_until("the reader to catch up", SOON, || {
        reader.poll(A_MOMENT, 10, &mut |record| headers.push(record.headers.all())).unwrap();
        reader.caught_up().unwrap()
    });
    let [first, last] =
        [("first", b"1"), ("last", b"2")].map(|(name, value)| (name.to_owned(), value.to_vec()));
    assert_eq!(headers, [vec![first.clone(), last], vec![first]]);
}

#[test]
fn a_missing_topic_and_a_missing_cluster_are_told_apart() {
    let log = Kafka::shared().log(&fresh_prefix("missing"));
    assert!(matches!(log.session(&spec("a")).err(), Some(Error::Unusable(why)) if why.contains(EVENTS)));
    assert!(matches!(log.reader(&[EVENTS]).err(), Some(Error::Unusable(_))));
    let port = rapport_tests::harness::Port::free();
    let nobody = rapport_stream::kafka::KafkaSettings {
        brokers: port.address(),
        request_timeout_ms: 500,
        ..Kafka::shared().settings("")
    };
    let log = rapport_stream::kafka::KafkaLog::new(nobody, rapport_tests::harness::stopwatch()).unwrap();
    assert!(matches!(log.session(&spec("a")).err(), Some(Error::Unavailable(_))));
}
