//! Canonical events through the stream service over an embedded log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use rapport_indicators::metrics::Metrics;
use rapport_indicators::service::{GROUP, Indicators, topics as read_topics};
use rapport_indicators::settings::params;
use rapport_model::time::Instant;
use rapport_proto::examples::{self, Expected};
use rapport_proto::{headers, keys, partition, topics, v1};
use rapport_runtime::{Clock, stopwatch};
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::{Log, Output, SessionSpec};
use rapport_stream::worker::{Limits, Worker};

const PARTITIONS: u32 = 4;
const SITE: &str = "leeds";

struct Record {
    partition: u32,
    key: String,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
}

impl Record {
    fn header(&self, name: &str) -> &str {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name).unwrap();
        std::str::from_utf8(value).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.value.as_ref().unwrap()).unwrap()
    }
}

fn log() -> Arc<dyn Log> {
    let log = EmbeddedLog::in_memory(Clock::manual(0).0.millis()).unwrap();
    log.create_topics(&topics::ALL, PARTITIONS).unwrap();
    Arc::new(log)
}

fn worker(log: &Arc<dyn Log>, instance: &str) -> (Worker<Indicators>, Metrics) {
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
    let service = Indicators::new(Arc::new(params(&Default::default()).unwrap()), 0, metrics.clone());
    let spec = SessionSpec {
        group: GROUP.to_owned(),
        topics: read_topics(),
        instance: instance.to_owned(),
        worker: 0,
    };
    (Worker::new(log.clone(), spec, service, Limits::default(), stopwatch(), Box::new(())), metrics)
}

fn home() -> u32 {
    partition::partition_for(SITE, PARTITIONS)
}

fn append(log: &Arc<dyn Log>, key: &str, value: Option<&[u8]>) {
    let output = Output {
        topic: topics::EVENTS,
        partition: Some(home()),
        key: Some(key.as_bytes()),
        value,
        headers: &[],
    };
    log.appender().unwrap().append(&[output]).unwrap();
}

fn us(text: &str) -> i64 {
    Instant::parse(text).unwrap().0
}

/// Writes an event that was recorded and ingested when it happened; returns its key.
fn event(log: &Arc<dyn Log>, id: &str, at: &str, body: v1::event::Body) -> String {
    let event = v1::Event {
        event_id: id.to_owned(),
        site: SITE.to_owned(),
        occurred_at_us: us(at),
        recorded_at_us: us(at),
        client: "k1:client".to_owned(),
        peer: "k1:peer".to_owned(),
        body: Some(body),
        ingested_at_us: us(at),
    };
    let key = keys::event(SITE, id, &keys::version(us(at), &[7; 32]));
    append(log, &key, Some(&event.encode_to_vec()));
    key
}

fn contact() -> v1::event::Body {
    v1::event::Body::Contact(v1::Contact {
        attendance: v1::Attendance::Attended.into(),
        minutes: Some(50),
        ..v1::Contact::default()
    })
}

fn rupture() -> v1::event::Body {
    v1::event::Body::Alliance(v1::Alliance {
        action: v1::AllianceAction::Ruptured.into(),
        cause: v1::RuptureCause::LackOfTrust.into(),
        ..v1::Alliance::default()
    })
}

fn tick(log: &Arc<dyn Log>, at: &str) {
    append(
        log,
        keys::TICK,
        Some(&v1::Event { ingested_at_us: us(at), ..v1::Event::default() }.encode_to_vec()),
    );
}

fn records(log: &Arc<dyn Log>, topic: &str) -> Vec<Record> {
    let mut reader = log.reader(&[topic]).unwrap();
    let mut records = Vec::new();
    while !reader.caught_up().unwrap() {
        let mut each = |record: &rapport_stream::port::RecordRef<'_>| {
            records.push(Record {
                partition: record.partition,
                key: String::from_utf8(record.key.unwrap().to_vec()).unwrap(),
                value: record.value.map(<[u8]>::to_vec),
                headers: record.headers.all(),
            });
        };
        reader.poll(Duration::from_millis(10), 100, &mut each).unwrap();
    }
    records
}

#[test]
fn what_follows_from_events_stands_on_the_derived_topics_beside_its_source() {
    let log = log();
    event(&log, "e1", "2026-01-05T10:00:00Z", contact());
    event(&log, "e2", "2026-01-06T10:00:00Z", rupture());
    tick(&log, "2026-01-07T00:00:30Z");
    let (mut worker, metrics) = worker(&log, "a");
    worker.run_until_idle().unwrap();
    assert_eq!(metrics.records(), (3, 0));

    let rows = records(&log, topics::ENRICHED);
    let keys: Vec<_> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["leeds/e1", "leeds/e2"]);
    let row = v1::Enriched::decode(rows[0].value.as_deref().unwrap()).unwrap();
    assert_eq!(row.event.unwrap().ingested_at_us, 0, "what belongs to the log is not in the row");
    assert_eq!(rows[0].header(headers::CONTENT_TYPE), headers::PROTOBUF);
    assert_eq!(rows[0].header(headers::CE_TIME), "2026-01-05T10:00:00Z");
    assert_eq!(rows[0].header(headers::CE_SOURCE), "rapport/leeds");
    let clock = us("2026-01-06T10:00:00Z");
    assert_eq!(rows[1].header(headers::SOURCE), format!("rapport.events/{}/1@{clock}/{clock}", home()));

    let releases = records(&log, topics::INDICATORS);
    let last = releases.last().unwrap();
    assert_eq!(last.key, "leeds/2026-01-06");
    assert_eq!(last.json()["clock"], "2026-01-07T00:00:00Z");
    assert_eq!(last.header(headers::CONTENT_TYPE), headers::JSON);
    assert_eq!(last.header(headers::CE_TYPE), "rapport.v1.Release");

    let alerts = records(&log, topics::ALERTS);
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (alerts[0].json()["alert"].as_str(), alerts[0].json()["state"].as_str()),
        (Some("alliance_breakdown"), Some("firing"))
    );
    assert_eq!(alerts[0].json()["alert_id"].as_str(), Some(alerts[0].key.as_str()));
    for record in rows.iter().chain(&releases).chain(&alerts) {
        assert_eq!(record.partition, home());
    }
}

#[test]
fn an_erased_event_leaves_tombstones() {
    let log = log();
    event(&log, "e1", "2026-01-05T10:00:00Z", contact());
    let key = event(&log, "e2", "2026-01-06T10:00:00Z", rupture());
    let (mut worker, _) = worker(&log, "a");
    worker.run_until_idle().unwrap();
    append(&log, &key, None);
    worker.run_until_idle().unwrap();
    let rows = records(&log, topics::ENRICHED);
    let last = rows.last().unwrap();
    assert_eq!((last.key.as_str(), last.value.is_none()), ("leeds/e2", true));
    assert!(records(&log, topics::ALERTS).last().unwrap().value.is_none(), "an erased event leaves no alert");
}

#[test]
fn malformed_records_are_counted_and_stop_nothing() {
    let log = log();
    append(&log, "leeds/e1", Some(b"\xff"));
    append(&log, "", None);
    append(
        &log,
        &keys::event("york", "e1", &keys::version(5, &[1; 32])),
        Some(&{
            let mut event =
                v1::Event { event_id: "e1".to_owned(), site: SITE.to_owned(), ..v1::Event::default() };
            event.body = Some(contact());
            event.encode_to_vec()
        }),
    );
    event(&log, "e2", "2026-01-06T10:00:00Z", contact());
    let (mut worker, metrics) = worker(&log, "a");
    worker.run_until_idle().unwrap();
    assert_eq!(metrics.records(), (4, 3));
    assert_eq!(records(&log, topics::ENRICHED).len(), 1);
}

#[test]
fn a_successor_replays_without_output_and_goes_on_as_if_it_had_been_there_from_the_start() {
    let log = log();
    event(&log, "e1", "2026-01-05T10:00:00Z", contact());
    let (mut first, _) = worker(&log, "a");
    first.run_until_idle().unwrap();
    first.leave().unwrap();
    let before = records(&log, topics::ENRICHED).len();
    let (mut second, metrics) = worker(&log, "b");
    second.run_until_idle().unwrap();
    assert_eq!((metrics.records().0, records(&log, topics::ENRICHED).len()), (0, before));
    event(&log, "e2", "2026-01-06T10:00:00Z", contact());
    second.run_until_idle().unwrap();
    let rows = records(&log, topics::ENRICHED);
    let row = v1::Enriched::decode(rows.last().unwrap().value.as_deref().unwrap()).unwrap();
    assert_eq!((row.session, row.days_since_contact), (Some(2), Some(1)));
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_golden_record_is_digested_and_has_a_row_where_it_has_a_person() {
    let log = log();
    // Two forms of one event have one key: of those the log keeps one.
    let (mut written, mut persons) = (BTreeSet::new(), BTreeSet::new());
    for example in examples::load().unwrap() {
        let Expected::Accepted { key, value_hex, .. } = example.expected else { continue };
        let value = bytes(&value_hex);
        append(&log, &key, Some(&value));
        written.insert(key);
        let event = v1::Event::decode(value.as_slice()).unwrap();
        if !event.client.is_empty() || !event.peer.is_empty() {
            persons.insert(keys::enriched(&event.site, &event.event_id));
        }
    }
    // Later than whatever the examples say happened.
    tick(&log, "9999-12-31T00:00:00Z");
    let (mut worker, metrics) = worker(&log, "a");
    worker.run_until_idle().unwrap();
    assert_eq!(metrics.records(), (written.len() as u64 + 1, 0), "none is malformed");
    let mut rows: BTreeMap<String, bool> = BTreeMap::new();
    for row in records(&log, topics::ENRICHED) {
        rows.insert(row.key, row.value.is_some());
    }
    let standing: BTreeSet<String> =
        rows.into_iter().filter(|(_, stands)| *stands).map(|(key, _)| key).collect();
    let missing: Vec<_> = persons.difference(&standing).collect();
    assert!(
        standing.is_subset(&persons) && missing.len() <= 1,
        "withdrawn is at most the retracted one: {missing:?}"
    );
}

#[test]
fn what_a_release_is_made_of_is_counted_while_nothing_happens() {
    let log = log();
    let (mut worker, _) = worker(&log, "one");
    for hour in 10..20 {
        event(&log, &format!("e{hour}"), &format!("2026-01-05T{hour}:00:00Z"), contact());
    }
    worker.run_until_idle().unwrap();
    // A step for each third of the way: the dyad, its persons, and once more for what was counted meanwhile.
    for _ in 0..3 {
        worker.step(Duration::ZERO).unwrap();
    }
    assert_eq!(worker.service().partition(home()).unwrap().left_to_count(), 0);
    tick(&log, "2026-01-06T00:00:00Z");
    worker.run_until_idle().unwrap();
    let [release] = &records(&log, topics::INDICATORS)[..] else { panic!("not one release") };
    let samples = release.json()["samples"].as_array().unwrap().clone();
    let contacts =
        samples.iter().find(|it| it["name"] == "contacts_7d" && it["labels"]["attendance"] == "attended");
    assert_eq!(contacts.unwrap()["value"], 10);
}
