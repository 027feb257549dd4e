//! The loop when nothing goes wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rapport_stream::port::{Change, Error, Start};
use rapport_stream::worker::{Limits, Worker};

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
