//! Faults on a real Kafka: every service a process of its own, killed, stopped, doubled and moved while events come in, and
//! in the end one judge ([`judge`]) that knows what must be there.
//!
//! `RAPPORT_FAULT_SEED` chooses what is sent and when things go wrong; every test says its seed. `RAPPORT_FAULT_ROUNDS` says
//! how many rounds the tests have that go on at random: few by default, many under `make faults`. `indicators` has checkpoints,
//! unless `RAPPORT_FAULT_CHECKPOINTS` is 0.

mod brokers;
mod connections;
mod disk;
mod input;
mod judge;
mod load;
mod log;
mod membership;
mod readers;
mod row;
mod stage;
mod stuck;
mod sudden;
mod time;
mod upgrade;

use crate::seeds::number;

/// The seed of a test: its own, unless one is asked for.
fn seed(own: u64) -> u64 {
    let seed = number("RAPPORT_FAULT_SEED", own);
    eprintln!("seed {seed} (RAPPORT_FAULT_SEED={seed})");
    seed
}

/// Rounds of a test that goes on at random.
fn rounds() -> u64 {
    number("RAPPORT_FAULT_ROUNDS", 6)
}
