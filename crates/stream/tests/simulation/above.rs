//! A log of which nothing is different but its sessions.

use std::sync::Arc;

use rapport_proto::topics::TopicSpec;
use rapport_stream::port::{Appender, Created, Error, Log, Reader, Session, SessionSpec};

pub struct Above<F> {
    pub inner: Arc<dyn Log>,
    /// What is made of a session of it.
    pub session: F,
}

impl<F: Fn(Box<dyn Session>) -> Box<dyn Session> + Send + Sync> Log for Above<F> {
    fn session(&self, spec: &SessionSpec) -> Result<Box<dyn Session>, Error> {
        Ok((self.session)(self.inner.session(spec)?))
    }

    fn reader(&self, topics: &[&str]) -> Result<Box<dyn Reader>, Error> {
        self.inner.reader(topics)
    }

    fn appender(&self) -> Result<Box<dyn Appender>, Error> {
        self.inner.appender()
    }

    fn partitions(&self, topic: &str) -> Result<Option<u32>, Error> {
        self.inner.partitions(topic)
    }

    fn create_topics(&self, topics: &[TopicSpec], partitions: u32) -> Result<Vec<Created>, Error> {
        self.inner.create_topics(topics, partitions)
    }
}
