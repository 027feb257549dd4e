//! How old a checkpoint may become: it is replaced before an erasure may have been missed, however little comes.

use super::*;

/// How long tombstones are kept here, hours: a checkpoint is replaced after a quarter of that, and not believed after half.
const KEPT_HOURS: i64 = 40;
const QUARTER: i64 = KEPT_HOURS / 4;
const HOUR_MS: i64 = 3_600_000;

impl Stage {
    /// A stage on which a checkpoint can become too old.
    fn forgetting() -> Stage {
        let stage = Stage::new();
        stage.at(1_000);
        stage.keeping.keep(Some((KEPT_HOURS * HOUR_MS) as u64));
        stage
    }

    fn at(&self, hour: i64) {
        self.now.set(hour * HOUR_MS * 1_000);
    }

    /// What comes in a while that is quiet: a tick, and what the member does with it, several times.
    fn quiet_while(&self, member: &mut Member) {
        for _ in 0..4 {
            self.tick(10);
            member.step();
        }
    }

    /// The hour of which the checkpoint says that it reaches up to there.
    fn since(&self) -> i64 {
        self.load(u64::MAX).unwrap().unwrap().since_ms / HOUR_MS
    }
}

impl Member {
    fn written(&self) -> u64 {
        self.metrics.checkpoints()[0]
    }
}

#[test]
fn a_checkpoint_is_replaced_once_it_is_a_quarter_of_what_tombstones_are_kept() {
    let stage = Stage::forgetting();
    let mut member = stage.member("a");
    stage.until_ten_are_taken_down(&mut member);
    for (hour, written) in [
        // Too little comes for another one.
        (1_000, 1),
        (1_000 + QUARTER - 1, 1),
        (1_000 + QUARTER, 2),
        // Its own age counts, not that of the one before.
        (1_000 + 2 * QUARTER - 1, 2),
        (1_000 + 2 * QUARTER, 3),
        // A clock that was set back says nothing about tombstones.
        (1_000 + QUARTER, 4),
    ] {
        stage.at(hour);
        stage.quiet_while(&mut member);
        assert_eq!(member.written(), written, "at {hour}");
    }
    assert_eq!(stage.since(), 1_000 + QUARTER);
}

#[test]
fn a_checkpoint_that_was_loaded_is_replaced_in_time_though_only_ticks_come() {
    let stage = Stage::forgetting();
    let mut member = stage.member("a");
    stage.until_ten_are_taken_down(&mut member);
    // The log keeps only the last of these.
    stage.quiet_while(&mut member);
    member.worker.leave().unwrap();
    let mut member = stage.member("a");
    member.run();
    assert_eq!(member.metrics.checkpoints(), [0, 1, 0, 0]);
    stage.at(1_000 + QUARTER - 1);
    stage.quiet_while(&mut member);
    assert_eq!(member.written(), 0);
    stage.at(1_000 + QUARTER);
    stage.quiet_while(&mut member);
    assert_eq!(member.written(), 1);
}

#[test]
fn a_checkpoint_is_as_old_as_the_last_record_before_it_was_begun() {
    let stage = Stage::forgetting();
    let mut member = stage.member("a");
    for day in 0..20 {
        stage.contact(day);
    }
    // These are read an hour after they were written, and what the rest of it knows is later still.
    stage.at(1_001);
    while stage.files() == 0 {
        member.step();
    }
    stage.at(1_002);
    while member.written() == 0 {
        stage.tick(20);
        member.step();
    }
    assert_eq!(stage.since(), 1_000);
    // Whoever goes on counts from there.
    stage.at(1_000 + QUARTER);
    stage.quiet_while(&mut member);
    assert_eq!(stage.since(), 1_000 + QUARTER);
}

#[test]
fn a_checkpoint_that_cannot_be_begun_is_counted_and_not_tried_again_with_each_commit() {
    let stage = Stage::forgetting();
    let mut member = stage.member("a");
    stage.until_ten_are_taken_down(&mut member);
    std::fs::remove_dir_all(stage.directory()).unwrap();
    stage.at(1_000 + QUARTER);
    stage.quiet_while(&mut member);
    assert_eq!(member.metrics.checkpoints(), [1, 0, 1, 0]);
    // Enough has come.
    for _ in 0..3 {
        stage.quiet_while(&mut member);
    }
    assert_eq!(member.metrics.checkpoints(), [1, 0, 2, 0]);
}
