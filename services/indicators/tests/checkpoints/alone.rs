//! Checkpoints without a worker: what they do where something comes at a moment that no worker can be brought to at will.

use std::collections::BTreeMap;

use rapport_model::params::Params;
use rapport_model::partition::Partition;
use rapport_stream::port::{Error, RecordRef, Sink, TopicPartition};
use rapport_stream::worker::Service as _;

use super::*;

/// Checkpoints of partition 0, with its fold.
struct Alone {
    checkpoints: Checkpoints,
    metrics: Metrics,
    params: Arc<Params>,
    folds: BTreeMap<u32, Partition>,
}

fn place() -> TopicPartition {
    TopicPartition { topic: topics::EVENTS.into(), partition: 0 }
}

impl Stage {
    /// Those, and so many contacts in the log.
    fn alone(&self, contacts: i64) -> Alone {
        (0..contacts).for_each(|day| drop(self.contact(day)));
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        let params = Arc::new(params(&Default::default()).unwrap());
        let checkpoints = self.checkpoints(&self.directory(), &params, &metrics);
        Alone { checkpoints, metrics, params, folds: BTreeMap::new() }
    }

    /// The same, all of them applied.
    fn applied(&self, contacts: i64) -> Alone {
        let mut alone = self.alone(contacts);
        alone.load(0);
        self.apply(&mut alone);
        alone
    }

    /// Those of four contacts, of which a checkpoint is begun.
    fn begun(&self) -> Alone {
        let mut alone = self.applied(4);
        alone.committed();
        assert_eq!(self.files(), 1);
        alone
    }

    fn read(&self, mut each: impl FnMut(&RecordRef<'_>)) {
        let mut reader = self.log.reader(&[topics::EVENTS]).unwrap();
        while !reader.caught_up().unwrap() {
            reader.poll(Duration::from_millis(10), 100, &mut each).unwrap();
        }
    }

    /// Gives the log's records to the fold and to the checkpoints.
    fn apply(&self, alone: &mut Alone) {
        self.read(|record| {
            let fold = alone.folds.get_mut(&0).unwrap();
            fold.replay(record.key, record.value).unwrap();
            alone.checkpoints.applied(record);
        });
    }
}

impl Alone {
    fn load(&mut self, committed: u64) -> u64 {
        let mut loaded = self.checkpoints.load(&[(place(), committed)], &self.params);
        let (from, fold) = loaded.pop().unwrap();
        self.folds.insert(0, fold);
        from
    }

    fn committed(&mut self) {
        self.checkpoints.committed(&self.folds);
    }

    /// Begins one, takes everything down and ends it: it is on its way to its place.
    fn hand_over(&mut self) {
        self.committed();
        self.checkpoints.proceed(&self.folds);
        self.committed();
    }
}

#[test]
fn no_checkpoint_is_begun_before_so_many_records_came() {
    let stage = Stage::new();
    let mut alone = stage.applied(2);
    alone.committed();
    assert_eq!(stage.files(), 0);
    stage.tick(2);
    stage.apply(&mut alone);
    alone.committed();
    assert_eq!(stage.files(), 1);
}

#[test]
fn no_checkpoint_is_begun_of_a_partition_that_is_still_replayed_when_another_commits() {
    let stage = Stage::new();
    let mut alone = stage.alone(4);
    alone.load(5);
    stage.apply(&mut alone);
    alone.committed();
    assert_eq!(stage.files(), 0, "not all that was read has been folded");
    alone.checkpoints.replayed(0);
    alone.committed();
    assert_eq!(stage.files(), 1);
}

#[test]
fn a_checkpoint_on_its_way_to_its_place_is_waited_for_and_loaded() {
    let stage = Stage::new();
    let mut alone = stage.applied(4);
    alone.hand_over();
    assert_eq!(alone.load(4), 4);
    assert_eq!(alone.metrics.checkpoints(), [1, 1, 0, 0]);
}

#[test]
fn a_partition_of_which_nothing_came_since_its_checkpoint_was_loaded_needs_no_other() {
    let stage = Stage::new();
    stage.now.set(1_000 * DAY_US);
    stage.keeping.keep(Some(1_000_000));
    let mut alone = stage.applied(4);
    alone.hand_over();
    assert_eq!(alone.load(4), 4);
    alone.checkpoints.replayed(0);
    // It was another partition's.
    alone.committed();
    assert_eq!(stage.files(), 1);
}

#[test]
fn nothing_is_left_of_what_is_being_written_of_a_partition_that_is_taken() {
    let stage = Stage::new();
    let mut alone = stage.begun();
    alone.checkpoints.revoked(0);
    alone.checkpoints.taken(&place());
    assert_eq!(stage.files(), 0);
}

#[test]
fn nothing_is_left_of_what_is_being_written_where_the_log_no_longer_says_how_long_it_keeps_tombstones() {
    let stage = Stage::new();
    let mut alone = stage.begun();
    stage.keeping.keep(None);
    assert_eq!(alone.load(4), 0);
    assert_eq!(stage.files(), 0);
}

#[test]
fn a_state_that_is_to_be_born_again_makes_room_for_its_successor_first() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    stage.contact(0);
    member.run();
    let service = member.worker.service_mut();
    assert!(service.partition(0).is_some());
    service.prepare(&[(place(), 1)]);
    assert!(service.partition(0).is_none());
}

/// To which nothing is sent.
struct Nowhere;

impl Sink for Nowhere {
    fn send(&mut self, _: Output<'_>) -> Result<(), Error> {
        Err(Error::Unavailable("nowhere".to_owned()))
    }
}

#[test]
fn all_that_was_replayed_is_in_a_checkpoint_that_another_partitions_commit_begins() {
    let stage = Stage::new();
    let mut member = stage.member("a");
    (0..4).for_each(|day| drop(stage.contact(day)));
    let service = member.worker.service_mut();
    service.prepare(&[(place(), 4)]);
    service.assigned(&place());
    stage.read(|record| service.replay(record));
    service.replayed(&place());
    service.committed();
    service.on_time(&mut Nowhere).unwrap();
    service.committed();
    service.checkpoints_mut().unwrap().wait();
    // The clock is one of them.
    assert_eq!(stage.load(4).map(|loaded| loaded.unwrap().records), Ok(5));
}
