//! Raw records through the stream service over an embedded log.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use rapport_ingest::clock::IngestClock;
use rapport_ingest::metrics::Metrics;
use rapport_ingest::service::Ingest;
use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Reason, Rules, Sites};
use rapport_model::time::Instant;
use rapport_proto::examples::{self, Example, Expected};
use rapport_proto::{headers, partition, topics, v1};
use rapport_runtime::{Clock, ManualClock};
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::{Log, Output};
use rapport_stream::worker::Worker;

use common::{PARTITIONS, worker};

struct Rig {
    log: Arc<dyn Log>,
    worker: Worker<Ingest>,
    metrics: Metrics,
    hand: ManualClock,
}

struct Record {
    partition: u32,
    key: Option<Vec<u8>>,
    value: Vec<u8>,
    headers: BTreeMap<String, String>,
}

fn rig(ticks: bool, bytes_max: usize) -> Rig {
    let (clock, hand) = Clock::manual(0);
    let log = EmbeddedLog::in_memory(clock.millis()).unwrap();
    let (name, secret) = examples::KEY;
    let rules = Rules {
        sites: Sites::Listed(examples::SITES.iter().map(|site| (*site).to_owned()).collect()),
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![(name.to_owned(), secret.as_bytes().to_vec())]).unwrap(),
        pseudonymise_event_ids: true,
    };
    let clock: Arc<dyn IngestClock> = if ticks { Arc::new(clock) } else { Arc::new(Tickless(clock)) };
    let schemas = BTreeSet::from([examples::SCHEMA_ID]);
    let (log, worker, metrics) = worker(log, (rules, schemas), clock, bytes_max);
    Rig { log, worker, metrics, hand }
}

struct Tickless(Clock);

impl IngestClock for Tickless {
    fn now(&self) -> Instant {
        IngestClock::now(&self.0)
    }

    fn ticks(&self) -> bool {
        false
    }
}

impl Rig {
    fn append(&self, example: &Example) {
        let headers: Vec<_> =
            example.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let key = Some(b"their key".as_slice());
        let output = Output {
            topic: topics::RAW,
            partition: Some(1),
            key,
            value: Some(&example.bytes),
            headers: &headers,
        };
        self.log.appender().unwrap().append(&[output]).unwrap();
    }

    fn records(&self, topic: &str) -> Vec<Record> {
        let mut reader = self.log.reader(&[topic]).unwrap();
        let mut records = Vec::new();
        while !reader.caught_up().unwrap() {
            let mut each = |record: &rapport_stream::port::RecordRef<'_>| {
                let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
                records.push(Record {
                    partition: record.partition,
                    key: record.key.map(<[u8]>::to_vec),
                    value: record.value.unwrap().to_vec(),
                    headers: record
                        .headers
                        .all()
                        .into_iter()
                        .map(|(name, value)| (name, text(value)))
                        .collect(),
                });
            };
            reader.poll(Duration::from_millis(10), 100, &mut each).unwrap();
        }
        records
    }
}

#[test]
fn every_golden_example_ends_as_its_file_says() {
    for example in examples::load().unwrap() {
        let mut rig = rig(false, 900_000);
        let clock = Instant::parse(&example.clock).unwrap();
        rig.hand.set(clock.0);
        rig.append(&example);
        rig.worker.run_until_idle().unwrap();
        let (events, rejected) = (rig.records(topics::EVENTS), rig.records(topics::REJECTED));
        let about = format!("{}: {}", example.path.display(), example.about);
        match &example.expected {
            Expected::Accepted { key, value_hex, .. } => {
                assert_eq!((events.len(), rejected.len()), (1, 0), "{about}");
                check_event(&events[0], key, value_hex, &about);
            }
            Expected::Rejected { reason, field } => {
                assert_eq!((events.len(), rejected.len()), (0, 1), "{about}");
                check_rejected(&example, &rejected[0], reason, field.as_deref(), &about);
                let counted: u64 = Reason::ALL.into_iter().map(|reason| rig.metrics.rejected(reason)).sum();
                assert_eq!(counted, 1, "{about}");
            }
        }
        assert_eq!(rig.metrics.records(topics::RAW), 1, "{about}");
    }
}

fn check_event(record: &Record, key: &str, value_hex: &str, about: &str) {
    let header = |name: &str| record.headers.get(name).map(String::as_str);
    assert_eq!(record.key.as_deref(), Some(key.as_bytes()), "{about}");
    assert_eq!(examples::encode_hex(&record.value), value_hex, "{about}");
    let (site, id_and_version) = key.split_once('/').unwrap();
    assert_eq!(record.partition, partition::partition_for(site, PARTITIONS), "{about}");
    assert_eq!(header(headers::CE_ID), Some(id_and_version), "{about}");
    assert_eq!(header(headers::CE_SOURCE), Some(format!("rapport/{site}").as_str()), "{about}");
    assert_eq!(header(headers::CONTENT_TYPE), Some(headers::PROTOBUF), "{about}");
    let from = headers::Source::parse(header(headers::SOURCE).unwrap_or_default().as_bytes()).unwrap();
    assert_eq!((from.topic, from.partition, from.clock_us), (topics::RAW, 1, None), "{about}");
    let event = v1::Event::decode(record.value.as_slice()).unwrap();
    let time = Instant(event.occurred_at_us).to_string();
    assert_eq!(header(headers::CE_TIME), Some(time.as_str()), "{about}");
}

fn check_rejected(example: &Example, record: &Record, reason: &str, field: Option<&str>, about: &str) {
    let header = |name: &str| record.headers.get(name).map(String::as_str);
    assert_eq!(record.value, example.bytes, "{about}");
    assert_eq!(record.key.as_deref(), Some(&b"their key"[..]), "{about}");
    assert_eq!(header(headers::REJECTED_REASON), Some(reason), "{about}");
    assert_eq!(header(headers::REJECTED_FIELD), field, "{about}");
    assert_eq!(header(headers::CONNECT_TOPIC), Some(topics::RAW), "{about}");
    assert_eq!(header(headers::CONNECT_PARTITION), Some("1"), "{about}");
    assert_eq!(header(headers::CONNECT_OFFSET), Some("0"), "{about}");
    for (name, value) in &example.headers {
        assert_eq!(header(name), Some(value.as_str()), "{about}");
    }
}

#[test]
fn no_id_of_the_sender_leaves_but_to_the_rejected() {
    let body = r#"{"event_id":"canary-1","type":"contact","site":"leeds","occurred_at":"2026-01-05T10:00:00Z",
        "client":"canary-2","peer":"canary-3","attendance":"attended"}"#;
    let example = |json: &str| Example {
        path: "canary".into(),
        about: String::new(),
        clock: String::new(),
        headers: BTreeMap::from(
            ["ce_id", "ce_source", "x"].map(|name| (name.to_owned(), "canary-4".to_owned())),
        ),
        bytes: json.as_bytes().to_vec(),
        expected: Expected::Rejected { reason: String::new(), field: None },
    };
    let mut rig = rig(false, 900_000);
    rig.hand.set(Instant::parse("2026-01-05T11:00:00Z").unwrap().0);
    rig.append(&example(body));
    rig.append(&example(&body.replace("canary-1\",", "canary-1\",\"canary-5\":1,")));
    rig.worker.run_until_idle().unwrap();
    let events = rig.records(topics::EVENTS);
    assert_eq!(events.len(), 1);
    let has_canary = |bytes: &[u8]| bytes.windows(6).any(|window| window == b"canary");
    let event = &events[0];
    assert!(!has_canary(event.key.as_deref().unwrap()) && !has_canary(&event.value));
    assert!(
        event
            .headers
            .iter()
            .all(|(name, value)| !has_canary(name.as_bytes()) && !has_canary(value.as_bytes()))
    );
    let rejected = rig.records(topics::REJECTED);
    assert!(has_canary(&rejected[0].value));
    // The reason names a field of the sender's as `?`.
    assert_eq!(rejected[0].headers[headers::REJECTED_FIELD], "?");
}

#[test]
fn of_a_record_too_large_for_the_log_the_beginning_and_the_length_are_kept() {
    let large = examples::load().unwrap().into_iter().find(|example| example.bytes.len() > 65_536).unwrap();
    let mut rig = rig(false, 70);
    rig.append(&large);
    rig.worker.run_until_idle().unwrap();
    let rejected = rig.records(topics::REJECTED);
    assert_eq!(rejected[0].value, large.bytes[..70]);
    assert_eq!(rejected[0].headers[headers::REJECTED_LENGTH], large.bytes.len().to_string());
}

#[test]
fn every_partition_is_told_the_time_at_start_and_each_minute_and_keeps_the_first_of_each_day() {
    let mut rig = rig(true, 900_000);
    for time in
        ["2026-01-01T23:59:00Z", "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z", "2026-01-02T00:01:00Z"]
    {
        rig.hand.set(Instant::parse(time).unwrap().0);
        rig.worker.run_until_idle().unwrap();
    }
    let mut ticks = Vec::new();
    for record in rig.records(topics::EVENTS) {
        let event = v1::Event::decode(record.value.as_slice()).unwrap();
        assert_eq!(v1::Event { ingested_at_us: event.ingested_at_us, ..v1::Event::default() }, event);
        ticks.push((
            record.partition,
            String::from_utf8(record.key.unwrap()).unwrap(),
            Instant(event.ingested_at_us).to_string(),
        ));
    }
    ticks.sort();
    let expected = (0..PARTITIONS).flat_map(|partition| {
        // The topic is compacted: of `tick` the newest is left.
        [
            (partition, "day/2026-01-01".to_owned(), "2026-01-01T23:59:00Z".to_owned()),
            (partition, "day/2026-01-02".to_owned(), "2026-01-02T00:00:00Z".to_owned()),
            (partition, "tick".to_owned(), "2026-01-02T00:01:00Z".to_owned()),
        ]
    });
    // What nobody has read yet in any group may not have been compacted.
    ticks.retain(|(_, key, time)| key != "tick" || time == "2026-01-02T00:01:00Z");
    assert_eq!(ticks, expected.collect::<Vec<_>>());
}
