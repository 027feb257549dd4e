//! The pure parts, each by itself: decode, fold, refold, release, encode. `make bench-model`.

#![allow(missing_docs, reason = "criterion's macros make functions")]
#![allow(clippy::unwrap_used, reason = "a measuring tool stops where it cannot go on")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use prost::Message as _;
use rapport_bench::records::{Record, after, canonical, plan, tick};
use rapport_model::catalogue::Catalogue;
use rapport_model::event::Decoder;
use rapport_model::params::{Params, Settings};
use rapport_model::partition::{Output, Partition};
use rapport_proto::v1;

/// Events of the backlog: two sites of a hundred dyads, some weeks of them, ingested on one day.
const EVENTS: u64 = 4_000;
const SITES: u32 = 2;
const DYADS: u32 = 100;

fn backlog() -> Vec<Record> {
    canonical(&plan(SITES, DYADS, 1), EVENTS, true).unwrap()
}

fn empty() -> Partition {
    Partition::new(Arc::new(Params { settings: Settings::default(), catalogue: Catalogue::embedded() }))
}

/// What follows from all records.
fn fold(partition: &mut Partition, records: &[Record]) -> Vec<Output> {
    let mut out = Vec::new();
    for record in records {
        partition.apply(Some(record.key.as_bytes()), Some(&record.value), &mut out).unwrap();
    }
    out
}

/// A record read from its bytes.
fn decoding(criterion: &mut Criterion) {
    let records = backlog();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("records", |bencher| {
        let mut decoder = Decoder::default();
        bencher.iter(|| {
            records.iter().for_each(|record| drop(black_box(decoder.decode(&record.value))));
        });
    });
    group.finish();
}

/// Records in the order they come, folded from nothing; the same noted first and folded once, as on assignment.
fn folding(criterion: &mut Criterion) {
    let records = backlog();
    let mut group = criterion.benchmark_group("fold");
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("as they come", |bencher| {
        bencher.iter_batched_ref(empty, |partition| fold(partition, &records), BatchSize::LargeInput);
    });
    group.bench_function("replayed", |bencher| {
        bencher.iter_batched_ref(
            empty,
            |partition| {
                for record in &records {
                    partition.replay(Some(record.key.as_bytes()), Some(&record.value)).unwrap();
                }
                partition.settle();
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// A record that comes last of all and happened first of all: its whole history is folded again.
fn folding_again(criterion: &mut Criterion) {
    let mut records = backlog();
    // The first event of a dyad of which there are most.
    let dyad = |record: &Record| {
        let event = v1::Event::decode(&*record.value).unwrap();
        (!event.client.is_empty() && !event.peer.is_empty()).then_some((event.site, event.client, event.peer))
    };
    let mut counts = std::collections::BTreeMap::new();
    for of in records.iter().filter_map(dyad) {
        *counts.entry(of).or_insert(0_u64) += 1;
    }
    let (longest, count) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap();
    let first = records.iter().position(|record| dyad(record).as_ref() == Some(&longest)).unwrap();
    let late = records.remove(first);
    let mut group = criterion.benchmark_group("refold");
    group.throughput(Throughput::Elements(count));
    let mut partition = empty();
    fold(&mut partition, &records);
    group.bench_function("the longest history", |bencher| {
        bencher.iter(|| {
            // It comes and is forgotten again: folded again twice.
            let mut out = fold(&mut partition, std::slice::from_ref(&late));
            partition.apply(Some(late.key.as_bytes()), None, &mut out).unwrap();
            out
        });
    });
    group.finish();
}

/// The clock goes over a release boundary: each site is released.
fn releasing(criterion: &mut Criterion) {
    let records = backlog();
    let mut partition = empty();
    fold(&mut partition, &records);
    let mut now = partition.clock();
    let mut group = criterion.benchmark_group("release");
    group.throughput(Throughput::Elements(u64::from(SITES)));
    group.bench_function("sites of a hundred dyads", |bencher| {
        bencher.iter_batched(
            || {
                now = after(now);
                tick(0, now)
            },
            |tick| fold(&mut partition, std::slice::from_ref(&tick)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Enriched rows written as bytes.
fn encoding(criterion: &mut Criterion) {
    let outputs = fold(&mut empty(), &backlog());
    let rows: Vec<v1::Enriched> = outputs
        .into_iter()
        .filter_map(|output| match output {
            Output::Enriched { row, .. } => row,
            _ => None,
        })
        .collect();
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(rows.len() as u64));
    let mut buffer = Vec::new();
    group.bench_function("rows", |bencher| {
        bencher.iter(|| {
            for row in &rows {
                buffer.clear();
                row.encode(&mut buffer).unwrap();
                black_box(&buffer);
            }
        });
    });
    group.finish();
}

/// Short: six of them, in less than a minute.
fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
}

criterion_group! {
    name = model;
    config = short();
    targets = decoding, folding, folding_again, releasing, encoding
}
criterion_main!(model);
