//! The log on Kafka: the only place that names rdkafka.
//!
//! The traps that shaped it, each at its place: librdkafka speaks the first transaction protocol, in which a request
//! that is sent twice can end a later transaction, so a transaction in doubt costs a new producer; its binding commits in
//! slices of 100 ms, so flushing is done by hand; its consumer sleeps a second when its queue is full unless told not to;
//! closing a consumer waits for an answer to the last rebalance; a partition assigned anew may end the process; calls
//! about a transaction may outlast the limit they are given.

mod admin;
mod appender;
mod contexts;
mod errors;
mod lookup;
mod outbox;
mod polling;
mod reader;
mod record;
mod session;
mod settings;
mod within;

use std::sync::Arc;
use std::time::Duration;

use rapport_proto::topics::TopicSpec;

pub use settings::KafkaSettings;

use crate::port::{Appender, Created, Error, Log, Reader, Session, SessionSpec, TopicLimits, TopicPartition};
use crate::worker::Stopwatch;

/// What everything opened from one log has in common.
pub(crate) struct Shared {
    settings: KafkaSettings,
    stopwatch: Stopwatch,
}

impl Shared {
    fn elapsed(&self) -> Duration {
        (self.stopwatch)()
    }

    fn request_timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.settings.request_timeout_ms))
    }
}

/// Waits the moment that a broker on the same machine takes to answer.
#[expect(
    clippy::disallowed_methods,
    reason = "librdkafka's binding has no wait that ends early: it would burn its time"
)]
fn breathe() {
    std::thread::sleep(Duration::from_micros(200));
}

/// A log kept by a Kafka cluster.
pub struct KafkaLog {
    shared: Arc<Shared>,
}

impl KafkaLog {
    /// A log on that cluster; nothing is connected yet. The stopwatch bounds waits and ages transactions; no output
    /// ever sees it.
    ///
    /// # Errors
    ///
    /// [`Error::Unusable`] where the settings contradict each other.
    pub fn new(settings: KafkaSettings, stopwatch: Stopwatch) -> Result<Self, Error> {
        settings.check()?;
        Ok(KafkaLog { shared: Arc::new(Shared { settings, stopwatch }) })
    }
}

impl Log for KafkaLog {
    fn session(&self, spec: &SessionSpec) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(session::KafkaSession::open(Arc::clone(&self.shared), spec)?))
    }

    fn reader(&self, topics: &[&str]) -> Result<Box<dyn Reader>, Error> {
        Ok(Box::new(reader::KafkaReader::open(Arc::clone(&self.shared), topics)?))
    }

    fn appender(&self) -> Result<Box<dyn Appender>, Error> {
        Ok(Box::new(appender::KafkaAppender::open(Arc::clone(&self.shared))))
    }

    fn partitions(&self, topic: &str) -> Result<Option<u32>, Error> {
        admin::Asking::new(&self.shared)?.partitions(topic)
    }

    fn create_topics(&self, topics: &[TopicSpec], partitions: u32) -> Result<Vec<Created>, Error> {
        admin::create_topics(&self.shared, topics, partitions)
    }

    fn fingerprint(&self, at: &TopicPartition, offset: u64) -> Result<Option<u32>, Error> {
        lookup::fingerprint(&self.shared, at, offset)
    }

    fn limits(&self, topic: &str) -> Result<TopicLimits, Error> {
        lookup::limits(&self.shared, topic)
    }
}
