//! Checkpoints over an embedded log: what they spare, and when they are thrown away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod age;
mod alone;
mod full;
mod keeping;
mod rules;
mod strays;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use rapport_indicators::checkpoints::Checkpoints;
use rapport_indicators::metrics::Metrics;
use rapport_indicators::service::{GROUP, Indicators, topics as read_topics};
use rapport_indicators::settings::params;
use rapport_model::params::Params;
use rapport_model::time::DAY_US;
use rapport_proto::{keys, topics, v1};
use rapport_runtime::{Clock, ManualClock, stopwatch};
use rapport_stream::checkpoint::Directory;
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::faults::{Fault, FaultyLog, Plan};
use rapport_stream::port::{Log, Output, SessionSpec};
use rapport_stream::worker::{Limits, Worker};

use keeping::Keeping;

const SITE: &str = "leeds";
/// Rounds after which what was waited for is taken not to come.
const ROUNDS: usize = 100;

struct Stage {
    log: Arc<dyn Log>,
    /// What the log is made of, so that it can be told how long it keeps tombstones.
    keeping: Arc<Keeping>,
    /// The time, for the log and for whoever reads a checkpoint.
    clock: Clock,
    now: ManualClock,
    scratch: tempfile::TempDir,
}

/// A worker, and what it counts.
struct Member {
    worker: Worker<Indicators>,
    metrics: Metrics,
}

impl Stage {
    fn new() -> Stage {
        let (clock, now) = Clock::manual(0);
        let log = EmbeddedLog::in_memory(clock.millis()).unwrap();
        log.create_topics(&topics::ALL, 1).unwrap();
        let keeping = Arc::new(Keeping::forever(log));
        Stage { log: keeping.clone(), keeping, clock, now, scratch: tempfile::tempdir().unwrap() }
    }

    fn directory(&self) -> PathBuf {
        self.scratch.path().join("checkpoints")
    }

    /// Where the checkpoint is to lie. What is unfinished is removed with the question.
    fn file(&self) -> PathBuf {
        Directory::open(&self.directory()).unwrap().file(topics::EVENTS, 0)
    }

    /// Files in the directory: one that is finished, and those that are not.
    fn files(&self) -> usize {
        std::fs::read_dir(self.directory()).unwrap().count()
    }

    /// Checkpoints after every third record.
    fn checkpoints(&self, directory: &Path, params: &Params, metrics: &Metrics) -> Checkpoints {
        let directory = Directory::open(directory).unwrap();
        Checkpoints::new(directory, 3, params, self.log.clone(), self.clock.millis(), metrics.clone())
    }

    /// A member that has them.
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
        let checkpoints = self.checkpoints(directory, &params, &metrics);
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

    /// A step and its commit.
    fn turn(&mut self) {
        self.worker.step(Duration::ZERO).unwrap();
        self.worker.flush().unwrap();
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
    assert_eq!(stage.files(), 0, "nor is there one unfinished");

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
        member.turn();
    }
    assert_eq!(stage.files(), 1, "one is unfinished");
    stage.append(&erased, None);
    while member.metrics.records().0 < 4 {
        member.turn();
    }
    assert_eq!(stage.files(), 0);
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
fn a_partition_that_goes_to_another_takes_the_one_with_it_that_is_being_written() {
    let stage = Stage::new();
    let mut first = stage.member("a");
    stage.until_ten_are_taken_down(&mut first);
    while stage.files() < 2 {
        stage.tick(10);
        first.turn();
    }
    let mut second = stage.member_in(&stage.scratch.path().join("elsewhere"), "a", |_| ());
    second.run();
    first.worker.step(Duration::ZERO).unwrap();
    assert_eq!(stage.files(), 0);
    assert!(first.worker.service().partition(0).is_none());
}

#[test]
fn a_state_that_is_born_again_goes_on_with_checkpoints_and_still_hears_of_erasures() {
    let mut stage = Stage::new();
    let faulty = Arc::new(FaultyLog::new(stage.log.clone(), Plan::calm(1).with(Fault::DoubtMissed, 10_000)));
    stage.log = faulty.clone();
    let mut member = stage.member("a");
    let erased = stage.contact(0);
    member.step();
    member.step();
    assert!(faulty.counts()[&Fault::DoubtMissed] > 0, "its first commit never happened");
    faulty.heal();
    stage.until_ten_are_taken_down(&mut member);
    assert!(stage.file().exists());
    stage.append(&erased, None);
    member.run();
    assert!(!stage.file().exists());
}

#[test]
fn a_worker_learns_by_itself_that_a_checkpoint_was_written_and_begins_the_next() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    for day in 0..3 {
        stage.contact(day);
    }
    for _ in 0..10_000 {
        stage.tick(3);
        member.turn();
        if member.metrics.checkpoints()[0] > 1 {
            return;
        }
        std::thread::yield_now();
    }
    panic!("{:?}", member.metrics.checkpoints());
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
