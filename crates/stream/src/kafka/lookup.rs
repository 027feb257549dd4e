//! Questions about what lies in a topic and how long it stays there.

use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::Offset;

use super::admin::Asking;
use super::{Shared, errors, record};
use crate::port::{Error, TopicLimits, TopicPartition};

/// How long one poll waits.
const POLL: Duration = Duration::from_millis(100);

/// The fingerprint of the committed record at that offset.
pub(super) fn fingerprint(shared: &Shared, at: &TopicPartition, offset: u64) -> Result<Option<u32>, Error> {
    let full = shared.settings.full(&at.topic);
    // One record is wanted, not the megabytes after it.
    let client: BaseConsumer = shared
        .settings
        .reading()
        .set("fetch.message.max.bytes", "65536")
        .set("queued.min.messages", "1")
        .create()
        .map_err(|error| errors::of_asking("make a consumer", &error))?;
    let asking = Asking { shared, client };
    let (low, high) = asking.bounds(&full, at.partition)?;
    if offset < low || offset >= high {
        return Ok(None);
    }
    let client = asking.client;
    let mut list = TopicPartitionList::new();
    let (partition, place) = (i32::try_from(at.partition).unwrap_or(i32::MAX), i64::try_from(offset));
    list.add_partition_offset(&full, partition, Offset::Offset(place.unwrap_or(i64::MAX)))
        .map_err(|error| Error::Unusable(error.to_string()))?;
    client.assign(&list).map_err(|error| errors::of_asking("read a record", &error))?;
    let started = shared.elapsed();
    while shared.elapsed() < started + shared.request_timeout() {
        match client.poll(POLL) {
            None => {}
            // Where it was removed the next one comes in its place.
            Some(Ok(message)) if u64::try_from(message.offset()) == Ok(offset) => {
                let prefix = shared.settings.topic_prefix.len();
                return Ok(Some(record::with(&message, prefix, |record| record.fingerprint())));
            }
            Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Ok(None),
            Some(Err(error)) if errors::is_of_group(&error) => {}
            Some(Err(error)) => {
                if let Some(error) = errors::of_reading(&error) {
                    return Err(error);
                }
            }
        }
    }
    Err(Error::Unavailable("read a record: no answer".to_owned()))
}

/// What a topic's settings allow.
pub(super) fn limits(shared: &Shared, topic: &str) -> Result<TopicLimits, Error> {
    let client: AdminClient<DefaultClientContext> =
        shared.settings.asking().create().map_err(|error| errors::of_asking("make a client", &error))?;
    let options = AdminOptions::new().request_timeout(Some(shared.request_timeout()));
    let full = shared.settings.full(topic);
    let asked = [ResourceSpecifier::Topic(&full)];
    let answer = futures_executor::block_on(client.describe_configs(&asked, &options))
        .map_err(|error| errors::of_asking("ask for a topic's settings", &error))?;
    // Not everybody may ask: then nobody can tell.
    let settings = answer.into_iter().next().and_then(Result::ok);
    let number = |name| settings.as_ref()?.get(name)?.value.as_ref()?.parse().ok();
    Ok(TopicLimits {
        tombstones_kept_ms: number("delete.retention.ms"),
        batch_bytes_max: number("max.message.bytes"),
    })
}
