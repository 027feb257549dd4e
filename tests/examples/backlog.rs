//! Events per second and peak memory of `indicators` over a backlog on a real Kafka, in one run on one machine.
//!
//! `cargo run --release -p rapport-tests --example backlog -- [EVENTS] [WORKERS] [SITES] [DYADS_PER_SITE]`; defaults are
//! 2 000 000 events, 1 worker, 200 sites, 100 dyads each. The broker shares the machine's cores, as it would not.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring tool: it prints, reads the clock, and stops where it cannot go on"
)]

use std::time::{Duration, Instant};

use rapport::simulate::Plan;
use rapport_proto::topics::{ALL, ENRICHED, EVENTS, INDICATORS};
use rapport_stream::port::{Appender, Log, Output};
use rapport_tests::harness::{Kafka, KafkaOptions, Port, Process, Scratch, binary};

#[path = "common/canonical.rs"]
mod canonical;

use canonical::{Record, generate_records, plan};

const PARTITIONS: u32 = 4;
const BATCH: usize = 20_000;

struct Wanted {
    events: usize,
    workers: u32,
    plan: Plan,
}

fn main() {
    let arguments: Vec<usize> =
        std::env::args().skip(1).map(|argument| argument.parse().expect("a number")).collect();
    let at = |number: usize, default: usize| arguments.get(number).copied().unwrap_or(default);
    let small = |number: usize| u32::try_from(number).expect("a small number");
    let plan = plan(small(at(2, 200)), small(at(3, 100)));
    let wanted = Wanted { events: at(0, 2_000_000), workers: small(at(1, 1)), plan };

    let kafka = Kafka::start(KafkaOptions { heap_mib: 1024, warm: true, ..KafkaOptions::default() });
    let log = kafka.log("");
    log.create_topics(&ALL, PARTITIONS).expect("topics can be created");
    let (records, bytes) = write(log.appender().expect("an appender").as_mut(), &wanted);
    println!("{records} records of {} B in {PARTITIONS} partitions", bytes / records);
    measure(&kafka, &wanted, records);
    for topic in [ENRICHED, INDICATORS] {
        let (count, bytes) = size(&log, topic);
        println!("{topic}: {count} records of {} B", bytes / count.max(1));
    }
}

/// Writes the backlog; returns how many records and bytes that is.
fn write(appender: &mut dyn Appender, wanted: &Wanted) -> (usize, usize) {
    let mut batch = Vec::with_capacity(BATCH);
    let (mut records, mut bytes) = (0, 0);
    generate_records(&wanted.plan, PARTITIONS, wanted.events, |record| {
        batch.push(record);
        if batch.len() >= BATCH {
            (records, bytes) = append(appender, &mut batch, records, bytes);
        }
    });
    append(appender, &mut batch, records, bytes)
}

fn append(
    appender: &mut dyn Appender,
    batch: &mut Vec<Record>,
    records: usize,
    bytes: usize,
) -> (usize, usize) {
    let outputs: Vec<Output<'_>> = batch
        .iter()
        .map(|record| Output {
            topic: EVENTS,
            partition: Some(record.partition),
            key: Some(record.key.as_bytes()),
            value: Some(&record.value),
            headers: &[],
        })
        .collect();
    appender.append(&outputs).expect("the backlog can be written");
    let written = batch.iter().map(|record| record.key.len() + record.value.len()).sum::<usize>();
    let sums = (records + batch.len(), bytes + written);
    batch.clear();
    sums
}

/// Runs the real service over the backlog.
fn measure(kafka: &Kafka, wanted: &Wanted, records: usize) {
    let (scratch, port) = (Scratch::new("backlog"), Port::free());
    let environment = [
        ("RAPPORT_LOG__BACKEND", "kafka".to_owned()),
        ("RAPPORT_LOG__KAFKA__BROKERS", kafka.brokers()),
        ("RAPPORT_INDICATORS__LISTEN", port.address()),
        ("RAPPORT_INDICATORS__WORKERS", wanted.workers.to_string()),
    ];
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let program = binary("rapport-indicators", "rapport-indicators");
    let arguments = ["--instance", "backlog"];
    let mut service = Process::start("indicators", program, arguments, &environment, scratch.path());
    let url = format!("http://{}/metrics", port.address());
    let client = reqwest::blocking::Client::new();
    let look = |service: &mut Process, name: &str| -> Option<f64> {
        service.assert_running();
        let page = client.get(&url).send().and_then(reqwest::blocking::Response::text).ok()?;
        let lines = page.lines().filter(|line| line.split([' ', '{']).next() == Some(name));
        Some(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    };
    let committed = "rapport_indicators_records_total";
    let mut wait = |enough: f64| loop {
        match look(&mut service, committed) {
            Some(count) if count >= enough => return count,
            // Seldom enough that being looked at costs the service nothing.
            _ => std::thread::sleep(Duration::from_millis(200)),
        }
    };
    let first = wait(1.0);
    let started = Instant::now();
    let last = wait(records as f64);
    let seconds = started.elapsed().as_secs_f64();
    let cpu = service.processor_time().as_secs_f64();
    println!("{} worker(s): {:.0} records/s over {seconds:.1} s", wanted.workers, (last - first) / seconds);
    println!("processor: {cpu:.1} s, {:.2} s per million records", cpu / last * 1e6);
    for name in ["rapport_indicators_doubts_total", "rapport_indicators_renewals_total"] {
        println!("{name}: {}", look(&mut service, name).unwrap_or_default());
    }
    println!("peak memory: {} MiB", service.peak_memory() >> 20);
}

fn size(log: &dyn Log, topic: &str) -> (usize, usize) {
    let mut reader = log.reader(&[topic]).expect("a reader");
    let (mut count, mut bytes) = (0, 0);
    while !reader.caught_up().expect("an answer") {
        let mut add = |record: &rapport_stream::port::RecordRef<'_>| {
            count += 1;
            bytes += record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
        };
        reader.poll(Duration::from_millis(100), BATCH, &mut add).expect("a poll");
    }
    (count, bytes)
}
