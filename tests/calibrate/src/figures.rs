//! Counts by scenario: whole numbers, so that the same seed gives the same figures wherever and however often it is tried.

use std::num::NonZero;
use std::ops::Range;
use std::thread;

use anyhow::{Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::judge::{Judge, Verdict};
use crate::pair::ratings;
use crate::scenario::{SESSIONS, Scenario};

/// The first pairs of each scenario are counted apart: so many can be tried again quickly.
pub const CHECKED: u64 = 1_000;

/// What was said of the pairs of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// How many pairs.
    pub pairs: u64,
    /// Pairs by the session of their first breakdown.
    pub breakdown: [u64; SESSIONS],
    /// Pairs by the session of their first watch.
    pub watch: [u64; SESSIONS],
    /// Pairs by the session of whichever came first.
    pub either: [u64; SESSIONS],
    /// Pairs by the session of the textbook rule's first alarm.
    pub textbook: [u64; SESSIONS],
    /// Pairs whose first breakdown opened while it could see the fall, and was repaired by the last session.
    pub repaired: u64,
    /// All breakdowns.
    pub breakdowns: u64,
    /// All watches.
    pub watches: u64,
}

impl Counts {
    fn add(&mut self, scenario: &Scenario, verdict: Verdict) {
        let mut note = |at: Option<usize>, of: fn(&mut Counts) -> &mut [u64; SESSIONS]| {
            if let Some(count) = at.and_then(|session| of(self).get_mut(session - 1)) {
                *count += 1;
            }
        };
        note(verdict.breakdown, |counts| &mut counts.breakdown);
        note(verdict.watch, |counts| &mut counts.watch);
        note(verdict.textbook, |counts| &mut counts.textbook);
        let either = verdict.breakdown.into_iter().chain(verdict.watch).min();
        note(either, |counts| &mut counts.either);
        self.pairs += 1;
        let saw = verdict.breakdown.is_some_and(|session| session <= scenario.shape.last());
        self.repaired += u64::from(saw && verdict.repaired);
        self.breakdowns += verdict.breakdowns;
        self.watches += verdict.watches;
    }

    fn merge(&mut self, other: &Counts) {
        let all = |sums: &mut [u64; SESSIONS], more: &[u64; SESSIONS]| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        };
        all(&mut self.breakdown, &other.breakdown);
        all(&mut self.watch, &other.watch);
        all(&mut self.either, &other.either);
        all(&mut self.textbook, &other.textbook);
        self.pairs += other.pairs;
        self.repaired += other.repaired;
        self.breakdowns += other.breakdowns;
        self.watches += other.watches;
    }
}

/// The counts of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// [`Scenario::name`].
    pub scenario: String,
    /// Of all pairs.
    pub all: Counts,
    /// Of the first [`CHECKED`].
    pub checked: Counts,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The seed.
    pub seed: u64,
    /// In the order of [`Scenario::all`].
    pub rows: Vec<Row>,
}

impl Figures {
    /// How many pairs each scenario was tried with.
    pub fn pairs(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.all.pairs)
    }

    /// The counts of all pairs of a scenario.
    ///
    /// # Errors
    /// Where there are none.
    pub fn of(&self, scenario: &Scenario) -> Result<&Counts> {
        let name = scenario.name();
        let row = self.rows.iter().find(|row| row.scenario == name);
        row.map(|row| &row.all).ok_or_else(|| anyhow!("find the figures of {name}"))
    }
}

/// Tries `pairs` pairs in every scenario; `done` is told of every hundred.
///
/// # Errors
/// Where the catalogue lacks an instrument.
pub fn measure(seed: u64, pairs: u64, done: &(dyn Fn(u64) + Sync)) -> Result<Figures> {
    let judge = Judge::new()?;
    let scenarios = Scenario::all();
    let rows = scenarios.iter().map(|scenario| {
        let checked = count(&judge, scenario, seed, 0..CHECKED.min(pairs), done);
        let mut all = checked.clone();
        if pairs > CHECKED {
            all.merge(&count_in_parallel(&judge, scenario, seed, CHECKED..pairs, done));
        }
        Row { scenario: scenario.name(), all, checked }
    });
    Ok(Figures { seed, rows: rows.collect() })
}

fn count(
    judge: &Judge,
    scenario: &Scenario,
    seed: u64,
    numbers: Range<u64>,
    done: &(dyn Fn(u64) + Sync),
) -> Counts {
    let mut counts = Counts::default();
    let assumed_sd = judge.assumed_sd(scenario);
    for number in numbers {
        let ratings = ratings(scenario, assumed_sd, seed, number);
        counts.add(scenario, judge.judge(scenario, &ratings));
        if counts.pairs % 100 == 0 {
            done(100);
        }
    }
    counts
}

fn count_in_parallel(
    judge: &Judge,
    scenario: &Scenario,
    seed: u64,
    numbers: Range<u64>,
    done: &(dyn Fn(u64) + Sync),
) -> Counts {
    let parts = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let length = (numbers.end - numbers.start).div_ceil(parts);
    thread::scope(|scope| {
        let part = |at: u64| {
            let from = (numbers.start + at * length).min(numbers.end);
            from..(from + length).min(numbers.end)
        };
        let running: Vec<_> =
            (0..parts).map(|at| scope.spawn(move || count(judge, scenario, seed, part(at), done))).collect();
        let mut sum = Counts::default();
        for thread in running {
            match thread.join() {
                Ok(counts) => sum.merge(&counts),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sum
    })
}
