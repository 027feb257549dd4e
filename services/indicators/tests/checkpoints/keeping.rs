//! A log that can be told how long it keeps tombstones, or that it does not know.

use std::sync::{Mutex, PoisonError};

use rapport_proto::topics::TopicSpec;
use rapport_stream::port::{Appender, Created, Error, Reader, Session, TopicLimits, TopicPartition};

use super::*;

pub struct Keeping {
    log: EmbeddedLog,
    kept_ms: Mutex<Option<u64>>,
}

impl Keeping {
    pub fn forever(log: EmbeddedLog) -> Keeping {
        Keeping { log, kept_ms: Mutex::new(Some(u64::MAX)) }
    }

    pub fn keep(&self, kept_ms: Option<u64>) {
        *self.kept_ms.lock().unwrap_or_else(PoisonError::into_inner) = kept_ms;
    }
}

impl Log for Keeping {
    fn session(&self, spec: &SessionSpec) -> Result<Box<dyn Session>, Error> {
        self.log.session(spec)
    }

    fn reader(&self, topics: &[&str]) -> Result<Box<dyn Reader>, Error> {
        self.log.reader(topics)
    }

    fn appender(&self) -> Result<Box<dyn Appender>, Error> {
        self.log.appender()
    }

    fn partitions(&self, topic: &str) -> Result<Option<u32>, Error> {
        self.log.partitions(topic)
    }

    fn create_topics(&self, topics: &[TopicSpec], partitions: u32) -> Result<Vec<Created>, Error> {
        self.log.create_topics(topics, partitions)
    }

    fn fingerprint(&self, at: &TopicPartition, offset: u64) -> Result<Option<u32>, Error> {
        self.log.fingerprint(at, offset)
    }

    fn limits(&self, _: &str) -> Result<TopicLimits, Error> {
        let tombstones_kept_ms = *self.kept_ms.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(TopicLimits { tombstones_kept_ms, batch_bytes_max: None })
    }
}
