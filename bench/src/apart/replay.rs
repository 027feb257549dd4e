//! How soon `indicators` is ready again where everything was committed before: it reads and folds the whole log.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rapport_proto::topics::EVENTS;
use rapport_tests::harness::{stopwatch, wait_until};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::backlog::DAY;
use crate::engine;
use crate::figures::Replay;
use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(600);

/// Measures it over the backlog that was ingested in one day.
///
/// # Errors
/// Where the cluster or the service fails.
pub fn measure(stage: &Stage) -> Result<Replay> {
    let topic = format!("{DAY}{EVENTS}");
    let ends = stage.ends(&topic)?;
    commit(stage, &topic, &ends)?;
    let clock = stopwatch();
    let begun = clock();
    let mut running = engine::indicators(stage, DAY, 1)?;
    let port = running.port.as_ref().context("find the service's admin server")?;
    let url = format!("http://{}/readyz", port.address());
    wait_until("the replay", PATIENCE, || {
        running.process.assert_running();
        reqwest::blocking::get(&url).is_ok_and(|answer| answer.status().is_success())
    });
    let replay = Replay {
        records: ends.iter().sum(),
        seconds: (clock() - begun).as_secs_f64(),
        processor_seconds: running.process.processor_time().as_secs_f64(),
    };
    running.end(stage);
    Ok(replay)
}

/// Says in the group's name that everything was done.
fn commit(stage: &Stage, topic: &str, ends: &[u64]) -> Result<()> {
    let group = format!("{DAY}{}", rapport_indicators::GROUP);
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", stage.brokers()).set("group.id", group).create()?;
    let mut places = TopicPartitionList::new();
    for (partition, end) in (0..).zip(ends) {
        places.add_partition_offset(topic, partition, Offset::Offset(i64::try_from(*end)?))?;
    }
    consumer.commit(&places, CommitMode::Sync).context("commit in the group's name")
}
