//! How far a group is, seen from outside, and what the process cost until it was there.

use std::time::Duration;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use rapport_tests::harness::{Process, stopwatch};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};

use crate::stage::{PARTITIONS, Stage};

/// How often a group is looked at: seldom enough that it costs the broker nothing.
const EVERY: Duration = Duration::from_millis(40);
/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// A group's place in a topic.
pub struct Watch {
    asking: BaseConsumer,
    partitions: TopicPartitionList,
}

/// From the first commit that was seen to the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Records in between.
    pub records: u64,
    /// Time in between, seconds.
    pub seconds: f64,
    /// Processor time of the process in between, seconds.
    pub processor_seconds: f64,
    /// The most memory the process has had resident until then, bytes.
    pub peak_bytes: u64,
}

impl Watch {
    /// Of that group in that topic.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn new(stage: &Stage, group: &str, topic: &str) -> Result<Watch> {
        let asking = ClientConfig::new()
            .set("bootstrap.servers", stage.brokers())
            .set("group.id", group)
            // Otherwise an open transaction would be waited for.
            .set("isolation.level", "read_uncommitted")
            .create()?;
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition(topic, i32::try_from(partition)?);
        }
        Ok(Watch { asking, partitions })
    }

    /// How many records have been committed; 0 also where the cluster does not say.
    pub fn committed(&self) -> u64 {
        let Ok(places) = self.asking.committed_offsets(self.partitions.clone(), Duration::from_secs(5))
        else {
            return 0;
        };
        let offset = |place: Offset| match place {
            Offset::Offset(offset) => u64::try_from(offset).unwrap_or(0),
            _ => 0,
        };
        places.elements().iter().map(|place| offset(place.offset())).sum()
    }

    /// Waits until `all` records are committed.
    ///
    /// # Errors
    /// Where nothing happens any more, or the process ends.
    pub fn follow(&self, process: &mut Process, all: u64, bar: &ProgressBar) -> Result<Measured> {
        follow(|| Some(self.committed()), process, all, bar)
    }
}

/// Waits until `committed` is `all`; measures from the first commit on, or from the start where that was most of it.
///
/// # Errors
/// Where nothing happens any more, or the process ends.
pub fn follow(
    mut committed: impl FnMut() -> Option<u64>,
    process: &mut Process,
    all: u64,
    bar: &ProgressBar,
) -> Result<Measured> {
    let clock = stopwatch();
    let mut first = (0, Duration::ZERO, Duration::ZERO);
    let (mut last, mut moved) = (0, Duration::ZERO);
    loop {
        pause();
        process.assert_running();
        let Some(count) = committed() else { continue };
        let (now, spent) = (clock(), process.processor_time());
        bar.set_position(count.min(all));
        if first.0 == 0 && count < all / 2 {
            first = (count, now, spent);
        }
        if count > last {
            (last, moved) = (count, now);
        }
        if count >= all {
            return Ok(Measured {
                records: all - first.0,
                seconds: (now - first.1).as_secs_f64(),
                processor_seconds: (spent - first.2).as_secs_f64(),
                peak_bytes: process.peak_memory(),
            });
        }
        if now - moved > PATIENCE {
            bail!("{last} of {all} records are committed, and no more come:\n{}", process.log());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "between two looks at what is measured from outside")]
fn pause() {
    std::thread::sleep(EVERY);
}
