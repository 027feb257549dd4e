//! Metrics of indicators. What is counted of records has been committed.
//!
//! None is of a site: raw counts by site would undo the disclosure policy by subtraction. What says how much is held is
//! rounded down to hundreds, so that where there is only one site nobody is followed by it.

use prometheus::{GaugeVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};
use rapport_model::partition::{Output, Stats};
use rapport_model::time::Instant;
use rapport_proto::topics;
use rapport_stream::checkpoint::Rejection;

/// All of them.
#[derive(Clone)]
pub struct Metrics {
    records: IntCounter,
    malformed: IntCounter,
    outputs: IntCounterVec,
    sites: IntGaugeVec,
    dyads: IntGaugeVec,
    events: IntGaugeVec,
    pending: IntGaugeVec,
    clock: GaugeVec,
    checkpoints_written: IntCounter,
    checkpoints_loaded: IntCounter,
    checkpoints_failed: IntCounter,
    checkpoints_rejected: IntCounterVec,
}

const OUTPUTS: [&str; 3] = [topics::ENRICHED, topics::INDICATORS, topics::ALERTS];

impl Metrics {
    /// Registers them, each topic at 0.
    ///
    /// # Errors
    /// Where one of that name is registered already.
    pub fn register(registry: &Registry) -> prometheus::Result<Metrics> {
        let counter = |name: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauges = |name: &str, help: &str| -> prometheus::Result<IntGaugeVec> {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &["worker"])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok(gauges)
        };
        let outputs = IntCounterVec::new(
            Opts::new("rapport_indicators_outputs_total", "Records written, by topic."),
            &["topic"],
        )?;
        registry.register(Box::new(outputs.clone()))?;
        OUTPUTS.iter().for_each(|topic| outputs.with_label_values(&[topic]).inc_by(0));
        let help = "The clock of a partition: the greatest ingested_at in it. A site is silent where it stands still.";
        let clock =
            GaugeVec::new(Opts::new("rapport_indicators_clock_timestamp_seconds", help), &["partition"])?;
        registry.register(Box::new(clock.clone()))?;
        let rejected = IntCounterVec::new(
            Opts::new(
                "rapport_indicators_checkpoints_rejected_total",
                "Checkpoints thrown away, by reason; the log was replayed from its start instead.",
            ),
            &["reason"],
        )?;
        registry.register(Box::new(rejected.clone()))?;
        Rejection::ALL.iter().for_each(|why| rejected.with_label_values(&[why.as_str()]).inc_by(0));
        Ok(Metrics {
            records: counter("rapport_indicators_records_total", "Records of rapport.events processed.")?,
            malformed: counter(
                "rapport_indicators_malformed_records_total",
                "Records of rapport.events that no version of this pipeline writes; alert when it grows.",
            )?,
            outputs,
            sites: gauges("rapport_indicators_sites", "Sites held.")?,
            dyads: gauges("rapport_indicators_dyads", "Dyads held, rounded down to hundreds.")?,
            events: gauges("rapport_indicators_events", "Events held, rounded down to hundreds.")?,
            pending: gauges(
                "rapport_indicators_pending_events",
                "Events held that have not occurred yet, rounded down to hundreds.",
            )?,
            clock,
            checkpoints_written: counter(
                "rapport_indicators_checkpoints_written_total",
                "Checkpoints written.",
            )?,
            checkpoints_loaded: counter(
                "rapport_indicators_checkpoints_loaded_total",
                "Checkpoints loaded, each instead of a part of a replay.",
            )?,
            checkpoints_failed: counter(
                "rapport_indicators_checkpoints_failed_total",
                "Checkpoints that could not be written; nothing else suffers from it.",
            )?,
            checkpoints_rejected: rejected,
        })
    }

    /// A checkpoint was written.
    pub fn checkpoint_written(&self) {
        self.checkpoints_written.inc();
    }

    /// A checkpoint was loaded.
    pub fn checkpoint_loaded(&self) {
        self.checkpoints_loaded.inc();
    }

    /// A checkpoint could not be written.
    pub fn checkpoint_failed(&self) {
        self.checkpoints_failed.inc();
    }

    /// A checkpoint was thrown away.
    pub fn checkpoint_rejected(&self, why: Rejection) {
        self.checkpoints_rejected.with_label_values(&[why.as_str()]).inc();
    }

    /// Checkpoints written, loaded, failed, and rejected for any reason.
    pub fn checkpoints(&self) -> [u64; 4] {
        let rejected =
            Rejection::ALL.iter().map(|why| self.checkpoints_rejected.with_label_values(&[why.as_str()]));
        let rejected = rejected.map(|counter| counter.get()).sum();
        [
            self.checkpoints_written.get(),
            self.checkpoints_loaded.get(),
            self.checkpoints_failed.get(),
            rejected,
        ]
    }

    /// Adds what was committed.
    pub fn add(&self, tally: &Tally) {
        self.records.inc_by(tally.records);
        self.malformed.inc_by(tally.malformed);
        for (topic, records) in OUTPUTS.iter().zip(tally.outputs) {
            self.outputs.with_label_values(&[topic]).inc_by(records);
        }
    }

    /// What a worker holds.
    pub fn holds(&self, worker: &str, stats: Stats) {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let hundreds = |n: usize| number(n / 100 * 100);
        self.sites.with_label_values(&[worker]).set(number(stats.sites));
        self.dyads.with_label_values(&[worker]).set(hundreds(stats.dyads));
        self.events.with_label_values(&[worker]).set(hundreds(stats.events));
        self.pending.with_label_values(&[worker]).set(hundreds(stats.pending));
    }

    /// The clock of a partition.
    pub fn clock(&self, partition: u32, clock: Instant) {
        self.clock.with_label_values(&[&partition.to_string()]).set(clock.0 as f64 / 1e6);
    }

    /// A partition is another's now.
    pub fn forget(&self, partition: u32) {
        // It is an error only where the partition never had a clock.
        let _ = self.clock.remove_label_values(&[&partition.to_string()]);
    }

    /// Records processed and committed, and of them malformed.
    pub fn records(&self) -> (u64, u64) {
        (self.records.get(), self.malformed.get())
    }
}

/// What was done since the last commit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    records: u64,
    malformed: u64,
    outputs: [u64; 3],
}

impl Tally {
    /// A record was applied, or passed over as malformed.
    pub fn record(&mut self, applied: bool) {
        self.records += 1;
        self.malformed += u64::from(!applied);
    }

    /// Something was written.
    pub fn output(&mut self, output: &Output) {
        let place = match output {
            Output::Enriched { .. } => 0,
            Output::Release(_) => 1,
            Output::Alert(_) | Output::NoAlert { .. } => 2,
        };
        self.outputs[place] += 1;
    }
}
