//! The topics on which every site has its place: as many partitions on each, for ever.

use rapport_proto::topics::{ALERTS, BATCH_BYTES_MAX, ENRICHED, EVENTS, INDICATORS};

use crate::port::{Error, Log};

/// Most bytes of a batch: the client's own limit, and the frame around it.
const BATCH_BYTES: u64 = 1_001_000;

/// How many partitions the topics of sites have.
///
/// # Errors
/// [`Error::Unusable`] where one is missing, or has more than another: then some sites are no longer where their past is.
pub fn partitions(log: &dyn Log) -> Result<u32, Error> {
    let events = partitions_of(log, EVENTS)?;
    for topic in [ENRICHED, INDICATORS, ALERTS] {
        let partitions = partitions_of(log, topic)?;
        if partitions != events {
            return Err(Error::Unusable(format!(
                "topic {topic} has {partitions} partitions, {EVENTS} has {events}: partitions were added to one, and \
                 its sites would be looked for where they are not; see \"Partitions were added\" in docs/operations.md"
            )));
        }
    }
    Ok(events)
}

/// How many partitions a topic has that is written to.
///
/// # Errors
/// [`Error::Unusable`] where it is missing, or its limit lies below what may be written: then one record that is too large would
/// end its worker each time it comes.
pub fn partitions_of(log: &dyn Log, topic: &str) -> Result<u32, Error> {
    let missing = || Error::Unusable(format!("topic {topic} does not exist; rapport topics makes it"));
    let partitions = log.partitions(topic)?.ok_or_else(missing)?;
    match log.limits(topic)?.batch_bytes_max {
        Some(most) if most < BATCH_BYTES => Err(Error::Unusable(format!(
            "topic {topic} takes batches of at most {most} bytes, and up to {BATCH_BYTES} may be written: set its \
             max.message.bytes to {BATCH_BYTES_MAX}"
        ))),
        _ => Ok(partitions),
    }
}
