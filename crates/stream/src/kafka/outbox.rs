//! A session's transactional producer: one transaction after the other, and a new producer at the first doubt.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};
use rdkafka::util::Timeout;

use super::contexts::ProducerSide;
use super::errors::{self, Verdict};
use super::within::within;
use super::{Shared, breathe};
use crate::failpoint;
use crate::port::{Error, Output, SessionSpec, Sink};

const NOW: Timeout = Timeout::After(Duration::ZERO);
/// How often a step that the cluster asks to repeat is repeated before the transaction is given up.
const REPEATS: u32 = 20;
/// A commit that takes this long is a doubt, or half of `socket.timeout.ms` where that is less: after the whole of it
/// librdkafka sends a request again by itself.
const PROMPT: Duration = Duration::from_secs(1);
/// Why a step of a transaction is in doubt that never ended.
const GIVEN_UP: &str = "the Kafka client did not come back within the time it was given";
/// How many events of the producer are served between two looks at the world; each may report many deliveries.
const SERVED: usize = 8;

/// Where a session's outputs go, and what makes them visible.
pub(super) struct Outbox {
    shared: Arc<Shared>,
    config: ClientConfig,
    /// Full names of topics by their names, kept so that none is put together twice.
    names: Vec<(String, String)>,
    producer: Option<Arc<BaseProducer<ProducerSide>>>,
    /// When the open transaction was begun, by the stopwatch.
    begun: Option<Duration>,
    dirty: bool,
    doubtful: bool,
    /// A request to initialise a producer of this name was given up or sent twice. It may come late, and then it fences
    /// its successors as another instance would.
    straggling: bool,
}

impl Outbox {
    /// Makes the producer and ends what an earlier one of the same name has left open.
    pub(super) fn open(shared: Arc<Shared>, spec: &SessionSpec) -> Result<Self, Error> {
        let config = shared.settings.transacting(spec);
        let mut outbox = Outbox {
            shared,
            config,
            names: vec![],
            producer: None,
            begun: None,
            dirty: false,
            doubtful: false,
            straggling: false,
        };
        outbox.renew()?;
        Ok(outbox)
    }

    /// Whether anything was sent since the last commit.
    pub(super) fn dirty(&self) -> bool {
        self.dirty
    }

    /// Drops the producer with its transaction and initialises another of the same name, which fences the old one.
    pub(super) fn renew(&mut self) -> Result<(), Error> {
        self.producer = None;
        self.begun = None;
        self.dirty = false;
        let producer: Arc<BaseProducer<ProducerSide>> = Arc::new(
            self.config
                .create_with_context(ProducerSide::default())
                .map_err(|error| errors::of_asking("make a producer", &error))?,
        );
        let asked = self.shared.elapsed();
        let initialised = self.initialise(&producer);
        let took = self.shared.elapsed().saturating_sub(asked);
        self.straggling |=
            initialised.is_err() || producer.context().disturbed() || took >= self.sends_again();
        initialised?;
        self.producer = Some(producer);
        self.doubtful = false;
        Ok(())
    }

    fn initialise(&self, producer: &Arc<BaseProducer<ProducerSide>>) -> Result<(), Error> {
        let patience = self.shared.request_timeout();
        let started = self.shared.elapsed();
        loop {
            let calling = Arc::clone(producer);
            let outcome = within(patience + PROMPT, move || calling.init_transactions(patience))
                .ok_or_else(|| Error::Unavailable(GIVEN_UP.to_owned()))?;
            for _ in 0..SERVED {
                producer.poll(NOW);
            }
            let Err(error) = outcome else { return Ok(()) };
            let KafkaError::Transaction(cause) = &error else {
                return Err(Error::Unavailable(error.to_string()));
            };
            if errors::of_transaction(&error) == Verdict::Refused {
                return Err(Error::Unusable(cause.string()));
            }
            if !cause.is_retriable() || self.shared.elapsed() > started + patience * 2 {
                return Err(Error::Unavailable(cause.string()));
            }
            breathe();
        }
    }

    /// Serves what the producer has to say.
    pub(super) fn serve(&self) {
        if let Some(producer) = &self.producer {
            for _ in 0..SERVED {
                producer.poll(NOW);
            }
        }
    }

    /// Commits what was sent, together with positions.
    pub(super) fn commit(
        &mut self,
        positions: &TopicPartitionList,
        group: impl FnOnce() -> Option<ConsumerGroupMetadata>,
    ) -> Result<(), Error> {
        self.begin()?;
        let outcome = self.finish(positions, group);
        match &outcome {
            Ok(()) => {
                self.begun = None;
                self.dirty = false;
                self.straggling = false;
            }
            Err(_) => self.doubtful = true,
        }
        outcome
    }

    fn finish(
        &self,
        positions: &TopicPartitionList,
        group: impl FnOnce() -> Option<ConsumerGroupMetadata>,
    ) -> Result<(), Error> {
        let producer = self.producer()?;
        let side = producer.context();
        // Flushed here: librdkafka's binding would poll in slices of 100 ms, and every commit would take one.
        self.flush(producer)?;
        side.calm();
        let asked = self.shared.elapsed();
        let group = group().ok_or_else(|| Error::Unusable("the consumer has no group".to_owned()))?;
        let (group, patience) = (Arc::new(group), self.transaction_timeout());
        if failpoint::is_broken("transactions") {
            // As without transactions: outputs are there before positions are.
            self.repeat(|| Some(producer.commit_transaction(self.shared.request_timeout())))?;
            failpoint::pass(failpoint::HALFWAY);
            self.repeat(|| Some(producer.begin_transaction()))?;
        }
        failpoint::pass("before_send_offsets");
        self.repeat(|| {
            let (calling, group, positions) = (Arc::clone(producer), Arc::clone(&group), positions.clone());
            let limit = self.shared.request_timeout().min(patience);
            within(patience, move || {
                failpoint::pass("within_send_offsets");
                calling.send_offsets_to_transaction(&positions, &group, limit)
            })
        })?;
        failpoint::pass("after_send_offsets");
        self.repeat(|| {
            let calling = Arc::clone(producer);
            within(patience + PROMPT, move || calling.commit_transaction(patience))
        })?;
        failpoint::pass("after_commit");
        for _ in 0..SERVED {
            producer.poll(NOW);
        }
        // A request that was sent twice behind our back could end a later transaction: only a new epoch fences it.
        // librdkafka does not always tell that it sends again: time does.
        if side.disturbed() || self.shared.elapsed().saturating_sub(asked) >= self.prompt() {
            return Err(Error::Doubt("the connection was disturbed during a commit".to_owned()));
        }
        Ok(())
    }

    fn prompt(&self) -> Duration {
        PROMPT.min(self.sends_again() / 2)
    }

    /// After how long without an answer librdkafka sends a request again by itself.
    fn sends_again(&self) -> Duration {
        let patience = self.config.get("socket.timeout.ms").and_then(|patience| patience.parse().ok());
        patience.map_or(2 * PROMPT, Duration::from_millis)
    }

    /// Waits until every record is delivered or one has failed, which librdkafka brings about in bounded time.
    fn flush(&self, producer: &BaseProducer<ProducerSide>) -> Result<(), Error> {
        loop {
            let flushed = producer.flush(NOW);
            if let Some(code) = producer.context().failure() {
                return Err(self.explained(errors::of_delivery(code)));
            }
            match flushed {
                Ok(()) => return Ok(()),
                Err(KafkaError::Flush(Code::OperationTimedOut)) if !self.overdue() => {}
                Err(error) => return Err(Error::Doubt(error.to_string())),
            }
            for _ in 0..SERVED {
                producer.poll(NOW);
            }
            breathe();
        }
    }

    fn repeat(&self, step: impl Fn() -> Option<Result<(), KafkaError>>) -> Result<(), Error> {
        for _ in 0..REPEATS {
            let outcome = step().ok_or_else(|| Error::Doubt(GIVEN_UP.to_owned()))?;
            let Err(error) = outcome else { return Ok(()) };
            match errors::of_transaction(&error) {
                Verdict::Again if !self.overdue() => breathe(),
                Verdict::Again | Verdict::Doubt => return Err(Error::Doubt(error.to_string())),
                Verdict::Fenced => return Err(self.explained(Error::Fenced(error.to_string()))),
                Verdict::Refused => return Err(Error::Unusable(error.to_string())),
            }
        }
        Err(Error::Doubt("the cluster asked for the same step again and again".to_owned()))
    }

    /// A producer is also fenced when its transaction outlives its timeout (a stopped process, a long pause), and by a
    /// late request of its own predecessor. Neither is another instance: a new producer goes on.
    fn explained(&self, error: Error) -> Error {
        match error {
            Error::Fenced(why) if self.straggling => Error::Doubt(format!(
                "an earlier producer of this name may have been initialised late: {why}"
            )),
            Error::Fenced(why) if self.overdue() => {
                Error::Doubt(format!("the transaction outlived its timeout: {why}"))
            }
            other => other,
        }
    }

    fn overdue(&self) -> bool {
        let limit = self.transaction_timeout();
        self.begun.is_some_and(|begun| self.shared.elapsed().saturating_sub(begun) >= limit)
    }

    fn transaction_timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.shared.settings.transaction_timeout_ms))
    }

    fn begin(&mut self) -> Result<(), Error> {
        if self.doubtful {
            return Err(Error::Doubt("the session has not been renewed".to_owned()));
        }
        if self.begun.is_none() {
            if let Err(error) = self.producer()?.begin_transaction() {
                self.doubtful = true;
                return Err(match errors::of_transaction(&error) {
                    Verdict::Refused => Error::Unusable(error.to_string()),
                    _ => Error::Doubt(error.to_string()),
                });
            }
            self.begun = Some(self.shared.elapsed());
        }
        Ok(())
    }

    fn producer(&self) -> Result<&Arc<BaseProducer<ProducerSide>>, Error> {
        self.producer.as_ref().ok_or_else(|| Error::Doubt("the session has not been renewed".to_owned()))
    }

    fn name(&mut self, topic: &str) -> usize {
        if let Some(at) = self.names.iter().position(|(short, _)| short == topic) {
            return at;
        }
        self.names.push((topic.to_owned(), self.shared.settings.full(topic)));
        self.names.len() - 1
    }

    /// Hands a record to librdkafka, waiting while its queue is full. `Err(None)`: for ever full.
    fn enqueue(&self, topic: &str, output: &Output<'_>) -> Result<(), Option<Code>> {
        let Some(producer) = &self.producer else { return Err(None) };
        let mut record = record(topic, output);
        loop {
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) if !self.overdue() => {
                    record = back
                }
                Err((KafkaError::MessageProduction(code), _)) => return Err(Some(code)),
                Err(_) => return Err(Some(Code::InvalidTopic)),
            }
            for _ in 0..SERVED {
                producer.poll(NOW);
            }
            breathe();
        }
    }
}

/// An output as librdkafka's record.
pub(super) fn record<'a>(topic: &'a str, output: &Output<'a>) -> BaseRecord<'a, [u8], [u8], ()> {
    let mut record = BaseRecord::to(topic);
    record.key = output.key;
    record.payload = output.value;
    record.partition = output.partition.and_then(|partition| i32::try_from(partition).ok());
    if !output.headers.is_empty() {
        let mut headers = OwnedHeaders::new_with_capacity(output.headers.len());
        for (key, value) in output.headers {
            headers = headers.insert(Header { key, value: Some(*value) });
        }
        record.headers = Some(headers);
    }
    record
}

impl Sink for Outbox {
    fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
        self.begin()?;
        let at = self.name(output.topic);
        let enqueued = failpoint::written(&output, |output| self.enqueue(&self.names[at].1, output));
        let Err(cause) = enqueued else {
            self.dirty = true;
            return Ok(());
        };
        self.doubtful = true;
        let error = match cause {
            None | Some(Code::QueueFull) => {
                Error::Doubt("the queue stayed full for a transaction's time".to_owned())
            }
            Some(code) => self.explained(errors::of_delivery(code)),
        };
        Err(error)
    }
}

impl Drop for Outbox {
    /// Aborts what is open, so that readers need not wait for the transaction's timeout; nothing is lost if that fails.
    fn drop(&mut self) {
        let (Some(producer), Some(_), false) = (&self.producer, self.begun, self.doubtful) else { return };
        producer.purge(PurgeConfig::default().queue().inflight());
        for _ in 0..100 {
            if producer.flush(NOW).is_ok() {
                break;
            }
            for _ in 0..SERVED {
                producer.poll(NOW);
            }
            breathe();
        }
        if let Err(error) = producer.abort_transaction(Duration::from_secs(2)) {
            tracing::debug!(%error, "aborting a transaction while closing");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::KafkaSettings;
    use super::*;
    use rdkafka::message::Headers;

    #[test]
    fn an_empty_value_is_not_a_tombstone() {
        let output =
            Output { topic: "t", partition: Some(2), key: None, value: Some(b""), headers: &[("a", b"1")] };
        let made = record("x.t", &output);
        assert_eq!((made.partition, made.payload.map(<[u8]>::len), made.key), (Some(2), Some(0), None));
        assert_eq!(made.headers.map(|headers| headers.count()), Some(1));
        assert_eq!(record("x.t", &Output { value: None, ..output }).payload, None);
    }

    #[test]
    fn settings_of_a_transaction_are_what_librdkafka_accepts() {
        let settings = KafkaSettings { brokers: "127.0.0.1:1".to_owned(), ..KafkaSettings::default() };
        let spec = SessionSpec { group: "g".to_owned(), topics: vec![], instance: "i".to_owned(), worker: 0 };
        let made: Result<BaseProducer<ProducerSide>, _> =
            settings.transacting(&spec).create_with_context(ProducerSide::default());
        assert!(made.is_ok());
    }
}
