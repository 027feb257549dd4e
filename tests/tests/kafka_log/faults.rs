//! What a cluster, a killed process and a slow one do to a session.

use rapport_proto::topics::{ENRICHED, EVENTS};
use rapport_stream::kafka::KafkaLog;
use rapport_stream::port::{Error, Log};
use rapport_tests::harness::{
    Kafka, KafkaOptions, Process, Scratch, example, fresh_prefix, stopwatch, wait_for, wait_until,
};

use super::member::{Member, SOON, append, at_broker, create_topics, numbers, read, spec, spread};

#[test]
fn an_instance_is_fenced_by_another_of_its_name() {
    let log = Kafka::shared().log(&fresh_prefix("fence"));
    create_topics(&log, 1);
    append(&log, spread(0..5, 1));
    let mut first = Member::join(&log, "a");
    first.copy(5);
    let _second = log.session(&spec("a")).unwrap();
    let outcome = first.commit();
    assert!(matches!(outcome, Err(Error::Fenced(_))), "{outcome:?}");
    assert_eq!(read(&log, ENRICHED), Vec::<String>::new());
}

#[test]
fn a_transaction_that_outlives_its_timeout_is_a_doubt_and_its_session_goes_on() {
    let log = Kafka::shared().log(&fresh_prefix("late"));
    create_topics(&log, 1);
    append(&log, spread(0..5, 1));
    let mut member = Member::join(&log, "a");
    member.copy(5);
    // The broker looks for overdue transactions every second in these tests; until then the commit would succeed.
    let clock = stopwatch();
    wait_until("the transaction to be aborted by the broker", SOON, || {
        member.step().unwrap();
        clock().as_secs() >= 8
    });
    let outcome = member.commit();
    assert!(matches!(outcome, Err(Error::Doubt(_))), "{outcome:?}");
    member.session.renew().unwrap();
    member.restart().unwrap();
    member.copy(10);
    member.commit().unwrap();
    assert_eq!(read(&log, ENRICHED), numbers(0..5));
}

#[test]
fn nothing_is_left_of_a_process_killed_within_a_transaction() {
    let prefix = fresh_prefix("killed");
    let kafka = Kafka::shared();
    let log = kafka.log(&prefix);
    create_topics(&log, 1);
    append(&log, spread(0..5, 1));
    let scratch = Scratch::new("half");
    let args = [kafka.brokers(), prefix.clone(), "half".to_owned(), "3600000".to_owned()];
    let mut half = Process::start("half", example("copier"), args, &[], scratch.path());
    half.wait_for_log("sent", SOON);
    wait_until("the half transaction to reach the broker", SOON, || {
        !at_broker(Kafka::shared(), &prefix, "read_uncommitted").is_empty()
    });
    half.kill();
    // The same name again: the transaction ends at once, not after its timeout; the partition after the session's.
    let mut member = Member::join(&log, "half");
    assert_eq!(read(&log, ENRICHED), Vec::<String>::new());
    member.copy(5);
    member.commit().unwrap();
    assert_eq!(read(&log, ENRICHED), numbers(0..5));
}

#[test]
fn a_session_on_a_topic_that_grows_is_told_so() {
    let prefix = fresh_prefix("grows");
    let kafka = Kafka::shared();
    let mut settings = kafka.settings(&prefix);
    settings.properties.insert("topic.metadata.refresh.interval.ms".to_owned(), "500".to_owned());
    let log = KafkaLog::new(settings, stopwatch()).unwrap();
    create_topics(&log, 1);
    append(&log, spread(0..1, 1));
    let mut member = Member::join(&log, "a");
    member.copy(1);
    kafka.add_partitions(&format!("{prefix}{EVENTS}"), 2);
    let error = wait_for("the session to notice", SOON, || member.step().err());
    assert!(
        matches!(&error, Error::Unusable(why) if why.contains("had 1 partitions and has 2")),
        "{error:?}"
    );
}

#[test]
fn a_broker_killed_and_started_again_costs_at_most_a_doubt() {
    let mut kafka = Kafka::start(KafkaOptions::default());
    let log = kafka.log("");
    create_topics(&log, 2);
    append(&log, spread(0..50, 2));
    let mut member = Member::join(&log, "a");
    member.copy(50);
    kafka.kill(0);
    kafka.restart(0);
    kafka.wait();
    wait_until("the members to have committed all", SOON, || {
        let outcome = member.step().and_then(|()| member.commit());
        match outcome {
            Err(Error::Doubt(_) | Error::Unavailable(_)) => {
                if member.session.renew().and_then(|()| member.restart()).is_ok() {
                    member.copied = 0;
                }
                false
            }
            other => {
                other.unwrap();
                read(&log, ENRICHED).len() == 50
            }
        }
    });
    assert_eq!(read(&log, ENRICHED), numbers(0..50));
}
