//! The exporter's own metrics.

use prometheus::{IntCounter, IntGauge, Registry};

use crate::page::Built;

/// All of them.
#[derive(Clone)]
pub struct Metrics {
    /// Records of `rapport.indicators` read.
    pub records: IntCounter,
    /// Records that could not be read; alert when it grows: what is shown may be old.
    pub unusable: IntCounter,
    /// Times the log could not be reached.
    pub retries: IntCounter,
    /// Whether everything was read that was there at the start.
    pub caught_up: IntGauge,
    sites: IntGauge,
    series: IntGauge,
    sites_left_out: IntGauge,
    unknown: IntGauge,
}

impl Metrics {
    /// Registers them, each at 0.
    ///
    /// # Errors
    /// Where one of that name is registered already.
    pub fn register(registry: &Registry) -> prometheus::Result<Metrics> {
        let counter = |name: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(format!("rapport_exporter_{name}"), help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauge = |name: &str, help: &str| -> prometheus::Result<IntGauge> {
            let gauge = IntGauge::new(format!("rapport_exporter_{name}"), help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        Ok(Metrics {
            records: counter("records_total", "Records of rapport.indicators read.")?,
            unusable: counter(
                "unusable_records_total",
                "Records of rapport.indicators that could not be read.",
            )?,
            retries: counter("log_retries_total", "Times the log could not be reached.")?,
            caught_up: gauge("caught_up", "1 once everything was read that was there at the start.")?,
            sites: gauge("sites", "Sites shown.")?,
            series: gauge("series", "Series of releases shown.")?,
            sites_left_out: gauge("sites_left_out", "Sites left out whole because of series_max.")?,
            unknown: gauge(
                "unknown_samples",
                "Samples of indicators that this version does not know, not shown.",
            )?,
        })
    }

    /// Says what a page holds.
    pub fn built(&self, built: Built) {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.sites.set(number(built.sites));
        self.series.set(number(built.series));
        self.sites_left_out.set(number(built.sites_left_out));
        self.unknown.set(i64::try_from(built.unknown).unwrap_or(i64::MAX));
    }
}
