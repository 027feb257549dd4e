//! The Kafka that everything runs on: topics, and groups that begin anew.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use futures_executor::block_on;
use rapport_proto::topics::TopicSpec;
use rapport_stream::kafka::KafkaLog;
use rapport_stream::port::{Log as _, RecordRef};
use rapport_tests::harness::{Kafka, KafkaOptions, wait_for, wait_until};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;

/// Partitions of every topic.
pub const PARTITIONS: u32 = 4;
/// How long the cluster may take for a topic or a group.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Kafka.
pub struct Stage {
    kafka: Kafka,
    admin: AdminClient<DefaultClientContext>,
}

impl Stage {
    /// Starts one.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn start() -> Result<Stage> {
        let kafka = Kafka::start(KafkaOptions { heap_mib: 1024, warm: true, ..KafkaOptions::default() });
        let admin = ClientConfig::new().set("bootstrap.servers", kafka.brokers()).create()?;
        Ok(Stage { kafka, admin })
    }

    /// Where it listens.
    pub fn brokers(&self) -> String {
        self.kafka.brokers()
    }

    /// Rapport's log under a prefix.
    pub fn log(&self, prefix: &str) -> KafkaLog {
        self.kafka.log(prefix)
    }

    /// Makes topics of Rapport under a prefix, empty ones in place of those that were there.
    ///
    /// # Errors
    /// Where the cluster refuses.
    pub fn fresh(&self, prefix: &str, topics: &[TopicSpec]) -> Result<()> {
        let names: Vec<String> = topics.iter().map(|topic| format!("{prefix}{}", topic.name)).collect();
        self.remove(&names)?;
        self.log(prefix).create_topics(topics, PARTITIONS)?;
        Ok(())
    }

    /// Makes a topic that is none of Rapport's, empty.
    ///
    /// # Errors
    /// Where the cluster refuses.
    pub fn fresh_topic(&self, name: &str) -> Result<()> {
        self.remove(&[name.to_owned()])?;
        let partitions = i32::try_from(PARTITIONS)?;
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        for made in block_on(self.admin.create_topics([&topic], &AdminOptions::new()))? {
            made.map_err(|(name, code)| anyhow!("make topic {name}: {code}"))?;
        }
        Ok(())
    }

    /// Removes topics, and waits until they are gone.
    ///
    /// # Errors
    /// Where the cluster cannot be asked.
    pub fn remove(&self, names: &[String]) -> Result<()> {
        let log = self.log("");
        let mut there = Vec::new();
        for name in names {
            if log.partitions(name)?.is_some() {
                there.push(name.as_str());
            }
        }
        if there.is_empty() {
            return Ok(());
        }
        block_on(self.admin.delete_topics(&there, &AdminOptions::new()))?;
        let gone = |name: &&str| matches!(log.partitions(name), Ok(None));
        wait_until("topics to be gone", PATIENCE, || there.iter().all(gone));
        Ok(())
    }

    /// Forgets a group, which begins anew then. One that still has members is waited for.
    pub fn forget(&self, group: &str) {
        wait_until("a group to be forgotten", PATIENCE, || {
            let outcome = block_on(self.admin.delete_groups(&[group], &AdminOptions::new()));
            let outcome = outcome.ok().and_then(|mut groups| groups.pop());
            match outcome {
                Some(Ok(_)) => true,
                Some(Err((_, code))) => code == rdkafka::types::RDKafkaErrorCode::GroupIdNotFound,
                None => false,
            }
        });
    }

    /// How many records partitions of a topic hold, markers of transactions included.
    ///
    /// # Errors
    /// Where the cluster cannot be asked.
    pub fn ends(&self, topic: &str) -> Result<Vec<u64>> {
        let client = self.admin.inner();
        (0..PARTITIONS)
            .map(|partition| {
                let (_, high) = client.fetch_watermarks(topic, i32::try_from(partition)?, PATIENCE)?;
                u64::try_from(high).context("read a watermark")
            })
            .collect()
    }

    /// Bytes of a topic's record on average, by a sample of so many: key and value, and headers apart.
    ///
    /// # Errors
    /// Where it cannot be read, or holds nothing.
    pub fn record_size(&self, prefix: &str, topic: &str, sample: u64) -> Result<RecordSize> {
        let mut reader = self.log(prefix).reader(&[topic])?;
        let (mut count, mut bytes, mut headers) = (0_u64, 0_usize, 0_usize);
        while count < sample && !reader.caught_up()? {
            let mut add = |record: &RecordRef<'_>| {
                count += 1;
                bytes += record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
                let all = record.headers.all();
                headers += all.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
            };
            reader.poll(Duration::from_millis(100), 5_000, &mut add)?;
        }
        ensure!(count > 0, "{topic} holds nothing");
        let mean = |sum: usize| (sum as u64) / count;
        Ok(RecordSize { key_and_value: mean(bytes), headers: mean(headers) })
    }

    /// Waits for something of the cluster's.
    pub fn wait<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
        wait_for(what, PATIENCE, look)
    }
}

/// Bytes of a record on average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordSize {
    /// Of its key and its value.
    pub key_and_value: u64,
    /// Of its headers.
    pub headers: u64,
}
