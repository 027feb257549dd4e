//! How soon `indicators` is ready again where everything was committed before and there are checkpoints: it reads them, and of
//! the log only what came after them.

use std::io::Read as _;
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
use crate::own::processor_seconds;
use crate::records::{Record, tick};
use crate::stage::{PARTITIONS, Stage};

/// Bytes read at once, as when a checkpoint is loaded.
const BLOCK: usize = 256 << 10;
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
    let (bytes, reading_seconds) = read(scratch.path())?;
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
        reading_seconds: Some(reading_seconds),
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

/// Bytes of the checkpoints in a directory, and the processor time that it takes to read them and to add up their checksums.
fn read(directory: &Path) -> Result<(u64, f64)> {
    let begun = processor_seconds();
    let (mut bytes, mut checksum) = (0, crc32fast::Hasher::new());
    for entry in std::fs::read_dir(directory)? {
        let mut file = std::fs::File::open(entry?.path())?;
        let mut block = vec![0; BLOCK];
        loop {
            let read = file.read(&mut block)?;
            if read == 0 {
                break;
            }
            checksum.update(&block[..read]);
            bytes += read as u64;
        }
    }
    std::hint::black_box(checksum.finalize());
    Ok((bytes, processor_seconds() - begun))
}
