//! What the bare loop writes in place of copies: records that `indicators` wrote over the same backlog, headers and all, as many
//! for each record read. So it shows what the client takes for them by itself, however quickly they were made.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rapport_tests::harness::stopwatch;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::{Offset, TopicPartitionList};

use crate::bare::{Out, config, send};
use crate::stage::PARTITIONS;

/// Records that are kept of each topic and written again and again.
const KEPT: usize = 20_000;
/// How long reading them may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Records of a topic, and how many of them are written for each record read.
#[derive(Debug, Clone)]
pub struct Like {
    /// The topic they are read from.
    pub from: String,
    /// The topic they are written to.
    pub to: String,
    /// How many, for a million records read.
    pub per_million: u64,
}

impl std::str::FromStr for Like {
    type Err = String;

    fn from_str(text: &str) -> Result<Like, String> {
        let parts: Vec<&str> = text.split('=').collect();
        let [from, to, per_million] = parts[..] else { return Err("say FROM=TO=PER_MILLION".to_owned()) };
        let per_million = per_million.parse().map_err(|error| format!("{per_million}: {error}"))?;
        Ok(Like { from: from.to_owned(), to: to.to_owned(), per_million })
    }
}

impl std::fmt::Display for Like {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}={}", self.from, self.to, self.per_million)
    }
}

/// One record.
struct Kept {
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
}

/// Writes records like those of a topic.
pub struct Alike {
    like: Like,
    kept: Vec<Kept>,
    next: usize,
    /// Millionths of a record that are due.
    due: u64,
}

impl Alike {
    /// Reads what it is to write.
    ///
    /// # Errors
    /// Where nothing can be read.
    pub fn new(brokers: &str, like: &Like) -> Result<Alike> {
        let consumer: BaseConsumer = config(
            brokers,
            &[
                ("group.id", "bench.alike"),
                ("isolation.level", "read_committed"),
                ("enable.auto.commit", "false"),
            ],
        )
        .create()?;
        let mut places = TopicPartitionList::new();
        for partition in 0..i32::try_from(PARTITIONS)? {
            places.add_partition_offset(&like.from, partition, Offset::Beginning)?;
        }
        consumer.assign(&places)?;
        let (clock, mut kept) = (stopwatch(), Vec::new());
        let begun = clock();
        while kept.len() < KEPT && clock() - begun < PATIENCE {
            // What is there comes at once; where nothing more comes that was all.
            let Some(message) = consumer.poll(Duration::from_secs(2)) else { break };
            let message = message?;
            let headers = message.headers().into_iter().flat_map(|all| all.iter());
            let headers = headers.map(|it| (it.key.to_owned(), it.value.unwrap_or_default().to_vec()));
            kept.push(Kept {
                key: message.key().unwrap_or_default().to_vec(),
                value: message.payload().map(<[u8]>::to_vec),
                headers: headers.collect(),
            });
        }
        ensure!(!kept.is_empty(), "{} holds nothing", like.from);
        Ok(Alike { like: like.clone(), kept, next: 0, due: 0 })
    }

    /// Writes what is due for one more record read.
    ///
    /// # Errors
    /// Of the client.
    pub fn write(&mut self, producer: &Out, partition: i32) -> Result<()> {
        self.due += self.like.per_million;
        while self.due >= 1_000_000 {
            self.due -= 1_000_000;
            let kept = self.kept.get(self.next).context("find a record that was kept")?;
            self.next = (self.next + 1) % self.kept.len();
            let headers = OwnedHeaders::new_with_capacity(kept.headers.len());
            let headers = kept
                .headers
                .iter()
                .fold(headers, |all, (key, value)| all.insert(Header { key, value: Some(value) }));
            let mut record =
                BaseRecord::to(&self.like.to).partition(partition).key(&*kept.key).headers(headers);
            if let Some(value) = &kept.value {
                record = record.payload(&**value);
            }
            send(producer, record)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Like;

    #[test]
    fn what_is_to_be_written_is_said_and_read_alike() {
        let like: Like = "a=b=1500000".parse().unwrap();
        assert_eq!((like.per_million, like.to_string().as_str()), (1_500_000, "a=b=1500000"));
        assert!("a=b".parse::<Like>().is_err() && "a=b=many".parse::<Like>().is_err());
    }
}
