//! Settings of the Kafka backend, and what becomes of them as librdkafka's properties.
//!
//! Three layers, the later one winning: defaults that a deployment may tune, the deployment's own `properties`, and the
//! few properties that exactly-once rests on, which nobody may set.

use std::collections::BTreeMap;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use serde::{Deserialize, Serialize};

use crate::port::{Error, SessionSpec};

/// How to reach a Kafka cluster and how to behave on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSettings {
    /// Addresses to start from, `host:port` separated by commas.
    pub brokers: String,
    /// Put before the name of every topic and group, so that several systems share a cluster. Empty by default.
    pub topic_prefix: String,
    /// Copies of each partition of topics created from here, 1 to 32767.
    pub replication_factor: u16,
    /// After how long without a heartbeat a worker's partitions go to others, milliseconds; brokers refuse less than
    /// 6 000. Longer than `transaction_timeout_ms`.
    pub session_timeout_ms: u32,
    /// After how long the cluster aborts a transaction that nobody finishes, milliseconds, at least 1 000. A message
    /// that cannot be delivered within four fifths of it fails its transaction.
    pub transaction_timeout_ms: u32,
    /// How long to wait for the answer to a question (metadata, positions, watermarks), milliseconds.
    pub request_timeout_ms: u32,
    /// Further properties of librdkafka for every client: security, fetch sizes, compression.
    pub properties: BTreeMap<String, String>,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        KafkaSettings {
            brokers: "127.0.0.1:9092".to_owned(),
            topic_prefix: String::new(),
            replication_factor: 1,
            session_timeout_ms: 15_000,
            transaction_timeout_ms: 10_000,
            request_timeout_ms: 10_000,
            properties: BTreeMap::new(),
        }
    }
}

/// What exactly-once rests on, or what has a setting of its own; not to be set among `properties`.
const RESERVED: [&str; 21] = [
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "delivery.report.only.error",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "isolation.level",
    "max.in.flight.requests.per.connection",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "transaction.timeout.ms",
    "transactional.id",
];

/// Fetching: without a short `fetch.queue.backoff.ms` a consumer that has filled its queue sleeps for a second, and
/// does a third of the work. The queue is bounded in bytes; checksums are worth their price.
const FETCHING: [(&str, &str); 8] = [
    ("check.crcs", "true"),
    ("fetch.max.bytes", "8388608"),
    ("fetch.queue.backoff.ms", "1"),
    ("fetch.wait.max.ms", "100"),
    ("max.poll.interval.ms", "60000"),
    ("queued.max.messages.kbytes", "16384"),
    ("queued.min.messages", "50000"),
    ("topic.metadata.refresh.interval.ms", "30000"),
];

/// Sending: `linger.ms` 0 would double the processor time, and 5 took a sixth more than 20 where releases are written; a flush
/// does not wait for it. The queue's real bound is its bytes. `murmur2_random` is
/// the partitioner of Java clients, for records that name no partition.
const SENDING: [(&str, &str); 5] = [
    ("compression.codec", "lz4"),
    ("linger.ms", "20"),
    ("partitioner", "murmur2_random"),
    ("queue.buffering.max.kbytes", "131072"),
    ("queue.buffering.max.messages", "500000"),
];

impl KafkaSettings {
    /// Refuses what cannot work.
    pub(super) fn check(&self) -> Result<(), Error> {
        if let Some(name) = self.properties.keys().find(|name| RESERVED.contains(&name.as_str())) {
            return Err(Error::Unusable(format!(
                "property {name} is not to be set: exactly-once rests on it"
            )));
        }
        if self.transaction_timeout_ms < 1_000 {
            return Err(Error::Unusable("transaction_timeout_ms is less than 1000".to_owned()));
        }
        // A transaction must be over before its partitions can have a new owner who would wait for it.
        if self.transaction_timeout_ms >= self.session_timeout_ms {
            return Err(Error::Unusable(
                "transaction_timeout_ms is not less than session_timeout_ms".to_owned(),
            ));
        }
        if self.replication_factor == 0 || self.replication_factor > i16::MAX as u16 {
            return Err(Error::Unusable("replication_factor is not between 1 and 32767".to_owned()));
        }
        Ok(())
    }

    /// The name of a topic or group on the cluster.
    pub(super) fn full(&self, name: &str) -> String {
        format!("{}{name}", self.topic_prefix)
    }

    /// For questions about topics; reads uncommitted, so that ends are high watermarks.
    pub(super) fn asking(&self) -> ClientConfig {
        self.client(&[], &[("client.id", "rapport.ask"), ("isolation.level", "read_uncommitted")])
    }

    /// For reading topics without a group; one needs a group's name to assign partitions to oneself.
    pub(super) fn reading(&self) -> ClientConfig {
        self.client(
            &FETCHING,
            &[
                ("client.id", "rapport.read"),
                ("group.id", &self.full("rapport.readers")),
                ("auto.offset.reset", "earliest"),
                ("enable.auto.commit", "false"),
                ("enable.auto.offset.store", "false"),
                ("enable.partition.eof", "true"),
                ("isolation.level", "read_committed"),
            ],
        )
    }

    /// For a member of a group. The client's name is unique: cooperative-sticky rebalances for ever without.
    pub(super) fn consuming(&self, spec: &SessionSpec) -> ClientConfig {
        let heartbeat = (self.session_timeout_ms / 5).to_string();
        self.client(
            &FETCHING,
            &[
                ("client.id", &format!("{}-{}", spec.instance, spec.worker)),
                ("group.id", &self.full(&spec.group)),
                ("group.protocol", "classic"),
                ("partition.assignment.strategy", "cooperative-sticky"),
                ("session.timeout.ms", &self.session_timeout_ms.to_string()),
                ("heartbeat.interval.ms", &heartbeat),
                ("auto.offset.reset", "error"),
                ("enable.auto.commit", "false"),
                ("enable.auto.offset.store", "false"),
                ("isolation.level", "read_committed"),
            ],
        )
    }

    /// For a member's transactions, under a name that stays over restarts: a new one ends what the old one left open. Only
    /// failed deliveries are told: the good ones would cost the worker a twelfth of its time, and a flush counts them too.
    pub(super) fn transacting(&self, spec: &SessionSpec) -> ClientConfig {
        let name = format!("{}.{}.{}", self.full(&spec.group), spec.instance, spec.worker);
        self.client(
            &SENDING,
            &[
                ("client.id", &format!("{}-{}", spec.instance, spec.worker)),
                ("delivery.report.only.error", "true"),
                ("transactional.id", &name),
                ("transaction.timeout.ms", &self.transaction_timeout_ms.to_string()),
                ("message.timeout.ms", &self.message_timeout_ms().to_string()),
                ("enable.idempotence", "true"),
                ("acks", "all"),
            ],
        )
    }

    /// For durable writes without a transaction.
    pub(super) fn appending(&self) -> ClientConfig {
        self.client(
            &SENDING,
            &[
                ("client.id", "rapport.append"),
                ("message.timeout.ms", &self.message_timeout_ms().to_string()),
                ("enable.idempotence", "true"),
                ("acks", "all"),
            ],
        )
    }

    /// How long a message may take to be delivered; librdkafka wants it to be less than the transaction's timeout.
    pub(super) fn message_timeout_ms(&self) -> u32 {
        self.transaction_timeout_ms / 5 * 4
    }

    fn client(&self, tunable: &[(&str, &str)], fixed: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config.set("reconnect.backoff.max.ms", "1000");
        // librdkafka wants an answer to be given up before the transaction that waits for it.
        config.set("socket.timeout.ms", self.request_timeout_ms.min(self.transaction_timeout_ms).to_string());
        config.set("socket.keepalive.enable", "true");
        for (name, value) in tunable {
            config.set(*name, *value);
        }
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        for (name, value) in fixed {
            config.set(*name, *value);
        }
        config.set("allow.auto.create.topics", "false");
        config.set_log_level(RDKafkaLogLevel::Warning);
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> SessionSpec {
        SessionSpec {
            group: "rapport.indicators".to_owned(),
            topics: vec![],
            instance: "a".to_owned(),
            worker: 3,
        }
    }

    #[test]
    fn a_deployment_tunes_fetching_but_not_what_exactly_once_rests_on() {
        let mut settings = KafkaSettings::default();
        settings.properties.insert("fetch.wait.max.ms".to_owned(), "7".to_owned());
        settings.check().unwrap();
        assert_eq!(settings.consuming(&spec()).get("fetch.wait.max.ms"), Some("7"));
        settings.properties.insert("isolation.level".to_owned(), "read_uncommitted".to_owned());
        assert!(matches!(settings.check(), Err(Error::Unusable(why)) if why.contains("isolation.level")));
    }

    #[test]
    fn a_transaction_ends_before_its_partitions_can_have_a_new_owner() {
        let settings = KafkaSettings { session_timeout_ms: 10_000, ..KafkaSettings::default() };
        assert!(settings.check().is_err());
    }

    #[test]
    fn the_transactional_name_is_the_same_after_a_restart_and_differs_between_workers() {
        let settings = KafkaSettings { topic_prefix: "x.".to_owned(), ..KafkaSettings::default() };
        let name = settings.transacting(&spec()).get("transactional.id").unwrap().to_owned();
        assert_eq!(name, "x.rapport.indicators.a.3");
        assert_ne!(
            settings.transacting(&SessionSpec { worker: 4, ..spec() }).get("transactional.id"),
            Some(&*name)
        );
    }

    #[test]
    fn a_misspelt_setting_is_an_error() {
        assert!(serde_json::from_str::<KafkaSettings>(r#"{"broker": "x:1"}"#).is_err());
    }
}
