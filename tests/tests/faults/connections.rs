//! Connections between the services and their broker: cut, silent, slow, and with an end of a transaction that comes late.

use std::time::Duration;

use rapport_tests::harness::{END_TXN, Kafka, KafkaOptions, Way, stopwatch, wait_until};

use super::judge::judge;
use super::stage::{FOLDED, INGESTED, PARTITIONS, PROGRAMS, SOON, Stage};
use super::{rounds, seed};

/// Longer than a session of a group may be silent, and than a transaction may last.
const TOO_LONG: Duration = Duration::from_secs(8);
/// What `ingest` counts of renewed sessions.
const RENEWED: &str = "rapport_ingest_renewals_total";

fn proxied(name: &str, seed: u64) -> Stage {
    let kafka = Kafka::start(KafkaOptions { proxied: true, ..KafkaOptions::default() });
    Stage::start_on(kafka, name, seed, 5)
}

/// Lets what is done to the connections last for a while.
fn last(duration: Duration) {
    let clock = stopwatch();
    wait_until("a fault to have lasted", SOON, || clock() >= duration);
}

#[test]
fn connections_cut_again_and_again_lose_nothing_and_write_nothing_twice() {
    let mut stage = proxied("cut", seed(51));
    stage.spawn_both();
    for _ in 0..rounds() {
        stage.feed_and_wait(80);
        stage.kafka().proxy(0).cut();
        // Some only end what is open, some keep everybody out for a while.
        let milliseconds = stage.dice.below(3) * stage.dice.below(1_000);
        last(Duration::from_millis(milliseconds as u64));
        stage.kafka().proxy(0).heal();
        stage.feed(40);
    }
    judge(&mut stage);
}

#[test]
fn a_network_that_is_silent_one_way_until_sessions_are_over_and_then_delivers_late_changes_nothing() {
    let mut stage = proxied("silent", seed(52));
    stage.spawn_both();
    for way in [Way::ToBroker, Way::ToClient].into_iter().cycle().take(rounds().div_ceil(3) as usize) {
        stage.feed_and_wait(200);
        stage.kafka().proxy(0).black_hole(way);
        last(TOO_LONG);
        stage.kafka().proxy(0).heal();
        stage.feed(100);
        stage.settle();
    }
    judge(&mut stage);
}

#[test]
fn a_slow_network_makes_everything_late_and_nothing_wrong() {
    let mut stage = proxied("slow", seed(53));
    stage.spawn_both();
    stage.feed(300);
    stage.settle();
    for _ in 0..rounds().div_ceil(6) {
        let [judged, folded] = PROGRAMS.map(|(_, instance, counter)| stage.counted(instance, counter));
        let renewed = stage.counted("ingest", RENEWED);
        // With this each commit takes long enough to be a doubt: already that of a few ticks, of which none is late.
        stage.kafka().proxy(0).slow(Duration::from_millis(200));
        stage.wait_for_count("ingest", RENEWED, renewed + 1.0);
        stage.feed(100);
        stage.wait_for_count("ingest", RENEWED, renewed + 2.0);
        // With this it is only slow.
        stage.kafka().proxy(0).slow(Duration::from_millis(30));
        stage.wait_for_count("ingest", INGESTED, judged + 100.0);
        stage.wait_for_count("indicators", FOLDED, folded + 100.0);
        // The judge need not be slow too.
        stage.kafka().proxy(0).heal();
        stage.settle();
    }
    judge(&mut stage);
}

#[test]
fn an_end_of_a_transaction_that_comes_long_after_its_timeout_ends_no_other() {
    let mut stage = proxied("late", seed(54));
    stage.spawn_both();
    stage.feed(100);
    stage.settle();
    for _ in 0..rounds().div_ceil(6) {
        // What is to be folded is there before, so that nobody but `indicators` ends a transaction.
        let judged = stage.counted("ingest", INGESTED);
        stage.kill("indicators");
        stage.feed(200);
        stage.wait_for_count("ingest", INGESTED, judged + 200.0);
        stage.stop("ingest");
        stage.spawn("rapport-indicators", "indicators", None);
        let held = stage.kafka().proxy(0).held();
        stage.kafka().proxy(0).hold_next(END_TXN);
        wait_until("the end of a transaction to be held back", SOON, || stage.kafka().proxy(0).held() > held);
        // The worker doubts, and folds what is there with another producer.
        stage.wait_for_count("indicators", "rapport_indicators_renewals_total", 1.0);
        stage.wait_for_count("indicators", "rapport_indicators_partitions", f64::from(PARTITIONS));
        let answered = stage.kafka().proxy(0).answered();
        stage.feed(50);
        stage.spawn("rapport-ingest", "ingest", None);
        stage.kafka().proxy(0).release();
        wait_until("the late end to be answered", SOON, || stage.kafka().proxy(0).answered() > answered);
        stage.settle();
    }
    judge(&mut stage);
}
