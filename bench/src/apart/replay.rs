//! How soon `indicators` is ready again where everything was committed before: it reads and folds the whole log.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rapport_proto::topics::EVENTS;
use rapport_tests::harness::stopwatch;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::backlog::DAY;
use crate::engine::{self, Running};
use crate::figures::Replay;
use crate::stage::Stage;

/// How long a state may take to be there.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// What it took until a service was ready.
pub(super) struct Took {
    /// From the start of its process, seconds.
    pub seconds: f64,
    /// Processor time of its process, seconds.
    pub processor_seconds: f64,
}

/// Measures it over the backlog that was ingested in one day.
///
/// # Errors
/// Where the cluster or the service fails.
pub fn measure(stage: &Stage) -> Result<Replay> {
    let topic = format!("{DAY}{EVENTS}");
    let ends = stage.ends(&topic)?;
    commit(stage, &topic, &ends)?;
    let (running, took) = start(stage, DAY, None)?;
    // Its group goes on to say that everything was done.
    running.leave();
    let Took { seconds, processor_seconds } = took;
    Ok(Replay { records: ends.iter().sum(), seconds, processor_seconds })
}

/// Starts `indicators`, with checkpoints in that directory if there is one, and waits until it is ready.
///
/// # Errors
/// Where it cannot be started.
pub(super) fn start(stage: &Stage, prefix: &str, checkpoints: Option<&Path>) -> Result<(Running, Took)> {
    let clock = stopwatch();
    let begun = clock();
    let mut running = engine::indicators(stage, prefix, 1, checkpoints)?;
    running.wait_until_ready(PATIENCE)?;
    let took = Took {
        seconds: (clock() - begun).as_secs_f64(),
        processor_seconds: running.process.processor_time().as_secs_f64(),
    };
    Ok((running, took))
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
