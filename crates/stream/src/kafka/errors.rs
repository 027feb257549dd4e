//! What librdkafka's errors mean to a worker.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::port::Error;

/// What to do about an error of a step of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same call may be made again.
    Again,
    /// Another producer has taken this one's name.
    Fenced,
    /// Nobody knows what became of the transaction.
    Doubt,
    /// The cluster will never allow it.
    Refused,
}

/// What an error of a step of a transaction means. Whatever carries no flag is as bad as a fatal one, and a fatal error
/// of a commit does not say that the commit did not happen.
pub(super) fn of_transaction(error: &KafkaError) -> Verdict {
    let KafkaError::Transaction(error) = error else { return Verdict::Doubt };
    match error.code() {
        Code::ProducerFenced | Code::InvalidProducerEpoch | Code::Fenced => Verdict::Fenced,
        Code::TransactionalIdAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::TopicAuthorizationFailed
        | Code::UnsupportedFeature
        | Code::InvalidTransactionTimeout => Verdict::Refused,
        // A timeout is retriable in librdkafka's eyes, but a late answer to it may then end a later transaction.
        Code::OperationTimedOut | Code::RequestTimedOut => Verdict::Doubt,
        _ if error.is_fatal() || error.txn_requires_abort() => Verdict::Doubt,
        _ if error.is_retriable() => Verdict::Again,
        _ => Verdict::Doubt,
    }
}

/// What the failed delivery of a record means to the transaction it was part of.
pub(super) fn of_delivery(code: Code) -> Error {
    match code {
        Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::InvalidRecord | Code::InvalidMessage => {
            Error::Unwritable(format!("the cluster refuses it: {code}"))
        }
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => Error::Unusable(
            format!("a topic to be written is missing or has fewer partitions than expected: {code}"),
        ),
        Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => {
            Error::Unusable(format!("writing is not allowed: {code}"))
        }
        // The same transaction would be refused again, however often it is made anew.
        Code::InvalidTimestamp => Error::Unusable(format!(
            "this machine's clock is further ahead than the topic allows: set its message.timestamp.type to LogAppendTime ({code})"
        )),
        Code::ProducerFenced | Code::InvalidProducerEpoch | Code::Fenced => Error::Fenced(code.to_string()),
        _ => Error::Doubt(format!("a record was not delivered: {code}")),
    }
}

/// What an error while reading means; `None` for those that librdkafka recovers from by itself.
pub(super) fn of_reading(error: &KafkaError) -> Option<Error> {
    match error {
        KafkaError::PartitionEOF(_) => None,
        KafkaError::MessageConsumptionFatal(Code::FencedInstanceId) => {
            Some(Error::Fenced("another member has this one's name".to_owned()))
        }
        KafkaError::MessageConsumptionFatal(code) => Some(Error::Unusable(code.to_string())),
        KafkaError::MessageConsumption(code) | KafkaError::Global(code) => of_reading_code(*code),
        other => Some(Error::Unavailable(other.to_string())),
    }
}

fn of_reading_code(code: Code) -> Option<Error> {
    match code {
        Code::AutoOffsetReset => Some(Error::Unusable(
            "records were deleted before they were read, or the topic was made anew".to_owned(),
        )),
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => {
            Some(Error::Unusable(format!("a topic to be read is missing: {code}")))
        }
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed => {
            Some(Error::Unusable(format!("reading is not allowed: {code}")))
        }
        Code::BadMessage | Code::InvalidMessage => {
            Some(Error::Unusable(format!("a batch of records is damaged: {code}")))
        }
        Code::AllBrokersDown => Some(Error::Unavailable("no broker answers".to_owned())),
        Code::Authentication | Code::SaslAuthenticationFailed => Some(Error::Unavailable(code.to_string())),
        _ => None,
    }
}

/// As [`of_reading`], but a missing topic, which may be a broker that has just started, is believed only where `unchanged`,
/// which asks again, says so.
pub(super) fn weigh(error: &KafkaError, unchanged: impl FnOnce() -> Result<(), Error>) -> Option<Error> {
    match error {
        KafkaError::MessageConsumption(Code::UnknownTopicOrPartition | Code::UnknownTopic) => {
            unchanged().err()
        }
        _ => of_reading(error),
    }
}

/// Whether an error says that the group may not be asked for: nothing to one who has partitions without a group.
pub(super) fn is_of_group(error: &KafkaError) -> bool {
    matches!(
        error,
        KafkaError::MessageConsumption(Code::GroupAuthorizationFailed)
            | KafkaError::Global(Code::GroupAuthorizationFailed)
    )
}

/// An error of a question: it may pass.
pub(super) fn of_asking(what: &str, error: &KafkaError) -> Error {
    match error {
        KafkaError::ClientConfig(_, why, name, _) => Error::Unusable(format!("property {name}: {why}")),
        KafkaError::ClientCreation(why) => Error::Unusable(format!("no client can be made: {why}")),
        other => Error::Unavailable(format!("{what}: {other}")),
    }
}

/// Whether an error event during a commit means that a request may have been sent twice or be under way still.
pub(super) fn disturbs(error: &KafkaError) -> bool {
    match error {
        KafkaError::Global(code) => matches!(
            code,
            Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::OperationTimedOut
                | Code::RequestTimedOut
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_a_topic_does_not_take_ends_the_worker_and_says_what_to_set() {
        let error = of_delivery(Code::InvalidTimestamp);
        assert!(matches!(&error, Error::Unusable(why) if why.contains("LogAppendTime")), "{error:?}");
    }

    #[test]
    fn a_record_too_large_is_a_fact_and_a_delivery_timeout_a_doubt() {
        assert!(matches!(of_delivery(Code::MessageSizeTooLarge), Error::Unwritable(_)));
        assert!(matches!(of_delivery(Code::MessageTimedOut), Error::Doubt(_)));
        assert!(matches!(of_delivery(Code::PurgeInflight), Error::Doubt(_)));
    }

    #[test]
    fn a_failed_flush_is_a_doubt() {
        assert_eq!(of_transaction(&KafkaError::Flush(Code::OperationTimedOut)), Verdict::Doubt);
    }

    #[test]
    fn a_missing_topic_is_believed_only_when_asked_again() {
        let missing = KafkaError::MessageConsumption(Code::UnknownTopicOrPartition);
        assert_eq!(weigh(&missing, || Ok(())), None);
        let gone = Error::Unusable("it is gone".to_owned());
        assert_eq!(weigh(&missing, || Err(gone.clone())), Some(gone));
        let damaged = KafkaError::MessageConsumption(Code::BadMessage);
        assert!(matches!(weigh(&damaged, || Ok(())), Some(Error::Unusable(_))));
    }

    #[test]
    fn a_broker_that_went_away_is_left_to_librdkafka() {
        assert_eq!(of_reading(&KafkaError::MessageConsumption(Code::BrokerTransportFailure)), None);
        assert!(matches!(
            of_reading(&KafkaError::MessageConsumption(Code::AutoOffsetReset)),
            Some(Error::Unusable(_))
        ));
    }
}
