//! The same `indicators` over the embedded log, in one directory of this machine, every commit on the disk.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use indicatif::ProgressBar;
use rapport_proto::topics::{ALL, EVENTS};
use rapport_stream::embedded::{Durability, EmbeddedLog};
use rapport_stream::port::Log as _;
use rapport_tests::harness::Scratch;

use crate::backlog::Queue;
use crate::engine;
use crate::records::{Entry, Record, after, entries, last_arrival, plan};
use crate::settings::Settings;
use crate::stage::PARTITIONS;
use crate::watch::{Measured, follow};

/// Events of the backlog for each that is read here: a row at a time this log is slower.
pub const ONE_OF: u64 = 10;
/// What the service says of itself: records of which the outputs are committed.
const COMMITTED: &str = "rapport_indicators_records_total ";

/// Writes the first events of the backlog into a log of their own and lets the service read it, once.
///
/// # Errors
/// Where the log cannot be written or the service stands still.
pub fn run(settings: &Settings, bar: &ProgressBar) -> Result<Measured> {
    let scratch = Scratch::new("embedded");
    let directory = scratch.path().join("log");
    let all = write(settings, &directory)?;
    bar.set_length(all);
    let directory = directory.to_string_lossy().into_owned();
    let log = [("LOG__BACKEND", "embedded".to_owned()), ("LOG__DIR", directory)];
    let mut running = engine::launch("indicators", &log, "")?;
    let admin = running.admin()?;
    let committed = || engine::said(&admin, COMMITTED);
    let measured = follow(committed, &mut running.process, all, bar)?;
    running.leave();
    Ok(measured)
}

/// How many records there are to read: of those that came twice the log keeps one.
fn write(settings: &Settings, directory: &Path) -> Result<u64> {
    let log = EmbeddedLog::open(directory, Durability::Eventual, Arc::new(|| 0))?;
    log.create_topics(&ALL, PARTITIONS)?;
    let plan = plan(settings.sites(), settings.dyads, settings.seed);
    let events = settings.events / ONE_OF;
    let ingested_at = after(last_arrival(&plan, events));
    let (mut queue, mut keys) = (Queue::new(&log, EVENTS)?, BTreeSet::new());
    entries(&plan, PARTITIONS, events, |entry| {
        let Entry::Event { partition, event, .. } = entry else { return Ok(()) };
        let (key, value) = event.record(ingested_at);
        keys.insert(key.clone());
        queue.push(Record { partition, key, value })
    })?;
    queue.flush().context("write the last of the backlog")?;
    Ok(keys.len() as u64)
}
