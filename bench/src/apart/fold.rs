//! What `indicators` costs without a log: the service's work on each record, its outputs thrown away. For profiles.
//!
//! The same records are then replayed into a second one, as on assignment.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rapport_indicators::Indicators;
use rapport_indicators::metrics::Metrics;
use rapport_model::catalogue::Catalogue;
use rapport_model::params::{Params, Settings};
use rapport_model::partition::Stats;
use rapport_proto::topics::{ALERTS, ENRICHED, EVENTS, INDICATORS};
use rapport_stream::port::{Error, Output, RecordRef, Sink, TopicPartition};
use rapport_stream::worker::Service;

use crate::own::{processor_seconds, resident};
use crate::records::{self, Record, canonical};

/// Folds a backlog without a log, once live and once as a replay, and says what it cost; for profiles
///
/// Under `valgrind --tool=callgrind --toggle-collect='*fold_all*'` it counts instructions, which nothing else on the machine
/// disturbs.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Events
    #[arg(long, default_value_t = 200_000)]
    pub events: u64,
    /// Sites
    #[arg(long, default_value_t = 20)]
    pub sites: u32,
    /// Dyads of each site
    #[arg(long, default_value_t = 100)]
    pub dyads: u32,
    /// Everything is ingested on one day: one release a site, not one each day
    #[arg(long)]
    pub one_day: bool,
}

/// Counts what it is sent.
#[derive(Default)]
pub(super) struct Counted {
    rows: (usize, usize),
    alerts: (usize, usize),
    releases: (usize, usize),
}

impl Counted {
    /// How many outputs there were.
    pub fn all(&self) -> usize {
        self.rows.0 + self.releases.0 + self.alerts.0
    }
}

impl Sink for Counted {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        let of = match output.topic {
            ENRICHED => &mut self.rows,
            ALERTS => &mut self.alerts,
            INDICATORS => &mut self.releases,
            _ => return Ok(()),
        };
        *of = (of.0 + 1, of.1 + output.value.map_or(0, <[u8]>::len));
        Ok(())
    }
}

/// Folds and prints.
///
/// # Errors
/// Where a record cannot be made or nothing can be printed.
pub fn run(arguments: &Arguments) -> Result<()> {
    let plan = records::plan(arguments.sites, arguments.dyads, 1);
    let records = canonical(&plan, arguments.events, arguments.one_day)?;
    let (mut service, mut again) = (service()?, service()?);
    let (mut sink, mut out) = (Counted::default(), std::io::stdout().lock());
    let (memory, started) = (resident(), processor_seconds());
    fold_all(&mut service, &records, &mut sink)?;
    let (seconds, memory) = (processor_seconds() - started, resident().saturating_sub(memory));
    let Stats { events, dyads, .. } = service.partition(0).context("find the fold")?.stats();
    let count = records.len() as f64;
    writeln!(out, "{count} records: {:.0} a second of processor time", count / seconds)?;
    let each = memory / (events as u64).max(1);
    writeln!(out, "{events} events of {dyads} dyads in {} MiB: {each} B an event", memory >> 20)?;
    let started = processor_seconds();
    replay_all(&mut again, &records);
    let noted = processor_seconds();
    again.replayed(&TopicPartition { topic: EVENTS.into(), partition: 0 });
    let (noting, all) = (noted - started, processor_seconds() - started);
    writeln!(
        out,
        "replayed: {:.0} a second of processor time; {:.0} ms of {:.0} ms to fold what was noted",
        count / all,
        (all - noting) * 1e3,
        all * 1e3
    )?;
    for (what, (count, bytes)) in [("rows", sink.rows), ("alerts", sink.alerts), ("releases", sink.releases)]
    {
        writeln!(out, "{count} {what} of {} B", bytes / count.max(1))?;
    }
    Ok(())
}

/// The service as it is when nothing is configured.
pub(super) fn service() -> Result<Indicators> {
    let params = Params { settings: Settings::default(), catalogue: Catalogue::embedded() };
    let metrics = Metrics::register(&prometheus::Registry::new())?;
    Ok(Indicators::new(Arc::new(params), 0, metrics))
}

#[inline(never)]
fn fold_all(service: &mut Indicators, records: &[Record], sink: &mut Counted) -> Result<()> {
    let headers = Vec::new();
    for (offset, record) in (0..).zip(records) {
        service.process(&reference(offset, record, &headers), sink)?;
    }
    Ok(())
}

#[inline(never)]
fn replay_all(service: &mut Indicators, records: &[Record]) {
    let headers = Vec::new();
    for (offset, record) in (0..).zip(records) {
        service.replay(&reference(offset, record, &headers));
    }
}

/// The record at its place in the log.
pub(super) fn reference<'a>(
    offset: u64,
    record: &'a Record,
    headers: &'a Vec<(String, Vec<u8>)>,
) -> RecordRef<'a> {
    RecordRef {
        topic: EVENTS,
        partition: record.partition,
        offset,
        key: Some(record.key.as_bytes()),
        value: Some(&record.value),
        timestamp_ms: 0,
        headers,
    }
}
