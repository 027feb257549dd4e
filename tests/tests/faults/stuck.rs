//! Transactions that nobody ends: whoever reads committed records waits behind them.

use std::time::Duration;

use rapport_proto::topics::{ALERTS, ENRICHED, EVENTS, INDICATORS, RAW, REJECTED};
use rapport_tests::harness::{stopwatch, wait_for, wait_until};
use rdkafka::TopicPartitionList;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::seed;
use super::stage::{PARTITIONS, SOON, Stage};

/// Longer than any transaction lasts: the cluster ends one after five seconds and looks for such every second; the rest
/// is for a slow machine.
pub const OVERDUE: Duration = Duration::from_secs(20);
const A_MOMENT: Duration = Duration::from_secs(2);

/// A topic or a group, and a partition.
type Place = (String, i32);

/// What still holds up readers of committed records after so long: an end of a topic that is not stable, or a group's
/// position that hangs on a transaction. What is begun meanwhile does not count.
pub fn stuck(stage: &Stage, patience: Duration) -> Vec<String> {
    let stable = client(stage, "read_committed", "stuck");
    let mut ends = ends(stage);
    let groups = [(rapport_ingest::GROUP, RAW), (rapport_indicators::GROUP, EVENTS)]
        .map(|(group, topic)| (client(stage, "read_committed", group), group, stage.full(topic)));
    let mut positions: Vec<_> = groups
        .iter()
        .flat_map(|(client, group, topic)| partitions().map(move |it| (client, *group, (topic.clone(), it))))
        .collect();
    let clock = stopwatch();
    wait_until("transactions to end", SOON, || {
        ends.retain(|((topic, partition), end)| {
            !stable.fetch_watermarks(topic, *partition, A_MOMENT).is_ok_and(|(_, now)| now >= *end)
        });
        positions.retain(|(client, _, place)| !is_decided(client, place));
        (ends.is_empty() && positions.is_empty()) || clock() > patience
    });
    let ends =
        ends.iter().map(|((topic, partition), _)| format!("a transaction is open on {topic}/{partition}"));
    let positions = positions.iter().map(|(_, group, (_, partition))| {
        format!("the position of {group} on partition {partition} hangs on a transaction")
    });
    ends.chain(positions).collect()
}

fn partitions() -> std::ops::Range<i32> {
    0..i32::try_from(PARTITIONS).expect("a small number")
}

/// The ends of all topics that are written to, open transactions included.
fn ends(stage: &Stage) -> Vec<(Place, i64)> {
    let everything = client(stage, "read_uncommitted", "stuck");
    let mut ends = Vec::new();
    for topic in [EVENTS, REJECTED, ENRICHED, INDICATORS, ALERTS] {
        for partition in partitions() {
            let full = stage.full(topic);
            let (_, end) = wait_for("the end of a partition", SOON, || {
                everything.fetch_watermarks(&full, partition, A_MOMENT).ok()
            });
            ends.push(((full, partition), end));
        }
    }
    ends
}

/// Whether a group's position is told to those who read committed records only.
fn is_decided(client: &BaseConsumer, (topic, partition): &Place) -> bool {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, *partition);
    let told = client.committed_offsets(list, A_MOMENT);
    told.is_ok_and(|list| list.elements().iter().all(|element| element.error().is_ok()))
}

/// Aborts a transaction that was left open.
pub fn abort(producer: &BaseProducer) {
    producer.abort_transaction(SOON).unwrap();
}

/// Opens a transaction that holds up whoever reads this partition until its producer aborts it.
pub fn hang(stage: &Stage, topic: &str, partition: u32) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &stage.brokers)
        .set("transactional.id", stage.full("stuck"))
        .set("transaction.timeout.ms", "60000")
        .create()
        .unwrap();
    producer.init_transactions(SOON).unwrap();
    producer.begin_transaction().unwrap();
    let (topic, partition) = (stage.full(topic), i32::try_from(partition).unwrap());
    let record: BaseRecord<'_, str, str> =
        BaseRecord::to(&topic).partition(partition).key("a").payload("open");
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(SOON).unwrap();
    producer
}

fn client(stage: &Stage, isolation: &str, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &stage.brokers).set("group.id", stage.full(group));
    config.set("isolation.level", isolation).set("enable.auto.commit", "false");
    config.create().expect("a client can be made")
}

#[test]
fn a_transaction_that_nobody_ends_is_seen_on_the_topic_and_in_the_position_of_the_group() {
    let stage = Stage::start("stuck", seed(41), 0);
    assert_eq!(stuck(&stage, A_MOMENT), Vec::<String>::new());
    let producer = hang(&stage, ENRICHED, 1);
    let mut position = TopicPartitionList::new();
    position.add_partition_offset(&stage.full(EVENTS), 2, rdkafka::Offset::Offset(1)).unwrap();
    let group = client(&stage, "read_committed", rapport_indicators::GROUP).group_metadata().unwrap();
    producer.send_offsets_to_transaction(&position, &group, SOON).unwrap();
    let seen = stuck(&stage, A_MOMENT);
    assert_eq!(
        seen,
        [
            format!("a transaction is open on {}/1", stage.full(ENRICHED)),
            "the position of rapport.indicators on partition 2 hangs on a transaction".to_owned()
        ]
    );
    abort(&producer);
    assert_eq!(stuck(&stage, OVERDUE), Vec::<String>::new());
}
