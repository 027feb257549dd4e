//! The limit: a loop of the bare client that copies records in transactions, or only reads them, and does nothing else, written
//! as well as we can. It runs as a process of its own, so that it is measured like any other.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use clap::Parser;
use rapport_tests::harness::stopwatch;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::alike::{Alike, Like};
use crate::least::Least;
use crate::stage::PARTITIONS;

const COMMIT_EVERY: Duration = Duration::from_millis(100);
const COMMIT_RECORDS: u64 = 50_000;
const PATIENCE: Duration = Duration::from_secs(10);
/// Events of the producer that are served in one go; each may report many deliveries.
const SERVED: usize = 8;

/// Copies a topic's records in transactions, or only reads them, for as long as it is not ended
#[derive(Debug, Clone, Parser)]
pub struct Arguments {
    /// Brokers
    #[arg(long)]
    pub brokers: String,
    /// Topic that is read
    #[arg(long)]
    pub from: String,
    /// Topic that is written [default: none, and what was read is committed as it is]
    #[arg(long)]
    pub to: Option<String>,
    /// Consumer group
    #[arg(long)]
    pub group: String,
    /// Size of what is written, key and value [default: that of what was read]
    #[arg(long)]
    pub bytes: Option<usize>,
    /// Keep the least of what was read that a replay has to keep
    #[arg(long)]
    pub keep: bool,
    /// Write what is on other topics in place of what was read, so many for a million records read
    #[arg(long, value_name = "FROM=TO=PER_MILLION")]
    pub like: Vec<Like>,
}

/// A producer as all bare loops have it.
pub type Out = BaseProducer<DefaultProducerContext>;

/// The properties of Rapport's own clients.
pub(crate) fn config(brokers: &str, properties: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    for (name, value) in properties {
        config.set(*name, *value);
    }
    config
}

fn consumer(arguments: &Arguments) -> Result<BaseConsumer> {
    let consumer: BaseConsumer = config(
        &arguments.brokers,
        &[
            ("group.id", &arguments.group),
            ("isolation.level", "read_committed"),
            ("auto.offset.reset", "earliest"),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("check.crcs", "true"),
            ("fetch.max.bytes", "8388608"),
            ("fetch.queue.backoff.ms", "1"),
            ("fetch.wait.max.ms", "100"),
            ("queued.max.messages.kbytes", "16384"),
            ("queued.min.messages", "50000"),
        ],
    )
    .create()?;
    consumer.subscribe(&[&arguments.from])?;
    Ok(consumer)
}

fn producer(arguments: &Arguments) -> Result<Out> {
    let producer: Out = config(
        &arguments.brokers,
        &[
            ("transactional.id", &arguments.group),
            ("delivery.report.only.error", "true"),
            ("enable.idempotence", "true"),
            ("acks", "all"),
            ("compression.codec", "lz4"),
            ("linger.ms", "20"),
            ("queue.buffering.max.kbytes", "131072"),
            ("queue.buffering.max.messages", "500000"),
        ],
    )
    .create()?;
    producer.init_transactions(PATIENCE)?;
    Ok(producer)
}

/// Copies or reads for as long as it is not ended.
///
/// # Errors
/// Of the client, any of which ends it.
pub fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.to {
        Some(to) => write(arguments, to),
        None => read(arguments),
    }
}

/// Where the next record of each partition lies.
type Places = [Option<i64>; PARTITIONS as usize];

fn pass(message: &BorrowedMessage<'_>, places: &mut Places) -> Result<()> {
    let place = usize::try_from(message.partition())?;
    *places.get_mut(place).context("find a partition")? = Some(message.offset() + 1);
    Ok(())
}

fn read(arguments: &Arguments) -> Result<()> {
    let consumer = consumer(arguments)?;
    let mut least = arguments.keep.then(Least::default);
    let clock = stopwatch();
    let (mut places, mut since, mut count) = (Places::default(), clock(), 0_u64);
    loop {
        if let Some(message) = consumer.poll(Duration::from_millis(2)) {
            let message = message?;
            pass(&message, &mut places)?;
            if let (Some(least), Some(key), Some(value)) = (&mut least, message.key(), message.payload()) {
                least.keep(key, value)?;
            }
            count += 1;
            // Looking at the clock costs; so often is often enough.
            if count % 64 != 0 {
                continue;
            }
        }
        if count > 0 && clock() - since >= COMMIT_EVERY {
            consumer.commit(&listed(&arguments.from, &places)?, CommitMode::Sync)?;
            (since, count) = (clock(), 0);
        }
    }
}

fn write(arguments: &Arguments, to: &str) -> Result<()> {
    let alike = arguments.like.iter().map(|like| Alike::new(&arguments.brokers, like));
    let mut alike: Vec<Alike> = alike.collect::<Result<_>>()?;
    let (consumer, producer) = (consumer(arguments)?, producer(arguments)?);
    let mut value = Vec::new();
    let clock = stopwatch();
    let mut places = Places::default();
    let mut open: Option<(Duration, u64)> = None;
    loop {
        if let Some(message) = consumer.poll(Duration::from_millis(2)) {
            let message = message?;
            let (_, count) = match &mut open {
                Some(open) => open,
                None => {
                    producer.begin_transaction()?;
                    open.insert((clock(), 0))
                }
            };
            *count += 1;
            pass(&message, &mut places)?;
            if alike.is_empty() {
                copy(&producer, &message, to, arguments.bytes, &mut value)?;
            }
            for alike in &mut alike {
                alike.write(&producer, message.partition())?;
            }
            // Looking at the clock costs; so often is often enough.
            if *count % 64 != 0 {
                continue;
            }
        }
        if let Some((since, count)) = open
            && (count >= COMMIT_RECORDS || clock() - since >= COMMIT_EVERY)
        {
            commit(&consumer, &producer, &arguments.from, &places)?;
            open = None;
        }
    }
}

fn copy(
    producer: &Out,
    message: &BorrowedMessage<'_>,
    to: &str,
    bytes: Option<usize>,
    buffer: &mut Vec<u8>,
) -> Result<()> {
    let key = message.key().unwrap_or_default();
    let mut value = message.payload().unwrap_or_default();
    if let Some(bytes) = bytes {
        // What was read, cut or begun again: it is pressed together as badly as a row is.
        buffer.clear();
        buffer.extend(value.iter().cycle().take(bytes.saturating_sub(key.len())));
        value = buffer;
    }
    send(producer, BaseRecord::to(to).partition(message.partition()).key(key).payload(value))
}

/// Hands a record over, as soon as there is room for it.
pub(crate) fn send(producer: &Out, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<()> {
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => record = back,
            Err((error, _)) => return Err(error.into()),
        }
        serve(producer);
        breathe();
    }
}

fn commit(consumer: &BaseConsumer, producer: &Out, from: &str, places: &Places) -> Result<()> {
    // `flush` with a timeout polls in slices of 100 ms, and every commit would take one.
    while producer.flush(Duration::ZERO).is_err() {
        serve(producer);
        breathe();
    }
    let group = consumer.group_metadata().ok_or_else(|| anyhow!("have a group"))?;
    producer.send_offsets_to_transaction(&listed(from, places)?, &group, PATIENCE)?;
    producer.commit_transaction(PATIENCE)?;
    serve(producer);
    Ok(())
}

fn listed(topic: &str, places: &Places) -> Result<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (partition, place) in (0..).zip(places) {
        if let Some(place) = place {
            list.add_partition_offset(topic, partition, Offset::Offset(*place))?;
        }
    }
    Ok(list)
}

fn serve(producer: &Out) {
    for _ in 0..SERVED {
        producer.poll(Duration::ZERO);
    }
}

#[expect(clippy::disallowed_methods, reason = "otherwise it would spin while the network is at work")]
fn breathe() {
    std::thread::sleep(Duration::from_micros(200));
}
