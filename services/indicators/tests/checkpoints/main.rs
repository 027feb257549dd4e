//! Checkpoints over an embedded log: what they spare, and when they are thrown away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod rules;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use rapport_indicators::checkpoints::Checkpoints;
use rapport_indicators::metrics::Metrics;
use rapport_indicators::service::{GROUP, Indicators, topics as read_topics};
use rapport_indicators::settings::params;
use rapport_model::time::DAY_US;
use rapport_proto::{keys, topics, v1};
use rapport_runtime::{Clock, stopwatch};
use rapport_stream::checkpoint::Directory;
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::{Log, Output, SessionSpec};
use rapport_stream::worker::{Limits, Worker};

const SITE: &str = "leeds";
/// Rounds after which what was waited for is taken not to come.
const ROUNDS: usize = 100;

struct Stage {
    log: Arc<dyn Log>,
    scratch: tempfile::TempDir,
}

/// A worker, and what it counts.
struct Member {
    worker: Worker<Indicators>,
    metrics: Metrics,
}

impl Stage {
    fn new() -> Stage {
        let log = EmbeddedLog::in_memory(Clock::manual(0).0.millis()).unwrap();
        log.create_topics(&topics::ALL, 1).unwrap();
        Stage { log: Arc::new(log), scratch: tempfile::tempdir().unwrap() }
    }

    fn directory(&self) -> PathBuf {
        self.scratch.path().join("checkpoints")
    }

    fn file(&self) -> PathBuf {
        Directory::open(&self.directory()).unwrap().file(topics::EVENTS, 0)
    }

    /// A member with checkpoints after every third record.
    fn member(&self, instance: &str) -> Member {
        self.member_in(&self.directory(), instance, |_| ())
    }

    fn member_in(
        &self,
        directory: &Path,
        instance: &str,
        change: impl FnOnce(&mut rapport_model::params::Settings),
    ) -> Member {
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        let mut settings = Default::default();
        change(&mut settings);
        let params = Arc::new(params(&settings).unwrap());
        let checkpoints = Checkpoints::new(
            Directory::open(directory).unwrap(),
            3,
            &params,
            self.log.clone(),
            Clock::manual(0).0.millis(),
            metrics.clone(),
        );
        let service = Indicators::new(params, 0, metrics.clone()).with_checkpoints(Some(checkpoints));
        let spec = SessionSpec {
            group: GROUP.to_owned(),
            topics: read_topics(),
            instance: instance.to_owned(),
            worker: 0,
        };
        let worker =
            Worker::new(self.log.clone(), spec, service, Limits::default(), stopwatch(), Box::new(()));
        Member { worker, metrics }
    }

    fn append(&self, key: &str, value: Option<&[u8]>) {
        let (partition, key) = (Some(0), Some(key.as_bytes()));
        let output = Output { topic: topics::EVENTS, partition, key, value, headers: &[] };
        self.log.appender().unwrap().append(&[output]).unwrap();
    }

    /// A contact of that day, at noon; its key.
    fn contact(&self, day: i64) -> String {
        let (key, value) = contact(day, &format!("e{day}"), "k1:client");
        self.append(&key, Some(&value));
        key
    }

    fn tick(&self, day: i64) {
        let event = v1::Event { ingested_at_us: (20_000 + day) * DAY_US, ..v1::Event::default() };
        self.append(keys::TICK, Some(&event.encode_to_vec()));
    }

    /// Lets time pass until a member has written one more checkpoint.
    fn until_written(&self, member: &mut Member, day: i64) {
        let before = member.metrics.checkpoints()[0];
        for _ in 0..ROUNDS {
            self.tick(day);
            member.run();
            if member.metrics.checkpoints()[0] > before {
                break;
            }
        }
        assert!(member.metrics.checkpoints()[0] > before, "{:?}", member.metrics.checkpoints());
    }

    /// Ten contacts, and time until a checkpoint of them is written.
    fn until_ten_are_taken_down(&self, member: &mut Member) {
        for day in 0..10 {
            self.contact(day);
        }
        member.run();
        self.until_written(member, 10);
    }

    /// Value of the newest record under each key of a topic.
    fn newest(&self, topic: &str) -> std::collections::BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let mut reader = self.log.reader(&[topic]).unwrap();
        let mut newest = std::collections::BTreeMap::new();
        while !reader.caught_up().unwrap() {
            let mut each = |record: &rapport_stream::port::RecordRef<'_>| {
                newest.insert(record.key.unwrap().to_vec(), record.value.map(<[u8]>::to_vec));
            };
            reader.poll(Duration::from_millis(10), 100, &mut each).unwrap();
        }
        newest
    }

    fn sessions(&self, key: &str) -> Option<u32> {
        let rows = self.newest(topics::ENRICHED);
        let row = v1::Enriched::decode(rows.get(key.as_bytes())?.as_deref()?).unwrap();
        row.session
    }
}

/// A contact of that day, at noon, by that id and with that client: its key and its value.
fn contact(day: i64, id: &str, client: &str) -> (String, Vec<u8>) {
    let at = 20_000 * DAY_US + day * DAY_US + DAY_US / 2;
    let event = v1::Event {
        event_id: id.to_owned(),
        site: SITE.to_owned(),
        occurred_at_us: at,
        recorded_at_us: at,
        client: client.to_owned(),
        peer: "k1:peer".to_owned(),
        body: Some(v1::event::Body::Contact(v1::Contact {
            attendance: v1::Attendance::Attended.into(),
            ..v1::Contact::default()
        })),
        ingested_at_us: at,
    };
    (keys::event(SITE, id, &keys::version(at, &[7; 32])), event.encode_to_vec())
}

impl Member {
    /// Runs until there is nothing left to do; how many records were replayed.
    fn run(&mut self) -> u64 {
        let mut replayed = 0;
        loop {
            let step = self.worker.step(Duration::ZERO).unwrap();
            replayed += step.replayed;
            if step.idle {
                break;
            }
            if step.processed + step.replayed == 0 && !step.changed {
                self.worker.flush().unwrap();
            }
        }
        self.worker.service_mut().checkpoints_mut().unwrap().wait();
        replayed
    }
}

#[test]
fn a_successor_replays_only_what_came_after_the_checkpoint_and_knows_what_came_before() {
    let stage = Stage::new();
    let mut first = stage.member("a");
    stage.until_ten_are_taken_down(&mut first);
    for day in 10..12 {
        stage.contact(day);
        first.run();
    }
    first.worker.leave().unwrap();
    assert!(stage.file().exists(), "whoever stops comes back");

    let mut second = stage.member("a");
    let replayed = second.run();
    assert_eq!(second.metrics.checkpoints(), [0, 1, 0, 0]);
    assert!((2..10).contains(&replayed), "{replayed} records were replayed");
    stage.contact(12);
    second.run();
    assert_eq!(stage.sessions("leeds/e12"), Some(13));
}

#[test]
fn an_erasure_takes_the_checkpoint_with_it_and_what_was_erased_does_not_come_back() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    let erased = stage.contact(0);
    for day in 1..10 {
        stage.contact(day);
    }
    member.run();
    stage.until_written(&mut member, 10);
    let before = std::fs::read(stage.file()).unwrap();
    stage.append(&erased, None);
    member.run();
    assert!(!stage.file().exists());
    assert_eq!(std::fs::read_dir(stage.directory()).unwrap().count(), 0, "nor is there one unfinished");

    // Had the process died before it could remove the file:
    drop(member);
    std::fs::write(stage.file(), before).unwrap();
    let mut member = stage.member("a");
    member.run();
    assert_eq!(member.metrics.checkpoints()[1], 1);
    assert!(!stage.file().exists(), "the tombstone is read again");
    stage.contact(10);
    member.run();
    assert_eq!(stage.sessions("leeds/e10"), Some(10));
    // The next one knows nothing of it.
    stage.until_written(&mut member, 11);
    let file = std::fs::read(stage.file()).unwrap();
    let holds = |key: &str| file.windows(key.len()).any(|bytes| bytes == key.as_bytes());
    assert!(holds("leeds/e1/") && !holds("leeds/e0/"));
}

#[test]
fn an_erasure_while_a_checkpoint_is_taken_ends_it() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    let erased = stage.contact(0);
    stage.contact(1);
    stage.contact(2);
    // Begun with the commit, and not yet ended.
    while member.metrics.records().0 < 3 {
        member.worker.step(Duration::ZERO).unwrap();
        member.worker.flush().unwrap();
    }
    assert_eq!(std::fs::read_dir(stage.directory()).unwrap().count(), 1, "one is unfinished");
    stage.append(&erased, None);
    while member.metrics.records().0 < 4 {
        member.worker.step(Duration::ZERO).unwrap();
        member.worker.flush().unwrap();
    }
    assert_eq!(std::fs::read_dir(stage.directory()).unwrap().count(), 0);
}

#[test]
fn a_partition_that_goes_to_another_leaves_no_checkpoint_behind() {
    let stage = Stage::new();
    let mut first = stage.member("a");
    stage.until_ten_are_taken_down(&mut first);
    // The same name joins: all the first has is lost to it.
    let elsewhere = stage.scratch.path().join("elsewhere");
    let mut second = stage.member_in(&elsewhere, "a", |_| ());
    second.run();
    first.worker.step(Duration::ZERO).unwrap();
    assert!(!stage.file().exists());
}

#[test]
fn a_checkpoint_of_other_settings_is_thrown_away_and_everything_replayed() {
    let stage = Stage::new();
    let mut first = stage.member("a");
    stage.until_ten_are_taken_down(&mut first);
    first.worker.leave().unwrap();
    let mut second = stage.member_in(&stage.directory(), "a", |settings| settings.supervision_days += 1);
    assert!(second.run() >= 10);
    assert_eq!(second.metrics.checkpoints()[1..], [0, 0, 1]);
    assert!(!stage.file().exists());
    stage.contact(10);
    second.run();
    assert_eq!(stage.sessions("leeds/e10"), Some(11));
}

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
