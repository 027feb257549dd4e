//! What goes into a checkpoint and what becomes of it: rules that only show where something comes in between.

use rapport_runtime::build::BUILD;
use rapport_stream::checkpoint::{Asked, Identity, Loaded, Rejection, State, Witness};
use rapport_stream::port::TopicPartition;
use sha2::{Digest as _, Sha256};

use super::*;

impl Stage {
    fn identity(&self) -> Identity {
        let params = Arc::new(params(&Default::default()).unwrap());
        Identity {
            topic: topics::EVENTS.to_owned(),
            partition: 0,
            partitions: 1,
            build: format!("{} {}", BUILD.version, BUILD.revision),
            settings: Sha256::digest(format!("{params:?}")).to_vec(),
        }
    }

    /// What becomes of the checkpoint that is there where the group is at that position.
    pub(super) fn load(&self, committed: u64) -> Result<Option<Loaded>, Rejection> {
        let kept_ms = self.log.limits(topics::EVENTS).unwrap().tombstones_kept_ms.unwrap();
        let now_ms = self.clock.millis()();
        let asked = Asked { identity: &self.identity(), committed, now_ms, kept_ms, log: &*self.log };
        Directory::open(&self.directory()).unwrap().load(&asked, &mut |_, _| true)
    }
}

impl Member {
    /// A step, its commit, and what comes of a checkpoint that was ended by it.
    pub(super) fn step(&mut self) {
        self.turn();
        self.worker.service_mut().checkpoints_mut().unwrap().wait();
    }

    fn clock(&mut self) -> rapport_model::time::Instant {
        self.worker.service_mut().partition(0).unwrap().clock()
    }
}

#[test]
fn what_comes_after_all_was_taken_down_is_replayed_and_the_clock_stays_where_it_was() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    for day in [0, 2] {
        stage.contact(day);
    }
    stage.tick(10);
    // Begun with the commit of these three, and all of it taken down with the steps that follow.
    while member.metrics.records().0 < 3 {
        member.step();
    }
    (0..ROUNDS).for_each(|_| member.step());
    assert_eq!(stage.files(), 1, "one is unfinished");
    // It was ingested by a clock that is behind.
    stage.contact(1);
    while member.metrics.checkpoints()[0] == 0 {
        member.step();
    }
    let clock = member.clock();
    assert_eq!(stage.load(3), Err(Rejection::Ahead), "it knows all four records");
    assert_eq!(stage.load(4).map(|loaded| loaded.unwrap().from), Ok(3));

    drop(member);
    let mut member = stage.member("a");
    assert_eq!(member.run(), 1);
    assert_eq!(member.clock(), clock);
    stage.contact(3);
    member.run();
    assert_eq!(stage.sessions("leeds/e3"), Some(4));
}

#[test]
fn a_checkpoint_is_not_ended_before_all_that_is_held_was_taken_down() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    let clients = 0..5;
    let contact = |client: i64, day: i64| {
        let (key, value) = contact(day, &format!("e{client}-{day}"), &format!("k1:client{client}"));
        stage.append(&key, Some(&value));
    };
    for client in clients.clone() {
        (0..1_000).for_each(|day| contact(client, day));
    }
    member.run();
    member.worker.leave().unwrap();
    std::fs::remove_file(stage.file()).ok();
    // Whoever has replayed all that takes it down slice by slice, and more is committed meanwhile.
    let mut member = stage.member("a");
    let mut steps = 0;
    while member.metrics.checkpoints()[0] == 0 {
        assert!(member.metrics.records().0 < 500, "{:?}", member.metrics.checkpoints());
        stage.tick(1_000);
        member.step();
        steps += u32::from(stage.files() > 0);
    }
    assert!(steps > 5, "no record waits for more than a slice");
    drop(member);
    let mut member = stage.member("a");
    assert!(member.run() < 500);
    assert_eq!(member.metrics.checkpoints()[1], 1);
    clients.clone().for_each(|client| contact(client, 1_000));
    member.run();
    for client in clients {
        assert_eq!(stage.sessions(&format!("leeds/e{client}-1000")), Some(1_001));
    }
}

#[test]
fn nothing_stays_of_a_checkpoint_that_turns_out_to_be_senseless_halfway() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    for day in 0..2 {
        stage.contact(day);
    }
    member.run();
    drop(member);
    // Everything about it is right, but for what it holds: an event that is not in the log, and then no event at all.
    let at = TopicPartition { topic: topics::EVENTS.into(), partition: 0 };
    let fingerprint = stage.log.fingerprint(&at, 1).unwrap().unwrap();
    let directory = Directory::open(&stage.directory()).unwrap();
    let mut writing = directory.begin(&stage.identity(), 2, 0).unwrap();
    let (key, value) = contact(0, "x0", "k1:client");
    writing.put(key.as_bytes(), &value);
    writing.put(keys::TICK.as_bytes(), &[0xff]);
    while !writing.finish(2, Witness { offset: 1, fingerprint }) {}
    assert_eq!(writing.wait(), State::Written);
    assert!(stage.load(2).is_ok());

    let mut member = stage.member("a");
    assert_eq!(member.run(), 2);
    assert_eq!(member.metrics.checkpoints()[1..], [0, 0, 1]);
    stage.contact(2);
    member.run();
    assert_eq!(stage.sessions("leeds/e2"), Some(3));
}

#[test]
fn where_the_log_does_not_say_how_long_it_keeps_tombstones_no_checkpoint_stays() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    stage.until_ten_are_taken_down(&mut member);
    member.worker.leave().unwrap();
    assert!(stage.file().exists());
    stage.keeping.keep(None);
    let mut member = stage.member("a");
    assert!(member.run() >= 10);
    assert_eq!(member.metrics.checkpoints(), [0, 0, 0, 0]);
    assert!(!stage.file().exists());
}
