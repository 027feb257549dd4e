//! A log that never takes a transaction in time that is as large as the limits allow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rapport_stream::port::{Change, Each, Error, Log, Output, Session, Sink, Start, TopicPartition};
use rapport_stream::worker::Limits;

use crate::above::Above;
use crate::fold::{self, Fold, SUMS};

/// Most outputs that it takes in one transaction.
const TAKEN: u64 = 100;

struct SlowSession {
    inner: Box<dyn Session>,
    /// Transactions that were not taken.
    refused: Arc<AtomicU64>,
    /// Outputs since the last transaction.
    sent: u64,
}

struct Counting<'a> {
    sink: &'a mut dyn Sink,
    sent: &'a mut u64,
}

impl Sink for Counting<'_> {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        *self.sent += 1;
        self.sink.send(output)
    }
}

impl Session for SlowSession {
    fn poll(&mut self, wait: Duration, max: usize, each: &mut Each<'_>) -> Result<Vec<Change>, Error> {
        let sent = &mut self.sent;
        self.inner.poll(wait, max, &mut |record, sink| each(record, &mut Counting { sink, sent }))
    }

    fn sink(&mut self) -> &mut dyn Sink {
        self.inner.sink()
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, Error> {
        self.inner.committed(partitions)
    }

    fn start(&mut self, places: &[(TopicPartition, Start)]) -> Result<(), Error> {
        self.inner.start(places)
    }

    fn release(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        self.inner.release(partitions)
    }

    fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), Error> {
        if self.sent > TAKEN {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Error::Doubt("it took too long".to_owned()));
        }
        self.sent = 0;
        self.inner.commit(positions)
    }

    fn renew(&mut self) -> Result<(), Error> {
        self.sent = 0;
        self.inner.renew()
    }

    fn dirty(&self) -> bool {
        self.inner.dirty()
    }
}

#[test]
fn a_transaction_that_is_too_large_for_a_slow_cluster_becomes_smaller_until_it_is_taken() {
    let log = fold::log();
    let pairs: Vec<(u8, u64)> = (0..5_000).map(|number| ((number % 7) as u8, number)).collect();
    fold::append(&log, &pairs);
    let refused: Arc<AtomicU64> = Arc::default();
    let counted = Arc::clone(&refused);
    let session = move |inner| -> Box<dyn Session> {
        Box::new(SlowSession { inner, refused: Arc::clone(&counted), sent: 0 })
    };
    let slow: Arc<dyn Log> = Arc::new(Above { inner: log.clone(), session });
    let limits = Limits { max_records: 1_000, ..Limits::default() };
    let mut worker = fold::worker(&slow, 0, Fold::default(), limits);
    // Replays apart, each record is processed once for each transaction that is refused with it: without an end, if they
    // stayed as large.
    for _ in 0..5_000 {
        if worker.step(Duration::ZERO).unwrap().idle {
            break;
        }
    }
    worker.flush().unwrap();
    assert_eq!(fold::everything(&log, SUMS.name), fold::expected(&log));
    // 1 000, 500, 250 and 125 are too many, 62 are not; and 125 are tried again after 64 of those.
    assert_eq!(refused.load(Ordering::Relaxed), 5);
}
