//! A replay whose last record is not there any more: compaction took it, and nothing newer has come.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rapport_proto::topics::TopicSpec;
use rapport_stream::port::{
    Appender, Change, Created, Each, Error, Log, Output, Reader, RecordRef, Session, SessionSpec, Sink,
    Start, TopicPartition,
};
use rapport_stream::worker::{Limits, Observer, Place, Worker};

use crate::fold::{Fold, INPUT, spec};

/// A log with one partition, a committed position, and no record that can be read before it.
#[derive(Default)]
struct Hollow {
    /// What it answers to who asks for one by its offset.
    found: Mutex<Option<Result<Option<u32>, Error>>>,
    /// The offset of a record that the next poll brings.
    brings: Arc<Mutex<Option<u64>>>,
}

impl Hollow {
    fn answers(&self, found: Result<Option<u32>, Error>) {
        *self.found.lock().unwrap() = Some(found);
    }
}

impl Log for Hollow {
    fn session(&self, _: &SessionSpec) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(HollowSession { told: false, brings: self.brings.clone() }))
    }

    fn reader(&self, _: &[&str]) -> Result<Box<dyn Reader>, Error> {
        Err(Error::Unusable("hollow".to_owned()))
    }

    fn appender(&self) -> Result<Box<dyn Appender>, Error> {
        Err(Error::Unusable("hollow".to_owned()))
    }

    fn partitions(&self, _: &str) -> Result<Option<u32>, Error> {
        Ok(Some(1))
    }

    fn create_topics(&self, _: &[TopicSpec], _: u32) -> Result<Vec<Created>, Error> {
        Ok(Vec::new())
    }

    fn fingerprint(&self, _: &TopicPartition, offset: u64) -> Result<Option<u32>, Error> {
        assert_eq!(offset, 4, "the last before the position");
        self.found.lock().unwrap().clone().unwrap_or(Ok(None))
    }
}

struct HollowSession {
    told: bool,
    brings: Arc<Mutex<Option<u64>>>,
}

impl Sink for HollowSession {
    fn send(&mut self, _: Output<'_>) -> Result<(), Error> {
        Ok(())
    }
}

impl Session for HollowSession {
    fn poll(&mut self, _: Duration, _: usize, each: &mut Each<'_>) -> Result<Vec<Change>, Error> {
        let brought = self.brings.lock().unwrap().take();
        if let Some(offset) = brought {
            let (topic, key, value) = (INPUT.name, Some(b"a".as_slice()), Some(b"1".as_slice()));
            let headers = Vec::new();
            let headers = &headers;
            each(&RecordRef { topic, partition: 0, offset, key, value, timestamp_ms: 0, headers }, self)?;
            return Ok(Vec::new());
        }
        let told = std::mem::replace(&mut self.told, true);
        let all = vec![TopicPartition { topic: INPUT.name.into(), partition: 0 }];
        Ok(if told { Vec::new() } else { vec![Change::Assigned(all)] })
    }

    fn sink(&mut self) -> &mut dyn Sink {
        self
    }

    fn committed(&mut self, _: &[TopicPartition]) -> Result<Vec<Option<u64>>, Error> {
        Ok(vec![Some(5)])
    }

    fn start(&mut self, _: &[(TopicPartition, Start)]) -> Result<(), Error> {
        Ok(())
    }

    fn release(&mut self, _: &[TopicPartition]) -> Result<(), Error> {
        Ok(())
    }

    fn commit(&mut self, _: &[(TopicPartition, u64)]) -> Result<(), Error> {
        Ok(())
    }

    fn renew(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn dirty(&self) -> bool {
        false
    }
}

#[derive(Clone, Default)]
struct Places(Arc<Mutex<Vec<Place>>>);

impl Observer for Places {
    fn owned(&mut self, places: &[Place]) {
        *self.0.lock().unwrap() = places.to_vec();
    }
}

/// A worker whose replay never hears of a record, at a second of its stopwatch; whether its replay is over.
struct Waiting {
    log: Arc<Hollow>,
    worker: Worker<Fold>,
    seconds: Arc<AtomicU64>,
    places: Places,
}

impl Waiting {
    fn new() -> Waiting {
        let (log, seconds, places) = (Arc::new(Hollow::default()), Arc::default(), Places::default());
        let reading: Arc<AtomicU64> = Arc::clone(&seconds);
        let stopwatch = Arc::new(move || Duration::from_secs(reading.load(Ordering::Relaxed)));
        let observer = Box::new(places.clone());
        let worker =
            Worker::new(log.clone(), spec(0), Fold::default(), Limits::default(), stopwatch, observer);
        Waiting { log, worker, seconds, places }
    }

    fn is_live_at(&mut self, second: u64) -> bool {
        self.seconds.store(second, Ordering::Relaxed);
        self.worker.step(Duration::ZERO).unwrap();
        self.places.0.lock().unwrap()[0].live
    }
}

#[test]
fn a_replay_in_which_nothing_comes_for_three_seconds_is_over() {
    let mut waiting = Waiting::new();
    assert!(!waiting.is_live_at(10), "just assigned");
    assert!(!waiting.is_live_at(11), "silence begins");
    assert!(!waiting.is_live_at(13));
    assert!(waiting.is_live_at(14));
}

#[test]
fn a_replay_is_not_over_where_the_log_is_away_or_has_the_last_record_yet_to_bring() {
    let mut waiting = Waiting::new();
    for (second, found) in [(10, Err(Error::Unavailable("away".to_owned()))), (20, Ok(Some(7)))] {
        waiting.log.answers(found);
        assert!(!waiting.is_live_at(second));
        assert!(!waiting.is_live_at(second + 1));
        assert!(!waiting.is_live_at(second + 4), "it was silent for three seconds");
    }
    waiting.log.answers(Ok(None));
    assert!(!waiting.is_live_at(26), "but for two now");
    assert!(waiting.is_live_at(27));
}

#[test]
fn a_replay_whose_last_record_is_gone_is_over_when_the_first_one_behind_the_position_comes_before_the_silence_does()
 {
    let mut waiting = Waiting::new();
    assert!(!waiting.is_live_at(10));
    assert_eq!(waiting.worker.service().replays_ended, 0);
    for offset in [7, 8] {
        *waiting.log.brings.lock().unwrap() = Some(offset);
        assert!(waiting.is_live_at(11));
        assert_eq!(waiting.worker.service().replays_ended, 1, "the service is told once");
    }
    assert!(waiting.is_live_at(20));
    assert_eq!(waiting.worker.service().replays_ended, 1);
}
