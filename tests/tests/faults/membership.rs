//! Who works on what: stopped and forgotten, doubled, more and fewer, one after the other anew.

use rapport_tests::harness::wait_until;

use super::judge::judge;
use super::stage::{FOLDED, PARTITIONS, SOON, Stage};
use super::{rounds, seed};

const OWNED: &str = "rapport_indicators_partitions";

fn wait_for_partitions(stage: &mut Stage, instance: &str, wanted: u32) {
    wait_until(&format!("{instance} to own {wanted} partitions"), SOON, || {
        stage.counted(instance, OWNED) == f64::from(wanted)
    });
}

#[test]
fn a_process_that_stood_still_until_another_took_over_writes_nothing_more_and_comes_back() {
    let mut stage = Stage::start("zombie", seed(21), 5);
    stage.spawn_both();
    stage.feed(400);
    stage.wait_for_count("indicators", FOLDED, 100.0);
    stage.service("indicators").process.pause();
    stage.feed(200);
    stage.spawn("rapport-indicators", "heir", None);
    wait_for_partitions(&mut stage, "heir", PARTITIONS);
    stage.feed(200);
    stage.wait_for_count("heir", FOLDED, 100.0);
    stage.service("indicators").process.resume();
    // It has lost its place, and takes its share again without anybody's help.
    wait_until("the one that stood still to work again", SOON, || {
        let (old, heir) = (stage.counted("indicators", OWNED), stage.counted("heir", OWNED));
        old > 0.0 && old + heir == f64::from(PARTITIONS)
    });
    stage.feed(200);
    judge(&mut stage);
}

#[test]
fn of_two_processes_with_one_instance_id_one_ends_loudly_and_the_other_works_on() {
    let mut stage = Stage::start("doubled", seed(22), 5);
    stage.spawn_both();
    stage.feed(300);
    stage.wait_for_count("indicators", FOLDED, 50.0);
    // The same instance, by another name in this test.
    stage.spawn_as("rapport-indicators", "indicators", "double");
    stage.feed(300);
    let mut ended = None;
    wait_until("one of the two to end", SOON, || {
        let names = ["indicators", "double"];
        ended = names.into_iter().find(|name| stage.service(name).process.ended().is_some());
        ended.is_some()
    });
    let ended = ended.expect("one has ended");
    let status = stage.service(ended).process.ended().expect("it has ended");
    let said = stage.bury(ended);
    assert!(!status.success(), "{ended} ends as if all were well");
    assert!(
        said.contains("worker ends") && said.contains("ERROR"),
        "{ended} does not say why it ends:\n{said}"
    );
    stage.feed(100);
    judge(&mut stage);
}

#[test]
fn from_one_worker_to_four_and_back_and_a_rolling_restart_move_partitions_and_nothing_else() {
    let mut stage = Stage::start("scaled", seed(23), 5);
    stage.spawn_both();
    stage.feed(300);
    let more = ["second", "third", "fourth"];
    for instance in more {
        stage.spawn("rapport-indicators", instance, None);
        stage.feed(50);
    }
    for instance in ["indicators", "second", "third", "fourth"] {
        wait_for_partitions(&mut stage, instance, 1);
    }
    stage.feed(200);
    for _ in 0..rounds().div_ceil(6) {
        for instance in ["indicators", "second", "third", "fourth"] {
            stage.stop(instance);
            stage.feed(30);
            stage.spawn("rapport-indicators", instance, None);
            stage.wait_until_ready(instance);
        }
    }
    for instance in more {
        stage.stop(instance);
        stage.feed(30);
    }
    wait_for_partitions(&mut stage, "indicators", PARTITIONS);
    stage.feed(100);
    judge(&mut stage);
}

#[test]
fn garbage_in_every_second_record_and_a_burst_of_ten_times_the_rate_change_nothing_else() {
    let mut stage = Stage::start("poisoned", seed(24), 100);
    stage.spawn_both();
    for records in [100, 1_000, 100] {
        stage.feed(records);
        stage.settle();
    }
    assert!(stage.bad.len() > 300, "{} records are bad", stage.bad.len());
    judge(&mut stage);
}
