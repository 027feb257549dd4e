//! A worker of the stream service over an embedded log.

use std::collections::BTreeSet;
use std::sync::Arc;

use rapport_ingest::clock::IngestClock;
use rapport_ingest::judge::Judge;
use rapport_ingest::metrics::Metrics;
use rapport_ingest::service::{GROUP, Ingest, Partitions, Parts};
use rapport_model::raw::Rules;
use rapport_proto::topics;
use rapport_runtime::stopwatch;
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::{Log, SessionSpec};
use rapport_stream::worker::{Limits, Worker};

/// Of every topic.
pub const PARTITIONS: u32 = 3;

/// The log with its topics, a worker that reads it, and what that counts.
pub fn worker(
    log: EmbeddedLog,
    (rules, schemas): (Rules, BTreeSet<u32>),
    clock: Arc<dyn IngestClock>,
    rejected_bytes_max: usize,
) -> (Arc<dyn Log>, Worker<Ingest>, Metrics) {
    log.create_topics(&topics::ALL, PARTITIONS).unwrap();
    let log: Arc<dyn Log> = Arc::new(log);
    let raw = vec![topics::RAW.to_owned()];
    let metrics = Metrics::register(&prometheus::Registry::new(), &raw).unwrap();
    let service = Ingest::new(Parts {
        judge: Judge::new(Arc::new(rules), schemas),
        clock,
        partitions: Partitions { events: PARTITIONS, rejected: PARTITIONS },
        topics: raw.clone(),
        tick_seconds: 60,
        rejected_bytes_max,
        metrics: metrics.clone(),
    });
    let spec = SessionSpec { group: GROUP.to_owned(), topics: raw, instance: "test".to_owned(), worker: 0 };
    let worker = Worker::new(log.clone(), spec, service, Limits::default(), stopwatch(), Box::new(()));
    (log, worker, metrics)
}
