//! The real worker on a real Kafka, its processes killed and stopped at seeded moments: every record is copied once.

use std::path::Path;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rapport_proto::topics::ENRICHED;
use rapport_tests::harness::{Kafka, Process, Scratch, example, fresh_prefix, wait_until};

use super::member::{append, at_broker, create_topics, numbers, spread};

const PARTITIONS: u32 = 4;
const ROUNDS: usize = 6;
const PER_ROUND: usize = 500;
/// Long enough for a session's timeout, a transaction's timeout and a rebalance.
const PATIENCE: Duration = Duration::from_secs(60);

fn copier(directory: &Path, prefix: &str, instance: &str) -> Process {
    let args = [Kafka::shared().brokers(), prefix.to_owned(), instance.to_owned(), "100".to_owned()];
    Process::start(instance, example("copier"), args, &[], directory)
}

#[test]
fn every_record_is_copied_once_whatever_is_killed_or_stopped() {
    let seed = std::env::var("RAPPORT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    eprintln!("RAPPORT_SEED={seed}");
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let prefix = fresh_prefix("storm");
    let log = Kafka::shared().log(&prefix);
    create_topics(&log, PARTITIONS);
    let scratch = Scratch::new("storm");
    let names = ["a", "b", "c"];
    let mut copiers: Vec<Process> = names.iter().map(|name| copier(scratch.path(), &prefix, name)).collect();
    for round in 0..ROUNDS {
        append(&log, spread(round * PER_ROUND..(round + 1) * PER_ROUND, PARTITIONS));
        let enough = round * PER_ROUND + random.random_range(0..PER_ROUND);
        wait_until("some of the round to be copied", PATIENCE, || {
            at_broker(Kafka::shared(), &prefix, "read_uncommitted").len() >= enough
        });
        let victim = random.random_range(0..copiers.len());
        // Each kind happens whatever the seed.
        if round % 3 == 2 {
            // Longer than its session: the others take over, and it comes back believing that nothing happened.
            copiers[victim].pause();
            wait_until("the others to take over", PATIENCE, || {
                let others = copiers.iter().enumerate().filter(|(number, _)| *number != victim);
                others.map(|(_, other)| held(other)).sum::<usize>() == PARTITIONS as usize
            });
            copiers[victim].resume();
        } else {
            copiers[victim] = restarted(&mut copiers[victim], scratch.path(), &prefix, names[victim]);
        }
    }
    let all = numbers(0..ROUNDS * PER_ROUND);
    wait_until("everything to be copied", PATIENCE, || {
        at_broker(Kafka::shared(), &prefix, "read_committed").len() >= all.len()
    });
    let mut copied = at_broker(Kafka::shared(), &prefix, "read_committed");
    copied.sort();
    assert_eq!(copied, all, "seed {seed}: some of {ENRICHED} is there twice");
    copiers.iter_mut().for_each(Process::assert_running);
}

/// Killed, and started again under the same name with an empty log.
fn restarted(victim: &mut Process, directory: &Path, prefix: &str, name: &str) -> Process {
    victim.kill();
    std::fs::remove_file(directory.join(format!("{name}.log"))).unwrap();
    copier(directory, prefix, name)
}

/// How many partitions a copier holds, by what it says.
fn held(copier: &Process) -> usize {
    let log = copier.log();
    let count = |word: &str| log.lines().filter(|line| line.starts_with(word)).count();
    count("assigned ") - count("revoked ")
}
