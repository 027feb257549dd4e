//! A replay whose last record is not there any more: compaction took it, and nothing newer has come.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rapport_proto::topics::TopicSpec;
use rapport_stream::port::{
    Appender, Change, Created, Each, Error, Log, Output, Reader, Session, SessionSpec, Sink, Start,
    TopicPartition,
};
use rapport_stream::worker::{Limits, Observer, Place, Worker};

use crate::fold::{Fold, INPUT, spec};

/// A log with one partition, a committed position, and no record.
struct Hollow;

impl Log for Hollow {
    fn session(&self, _: &SessionSpec) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(HollowSession { told: false }))
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
}

struct HollowSession {
    told: bool,
}

impl Sink for HollowSession {
    fn send(&mut self, _: Output<'_>) -> Result<(), Error> {
        Ok(())
    }
}

impl Session for HollowSession {
    fn poll(&mut self, _: Duration, _: usize, _: &mut Each<'_>) -> Result<Vec<Change>, Error> {
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

#[test]
fn a_replay_in_which_nothing_comes_for_three_seconds_is_over() {
    let (seconds, places) = (Arc::new(AtomicU64::new(0)), Places::default());
    let reading = seconds.clone();
    let stopwatch = Arc::new(move || Duration::from_secs(reading.load(Ordering::Relaxed)));
    let mut worker = Worker::new(
        Arc::new(Hollow),
        spec(0),
        Fold::default(),
        Limits::default(),
        stopwatch,
        Box::new(places.clone()),
    );
    let mut live_at = |second| {
        seconds.store(second, Ordering::Relaxed);
        worker.step(Duration::ZERO).unwrap();
        let places = places.0.lock().unwrap();
        places.iter().map(|place| place.live).collect::<Vec<_>>()
    };
    assert_eq!(live_at(10), [false], "just assigned");
    assert_eq!(live_at(11), [false], "silence begins");
    assert_eq!(live_at(13), [false]);
    assert_eq!(live_at(14), [true]);
}
