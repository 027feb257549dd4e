//! What an earlier process left of partitions that others have now.

use super::*;

const MINUTE_US: i64 = 60_000_000;

#[test]
fn five_minutes_after_partitions_were_given_checkpoints_of_those_that_did_not_come_back_are_deleted() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    stage.until_ten_are_taken_down(&mut member);
    member.worker.leave().unwrap();
    let (own, stray) = (stage.file(), stage.directory().join("rapport.events-7.checkpoint"));
    std::fs::copy(&own, &stray).unwrap();
    let others = stage.directory().join("notes.txt");
    std::fs::write(&others, "not ours").unwrap();

    let mut member = stage.member("a");
    member.run();
    stage.now.set(5 * MINUTE_US - 1_000);
    member.step();
    assert!(stray.exists(), "the group may be about to give it");
    stage.now.set(5 * MINUTE_US);
    member.step();
    assert!(!stray.exists());
    assert!(own.exists() && others.exists());
}
