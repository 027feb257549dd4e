//! What happens to topics behind our back.

use std::os::unix::fs::FileExt as _;

use rapport_proto::topics::{ALERTS, ALL, ENRICHED, EVENTS, REJECTED};
use rapport_stream::port::{Created, Error, Log, RecordRef, TopicPartition};
use rapport_stream::sites;
use rapport_tests::harness::{Kafka, KafkaOptions, fresh_prefix, wait_for, wait_until};

use super::member::{A_MOMENT, Member, SOON, append, create_topics, numbers, read, spread};

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
fn a_topic_that_does_not_take_what_may_be_written_is_refused_with_what_to_do() {
    let prefix = fresh_prefix("narrow");
    let kafka = Kafka::shared();
    let log = kafka.log(&prefix);
    create_topics(&log, 1);
    assert_eq!(sites::partitions(&log), Ok(1));
    assert_eq!(sites::partitions_of(&log, REJECTED), Ok(1));
    for topic in [ALERTS, REJECTED] {
        kafka.set_topic(&format!("{prefix}{topic}"), "max.message.bytes=1000000");
    }
    for outcome in [sites::partitions(&log), sites::partitions_of(&log, REJECTED)] {
        assert!(
            matches!(&outcome, Err(Error::Unusable(why)) if why.contains("set its max.message.bytes to 1048588")),
            "{outcome:?}"
        );
    }
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

#[test]
fn a_reader_tells_of_a_damaged_batch_behind_the_records_before_it_and_has_not_caught_up_past_it() {
    let prefix = fresh_prefix("damaged");
    let kafka = Kafka::shared();
    let log = kafka.log(&prefix);
    create_topics(&log, 1);
    for value in ["before", "damaged", "after"] {
        append(&log, vec![(0, value.to_owned())]);
    }
    let segment = kafka.segment(0, &format!("{prefix}{EVENTS}"), 0);
    let mut bytes = std::fs::read(&segment).unwrap();
    let place = bytes.windows(7).position(|window| window == b"damaged").expect("it is there as it is");
    bytes[place] ^= 1;
    let file = std::fs::File::options().write(true).open(&segment).unwrap();
    file.write_all_at(&bytes[place..=place], place as u64).unwrap();

    let mut reader = log.reader(&[EVENTS]).unwrap();
    let mut read = vec![];
    let error = wait_for("the reader to tell", SOON, || {
        let mut each = |record: &RecordRef<'_>| read.push(record.value.unwrap().to_vec());
        let told = reader.poll(A_MOMENT, 10_000, &mut each).err();
        assert!(told.is_some() || !reader.caught_up().unwrap(), "it has passed the damaged batch over");
        told
    });
    assert!(matches!(&error, Error::Unusable(why) if why.contains("damaged")), "{error:?}");
    assert_eq!(read, [b"before"]);
}

#[test]
fn who_reads_without_a_group_needs_no_leave_to_ask_for_one() {
    let settings = [
        ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
        ("allow.everyone.if.no.acl.found", "true"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let kafka = Kafka::start(KafkaOptions { settings, ..KafkaOptions::default() });
    let prefix = fresh_prefix("group");
    let log = kafka.log(&prefix);
    create_topics(&log, 1);
    append(&log, spread(0..5, 1));
    for group in ["rapport.readers", "rapport.copy"] {
        kafka.forbid_group(&format!("{prefix}{group}"));
    }
    // The rule is in force: a member of a group is refused.
    let mut member = Member::join(&log, "a");
    let error = wait_for("the member to be refused", SOON, || member.step().err());
    assert!(matches!(&error, Error::Unusable(why) if why.contains("not allowed")), "{error:?}");
    let mut reader = log.reader(&[EVENTS]).unwrap();
    let mut records = 0;
    // Longer than it takes to be refused: nothing comes of that.
    for _ in 0..30 {
        reader.poll(A_MOMENT, 10, &mut |_: &RecordRef<'_>| records += 1).unwrap();
    }
    assert_eq!((records, reader.caught_up()), (5, Ok(true)));
    let at = TopicPartition { topic: EVENTS.into(), partition: 0 };
    assert!(matches!(log.fingerprint(&at, 4), Ok(Some(_))));
}
