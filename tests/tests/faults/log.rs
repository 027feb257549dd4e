//! What happens to the log itself: positions that go, partitions that come, a topic that is another.

use std::collections::BTreeMap;

use rapport_indicators::GROUP as INDICATORS;
use rapport_ingest::GROUP as INGEST;
use rapport_proto::topics::{ALL, EVENTS, RAW};
use rapport_stream::port::{Created, Log};
use rapport_tests::harness::{Kafka, wait_until};

use super::judge::{Read, Repeats, judge_with, unlike_the_oracle};
use super::seed;
use super::stage::{FOLDED, PARTITIONS, SOON, Stage};
use crate::end_to_end::topics::{Kept, last, read, wait_until_judged};

/// What forgets where a group is in a topic.
type Forget = fn(&Kafka, &str, &str);

impl Stage {
    /// Starts `indicators`, and waits until it has processed, and not replayed, everything that is there now.
    fn count_all_again(&mut self) {
        let records = read(&self.log, EVENTS).len();
        self.spawn("rapport-indicators", "indicators", None);
        self.wait_for_count("indicators", FOLDED, records as f64);
    }
}

#[test]
fn positions_that_are_forgotten_or_set_back_bring_the_same_records_again_and_nothing_else() {
    let mut stage = Stage::start("positions", seed(31), 5);
    let (indicators, ingest) = (stage.full(INDICATORS), stage.full(INGEST));
    let (events, raw) = (stage.full(EVENTS), stage.full(RAW));
    stage.spawn_both();
    stage.feed(300);
    stage.settle();
    let rows = Read::of(&stage).enriched.len();

    stage.stop("indicators");
    Kafka::shared().delete_positions(&indicators, &events);
    stage.count_all_again();
    stage.stop("indicators");
    Kafka::shared().reset_positions(&indicators, &events);
    stage.count_all_again();
    stage.feed(100);
    stage.settle();
    let again = Read::of(&stage).enriched.len();
    assert!(again >= 3 * rows, "{rows} rows were written, and in the end {again}");

    // A raw record that is judged again is the same event, only later.
    let judged = stage.all_sent();
    for (times, forget) in [(2, Kafka::delete_positions as Forget), (3, Kafka::reset_positions)] {
        stage.stop("ingest");
        forget(Kafka::shared(), &ingest, &raw);
        stage.spawn("rapport-ingest", "ingest", None);
        wait_until_judged(&stage.log, times * judged, SOON);
    }
    stage.feed(100);
    judge_with(&mut stage, Repeats::Same);
}

#[test]
fn partitions_that_are_added_stop_the_services_which_say_why_and_nothing_is_written_elsewhere() {
    let mut stage = Stage::start("more-partitions", seed(32), 5);
    // As often as that a client looks whether there are others.
    stage.configure("[log.kafka.properties]\n\"topic.metadata.refresh.interval.ms\" = \"2000\"\n");
    stage.spawn_both();
    stage.feed(200);
    stage.settle();
    Kafka::shared().add_partitions(&stage.full(EVENTS), PARTITIONS + 1);
    refused(&mut stage, "indicators", "had 4 partitions and has 5 now");
    // Who only writes knows the partitions there were, and goes on with those.
    stage.feed(100);
    stage.wait_until_judged();
    stage.stop("ingest");
    stage.spawn("rapport-ingest", "ingest", None);
    stage.spawn("rapport-indicators", "indicators", None);
    for instance in ["ingest", "indicators"] {
        refused(&mut stage, instance, "partitions were added to one");
    }
    assert!(read(&stage.log, EVENTS).iter().all(|record| record.partition < PARTITIONS));
}

/// Waits until a service has ended by itself, badly, and has said that.
fn refused(stage: &mut Stage, instance: &str, why: &str) {
    let mut status = None;
    wait_until(&format!("{instance} to end"), SOON, || {
        status = stage.service(instance).process.ended();
        status.is_some()
    });
    let said = stage.bury(instance);
    assert!(status.is_some_and(|status| !status.success()), "{instance} ends as if all were well");
    assert!(said.contains(why), "{instance} does not say {why:?}:\n{said}");
}

#[test]
fn a_topic_made_anew_while_nobody_reads_it_is_counted_from_its_start_with_fewer_records_and_with_more() {
    let seed = seed(33);
    for (before, after) in [(400, 100), (100, 400)] {
        let mut stage = Stage::start("made-anew", seed, 5);
        stage.spawn_both();
        stage.feed(before);
        stage.settle();
        stage.stop("indicators");
        stage.stop("ingest");
        let old = Read::of(&stage);
        Kafka::shared().delete_topic(&stage.full(EVENTS));
        wait_until(
            "the topic to be made anew",
            SOON,
            || matches!(stage.log.create_topics(&ALL, PARTITIONS), Ok(made) if made.contains(&Created::New)),
        );
        stage.spawn("rapport-ingest", "ingest", None);
        stage.feed(after);
        // What was judged before is gone, but for what was rejected.
        wait_until_judged(&stage.log, old.rejected.len() + after, SOON);
        stage.count_all_again();
        stage.make_releases();
        // All that follows from the new log has been written; Kafka has forgotten the positions with the topic.
        let whole = Read::of(&stage);
        let new = Read {
            enriched: behind(&old.enriched, &whole.enriched),
            indicators: behind(&old.indicators, &whole.indicators),
            alerts: behind(&old.alerts, &whole.alerts),
            ..whole.clone()
        };
        let wrong = unlike_the_oracle(&new);
        assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert!(new.enriched.len() > after / 2, "{} rows follow from the new log", new.enriched.len());
        // What followed from the old one stands until the topics that hold it are made anew too.
        assert!(last(&whole.enriched).len() > last(&new.enriched).len());
    }
}

/// The records of each partition behind those that were there before.
fn behind(before: &[Kept], now: &[Kept]) -> Vec<Kept> {
    let mut passed: BTreeMap<u32, usize> = BTreeMap::new();
    before.iter().for_each(|record| *passed.entry(record.partition).or_default() += 1);
    let is_new = |record: &&Kept| match passed.get_mut(&record.partition) {
        Some(passed) if *passed > 0 => {
            *passed -= 1;
            false
        }
        _ => true,
    };
    now.iter().filter(is_new).cloned().collect()
}
