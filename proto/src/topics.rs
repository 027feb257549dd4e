//! Topic names and how each is to be created.

/// Raw events as they come from outside; any number of topics may be configured, this is the default one.
pub const RAW: &str = "rapport.raw";
/// Canonical events: the one truth.
pub const EVENTS: &str = "rapport.events";
/// Raw records that were rejected, with the reason.
pub const REJECTED: &str = "rapport.rejected";
/// One row per standing event that has a person.
pub const ENRICHED: &str = "rapport.enriched";
/// Releases: a record holds all indicators of a site on a day.
pub const INDICATORS: &str = "rapport.indicators";
/// Alerts, upserted at each transition.
pub const ALERTS: &str = "rapport.alerts";

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// How a topic is to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: &'static str,
    /// Whether only the newest record of a key is kept, for ever; otherwise all are kept for `retention_ms`.
    pub compacted: bool,
    /// How long records of a topic that is not compacted are kept, milliseconds.
    pub retention_ms: Option<u64>,
    /// How long compaction leaves a record alone, so that it never takes what a lagging group has yet to read.
    pub min_compaction_lag_ms: Option<u64>,
    /// Whether it has one partition per partition of `rapport.events`, and a site lives on the same number in both.
    pub by_site: bool,
}

/// Every topic of Rapport. Raw topics belong to the outside: [`RAW`] is created for those who have none.
pub const ALL: [TopicSpec; 6] = [
    TopicSpec {
        name: RAW,
        compacted: false,
        retention_ms: Some(30 * DAY_MS),
        min_compaction_lag_ms: None,
        by_site: true,
    },
    TopicSpec {
        name: EVENTS,
        compacted: true,
        retention_ms: None,
        min_compaction_lag_ms: Some(7 * DAY_MS),
        by_site: true,
    },
    TopicSpec {
        name: REJECTED,
        compacted: false,
        retention_ms: Some(30 * DAY_MS),
        min_compaction_lag_ms: None,
        by_site: true,
    },
    TopicSpec {
        name: ENRICHED,
        compacted: true,
        retention_ms: None,
        min_compaction_lag_ms: Some(7 * DAY_MS),
        by_site: true,
    },
    TopicSpec {
        name: INDICATORS,
        compacted: true,
        retention_ms: None,
        min_compaction_lag_ms: None,
        by_site: true,
    },
    TopicSpec {
        name: ALERTS,
        compacted: true,
        retention_ms: None,
        min_compaction_lag_ms: None,
        by_site: true,
    },
];

/// Most bytes of a batch of records on a topic that is made here, whatever the cluster's own limit is: Kafka's default.
pub const BATCH_BYTES_MAX: u64 = 1_048_588;

impl TopicSpec {
    /// The topic's settings as Kafka names them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("cleanup.policy", if self.compacted { "compact" } else { "delete" }.to_owned()),
            ("max.message.bytes", BATCH_BYTES_MAX.to_string()),
            // A cluster refuses what a machine whose clock is an hour ahead writes, unless it is the cluster's own clock that counts.
            ("message.timestamp.type", "LogAppendTime".to_owned()),
        ];
        if self.compacted {
            settings.push(("delete.retention.ms", (7 * DAY_MS).to_string()));
            settings.push(("segment.ms", (DAY_MS).to_string()));
            settings.push(("min.cleanable.dirty.ratio", "0.2".to_owned()));
        }
        if let Some(retention) = self.retention_ms {
            settings.push(("retention.ms", retention.to_string()));
        }
        if let Some(lag) = self.min_compaction_lag_ms {
            settings.push(("min.compaction.lag.ms", lag.to_string()));
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_truth_is_compacted_and_never_aged_out() {
        let events = ALL.iter().find(|topic| topic.name == EVENTS).unwrap();
        let settings = events.settings();
        assert!(settings.contains(&("cleanup.policy", "compact".to_owned())));
        assert!(settings.contains(&("message.timestamp.type", "LogAppendTime".to_owned())));
        assert!(settings.contains(&("min.compaction.lag.ms", "604800000".to_owned())));
        assert!(settings.iter().all(|(name, _)| *name != "retention.ms"));
    }
}
