//! What happens to topics behind our back.

use rapport_proto::topics::{ALL, ENRICHED, EVENTS};
use rapport_stream::port::{Created, Error, Log, TopicPartition};
use rapport_tests::harness::{Kafka, fresh_prefix, wait_for, wait_until};

use super::member::{Member, SOON, append, create_topics, numbers, read, spread};

#[test]
fn a_topic_made_anew_while_it_is_read_stops_its_session_and_nothing_is_copied_again() {
    let prefix = fresh_prefix("anew");
    let kafka = Kafka::shared();
    let log = kafka.log(&prefix);
    create_topics(&log, 1);
    append(&log, spread(0..5, 1));
    let mut member = Member::join(&log, "a");
    member.copy(5);
    member.commit().unwrap();
    kafka.delete_topic(&format!("{prefix}{EVENTS}"));
    wait_until(
        "the topic to be made anew",
        SOON,
        || matches!(log.create_topics(&ALL, 1), Ok(made) if made.contains(&Created::New)),
    );
    append(&log, spread(0..3, 1));
    let error = wait_for("the session to notice", SOON, || member.step().err());
    assert!(matches!(&error, Error::Unusable(_)), "{error:?}");
    assert_eq!(read(&log, ENRICHED), numbers(0..5));
}

#[test]
fn a_position_beyond_the_end_of_its_partition_is_refused_with_an_explanation() {
    let log = Kafka::shared().log(&fresh_prefix("beyond"));
    create_topics(&log, 1);
    append(&log, spread(0..5, 1));
    let mut member = Member::join(&log, "a");
    member.copy(5);
    let at = TopicPartition { topic: EVENTS.into(), partition: 0 };
    member.session.commit(&[(at.clone(), 9)]).unwrap();
    // Also for who would start at the beginning, and take for counted what the group has never seen.
    let outcome = member.session.committed(&[at]);
    assert!(
        matches!(&outcome, Err(Error::Unusable(why)) if why.contains("ends at 5, before the group's position 9")),
        "{outcome:?}"
    );
}
