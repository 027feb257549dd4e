//! Questions about topics, and their creation.

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::types::RDKafkaRespErr;

use rapport_proto::topics::TopicSpec;

use super::{Shared, breathe, errors};
use crate::port::{Created, Error};

/// A client for a few questions, made when they arise: one kept for months would have to be polled for months.
pub(super) struct Asking<'a> {
    pub(super) shared: &'a Shared,
    pub(super) client: BaseConsumer,
}

impl<'a> Asking<'a> {
    pub(super) fn new(shared: &'a Shared) -> Result<Self, Error> {
        let client =
            shared.settings.asking().create().map_err(|error| errors::of_asking("make a client", &error))?;
        Ok(Asking { shared, client })
    }

    /// How many partitions a topic has.
    pub(super) fn partitions(&self, topic: &str) -> Result<Option<u32>, Error> {
        let full = self.shared.settings.full(topic);
        let metadata = self
            .client
            .fetch_metadata(Some(&full), self.shared.request_timeout())
            .map_err(|error| errors::of_asking("ask for a topic", &error))?;
        let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == full) else {
            return Ok(None);
        };
        match topic.error() {
            None => Ok(u32::try_from(topic.partitions().len()).ok().filter(|count| *count > 0)),
            Some(
                RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                | RDKafkaRespErr::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            ) => Ok(None),
            Some(other) => Err(Error::Unavailable(format!("ask for a topic: {}", Code::from(other)))),
        }
    }

    /// How many partitions a topic has that must exist.
    pub(super) fn count(&self, topic: &str) -> Result<u32, Error> {
        let count = self.partitions(topic)?;
        count.ok_or_else(|| Error::Unusable(format!("topic {topic} does not exist")))
    }

    /// Whether all partitions have a leader that knows of it.
    fn answers(&self, topic: &str, partitions: u32) -> bool {
        let full = self.shared.settings.full(topic);
        (0..partitions).all(|partition| self.bounds(&full, partition).is_ok())
    }

    /// First offset of a partition and the one after its last, transactions that are still open included.
    pub(super) fn bounds(&self, full: &str, partition: u32) -> Result<(u64, u64), Error> {
        let partition = i32::try_from(partition).unwrap_or(i32::MAX);
        let (low, high) = self
            .client
            .fetch_watermarks(full, partition, self.shared.request_timeout())
            .map_err(|error| errors::of_asking("ask for a partition's bounds", &error))?;
        Ok((u64::try_from(low).unwrap_or(0), u64::try_from(high).unwrap_or(0)))
    }
}

/// Whether each of these topics still has as many partitions as it had.
///
/// # Errors
/// [`Error::Unusable`] where one has not; others where nobody can tell.
pub(super) fn unchanged<'a>(
    shared: &Shared,
    topics: impl Iterator<Item = (&'a str, u32)>,
) -> Result<(), Error> {
    let asking = Asking::new(shared)?;
    for (topic, count) in topics {
        let now = asking.partitions(topic)?;
        if now != Some(count) {
            let now = now.map_or("none".to_owned(), |now| now.to_string());
            return Err(Error::Unusable(format!("topic {topic} had {count} partitions and has {now} now")));
        }
    }
    Ok(())
}

/// Creates topics that are not there, and returns when the cluster knows them.
pub(super) fn create_topics(
    shared: &Shared,
    topics: &[TopicSpec],
    partitions: u32,
) -> Result<Vec<Created>, Error> {
    let count =
        i32::try_from(partitions).map_err(|_| Error::Unusable("there are too many partitions".to_owned()))?;
    let copies = i32::from(shared.settings.replication_factor);
    let names: Vec<String> = topics.iter().map(|topic| shared.settings.full(topic.name)).collect();
    let settings: Vec<_> = topics.iter().map(TopicSpec::settings).collect();
    let wanted: Vec<NewTopic<'_>> = names
        .iter()
        .zip(&settings)
        .map(|(name, settings)| {
            settings
                .iter()
                .fold(NewTopic::new(name, count, TopicReplication::Fixed(copies)), |topic, (key, value)| {
                    topic.set(key, value)
                })
        })
        .collect();
    let client: AdminClient<DefaultClientContext> =
        shared.settings.asking().create().map_err(|error| errors::of_asking("make a client", &error))?;
    let options = AdminOptions::new()
        .operation_timeout(Some(shared.request_timeout()))
        .request_timeout(Some(shared.request_timeout()));
    let results = futures_executor::block_on(client.create_topics(&wanted, &options))
        .map_err(|error| errors::of_asking("create topics", &error))?;
    let asking = Asking::new(shared)?;
    topics.iter().zip(results).map(|(topic, result)| became(shared, &asking, topic.name, result)).collect()
}

fn became(
    shared: &Shared,
    asking: &Asking<'_>,
    topic: &str,
    result: Result<String, (String, Code)>,
) -> Result<Created, Error> {
    let new = match result {
        Ok(_) => true,
        Err((_, Code::TopicAlreadyExists)) => false,
        Err((_, code @ (Code::OperationTimedOut | Code::RequestTimedOut | Code::NotController))) => {
            return Err(Error::Unavailable(format!("create topic {topic}: {code}")));
        }
        Err((_, code)) => return Err(Error::Unusable(format!("topic {topic} cannot be created: {code}"))),
    };
    let started = shared.elapsed();
    loop {
        match asking.partitions(topic) {
            Ok(Some(partitions)) if new && asking.answers(topic, partitions) => return Ok(Created::New),
            Ok(Some(partitions)) if !new => return Ok(Created::Existed { partitions }),
            other if shared.elapsed() > started + shared.request_timeout() => {
                other?;
                return Err(Error::Unavailable(format!("topic {topic} was created but is not known yet")));
            }
            _ => breathe(),
        }
    }
}
