//! What every service's registry starts with.

use std::time::Duration;

use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::build::BUILD;
use crate::telemetry::LogLines;

/// A registry with `rapport_build_info`, `rapport_log_lines_total` and `process_*`.
///
/// # Errors
/// Never in practice: names and labels are constants.
pub fn registry() -> prometheus::Result<Registry> {
    let registry = Registry::new();
    let opts = Opts::new("rapport_build_info", "What is running; always 1.");
    let info = IntGaugeVec::new(opts, &["version", "revision", "rustc"])?;
    info.with_label_values(&[BUILD.version, BUILD.revision, BUILD.rustc]).set(1);
    registry.register(Box::new(info))?;
    registry.register(Box::new(LogLines::new()?))?;
    registry.register(Box::new(ProcessCollector::for_self()))?;
    Ok(registry)
}

/// The registry's page in the text format, families sorted by name.
///
/// # Errors
/// Where a family cannot be written, which no collector of Rapport makes.
pub fn page(registry: &Registry) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(&registry.gather())
}

/// Metrics of the workers of a service that reads the log in a group: `rapport_<service>_…`.
///
/// They count work done, not facts: what is done twice counts twice.
#[derive(Clone)]
pub struct WorkerMetrics {
    processed: IntCounter,
    replayed: IntCounter,
    sent: IntCounter,
    commit_seconds: Histogram,
    doubts: IntCounter,
    renewals: IntCounterVec,
    retries: IntCounter,
    partitions: IntGaugeVec,
    replaying: IntGaugeVec,
}

/// Commits are due each 0.1 s and suspicious after 1 s: the buckets lie around both.
const COMMIT_BUCKETS_S: [f64; 10] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl WorkerMetrics {
    /// Registers them, with a renewal of each of `causes` at 0.
    ///
    /// # Errors
    /// Where one of that name is registered already.
    pub fn register(
        registry: &Registry,
        service: &str,
        causes: &[&str],
    ) -> prometheus::Result<WorkerMetrics> {
        let name = |name: &str| format!("rapport_{service}_{name}");
        let counter = |part: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(name(part), help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauges = |part: &str, help: &str| -> prometheus::Result<IntGaugeVec> {
            let gauges = IntGaugeVec::new(Opts::new(name(part), help), &["worker"])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok(gauges)
        };
        let buckets = HistogramOpts::new(name("commit_seconds"), "How long commits took.");
        let commit_seconds = Histogram::with_opts(buckets.buckets(COMMIT_BUCKETS_S.to_vec()))?;
        registry.register(Box::new(commit_seconds.clone()))?;
        let help = "Times a session was renewed, by cause; a few are normal when brokers restart.";
        let renewals = IntCounterVec::new(Opts::new(name("renewals_total"), help), &["cause"])?;
        registry.register(Box::new(renewals.clone()))?;
        for cause in causes {
            renewals.with_label_values(&[cause]).inc_by(0);
        }
        Ok(WorkerMetrics {
            processed: counter(
                "processed_records_total",
                "Records processed; one that comes again counts again.",
            )?,
            replayed: counter("replayed_records_total", "Records replayed to build state, without output.")?,
            sent: counter(
                "sent_records_total",
                "Records handed to the log; one that is sent again counts again.",
            )?,
            commit_seconds,
            doubts: counter("doubts_total", "Commits whose outcome was unknown.")?,
            renewals,
            retries: counter("log_retries_total", "Times the log could not be reached.")?,
            partitions: gauges("partitions", "Partitions that the worker owns.")?,
            replaying: gauges("replaying_partitions", "Partitions that the worker is still replaying.")?,
        })
    }

    /// So many records were processed.
    pub fn processed(&self, records: u64) {
        self.processed.inc_by(records);
    }

    /// So many records were replayed.
    pub fn replayed(&self, records: u64) {
        self.replayed.inc_by(records);
    }

    /// So many records were sent.
    pub fn sent(&self, records: u64) {
        self.sent.inc_by(records);
    }

    /// A commit took so long.
    pub fn committed(&self, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// A commit's outcome is unknown.
    pub fn doubted(&self) {
        self.doubts.inc();
    }

    /// A session was renewed.
    pub fn renewed(&self, cause: &str) {
        self.renewals.with_label_values(&[cause]).inc();
    }

    /// The log could not be reached.
    pub fn retried(&self) {
        self.retries.inc();
    }

    /// Worker `worker` owns so many partitions, and is still replaying some of them.
    pub fn owned(&self, worker: &str, partitions: usize, replaying: usize) {
        self.partitions.with_label_values(&[worker]).set(i64::try_from(partitions).unwrap_or(i64::MAX));
        self.replaying.with_label_values(&[worker]).set(i64::try_from(replaying).unwrap_or(i64::MAX));
    }
}
