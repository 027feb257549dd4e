//! The loop under thousands of seeded schedules of faults; and the same oracle against loops that are wrong.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rapport_stream::faults::{FAULTS, Fault, FaultyLog, Plan, is_crash};
use rapport_stream::port::{Error, Log};
use rapport_stream::worker::{Limits, Worker};

use crate::fold::{Fold, INPUT, SUMS, append, everything, expected, log, worker};
use crate::wrong::{Mistake, wrong_log};

/// Steps of one schedule before the weather clears.
const STORM_STEPS: u64 = 150;
/// Far more steps than any schedule needs to come to rest.
const CALM_STEPS: u64 = 2_000;
const SEEDS: u64 = 2_000;

/// What is to be made wrong on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Wrong {
    deaf_to_replay: bool,
    mistake: Option<Mistake>,
}

/// A small generator for the schedule itself: what is appended when, which worker steps.
fn draw(seed: u64, step: u64, below: u64) -> u64 {
    let mut mixed = (seed << 20 | step).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)) % below
}

struct Run {
    faulty: Arc<FaultyLog>,
    log: Arc<dyn Log>,
    above: Arc<dyn Log>,
    wrong: Wrong,
    workers: Vec<Option<Worker<Fold>>>,
}

impl Run {
    fn new(plan: Plan, wrong: Wrong) -> Self {
        let log = log();
        let faulty = Arc::new(FaultyLog::new(log.clone(), plan));
        let above: Arc<dyn Log> = match wrong.mistake {
            Some(mistake) => wrong_log(faulty.clone(), mistake),
            None => faulty.clone(),
        };
        Self { faulty, log, above, wrong, workers: vec![None, None] }
    }

    /// One step of one worker; one that crashed is thrown away and made anew at its next turn.
    fn step(&mut self, number: usize, limits: Limits) -> Result<bool, String> {
        let make = || {
            let service = Fold { deaf_to_replay: self.wrong.deaf_to_replay, ..Fold::default() };
            worker(&self.above, number as u32, service, limits)
        };
        let worker = self.workers[number].get_or_insert_with(make);
        match worker.step(Duration::ZERO) {
            Ok(step) => return Ok(step.idle),
            Err(error) if is_crash(&error) => self.workers[number] = None,
            Err(Error::Unavailable(_)) => {}
            Err(error) => return Err(format!("a worker ended: {error}")),
        }
        Ok(false)
    }

    /// A storm, then calm until both workers have nothing left to do.
    fn play(&mut self, seed: u64) -> Result<(), String> {
        let limits = Limits { max_records: 1 + draw(seed, 0, 12), ..Limits::default() };
        for step in 1..=STORM_STEPS {
            if draw(seed, step, 3) == 0 {
                append(&self.log, &[(draw(seed, step + 1000, 7) as u8, step)]);
            }
            self.step(draw(seed, step + 2000, 2) as usize, limits)?;
        }
        self.faulty.heal();
        let mut idle = 0;
        for _ in 0..CALM_STEPS {
            let both = [self.step(0, limits)?, self.step(1, limits)?];
            for worker in self.workers.iter_mut().flatten() {
                worker.flush().map_err(|error| error.to_string())?;
            }
            idle = if both == [true, true] { idle + 1 } else { 0 };
            if idle == 4 {
                return self.verdict();
            }
        }
        Err("the calm never came".to_owned())
    }

    /// Every output exactly once and in order; where transactions tore, after dropping what came again the same.
    fn verdict(&self) -> Result<(), String> {
        let torn = self.faulty.counts().contains_key(&Fault::TornCommit);
        let mut found = everything(&self.log, SUMS.name);
        if torn {
            let mut seen = BTreeSet::new();
            found.retain(|output| seen.insert(output.clone()));
        }
        let expected = expected(&self.log);
        if found == expected { Ok(()) } else { Err(format!("found {found:?}\nexpected {expected:?}")) }
    }
}

/// Plays many seeds; returns the first one that is wrong and how often each fault happened.
fn play(
    plan: impl Fn(u64) -> Plan,
    wrong: Wrong,
    seeds: u64,
) -> (Option<(u64, String)>, BTreeMap<Fault, u64>) {
    let mut counts = BTreeMap::new();
    for seed in 0..seeds {
        let mut run = Run::new(plan(seed), wrong);
        let verdict = run.play(seed);
        for (fault, count) in run.faulty.counts() {
            *counts.entry(fault).or_default() += count;
        }
        if let Err(difference) = verdict {
            return (Some((seed, difference)), counts);
        }
    }
    (None, counts)
}

#[test]
fn every_output_is_made_exactly_once_whatever_goes_wrong() {
    let (wrong, counts) = play(Plan::stormy, Wrong::default(), SEEDS);
    assert_eq!(wrong, None, "seed and difference");
    for fault in FAULTS {
        let count = counts.get(&fault).copied().unwrap_or(0);
        assert!(count >= SEEDS / 10, "{fault:?} happened only {count} times");
    }
}

#[test]
fn without_torn_transactions_not_even_a_repetition_is_seen() {
    let plan = |seed| Plan::stormy(seed).with(Fault::TornCommit, 0);
    let (wrong, counts) = play(plan, Wrong::default(), SEEDS / 2);
    assert_eq!(wrong, None, "seed and difference");
    assert!(!counts.contains_key(&Fault::TornCommit));
}

#[test]
fn each_fault_alone_does_no_harm_and_happens() {
    for fault in FAULTS {
        let (wrong, counts) = play(|seed| Plan::calm(seed).with(fault, 800), Wrong::default(), 40);
        assert_eq!(wrong, None, "seed and difference of {fault:?}");
        assert_eq!(counts.keys().collect::<Vec<_>>(), [&fault]);
    }
}

#[test]
fn a_seed_repeats_itself() {
    let outcome = |seed| {
        let mut run = Run::new(Plan::stormy(seed), Wrong::default());
        run.play(seed).unwrap();
        (everything(&run.log, SUMS.name), run.faulty.counts())
    };
    let differ = Cell::new(0);
    for seed in 0..20 {
        assert_eq!(outcome(seed), outcome(seed), "seed {seed}");
        differ.set(differ.get() + u32::from(outcome(seed) != outcome(seed + 1)));
    }
    assert!(differ.get() > 15);
}

#[test]
fn the_oracle_sees_a_service_that_is_not_replayed() {
    let wrong = Wrong { deaf_to_replay: true, mistake: None };
    assert!(play(Plan::stormy, wrong, 50).0.is_some());
}

#[test]
fn the_oracle_sees_every_mistake_a_loop_could_make() {
    for mistake in Mistake::ALL {
        let wrong = Wrong { deaf_to_replay: false, mistake: Some(mistake) };
        assert!(play(Plan::stormy, wrong, 200).0.is_some(), "{mistake:?} went unseen");
    }
}

#[test]
fn a_storm_leaves_the_input_as_it_was() {
    let mut run = Run::new(Plan::stormy(1), Wrong::default());
    run.play(1).unwrap();
    let offsets = everything(&run.log, INPUT.name).len() as u64;
    let appended = (1..=STORM_STEPS).filter(|step| draw(1, *step, 3) == 0).count() as u64;
    assert_eq!(offsets, appended);
}
