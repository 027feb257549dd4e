//! A disk that is full under the checkpoints.

use std::process::Command;

use super::*;

/// A file system of 64 KiB for as long as it lives, where this machine lets us have one.
struct Small(PathBuf);

impl Small {
    fn at(path: &Path) -> Option<Small> {
        std::fs::create_dir_all(path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(path)
            .status()
            .is_ok_and(|status| status.success());
        mounted.then(|| Small(path.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().unwrap();
    }
}

#[test]
fn a_disk_that_is_full_is_counted_and_stops_nothing() {
    let stage = Stage::new();
    let Some(small) = Small::at(&stage.scratch.path().join("small")) else {
        eprintln!(
            "not root: what a full disk does is shown by the checkpoint module's own test on /dev/full"
        );
        return;
    };
    let mut member = stage.member_in(&small.0, "a", |_| ());
    stage.until_ten_are_taken_down(&mut member);
    for day in 10..1_500 {
        stage.contact(day);
    }
    while member.metrics.checkpoints()[2] == 0 {
        assert!(member.metrics.records().0 < 10_000, "{:?}", member.metrics.checkpoints());
        stage.tick(1_500);
        member.run();
    }
    let files = std::fs::read_dir(&small.0).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(files.collect::<Vec<_>>(), [stage.file().file_name().unwrap()], "the one before stays");
    stage.contact(1_500);
    member.run();
    assert_eq!(stage.sessions("leeds/e1500"), Some(1_501));

    drop(member);
    let mut member = stage.member_in(&small.0, "a", |_| ());
    member.run();
    assert_eq!(member.metrics.checkpoints()[1..], [1, 0, 0]);
    stage.contact(1_501);
    member.run();
    assert_eq!(stage.sessions("leeds/e1501"), Some(1_502));
}
