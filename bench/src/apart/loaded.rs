//! How soon `indicators` is ready again where everything was committed before and there are checkpoints: it reads them, and of
//! the log only what came after them.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rapport_model::time::Instant;
use rapport_proto::topics::{ALL, EVENTS};
use rapport_stream::port::{Log as _, Output};
use rapport_tests::harness::{Scratch, wait_until};

use super::replay::{PATIENCE, start};
use crate::backlog::DAY;
use crate::engine::{Running, said};
use crate::figures::Loaded;
use crate::records::{Record, tick};
use crate::stage::{PARTITIONS, Stage};

/// Topics without records.
const EMPTY: &str = "empty.";
const WRITTEN: &str = "rapport_indicators_checkpoints_written_total ";
const LOADED: &str = "rapport_indicators_checkpoints_loaded_total ";
const DYADS: &str = "rapport_indicators_dyads{worker=\"0\"} ";

/// Measures it over the backlog that was ingested in one day, all of which is committed in the group's name.
///
/// # Errors
/// Where the cluster or the service fails, or no checkpoint is loaded.
pub fn measure(stage: &Stage) -> Result<Loaded> {
    stage.fresh(EMPTY, &ALL)?;
    let (nothing, joining) = start(stage, EMPTY, None)?;
    nothing.end(stage);
    // One without a record has none.
    let ends = stage.ends(&format!("{DAY}{EVENTS}"))?;
    let all = Some(ends.into_iter().filter(|end| *end > 0).count() as u64);
    let scratch = Scratch::new("checkpoints");
    let (taking, _) = start(stage, DAY, Some(scratch.path()))?;
    take(stage, &taking, all)?;
    taking.leave();
    let bytes = size(scratch.path())?;
    let (loading, took) = start(stage, DAY, Some(scratch.path()))?;
    let admin = loading.admin()?;
    ensure!(said(&admin, LOADED) == all, "not all checkpoints were loaded");
    let dyads = said(&admin, DYADS).context("find how many dyads are held")?;
    loading.end(stage);
    Ok(Loaded {
        dyads,
        bytes,
        seconds: took.seconds,
        processor_seconds: took.processor_seconds,
        joining_seconds: joining.seconds,
    })
}

/// Lets it take a checkpoint of each partition: one is begun with a commit and ended with another, and ticks bring about
/// those.
fn take(stage: &Stage, running: &Running, all: Option<u64>) -> Result<()> {
    let mut appender = stage.log(DAY).appender()?;
    // Of the clock's first instant: it moves nothing.
    let ticks: Vec<Record> = (0..PARTITIONS).map(|partition| tick(partition, Instant(0))).collect();
    let ticks: Vec<Output<'_>> = ticks
        .iter()
        .map(|Record { partition, key, value }| Output {
            topic: EVENTS,
            partition: Some(*partition),
            key: Some(key.as_bytes()),
            value: Some(value),
            headers: &[],
        })
        .collect();
    let admin = running.admin()?;
    wait_until("checkpoints", PATIENCE, || appender.append(&ticks).is_ok() && said(&admin, WRITTEN) >= all);
    Ok(())
}

/// Bytes of the files in a directory and below.
fn size(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
