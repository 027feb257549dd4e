//! Durable writes from outside, without a transaction.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};

use super::outbox::record;
use super::{Shared, breathe, errors};
use crate::port::{Appender, Error, Output};

/// What became of the records of one call.
#[derive(Debug, Default)]
struct Tally {
    settled: usize,
    failure: Option<Code>,
}

/// The records of one call, on their way.
#[derive(Debug, Default)]
struct Batch {
    tally: Mutex<Tally>,
    changed: Condvar,
}

impl Batch {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Side;

impl ClientContext for Side {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, text: &str) {
        tracing::debug!(facility, text, "kafka client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka producer");
    }
}

impl ProducerContext for Side {
    type DeliveryOpaque = Arc<Batch>;

    fn delivery(&self, result: &DeliveryResult<'_>, batch: Arc<Batch>) {
        let mut tally = batch.tally();
        tally.settled += 1;
        if let Err((KafkaError::MessageProduction(code), _)) = result {
            tally.failure.get_or_insert(*code);
        }
        batch.changed.notify_one();
    }
}

/// An appender on Kafka. Its producer polls on a thread of its own, so that it may lie idle for months.
pub(super) struct KafkaAppender {
    shared: Arc<Shared>,
    producer: Option<ThreadedProducer<Side>>,
}

impl KafkaAppender {
    pub(super) fn open(shared: Arc<Shared>) -> Self {
        KafkaAppender { shared, producer: None }
    }

    fn send(
        &self,
        producer: &ThreadedProducer<Side>,
        batch: &Arc<Batch>,
        output: &Output<'_>,
    ) -> Result<(), Code> {
        let full = self.shared.settings.full(output.topic);
        let plain = record(&full, output);
        let mut next = BaseRecord {
            topic: plain.topic,
            partition: plain.partition,
            payload: plain.payload,
            key: plain.key,
            timestamp: None,
            headers: plain.headers,
            delivery_opaque: Arc::clone(batch),
        };
        loop {
            match producer.send(next) {
                Ok(()) => return Ok(()),
                // The queue empties in bounded time: every message is delivered or times out.
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => next = back,
                Err((KafkaError::MessageProduction(code), _)) => return Err(code),
                Err(_) => return Err(Code::InvalidTopic),
            }
            breathe();
        }
    }

    /// Waits until so many records are settled; librdkafka settles each in bounded time.
    fn wait(&self, batch: &Batch, sent: usize) -> Result<(), Code> {
        let patience = Duration::from_millis(u64::from(self.shared.settings.message_timeout_ms())) * 2;
        let (tally, late) = batch
            .changed
            .wait_timeout_while(batch.tally(), patience, |tally| tally.settled < sent)
            .unwrap_or_else(PoisonError::into_inner);
        match tally.failure {
            Some(code) => Err(code),
            None if late.timed_out() => Err(Code::MessageTimedOut),
            None => Ok(()),
        }
    }
}

impl Appender for KafkaAppender {
    fn append(&mut self, outputs: &[Output<'_>]) -> Result<(), Error> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => self
                .shared
                .settings
                .appending()
                .create_with_context(Side)
                .map_err(|error| errors::of_asking("make a producer", &error))?,
        };
        let batch = Arc::new(Batch::default());
        let mut sent = 0;
        let mut refused = None;
        for output in outputs {
            if let Err(code) = self.send(&producer, &batch, output) {
                refused = Some(code);
                break;
            }
            sent += 1;
        }
        let waited = self.wait(&batch, sent);
        match refused.or(waited.err()) {
            None => {
                self.producer = Some(producer);
                Ok(())
            }
            // After a failure the producer is dropped: order is kept only by one that never failed.
            Some(code) => Err(match errors::of_delivery(code) {
                Error::Doubt(why) | Error::Fenced(why) => Error::Unavailable(why),
                other => other,
            }),
        }
    }
}
