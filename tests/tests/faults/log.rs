//! What happens to the log itself.

use rapport_proto::topics::EVENTS;
use rapport_tests::harness::{Kafka, wait_until};

use super::seed;
use super::stage::{PARTITIONS, SOON, Stage};
use crate::end_to_end::topics::{read, wait_until_judged};

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
    let sent = usize::try_from(stage.sent.iter().sum::<u64>()).expect("a small number");
    wait_until_judged(&stage.log, sent, SOON);
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
