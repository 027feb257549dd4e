//! The least a worker does: takes what it is given, copies records, remembers where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rapport_proto::topics::{ALL, ENRICHED, EVENTS};
use rapport_stream::kafka::KafkaLog;
use rapport_stream::port::{Change, Error, Log, Output, Reader, Session, SessionSpec, Start, TopicPartition};
use rapport_tests::harness::{Kafka, kcat, wait_until};

pub const SOON: Duration = Duration::from_secs(40);
pub const A_MOMENT: Duration = Duration::from_millis(100);

pub fn spec(instance: &str) -> SessionSpec {
    SessionSpec {
        group: "rapport.copy".to_owned(),
        topics: vec![EVENTS.to_owned()],
        instance: instance.to_owned(),
        worker: 0,
    }
}

pub fn create_topics(log: &KafkaLog, partitions: u32) {
    log.create_topics(&ALL, partitions).unwrap();
}

pub fn append(log: &KafkaLog, values: impl IntoIterator<Item = (u32, String)>) {
    let values: Vec<(u32, String)> = values.into_iter().collect();
    let outputs: Vec<Output<'_>> = values
        .iter()
        .map(|(partition, value)| Output {
            topic: EVENTS,
            partition: Some(*partition),
            key: Some(value.as_bytes()),
            value: Some(value.as_bytes()),
            headers: &[("kind", b"test")],
        })
        .collect();
    log.appender().unwrap().append(&outputs).unwrap();
}

/// Copies `rapport.events` to `rapport.enriched`, partition by partition.
pub struct Member {
    pub session: Box<dyn Session>,
    pub owned: BTreeSet<TopicPartition>,
    pub positions: BTreeMap<TopicPartition, u64>,
    pub copied: usize,
    pub lost: usize,
}

impl Member {
    pub fn join(log: &KafkaLog, instance: &str) -> Member {
        let session = log.session(&spec(instance)).unwrap();
        Member { session, owned: BTreeSet::new(), positions: BTreeMap::new(), copied: 0, lost: 0 }
    }

    /// Takes over again from where the group stands.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.positions.clear();
        let owned: Vec<TopicPartition> = self.owned.iter().cloned().collect();
        self.start(&owned)
    }

    fn start(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        let committed = self.session.committed(partitions)?;
        let places: Vec<(TopicPartition, Start)> = partitions
            .iter()
            .zip(committed)
            .map(|(at, offset)| (at.clone(), offset.map_or(Start::Beginning, Start::Offset)))
            .collect();
        self.session.start(&places)
    }

    /// One poll.
    pub fn step(&mut self) -> Result<(), Error> {
        let Member { session, positions, copied, .. } = self;
        let changes = session.poll(A_MOMENT, 1_000, &mut |record, sink| {
            assert_eq!(record.topic, EVENTS);
            assert_eq!(record.headers.header("kind"), Some(b"test".as_slice()));
            let at = TopicPartition { topic: record.topic.into(), partition: record.partition };
            sink.send(Output {
                topic: ENRICHED,
                partition: Some(record.partition),
                key: record.key,
                value: record.value,
                headers: &[],
            })?;
            positions.insert(at, record.offset + 1);
            *copied += 1;
            Ok(())
        })?;
        for change in changes {
            match change {
                Change::Assigned(partitions) => {
                    self.owned.extend(partitions.iter().cloned());
                    self.start(&partitions)?;
                }
                Change::Revoked(partitions) => {
                    self.commit()?;
                    self.give_up(&partitions)?;
                }
                Change::Lost(partitions) => {
                    self.lost += partitions.len();
                    self.session.renew()?;
                    self.positions.clear();
                    self.give_up(&partitions)?;
                }
            }
        }
        Ok(())
    }

    fn give_up(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        for at in partitions {
            self.owned.remove(at);
            self.positions.remove(at);
        }
        self.session.release(partitions)
    }

    pub fn commit(&mut self) -> Result<(), Error> {
        let positions: Vec<(TopicPartition, u64)> =
            self.positions.iter().map(|(at, offset)| (at.clone(), *offset)).collect();
        if positions.is_empty() {
            return Ok(());
        }
        self.session.commit(&positions)
    }

    /// Steps until so many records are copied in all.
    pub fn copy(&mut self, count: usize) {
        wait_until("records to be copied", SOON, || {
            self.step().unwrap();
            self.copied >= count
        });
        assert_eq!(self.copied, count);
    }
}

/// Reads a topic until everything that was there at opening has been read.
pub fn read(log: &KafkaLog, topic: &str) -> Vec<String> {
    let mut reader = log.reader(&[topic]).unwrap();
    read_on(reader.as_mut())
}

pub fn read_on(reader: &mut dyn Reader) -> Vec<String> {
    let mut values = vec![];
    wait_until("the reader to catch up", SOON, || {
        reader
            .poll(A_MOMENT, 10_000, &mut |record| {
                values.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
            })
            .unwrap();
        reader.caught_up().unwrap()
    });
    values.sort();
    values
}

/// Everything between those numbers as values, sorted as text.
pub fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    let mut values: Vec<String> = range.map(|number| format!("v{number}")).collect();
    values.sort();
    values
}

/// The same, spread over partitions.
pub fn spread(range: std::ops::Range<usize>, partitions: u32) -> Vec<(u32, String)> {
    range.zip((0..partitions).cycle()).map(|(number, partition)| (partition, format!("v{number}"))).collect()
}

/// What another client finds on `rapport.enriched` at that isolation level.
pub fn at_broker(kafka: &Kafka, prefix: &str, isolation: &str) -> Vec<String> {
    let (topic, brokers) = (format!("{prefix}{ENRICHED}"), kafka.brokers());
    let isolation = format!("isolation.level={isolation}");
    let output = kcat(["-b", &brokers, "-C", "-t", &topic, "-e", "-q", "-X", &isolation]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Waits until so many are there, those of open transactions with them.
pub fn wait_until_there(kafka: &Kafka, prefix: &str, outputs: usize) {
    wait_until("the open transaction to reach the broker", SOON, || {
        at_broker(kafka, prefix, "read_uncommitted").len() == outputs
    });
}
