//! Brokers that die under load and come back: the only one there is, and each of three.

use rapport_proto::topics::EVENTS;
use rapport_tests::harness::{Kafka, KafkaOptions, wait_until};

use super::judge::judge;
use super::stage::{PROGRAMS, SOON, Stage};

use super::{rounds, seed};

/// How often each service has noticed so far that its cluster does not answer as it should.
fn trouble(stage: &Stage) -> [f64; 2] {
    PROGRAMS.map(|(_, instance, _)| {
        let counted = |name: &str| stage.counted(instance, &format!("rapport_{instance}_{name}"));
        counted("doubts_total") + counted("log_retries_total")
    })
}

#[test]
fn the_only_broker_killed_under_load_and_started_again_costs_nothing_but_time() {
    let mut stage = Stage::start_on(Kafka::start(KafkaOptions::default()), "broker", seed(31), 5);
    stage.spawn_both();
    for round in 0..rounds().div_ceil(6) {
        stage.feed_and_wait(300);
        let before = trouble(&stage);
        stage.kafka().kill(0);
        // Long enough for everybody to be in doubt at first; a restart that few notice after that, by turns.
        if round % 2 == 0 {
            wait_until("both services to notice", SOON, || {
                trouble(&stage).iter().zip(before).all(|(now, before)| *now > before)
            });
        }
        stage.kafka().restart(0);
        stage.feed(100);
        stage.settle();
    }
    judge(&mut stage);
}

#[test]
fn each_of_three_brokers_killed_under_load_and_back_in_sync_before_the_next_stops_nobody_for_long() {
    let mut kafka = Kafka::start(KafkaOptions { nodes: 3, heap_mib: 256, ..KafkaOptions::default() });
    kafka.wait_until_whole();
    let mut stage = Stage::start_on(kafka, "brokers", seed(32), 5);
    stage.spawn_both();
    stage.feed(100);
    stage.settle();
    let first = coordinator(&mut stage);
    let kills = usize::try_from(rounds() / 6).expect("a small number");
    for number in (first..).take(kills.max(1)).map(|number| number % 3) {
        let led = stage.kafka().leaders(EVENTS);
        eprintln!("killing node {}; {EVENTS} is led by {led:?}", number + 1);
        stage.feed_and_wait(200);
        stage.kafka().kill(number);
        // The other two take over and all goes on.
        stage.feed(100);
        stage.settle();
        stage.kafka().restart(number);
        stage.feed(100);
        stage.kafka().wait_until_whole();
    }
    judge(&mut stage);
}

/// The node that coordinates the group of `indicators`.
fn coordinator(stage: &mut Stage) -> usize {
    let group = stage.full(rapport_indicators::GROUP);
    let leaders = stage.kafka().leaders("__consumer_offsets");
    // The partition that Kafka keeps a group on is Java's hash of its name, without its sign.
    let hash = group.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
    leaders[hash.unsigned_abs() as usize % leaders.len()]
}
