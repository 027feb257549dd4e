//! Joins the tests' group, sends what it reads and never commits; waits to be killed.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "the tests' victim: it stops where it cannot go on"
)]

use std::time::Duration;

use rapport_proto::topics::{ENRICHED, EVENTS};
use rapport_stream::kafka::{KafkaLog, KafkaSettings};
use rapport_stream::port::{Change, Log, Output, SessionSpec, Start};
use rapport_tests::harness::stopwatch;

fn main() {
    let mut args = std::env::args().skip(1);
    let settings = KafkaSettings {
        brokers: args.next().expect("brokers"),
        topic_prefix: args.next().expect("a prefix"),
        session_timeout_ms: 6_000,
        transaction_timeout_ms: 5_000,
        ..KafkaSettings::default()
    };
    let log = KafkaLog::new(settings, stopwatch()).expect("the settings are right");
    let spec = SessionSpec {
        group: "rapport.copy".to_owned(),
        topics: vec![EVENTS.to_owned()],
        instance: "half".to_owned(),
        worker: 0,
    };
    let mut session = log.session(&spec).expect("a session");
    loop {
        let changes = session
            .poll(Duration::from_millis(100), 100, &mut |record, sink| {
                let partition = Some(record.partition);
                sink.send(Output {
                    topic: ENRICHED,
                    partition,
                    key: record.key,
                    value: record.value,
                    headers: &[],
                })?;
                println!("sent");
                Ok(())
            })
            .expect("a poll");
        for change in changes {
            if let Change::Assigned(partitions) = change {
                let places: Vec<_> = partitions.into_iter().map(|at| (at, Start::Beginning)).collect();
                session.start(&places).expect("a start");
            }
        }
    }
}
