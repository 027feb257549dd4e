//! Sudden deaths: at random moments, and at each place where a death could do harm.

use rapport_stream::failpoint;
use rapport_tests::harness::wait_until;

use super::judge::{Read, judge, wrong};
use super::stage::{INGESTED, PARTITIONS, PROGRAMS, SOON, Stage, with_checkpoints};
use super::{rounds, seed};

#[test]
fn services_killed_at_random_moments_lose_nothing_and_write_nothing_twice() {
    let mut stage = Stage::start("killed", seed(11), 5);
    stage.spawn_both();
    for _ in 0..rounds() {
        stage.feed(300);
        let (program, instance, counter) = stage.dice.pick(&PROGRAMS);
        let enough = 1.0 + stage.dice.below(250) as f64;
        stage.wait_for_count(instance, counter, enough);
        stage.kill(instance);
        stage.feed(50);
        stage.spawn(program, instance, None);
        stage.wait_until_ready(instance);
    }
    let read = judge(&mut stage);
    the_judge_sees_whatever_is_done_to_what_it_reads(&stage, &read);
}

/// A judge that finds nothing must be one that would find something.
fn the_judge_sees_whatever_is_done_to_what_it_reads(stage: &Stage, read: &Read) {
    type Change = fn(&mut Read);
    let changes: [(&str, Change); 8] = [
        ("an event is missing", |read| {
            let place =
                read.events.iter().position(|record| record.value.as_ref().is_some_and(|it| it.len() > 60));
            read.events.remove(place.expect("there are events"));
        }),
        ("an event is there twice", |read| {
            let twice =
                read.events.iter().find(|record| record.value.as_ref().is_some_and(|it| it.len() > 60));
            read.events.push(twice.expect("there are events").clone());
        }),
        ("a rejected record is missing", |read| drop(read.rejected.pop())),
        ("a row is there twice", |read| read.enriched.push(read.enriched[0].clone())),
        ("a row is missing", |read| {
            let key = read.enriched.last().expect("there are rows").key.clone();
            read.enriched.retain(|record| record.key != key);
        }),
        ("a row is an older one", |read| {
            let (key, value) = (read.enriched[0].key.clone(), read.enriched[1].value.clone());
            read.enriched
                .iter_mut()
                .filter(|record| record.key == key)
                .for_each(|record| record.value = value.clone());
        }),
        ("a release is missing", |read| drop(read.indicators.pop())),
        ("an alert is missing", |read| {
            let firing = |value: &Vec<u8>| String::from_utf8_lossy(value).contains("\"firing\"");
            let standing = read.alerts.iter().rfind(|record| record.value.as_ref().is_some_and(firing));
            let key = standing.expect("an alert fires").key.clone();
            read.alerts.retain(|record| record.key != key);
        }),
    ];
    for (what, change) in changes {
        let mut other = read.clone();
        change(&mut other);
        assert!(!wrong(stage, &other).is_empty(), "the judge does not see that {what}");
    }
}

#[test]
fn a_service_that_dies_at_any_failpoint_loses_nothing_and_writes_nothing_twice() {
    let mut stage = Stage::start("failpoints", seed(12), 5);
    stage.spawn_both();
    stage.feed(200);
    // So that there is something to replay.
    stage.settle();
    let mut died = 0;
    for place in failpoint::ALL {
        for (program, instance, _) in PROGRAMS {
            // `ingest` has no state to replay or to take down.
            let of_state = place == "in_replay" || place.ends_with("_checkpoint_rename");
            if of_state && instance == "ingest" {
                continue;
            }
            if place.ends_with("_checkpoint_rename") && !with_checkpoints() {
                continue;
            }
            let passage =
                if place.ends_with("send") || place == "in_replay" { 1 + stage.dice.below(40) } else { 1 };
            stage.kill(instance);
            if of_state {
                // All is to be replayed, and then it is time for a checkpoint.
                stage.forget_checkpoints(instance);
            }
            // Nothing renews a session that is in no doubt: a slow commit is one.
            let doubt = if place == "on_renew" { "after_send_offsets=sleep:1500@1," } else { "" };
            stage.spawn(program, instance, Some(&format!("{doubt}{place}=kill@{passage}")));
            stage.feed(60);
            if place == "in_revoke_before_commit" {
                // Only who owns something can be asked for it.
                let owned = format!("rapport_{instance}_partitions");
                stage.wait_for_count(instance, &owned, f64::from(PARTITIONS));
                stage.spawn(program, "other", None);
            }
            wait_until(
                &format!("{instance} to die at {place}; is it built with `failpoints`?"),
                SOON,
                || stage.service(instance).process.ended().is_some(),
            );
            stage.bury(instance);
            if place == "in_revoke_before_commit" {
                stage.stop("other");
            }
            stage.spawn(program, instance, None);
            stage.wait_until_ready(instance);
            died += 1;
        }
    }
    let of_checkpoints = if with_checkpoints() { 2 } else { 4 };
    assert_eq!(died, 2 * failpoint::ALL.len() - 1 - of_checkpoints);
    judge(&mut stage);
}

#[test]
fn a_restart_from_checkpoints_is_as_good_as_a_replay_and_one_that_is_damaged_is_thrown_away() {
    if !with_checkpoints() {
        return;
    }
    let mut stage = Stage::start("checkpoints", seed(15), 5);
    stage.spawn_both();
    stage.feed(400);
    stage.wait_for_count("indicators", "rapport_indicators_checkpoints_written_total", 1.0);
    stage.settle();
    stage.kill("indicators");
    stage.feed(100);
    stage.spawn("rapport-indicators", "indicators", None);
    stage.wait_for_count("indicators", "rapport_indicators_checkpoints_loaded_total", 1.0);
    stage.settle();
    assert_eq!(stage.counted("indicators", "rapport_indicators_checkpoints_rejected_total"), 0.0);
    stage.stop("indicators");
    let files = std::fs::read_dir(stage.checkpoints("indicators")).expect("there are checkpoints");
    for file in files.map(|file| file.expect("they can be listed").path()) {
        let mut bytes = std::fs::read(&file).expect("it can be read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).expect("it can be written");
    }
    stage.feed(100);
    stage.spawn("rapport-indicators", "indicators", None);
    stage.wait_for_count("indicators", "rapport_indicators_checkpoints_rejected_total", 1.0);
    stage.wait_until_ready("indicators");
    assert_eq!(stage.counted("indicators", "rapport_indicators_checkpoints_loaded_total"), 0.0);
    judge(&mut stage);
}

#[test]
fn a_worker_that_dawdles_past_the_end_of_its_transaction_does_it_again_and_writes_nothing_twice() {
    let mut stage = Stage::start("dawdling", seed(13), 5);
    stage.spawn_both();
    for place in ["before_send_offsets", "after_send_offsets", "after_commit"] {
        for (program, instance, counter) in PROGRAMS {
            stage.kill(instance);
            // Longer than the transaction may take, and than the session may be silent.
            stage.spawn(program, instance, Some(&format!("{place}=sleep:8000@2")));
            stage.feed(100);
            stage.wait_for_count(instance, counter, 1.0);
            stage.feed(100);
        }
        // Whoever was put out of the group comes back by itself.
        stage.settle();
    }
    judge(&mut stage);
}

#[test]
fn a_client_that_does_not_come_back_from_a_call_is_given_up_and_another_goes_on() {
    let mut stage = Stage::start("stuck", seed(16), 5);
    stage.spawn_both();
    for (program, instance, counter) in PROGRAMS {
        stage.kill(instance);
        // Longer than anybody here waits.
        stage.spawn(program, instance, Some("within_send_offsets=sleep:3600000@2"));
        stage.feed(100);
        stage.wait_for_count(instance, counter, 1.0);
        stage.feed(100);
        stage.wait_for_count(instance, &format!("rapport_{instance}_doubts_total"), 1.0);
        stage.settle();
    }
    judge(&mut stage);
}

#[test]
fn without_transactions_or_without_replay_the_judge_sees_what_becomes_of_it() {
    let mut stage = Stage::start("broken", seed(14), 5);
    stage.spawn_both();
    stage.feed(200);
    stage.settle();
    let judged = stage.counted("ingest", INGESTED);
    stage.kill("indicators");
    stage.feed(200);
    stage.wait_for_count("ingest", INGESTED, judged + 200.0);
    stage.spawn_broken(
        "rapport-indicators",
        "indicators",
        "transactions",
        &format!("{}=kill@1", failpoint::HALFWAY),
    );
    wait_until("indicators to die halfway", SOON, || stage.service("indicators").process.ended().is_some());
    stage.bury("indicators");
    stage.spawn("rapport-indicators", "indicators", None);
    stage.wait_until_ready("indicators");
    let doubled = found(&mut stage);
    assert!(doubled.iter().any(|wrong| wrong.contains("was written twice")), "{doubled:?}");
    assert!(doubled.iter().all(|wrong| wrong.contains("was written twice")), "{doubled:?}");

    stage.kill("indicators");
    stage.spawn_broken("rapport-indicators", "indicators", "replay", "nowhere=kill@1");
    stage.feed(200);
    let forgotten = found(&mut stage);
    assert!(forgotten.iter().any(|wrong| !wrong.contains("was written twice")), "{forgotten:?}");
}

/// What the judge finds as it is now.
fn found(stage: &mut Stage) -> Vec<String> {
    stage.settle();
    wrong(stage, &Read::of(stage))
}
