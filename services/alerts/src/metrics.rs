//! Metrics of alerts.

use std::collections::BTreeMap;

use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use rapport_model::alert::Kind;

/// All of them.
#[derive(Clone)]
pub struct Metrics {
    /// Records of `rapport.alerts` read.
    pub records: IntCounter,
    /// Records that could not be read; alert when it grows: somebody may not have been told.
    pub unusable: IntCounter,
    /// Alerts recorded and not delivered, because what opened them was recorded long before.
    pub backfills: IntCounter,
    /// Times the log could not be reached.
    pub retries: IntCounter,
    /// Whether everything was read that was there at the start.
    pub caught_up: IntGauge,
    firing: IntGaugeVec,
    held_back: IntGauge,
    posts: IntCounterVec,
    failures: IntCounterVec,
    refused: IntCounterVec,
    succeeded: GaugeVec,
}

/// Metrics of the deliveries to one Alertmanager.
#[derive(Clone)]
pub struct Receiver {
    /// Requests made.
    pub posts: IntCounter,
    /// Of those, not answered with success; alert when it grows for some minutes.
    pub failures: IntCounter,
    /// Alerts it refused, each sent alone; alert when it grows.
    pub refused: IntCounter,
    /// When it last took alerts.
    pub succeeded: Gauge,
}

impl Metrics {
    /// Registers them, the kinds of alerts at 0.
    ///
    /// # Errors
    /// Where one of that name is registered already.
    pub fn register(registry: &Registry) -> prometheus::Result<Metrics> {
        let counter = |name: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(format!("rapport_alerts_{name}"), help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let counters = |name: &str, help: &str| -> prometheus::Result<IntCounterVec> {
            let opts = Opts::new(format!("rapport_alerts_{name}"), help);
            let counters = IntCounterVec::new(opts, &["alertmanager"])?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        let help = "Alerts that fire, of all sites together: 0 below 8, else to the nearest 5.";
        let opts = Opts::new("rapport_alerts_firing", help);
        let firing = IntGaugeVec::new(opts, &["alert", "tier"])?;
        registry.register(Box::new(firing.clone()))?;
        Kind::ALL.iter().for_each(|kind| firing.with_label_values(&[kind.as_str(), kind.tier()]).set(0));
        let held_back = IntGauge::new(
            "rapport_alerts_held_back",
            "Alerts that fire and wait for a safeguarding alert of their pair to be over: 0 below 8, else to the nearest 5.",
        )?;
        registry.register(Box::new(held_back.clone()))?;
        let help = "When an Alertmanager last took alerts; 0 where it never did.";
        let opts = Opts::new("rapport_alerts_last_success_timestamp_seconds", help);
        let succeeded = GaugeVec::new(opts, &["alertmanager"])?;
        registry.register(Box::new(succeeded.clone()))?;
        let caught_up = IntGauge::new(
            "rapport_alerts_caught_up",
            "1 once everything was read that was there at the start: nothing is delivered before.",
        )?;
        registry.register(Box::new(caught_up.clone()))?;
        Ok(Metrics {
            records: counter("records_total", "Records of rapport.alerts read.")?,
            unusable: counter("unusable_records_total", "Records of rapport.alerts that could not be read.")?,
            backfills: counter(
                "backfilled_total",
                "Alerts recorded and not delivered, because what opened them was recorded long before.",
            )?,
            retries: counter("log_retries_total", "Times the log could not be reached.")?,
            caught_up,
            firing,
            held_back,
            posts: counters("posts_total", "Requests to an Alertmanager.")?,
            failures: counters("post_failures_total", "Requests to an Alertmanager that did not succeed.")?,
            refused: counters("refused_total", "Alerts that an Alertmanager refused, each sent alone.")?,
            succeeded,
        })
    }

    /// Those of one Alertmanager, at 0.
    pub fn receiver(&self, alertmanager: &str) -> Receiver {
        let labels = &[alertmanager];
        Receiver {
            posts: self.posts.with_label_values(labels),
            failures: self.failures.with_label_values(labels),
            refused: self.refused.with_label_values(labels),
            succeeded: self.succeeded.with_label_values(labels),
        }
    }

    /// How many alerts are held back, shown [coarsely](coarse).
    pub fn held_back(&self, number: usize) {
        self.held_back.set(coarse(i64::try_from(number).unwrap_or(i64::MAX)));
    }

    /// How many alerts fire, by name and tier, shown [coarsely](coarse).
    pub fn firing(&self, firing: &BTreeMap<(&str, &str), i64>) {
        for kind in Kind::ALL.iter().filter(|kind| !firing.contains_key(&(kind.as_str(), kind.tier()))) {
            self.firing.with_label_values(&[kind.as_str(), kind.tier()]).set(0);
        }
        for ((alert, tier), number) in firing {
            self.firing.with_label_values(&[*alert, *tier]).set(coarse(*number));
        }
    }
}

/// What is shown of a number of alerts about people: no small number, and one that seldom moves. A gauge that steps by one in the minute
/// in which a concern is recorded tells of it whoever sees that somebody's alert falls silent just then.
fn coarse(number: i64) -> i64 {
    if number < 8 { 0 } else { number.saturating_add(2) / 5 * 5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_number_of_alerts_is_not_shown_and_no_number_exactly() {
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let kind = ("safeguarding", "safeguarding");
        for (number, shown) in [(0, 0), (1, 0), (7, 0), (8, 10), (12, 10), (13, 15), (1_001, 1_000)] {
            metrics.held_back(number);
            metrics.firing(&BTreeMap::from([(kind, number as i64)]));
            let firing = metrics.firing.with_label_values(&[kind.0, kind.1]).get();
            assert_eq!((metrics.held_back.get(), firing), (shown, shown), "{number}");
        }
    }
}
