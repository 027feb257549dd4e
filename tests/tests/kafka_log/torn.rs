//! The end of a transaction that comes late and ends another one: what it does to a program that does as librdkafka
//! says, and what it does not do to a session.
//!
//! librdkafka sends an end again, by itself, when no answer has come; the first one may still be under way. Its epoch
//! is that of the next transaction of the same producer (Kafka's transaction protocol before KIP-890), so Kafka takes
//! it for the end of that one.

use std::time::Duration;

use rapport_proto::topics::{ENRICHED, EVENTS};
use rapport_stream::kafka::KafkaLog;
use rapport_stream::port::{Error, Log};
use rapport_tests::harness::{
    END_TXN, INIT_PRODUCER_ID, Kafka, KafkaOptions, LIST_OFFSETS, stopwatch, wait_for, wait_until,
};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::member::{
    A_MOMENT, Member, SOON, append, at_broker, create_topics, numbers, read, read_on, spec, spread,
    wait_until_there,
};

/// How long librdkafka waits for an answer here before it sends an end again.
const PATIENCE_MS: &str = "2000";

fn proxied() -> Kafka {
    Kafka::start(KafkaOptions { proxied: true, ..KafkaOptions::default() })
}

/// Our backend, which waits for answers for two seconds.
fn impatient(kafka: &Kafka) -> KafkaLog {
    let mut settings = kafka.settings("");
    settings.request_timeout_ms = 2_000;
    // Long enough for a slow machine: a transaction that outlives it is another test.
    (settings.transaction_timeout_ms, settings.session_timeout_ms) = (25_000, 29_000);
    KafkaLog::new(settings, stopwatch()).unwrap()
}

/// A cluster, our backend on it, and a member that has copied so many records and not committed them.
fn uncommitted(records: usize, partitions: u32) -> (Kafka, KafkaLog, Member) {
    let kafka = proxied();
    let log = impatient(&kafka);
    create_topics(&log, partitions);
    append(&log, spread(0..records, partitions));
    let mut member = Member::join(&log, "a");
    member.copy(records);
    (kafka, log, member)
}

fn send(producer: &BaseProducer, partition: i32, value: &str) {
    let record: BaseRecord<'_, str, str> =
        BaseRecord::to(ENRICHED).partition(partition).key(value).payload(value);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(SOON).unwrap();
}

/// How many records another client finds on `rapport.enriched`; our reader would wait for the end of an open transaction.
fn visible(kafka: &Kafka, isolation: &str) -> usize {
    at_broker(kafka, "", isolation).len()
}

#[test]
fn a_delayed_end_makes_kafka_show_half_of_a_transaction_that_was_given_up() {
    let kafka = proxied();
    let log = kafka.log("");
    create_topics(&log, 2);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .set("transactional.id", "plain")
        .set("transaction.timeout.ms", "30000")
        .set("socket.timeout.ms", PATIENCE_MS)
        .create()
        .unwrap();
    producer.init_transactions(SOON).unwrap();
    producer.begin_transaction().unwrap();
    send(&producer, 0, "whole");
    kafka.proxy(0).hold_next(END_TXN);
    // The documented way. The first end is held back; librdkafka gives it up, sends another, and reports success.
    producer.commit_transaction(None::<Duration>).unwrap();
    assert_eq!(kafka.proxy(0).held(), 1);
    producer.begin_transaction().unwrap();
    send(&producer, 0, "half");
    assert_eq!(visible(&kafka, "read_committed"), 1);
    kafka.proxy(0).release();
    wait_until("the late end to be answered", SOON, || kafka.proxy(0).answered() == 1);
    wait_until("the late end to end what it was not meant for", SOON, || {
        visible(&kafka, "read_committed") == 2
    });
    // The program neither committed it nor can take it back.
    drop(producer.abort_transaction(Duration::from_secs(5)));
    assert_eq!(read(&log, ENRICHED), ["half", "whole"]);
}

#[test]
fn a_delayed_end_is_a_doubt_to_a_session_and_ends_nothing_of_its_next_transaction() {
    let (kafka, log, mut member) = uncommitted(10, 2);
    kafka.proxy(0).hold_next(END_TXN);
    let outcome = member.commit();
    assert_eq!(kafka.proxy(0).held(), 1, "nothing was held back");
    assert!(matches!(outcome, Err(Error::Doubt(_))), "{outcome:?}");
    member.session.renew().unwrap();
    member.copied = 0;
    member.restart().unwrap();
    append(&log, spread(10..20, 2));
    // Whether the transaction in doubt happened or not, the group's positions say so: the rest is what is missing.
    let done = read(&log, ENRICHED).len();
    assert!(done == 0 || done == 10, "half of a transaction is seen: {done}");
    member.copy(20 - done);
    let there = if done == 0 { 30 } else { 20 };
    wait_until_there(&kafka, "", there);
    kafka.proxy(0).release();
    wait_until("the late end to be answered", SOON, || kafka.proxy(0).answered() == 1);
    assert_eq!(visible(&kafka, "read_committed"), done, "a late end ended a later transaction");
    assert_eq!(member.owned.len(), 2);
    member.commit().unwrap();
    assert_eq!(read(&log, ENRICHED), numbers(0..20));
    let owned: Vec<_> = member.owned.iter().cloned().collect();
    assert_eq!(owned.iter().map(|at| at.topic.as_ref()).collect::<Vec<_>>(), [EVENTS; 2]);
    assert_eq!(member.session.committed(&owned).unwrap(), [Some(10), Some(10)]);
}

#[test]
fn a_late_initialisation_of_its_own_is_a_doubt_and_another_instance_fences_all_the_same() {
    let (kafka, log, mut member) = uncommitted(5, 1);
    wait_until_there(&kafka, "", 5);
    kafka.proxy(0).hold_next(INIT_PRODUCER_ID);
    wait_until("the session to be renewed", SOON, || member.session.renew().is_ok());
    assert_eq!(kafka.proxy(0).held(), 1, "nothing was held back");
    member.copied = 0;
    member.restart().unwrap();
    member.copy(5);
    wait_until_there(&kafka, "", 10);
    kafka.proxy(0).release();
    wait_until("the late initialisation to be answered", SOON, || kafka.proxy(0).answered() == 1);
    let outcome = member.commit();
    assert!(matches!(outcome, Err(Error::Doubt(_))), "{outcome:?}");
    member.session.renew().unwrap();
    member.copied = 0;
    member.restart().unwrap();
    member.copy(5);
    member.commit().unwrap();
    append(&log, spread(5..6, 1));
    member.copy(6);
    wait_until_there(&kafka, "", 16);
    let _second = log.session(&spec("a")).unwrap();
    let outcome = member.commit();
    assert!(matches!(outcome, Err(Error::Fenced(_))), "{outcome:?}");
    assert_eq!(read(&log, ENRICHED), numbers(0..5));
}

#[test]
fn a_reader_that_cannot_ask_for_the_end_of_one_partition_reads_all_of_them_later() {
    let (kafka, log, mut member) = uncommitted(10, 2);
    wait_until_there(&kafka, "", 10);
    let mut reader = log.reader(&[ENRICHED]).unwrap();
    assert!(!reader.caught_up().unwrap());
    member.commit().unwrap();
    wait_until("the transaction to have ended", SOON, || visible(&kafka, "read_committed") == 10);
    // What asks for the first partition's start and end goes through, what asks for the second's does not.
    kafka.proxy(0).hold_after(2, LIST_OFFSETS);
    let outcome = wait_for("the reader to ask", SOON, || reader.poll(A_MOMENT, 10, &mut |_| {}).err());
    assert!(matches!(outcome, Error::Unavailable(_)), "{outcome:?}");
    assert_eq!(kafka.proxy(0).held(), 1);
    kafka.proxy(0).release();
    wait_until("the late question to be answered", SOON, || kafka.proxy(0).answered() == 1);
    assert_eq!(read_on(reader.as_mut()), numbers(0..10));
}
