//! The real services, `ingest` and `indicators`, on the real loop over the embedded log, while everything goes wrong
//! that can: records late, twice and in any order; crashes, torn and doubtful commits, partitions that move.
//!
//! All runs of a world end with the same bytes on the derived topics, and these are what the oracle says. One thread
//! does everything a seed says, so a seed that fails fails again: `RAPPORT_SIM_SEED=n make sim SEEDS=1`.

mod run;
mod tampered;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use rapport::simulate::Plan;
use rapport_stream::faults::{FAULTS, Fault};

use self::run::{Run, Schedule};
use self::tampered::Mistake;
use self::world::{World, silences_are_right};
use crate::seeds::{for_each, number};

/// How many charities are simulated; each goes through many seeds.
const WORLDS: u64 = 8;
const SEEDS: u64 = 1000;

/// How a run ended.
struct Ending {
    /// What differs, if anything does, once the seed's schedule has been played.
    outcome: Result<(), String>,
    faults: Vec<(Fault, u64)>,
    /// Checkpoints written, loaded, failed and rejected.
    checkpoints: [u64; 4],
}

fn play(worlds: &[World], seed: u64, mistake: Option<Mistake>) -> Ending {
    let world = &worlds[(seed % WORLDS) as usize];
    let mut schedule = Schedule::of(seed, world);
    // A mistake is made in replaying; what was taken down before it was made is none.
    schedule.with_checkpoints &= mistake.is_none();
    let mut run = Run::new(world, schedule, mistake);
    let last = run.play();
    let outcome = last.and_then(|last| {
        last.is(&world.expected)?;
        silences_are_right(&run.events(), &last)
    });
    Ending { outcome, faults: run.counts(), checkpoints: run.checkpoints() }
}

#[test]
fn whatever_goes_wrong_the_same_events_give_the_same_bytes_and_the_oracles_numbers() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let seeds = number("RAPPORT_SIM_SEEDS", SEEDS);
    let faults = FAULTS.map(|_| AtomicU64::new(0));
    let checkpoints = [const { AtomicU64::new(0) }; 4];
    for_each(number("RAPPORT_SIM_SEED", 0), seeds, &|seed| {
        let ending = play(&worlds, seed, None);
        for (sum, count) in checkpoints.iter().zip(ending.checkpoints) {
            sum.fetch_add(count, Ordering::SeqCst);
        }
        for (fault, count) in ending.faults {
            let place = FAULTS.iter().position(|one| *one == fault).unwrap();
            faults[place].fetch_add(count, Ordering::SeqCst);
        }
        if let Err(difference) = ending.outcome {
            panic!("seed {seed} (RAPPORT_SIM_SEED={seed} make sim SEEDS=1):\n{difference}");
        }
    });
    let [written, loaded, failed, rejected] = checkpoints.map(AtomicU64::into_inner);
    println!(
        "{seeds} seeds, checkpoints: {written} written, {loaded} loaded, {failed} failed, {rejected} rejected"
    );
    assert!(seeds < 100 || loaded > seeds / 10 && rejected > 0, "checkpoints are hardly ever loaded");
    println!("{seeds} seeds, faults:");
    for (fault, count) in FAULTS.iter().zip(&faults) {
        let count = count.load(Ordering::SeqCst);
        println!("  {fault:?} {count}");
        assert!(seeds < 100 || count > 0, "{fault:?} never happened");
    }
}

#[test]
fn a_simulated_year_ends_as_the_oracle_says() {
    for_each(100, 4, &|seed| {
        let plan = Plan { sites: 1, peers: 4, dyads: 12, days: 365, seed, late: 0.1, ..Plan::default() };
        // It is held to the oracle as it is made.
        assert!(World::of(&plan).expected.rows.len() > 500);
    });
}

/// The first seed whose end is not as it must be.
fn noticed(mistake: Mistake) -> Option<u64> {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    (0..40).find(|seed| play(&worlds, *seed, Some(mistake)).outcome.is_err())
}

#[test]
fn a_service_that_forgets_its_past_when_it_is_given_a_partition_is_noticed() {
    assert!(noticed(Mistake::DeafToReplay).is_some());
}

#[test]
fn a_service_that_lets_the_version_that_arrived_first_stand_is_noticed() {
    assert!(noticed(Mistake::FirstVersionStands).is_some());
}
