//! The loop by itself: when it commits, what it tells, what ends it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rapport_stream::faults::{Fault, FaultyLog, Plan};
use rapport_stream::port::{Change, Error, Log, Output, RecordRef, Sink, Start, TopicPartition};
use rapport_stream::worker::{Cause, Limits, Observer, Place, Service, Worker};

use crate::fold::{Fold, INPUT, SUMS, append, everything, expected, log, spec, worker};

#[test]
fn every_record_is_processed_once_over_restarts() {
    let log = log();
    append(&log, &[(0, 1), (1, 2), (0, 3)]);
    worker(&log, 0, Fold::default(), Limits::default()).run_until_idle().unwrap();
    append(&log, &[(0, 5), (2, 7)]);
    worker(&log, 0, Fold::default(), Limits::default()).run_until_idle().unwrap();
    assert_eq!(everything(&log, SUMS.name), expected(&log));
    assert_eq!(expected(&log).len(), 5);
}

#[test]
fn an_idle_worker_opens_no_transaction() {
    let log = log();
    append(&log, &[(0, 1)]);
    let mut worker = worker(&log, 0, Fold::default(), Limits::default());
    worker.run_until_idle().unwrap();
    worker.run_until_idle().unwrap();
    assert!(!worker.flush().unwrap());
    assert_eq!(worker.service().commits, 1);
}

#[test]
fn nothing_is_visible_before_the_commit_that_time_or_count_brings() {
    let log = log();
    append(&log, &[(0, 1), (0, 2), (0, 3)]);
    let now = Arc::new(AtomicU64::new(0));
    let reading = now.clone();
    let stopwatch = Arc::new(move || Duration::from_millis(reading.load(Ordering::Relaxed)));
    let mut worker =
        Worker::new(log.clone(), spec(0), Fold::default(), Limits::default(), stopwatch, Box::new(()));
    assert!(worker.step(Duration::ZERO).unwrap().changed);
    let step = worker.step(Duration::ZERO).unwrap();
    assert_eq!((step.processed, step.committed), (3, false));
    assert!(everything(&log, SUMS.name).is_empty());
    now.store(100, Ordering::Relaxed);
    assert!(worker.step(Duration::ZERO).unwrap().committed);
    assert_eq!(everything(&log, SUMS.name), expected(&log));

    let few = Limits { max_records: 2, ..Limits::default() };
    append(&log, &[(0, 4), (0, 5), (0, 6)]);
    drop(worker);
    let mut worker =
        Worker::new(log.clone(), spec(0), Fold::default(), few, Arc::new(|| Duration::ZERO), Box::new(()));
    worker.step(Duration::ZERO).unwrap();
    let step = worker.step(Duration::ZERO).unwrap();
    assert_eq!((step.replayed, step.processed), (2, 0), "a poll takes no more than a transaction may hold");
    worker.run_until_idle().unwrap();
    assert!(worker.service().commits >= 2);
    assert_eq!(everything(&log, SUMS.name), expected(&log));
}

#[test]
fn a_poll_that_overflows_the_transaction_is_cut_and_loses_nothing() {
    let log = log();
    let pairs: Vec<(u8, u64)> = (0..200).map(|number| (number as u8 % 5, number)).collect();
    append(&log, &pairs);
    let tiny = Limits { max_bytes: 20, ..Limits::default() };
    let mut worker = worker(&log, 0, Fold::default(), tiny);
    worker.run_until_idle().unwrap();
    assert!(worker.service().commits > 20);
    assert_eq!(everything(&log, SUMS.name), expected(&log));
}

#[test]
fn a_newcomer_is_given_its_share_and_the_state_goes_with_it() {
    let log = log();
    append(&log, &[(0, 1), (1, 2), (2, 3)]);
    let mut first = worker(&log, 0, Fold::default(), Limits::default());
    first.run_until_idle().unwrap();
    append(&log, &[(0, 1), (1, 2), (2, 3)]);
    first.step(Duration::ZERO).unwrap();
    let mut second = worker(&log, 1, Fold::default(), Limits::default());
    for _ in 0..4 {
        second.step(Duration::ZERO).unwrap();
        first.step(Duration::ZERO).unwrap();
    }
    append(&log, &[(0, 1), (1, 2), (2, 3)]);
    first.run_until_idle().unwrap();
    assert!(everything(&log, SUMS.name).len() < 9, "the first worker still owns everything");
    second.run_until_idle().unwrap();
    assert_eq!(everything(&log, SUMS.name), expected(&log));
}

#[test]
fn a_worker_whose_name_was_taken_ends_and_its_transaction_never_happens() {
    let log = log();
    append(&log, &[(0, 1), (1, 2)]);
    let mut old = worker(&log, 0, Fold::default(), Limits::default());
    old.step(Duration::ZERO).unwrap();
    assert_eq!(old.step(Duration::ZERO).unwrap().processed, 2);
    let mut new = worker(&log, 0, Fold::default(), Limits::default());
    new.run_until_idle().unwrap();
    assert!(matches!(old.run(&|| false), Err(Error::Fenced(_))));
    assert_eq!(everything(&log, SUMS.name), expected(&log));
}

#[test]
fn a_session_that_was_taken_over_hears_of_its_loss_and_cannot_commit() {
    let log = log();
    append(&log, &[(0, 1)]);
    let mut old = log.session(&spec(0)).unwrap();
    let mut none = |_: &rapport_stream::port::RecordRef<'_>, _: &mut dyn rapport_stream::port::Sink| Ok(());
    let changes = old.poll(Duration::ZERO, 10, &mut none).unwrap();
    let [Change::Assigned(partitions)] = changes.as_slice() else { panic!("{changes:?}") };
    let starts: Vec<_> = partitions.iter().map(|partition| (partition.clone(), Start::Beginning)).collect();
    old.start(&starts).unwrap();
    let _new = log.session(&spec(0)).unwrap();
    assert!(matches!(old.commit(&[(partitions[0].clone(), 1)]), Err(Error::Fenced(_))));
    assert_eq!(old.poll(Duration::ZERO, 10, &mut none), Ok(vec![Change::Lost(partitions.clone())]));
    old.release(partitions).unwrap();
    assert!(matches!(old.poll(Duration::ZERO, 10, &mut none), Err(Error::Fenced(_))));
    assert_eq!(old.committed(partitions).unwrap(), vec![None; partitions.len()]);
}

#[test]
fn a_topic_that_does_not_exist_ends_the_worker() {
    let log = log();
    let mut spec = spec(0);
    spec.topics = vec![INPUT.name.to_owned(), "missing".to_owned()];
    let mut worker =
        Worker::new(log, spec, Fold::default(), Limits::default(), Arc::new(|| Duration::ZERO), Box::new(()));
    assert!(matches!(worker.run(&|| false), Err(Error::Unusable(cause)) if cause.contains("missing")));
}

/// Remembers what it was told.
#[derive(Default, Clone)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn add(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Told {
    fn processed(&mut self, records: u64, _: u64) {
        self.add(format!("processed {records}"));
    }
    fn replayed(&mut self, records: u64) {
        self.add(format!("replayed {records}"));
    }
    fn sent(&mut self, records: u64, _: u64) {
        self.add(format!("sent {records}"));
    }
    fn committed(&mut self, took: Duration) {
        self.add(format!("committed in {took:?}"));
    }
    fn doubted(&mut self) {
        self.add("doubted".to_owned());
    }
    fn renewed(&mut self, cause: Cause) {
        self.add(format!("renewed: {}", cause.as_str()));
    }
    fn owned(&mut self, places: &[Place]) {
        let live = places.iter().filter(|place| place.live).count();
        let next: Vec<u64> = places.iter().map(|place| place.next).collect();
        self.add(format!("owned {next:?}, {live} live"));
    }
}

/// A worker whose every look at the stopwatch finds it that much later.
fn watched(log: &Arc<dyn Log>, each_look: Duration, told: &Told) -> Worker<Fold> {
    let looks = AtomicU64::new(0);
    let stopwatch = Arc::new(move || each_look * looks.fetch_add(1, Ordering::Relaxed) as u32);
    Worker::new(log.clone(), spec(0), Fold::default(), Limits::default(), stopwatch, Box::new(told.clone()))
}

#[test]
fn an_observer_is_told_of_processing_and_of_replay() {
    let (log, told) = (log(), Told::default());
    append(&log, &[(0, 1), (0, 2)]);
    watched(&log, Duration::ZERO, &told).run_until_idle().unwrap();
    let done =
        ["owned [0, 0, 0], 3 live", "processed 2", "sent 2", "owned [0, 2, 0], 3 live", "committed in 0ns"];
    assert_eq!(told.take(), done);
    watched(&log, Duration::ZERO, &told).run_until_idle().unwrap();
    assert_eq!(told.take(), ["owned [0, 0, 0], 2 live", "replayed 2", "owned [0, 2, 0], 3 live"]);
}

#[test]
fn a_slow_commit_costs_the_session_and_not_the_state() {
    let (log, told) = (log(), Told::default());
    append(&log, &[(0, 1), (0, 2)]);
    let mut worker = watched(&log, Duration::from_secs(2), &told);
    worker.run_until_idle().unwrap();
    append(&log, &[(0, 3)]);
    worker.run_until_idle().unwrap();
    let told = told.take();
    assert_eq!(told.iter().filter(|what| *what == "committed in 2s").count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(|what| *what == "renewed: slow").count(), 2, "{told:?}");
    assert!(!told.iter().any(|what| what.starts_with("replayed")), "{told:?}");
    assert_eq!(everything(&log, SUMS.name), expected(&log));
}

#[test]
fn doubt_costs_the_state_unless_the_positions_prove_the_commit() {
    for (fault, replayed) in [(Fault::DoubtHappened, false), (Fault::DoubtMissed, true)] {
        let (log, told) = (log(), Told::default());
        append(&log, &[(0, 1), (0, 2)]);
        watched(&log, Duration::ZERO, &told).run_until_idle().unwrap();
        append(&log, &[(0, 3)]);
        told.take();
        let faulty = Arc::new(FaultyLog::new(log.clone(), Plan::calm(0).with(fault, 10_000)));
        let above: Arc<dyn Log> = faulty.clone();
        let mut worker = watched(&above, Duration::ZERO, &told);
        while !told.0.lock().unwrap().iter().any(|what| what == "renewed: doubt") {
            worker.step(Duration::ZERO).unwrap();
            worker.flush().unwrap();
        }
        faulty.heal();
        told.take();
        worker.run_until_idle().unwrap();
        let told = told.take();
        assert_eq!(told.iter().any(|what| what == "replayed 2"), replayed, "{fault:?} {told:?}");
        assert_eq!(everything(&log, SUMS.name), expected(&log));
    }
}

/// Sends one record for each time it is called, and answers none.
struct Ticking {
    left: u32,
}

impl Service for Ticking {
    fn replays(&self) -> bool {
        false
    }
    fn assigned(&mut self, _: &TopicPartition) {}
    fn revoked(&mut self, _: &TopicPartition) {}
    fn replay(&mut self, _: &RecordRef<'_>) {}
    fn process(&mut self, _: &RecordRef<'_>, _: &mut dyn Sink) -> Result<(), Error> {
        Ok(())
    }
    fn on_time(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        sink.send(Output {
            topic: SUMS.name,
            partition: Some(0),
            key: Some(b"tick"),
            value: Some(b""),
            headers: &[],
        })
    }
}

#[test]
fn ticks_are_committed_while_there_is_nothing_to_process_and_move_no_position() {
    let log = log();
    append(&log, &[(0, 1)]);
    let ticking = |left| {
        let stopwatch = Arc::new(|| Duration::ZERO);
        Worker::new(log.clone(), spec(0), Ticking { left }, Limits::default(), stopwatch, Box::new(()))
    };
    ticking(0).run_until_idle().unwrap();
    let positions = || {
        let all: Vec<_> =
            (0..3).map(|partition| TopicPartition { topic: INPUT.name.into(), partition }).collect();
        log.session(&spec(9)).unwrap().committed(&all).unwrap()
    };
    let before = positions();
    ticking(3).run_until_idle().unwrap();
    assert_eq!(everything(&log, SUMS.name).len(), 3);
    assert_eq!(positions(), before);
    assert_eq!(before, [None, Some(1), None]);
}

#[test]
fn a_worker_that_runs_commits_what_it_has_done_when_it_is_stopped() {
    let log = log();
    append(&log, &[(0, 1), (1, 2), (2, 3)]);
    let mut worker = worker(&log, 0, Fold::default(), Limits::default());
    let looks = AtomicU64::new(0);
    worker.run(&|| looks.fetch_add(1, Ordering::Relaxed) == 3).unwrap();
    assert_eq!(everything(&log, SUMS.name), expected(&log));
    assert!(worker.service().sums.is_empty(), "state outlived its assignment");
}

#[test]
fn a_log_that_cannot_be_reached_is_tried_again_until_it_can_or_it_is_time_to_stop() {
    let log = log();
    append(&log, &[(0, 1), (1, 2)]);
    let faulty = Arc::new(FaultyLog::new(log.clone(), Plan::calm(0).with(Fault::Unavailable, 10_000)));
    let above: Arc<dyn Log> = faulty.clone();
    let mut worker = worker(&above, 0, Fold::default(), Limits { max_records: 1, ..Limits::default() });
    let looks = AtomicU64::new(0);
    let stop = || {
        if looks.fetch_add(1, Ordering::Relaxed) == 10 {
            faulty.heal();
        }
        everything(&log, SUMS.name).len() == 2
    };
    worker.run(&stop).unwrap();
    assert!(faulty.counts()[&Fault::Unavailable] >= 2);
    assert_eq!(everything(&log, SUMS.name), expected(&log));
}
