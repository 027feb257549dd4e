//! What `indicators` costs without a log: the service's work on each record, its outputs thrown away.
//!
//! The same records are then replayed into a second one, as on assignment.
//!
//! `cargo run --release -p rapport-tests --example fold -- [EVENTS] [SITES] [DYADS_PER_SITE]`; defaults are 200 000 events,
//! 20 sites, 100 dyads each. Under `valgrind --tool=callgrind --toggle-collect='*fold_all*'` it counts instructions, which
//! nothing else on the machine disturbs.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measuring tool: it prints, and stops where it cannot go on"
)]

use std::sync::Arc;

use rapport_indicators::Indicators;
use rapport_indicators::metrics::Metrics;
use rapport_model::catalogue::Catalogue;
use rapport_model::params::{Params, Settings};
use rapport_model::partition::Stats;
use rapport_proto::topics::{ENRICHED, EVENTS, INDICATORS};
use rapport_stream::port::{Error, Output, RecordRef, Sink, TopicPartition};
use rapport_stream::worker::Service;

#[path = "common/canonical.rs"]
mod canonical;

use canonical::{Record, generate_records, plan};

/// Counts what it is sent.
#[derive(Default)]
struct Counted {
    rows: (usize, usize),
    releases: (usize, usize),
}

impl Sink for Counted {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        let of = match output.topic {
            ENRICHED => &mut self.rows,
            INDICATORS => &mut self.releases,
            _ => return Ok(()),
        };
        *of = (of.0 + 1, of.1 + output.value.map_or(0, <[u8]>::len));
        Ok(())
    }
}

fn main() {
    let arguments: Vec<usize> =
        std::env::args().skip(1).map(|argument| argument.parse().expect("a number")).collect();
    let at = |number: usize, default: usize| arguments.get(number).copied().unwrap_or(default);
    let small = |number: usize| u32::try_from(number).expect("a small number");
    let mut records = Vec::new();
    let plan = plan(small(at(1, 20)), small(at(2, 100)));
    generate_records(&plan, 1, at(0, 200_000), |record| records.push(record));

    let params = Arc::new(Params { settings: Settings::default(), catalogue: Catalogue::embedded() });
    let metrics = Metrics::register(&prometheus::Registry::new()).expect("a registry");
    let mut service = Indicators::new(params.clone(), 0, metrics.clone());
    let mut sink = Counted::default();
    let (memory, started) = (resident(), processor_seconds());
    fold_all(&mut service, &records, &mut sink);
    let (seconds, memory) = (processor_seconds() - started, resident().saturating_sub(memory));
    let Stats { events, dyads, .. } = service.partition(0).expect("a fold").stats();
    println!("{} records: {:.0} a second of processor time", records.len(), records.len() as f64 / seconds);
    println!(
        "{events} events of {dyads} dyads in {} MiB: {} B an event",
        memory >> 20,
        memory / events.max(1)
    );
    let mut again = Indicators::new(params, 0, metrics);
    let started = processor_seconds();
    replay_all(&mut again, &records);
    let noted = processor_seconds();
    again.replayed(&TopicPartition { topic: EVENTS.into(), partition: 0 });
    let (noting, all) = (noted - started, processor_seconds() - started);
    println!(
        "replayed: {:.0} a second of processor time; {:.0} ms of {:.0} ms to fold what was noted",
        records.len() as f64 / all,
        (all - noting) * 1e3,
        all * 1e3
    );
    for (what, (count, bytes)) in [("rows", sink.rows), ("releases", sink.releases)] {
        println!("{count} {what} of {} B", bytes / count.max(1));
    }
}

#[inline(never)]
fn fold_all(service: &mut Indicators, records: &[Record], sink: &mut Counted) {
    let headers = Vec::new();
    for (offset, record) in records.iter().enumerate() {
        let record = reference(offset, record, &headers);
        service.process(&record, sink).expect("a sink that takes everything");
    }
}

#[inline(never)]
fn replay_all(service: &mut Indicators, records: &[Record]) {
    let headers = Vec::new();
    for (offset, record) in records.iter().enumerate() {
        service.replay(&reference(offset, record, &headers));
    }
}

fn reference<'a>(offset: usize, record: &'a Record, headers: &'a Vec<(String, Vec<u8>)>) -> RecordRef<'a> {
    RecordRef {
        topic: EVENTS,
        partition: record.partition,
        offset: offset as u64,
        key: Some(record.key.as_bytes()),
        value: Some(&record.value),
        timestamp_ms: 0,
        headers,
    }
}

/// Processor time of this process.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

/// Bytes of memory the process holds.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<usize>().ok());
    kib.unwrap_or_default() * 1024
}
