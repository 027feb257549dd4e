//! The topics on which every site has its place: as many partitions on each, for ever.

use rapport_proto::topics::{ALERTS, ENRICHED, EVENTS, INDICATORS};

use crate::port::{Error, Log};

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

/// How many partitions a topic has.
///
/// # Errors
/// [`Error::Unusable`] where it is missing.
pub fn partitions_of(log: &dyn Log, topic: &str) -> Result<u32, Error> {
    let missing = || Error::Unusable(format!("topic {topic} does not exist; rapport topics makes it"));
    log.partitions(topic)?.ok_or_else(missing)
}
