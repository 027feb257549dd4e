//! The exporter's own metrics.

use prometheus::{IntCounter, IntGauge, Registry};
use rapport_model::params::Releases;
use rapport_model::time::Instant;

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
    sites_behind: IntGauge,
    release_interval: IntGauge,
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
            sites_behind: gauge(
                "sites_behind",
                "Sites left out because their newest release is older than that of others by more than behind_days_max.",
            )?,
            release_interval: gauge(
                "release_interval_seconds",
                "From one release to the next, as configured: how old numbers may be depends on it.",
            )?,
            unknown: gauge(
                "unknown_samples",
                "Samples of indicators that this version does not know, not shown.",
            )?,
        })
    }

    /// Says how often releases come.
    pub fn releases(&self, releases: Releases) {
        let boundary = releases.boundary(Instant::default());
        self.release_interval.set((releases.boundary_after(boundary).0 - boundary.0) / 1_000_000);
    }

    /// Says what a page holds.
    pub fn built(&self, built: Built) {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.sites.set(number(built.sites));
        self.series.set(number(built.series));
        self.sites_left_out.set(number(built.sites_left_out));
        self.sites_behind.set(number(built.sites_behind));
        self.unknown.set(i64::try_from(built.unknown).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_a_day_old_or_a_week_as_releases_are_configured() {
        let metrics = Metrics::register(&Registry::new()).unwrap();
        for (releases, seconds) in [(Releases::Daily, 86_400), (Releases::Weekly, 604_800)] {
            metrics.releases(releases);
            assert_eq!(metrics.release_interval.get(), seconds, "{releases:?}");
        }
    }
}
