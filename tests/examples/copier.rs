//! The tests' victim: copies `rapport.events` to `rapport.enriched` with the real worker until it is killed.
//!
//! `copier BROKERS PREFIX INSTANCE COMMIT_EVERY_MS`

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "the tests' victim: it stops where it cannot go on"
)]

use std::sync::Arc;
use std::time::Duration;

use rapport_proto::topics::{ENRICHED, EVENTS};
use rapport_stream::kafka::{KafkaLog, KafkaSettings};
use rapport_stream::port::{Error, Output, RecordRef, SessionSpec, Sink, TopicPartition};
use rapport_stream::worker::{Limits, Service, Worker};
use rapport_tests::harness::stopwatch;

struct Copy;

impl Service for Copy {
    fn replays(&self) -> bool {
        false
    }

    fn assigned(&mut self, partition: &TopicPartition) {
        println!("assigned {}", partition.partition);
    }

    fn revoked(&mut self, partition: &TopicPartition) {
        println!("revoked {}", partition.partition);
    }

    fn replay(&mut self, _: &RecordRef<'_>) {}

    fn process(&mut self, record: &RecordRef<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let partition = Some(record.partition);
        sink.send(Output { topic: ENRICHED, partition, key: record.key, value: record.value, headers: &[] })?;
        println!("sent {}/{}", record.partition, record.offset);
        Ok(())
    }

    fn on_time(&mut self, _: &mut dyn Sink) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let settings = KafkaSettings {
        brokers: args.next().expect("brokers"),
        topic_prefix: args.next().expect("a prefix"),
        session_timeout_ms: 6_000,
        transaction_timeout_ms: 5_000,
        ..KafkaSettings::default()
    };
    let instance = args.next().expect("an instance");
    let commit_every =
        args.next().and_then(|ms| ms.parse().ok()).map(Duration::from_millis).expect("milliseconds");
    let spec = SessionSpec {
        group: "rapport.copy".to_owned(),
        topics: vec![EVENTS.to_owned()],
        instance,
        worker: 0,
    };
    let log = Arc::new(KafkaLog::new(settings, stopwatch()).expect("the settings are right"));
    let limits = Limits { commit_every, ..Limits::default() };
    let outcome = Worker::new(log, spec, Copy, limits, stopwatch(), Box::new(())).run(&|| false);
    println!("ended: {outcome:?}");
}
