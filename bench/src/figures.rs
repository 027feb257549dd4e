//! What came out: everything that the page shows, and nothing else, so that the page can be drawn again from it.

use serde::{Deserialize, Serialize};

use crate::settings::Part;
use crate::watch::Measured;

/// One run of one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What ran.
    pub part: Part,
    /// Which time, from 1.
    pub round: u32,
    /// What it took.
    pub measured: Measured,
}

/// How quickly a state is there again when a worker starts anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// Records read again.
    pub records: u64,
    /// From the start of the process to readiness, seconds.
    pub seconds: f64,
    /// Processor time until then, seconds.
    pub processor_seconds: f64,
}

/// How quickly it is there again where there is a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// Dyads held.
    pub dyads: u64,
    /// Size of the checkpoints, bytes.
    pub bytes: u64,
    /// From the start of the process to readiness, seconds.
    pub seconds: f64,
    /// Processor time until then, seconds.
    pub processor_seconds: f64,
    /// From the start of a process that has nothing to load to readiness, seconds: it only joins its group.
    pub joining_seconds: f64,
    /// Processor time that it takes to read the same files and to add up their checksums, and nothing else, seconds.
    pub reading_seconds: Option<f64>,
}

/// What a state of so many dyads costs, without a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grown {
    /// Dyads.
    pub dyads: u64,
    /// Events kept.
    pub events: u64,
    /// Records applied.
    pub records: u64,
    /// Processor time, seconds.
    pub processor_seconds: f64,
    /// Memory that came to be resident, bytes.
    pub bytes: u64,
}

/// From the moment an event is on the raw topic to the moment what comes of it can be seen, at a steady rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Events a second.
    pub rate: u64,
    /// Rows or alerts timed.
    pub seen: u64,
    /// Half were quicker, milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 were quicker, milliseconds.
    pub p99_ms: f64,
    /// The slowest, milliseconds.
    pub max_ms: f64,
}

/// All figures of one run of the bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Processors and memory.
    pub machine: String,
    /// The commit that was measured, `+` behind it where files had been changed.
    pub commit: String,
    /// The day.
    pub day: String,
    /// Seed of the events.
    pub seed: u64,
    /// Sites.
    pub sites: u32,
    /// Dyads of each.
    pub dyads: u32,
    /// Events of the backlog.
    pub events: u64,
    /// Of these, how many had come before.
    pub duplicates: u64,
    /// Of these, how many came after a later one of the same dyad.
    pub out_of_order: u64,
    /// Mean size of a canonical record, bytes.
    pub record_bytes: u64,
    /// Mean size of an enriched row, bytes, headers apart; 0 where none was written.
    pub row_bytes: u64,
    /// All runs, in the order they were made.
    pub runs: Vec<Run>,
    /// Replay on assignment.
    pub replay: Option<Replay>,
    /// The same with a checkpoint.
    pub loaded: Option<Loaded>,
    /// Latency of rows at a steady rate.
    pub latency: Option<Latency>,
    /// Latency of alerts at that rate.
    pub alerted: Option<Latency>,
    /// Cost as dyads grow.
    pub growth: Vec<Grown>,
}

/// Median, least and greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The middle one; of an even number the lower of the two.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

/// The spread of some values; `None` of none.
pub fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let (least, greatest) = (*values.first()?, *values.last()?);
    let median = *values.get((values.len() - 1) / 2)?;
    Some(Spread { median, least, greatest })
}

impl Figures {
    /// A value of every run of a part.
    pub fn of(&self, part: Part, value: impl Fn(&Measured) -> f64) -> Option<Spread> {
        spread(self.runs.iter().filter(|run| run.part == part).map(|run| value(&run.measured)).collect())
    }

    /// The parts that ran, in their order.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = self.runs.iter().map(|run| run.part).collect();
        parts.sort_unstable();
        parts.dedup();
        parts
    }
}

impl Measured {
    /// Records a second.
    pub fn rate(&self) -> f64 {
        self.records as f64 / self.seconds
    }

    /// Processor seconds per million records.
    pub fn processor_per_million(&self) -> f64 {
        self.processor_seconds * 1e6 / self.records as f64
    }

    /// Peak memory, MiB.
    pub fn peak_mib(&self) -> f64 {
        self.peak_bytes as f64 / f64::from(1_u32 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn of_three_the_middle_one_is_the_median_and_of_none_there_is_none() {
        let three = spread(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!((three.median, three.least, three.greatest), (2.0, 1.0, 3.0));
        assert_eq!(spread(Vec::new()), None);
    }
}
