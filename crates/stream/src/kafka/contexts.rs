//! What librdkafka calls back: it is written down here and nothing else is done, so that every decision is taken on the
//! worker's thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::types::RDKafkaRespErr;

use super::errors;

fn log(level: RDKafkaLogLevel, facility: &str, text: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::warn!(facility, text, "kafka client");
        }
        _ => tracing::debug!(facility, text, "kafka client"),
    }
}

/// A change of the assignment as librdkafka names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Assigned(Vec<(String, i32)>),
    Revoked(Vec<(String, i32)>),
    Lost(Vec<(String, i32)>),
}

/// The consumer's side: keeps changes of the assignment until the worker asks.
#[derive(Debug, Default)]
pub(super) struct ConsumerSide {
    events: Mutex<VecDeque<Event>>,
    closing: AtomicBool,
}

impl ConsumerSide {
    /// The oldest change that nobody has seen yet.
    pub(super) fn next(&self) -> Option<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// From now on partitions are given up without asking: the session is gone, and closing waits for an answer.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }
}

impl ClientContext for ConsumerSide {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka consumer");
    }
}

impl ConsumerContext for ConsumerSide {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, why: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assigned = why == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::Acquire) {
            let answer = if assigned {
                consumer.incremental_assign(list)
            } else {
                consumer.incremental_unassign(list)
            };
            if let Err(error) = answer {
                tracing::debug!(%error, "giving up partitions while closing");
            }
            return;
        }
        let partitions =
            list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect();
        let event = if assigned {
            Event::Assigned(partitions)
        } else if consumer.assignment_lost() {
            Event::Lost(partitions)
        } else {
            Event::Revoked(partitions)
        };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
    }
}

/// The transactional producer's side: remembers that a delivery failed, and that the network was disturbed.
#[derive(Debug, Default)]
pub(super) struct ProducerSide {
    failure: Mutex<Option<RDKafkaErrorCode>>,
    failed: AtomicBool,
    disturbed: AtomicBool,
}

impl ProducerSide {
    /// Why the first delivery that failed did.
    pub(super) fn failure(&self) -> Option<RDKafkaErrorCode> {
        if !self.failed.load(Ordering::Acquire) {
            return None;
        }
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets earlier disturbances.
    pub(super) fn calm(&self) {
        self.disturbed.store(false, Ordering::Release);
    }

    /// Whether a connection was lost or an answer did not come since [`ProducerSide::calm`].
    pub(super) fn disturbed(&self) -> bool {
        self.disturbed.load(Ordering::Acquire)
    }
}

impl ClientContext for ProducerSide {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka producer");
        if errors::disturbs(&error) {
            self.disturbed.store(true, Ordering::Release);
        }
    }
}

impl ProducerContext for ProducerSide {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _: ()) {
        if let Err((KafkaError::MessageProduction(code), _)) = result {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(*code);
            self.failed.store(true, Ordering::Release);
        }
    }
}
