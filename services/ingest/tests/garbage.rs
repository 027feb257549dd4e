//! What nobody should send: an id of a megabyte, and a raw topic of nothing but garbage.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rapport_ingest::metrics::Metrics;
use rapport_ingest::service::Ingest;
use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Reason, Rules, Sites};
use rapport_model::time::Instant;
use rapport_proto::{headers, topics};
use rapport_runtime::{Clock, ManualClock};
use rapport_stream::embedded::{Durability, EmbeddedLog};
use rapport_stream::port::{Log, Output, RecordRef};
use rapport_stream::worker::Worker;
use tempfile::TempDir;

use common::{PARTITIONS, worker};

/// Rounds in which garbage is sent, and those after which the log's cache is full: from then on memory must stand still.
const ROUNDS: usize = 40;
const FILLED: usize = 30;
/// What `rejected_bytes_max` is unless it is configured.
const KEPT_BYTES: usize = 900_000;

struct Rig {
    _directory: TempDir,
    log: Arc<dyn Log>,
    worker: Worker<Ingest>,
    metrics: Metrics,
    hand: ManualClock,
}

fn rig() -> Rig {
    let (clock, hand) = Clock::manual(0);
    let directory = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(directory.path(), Durability::Eventual, clock.millis()).unwrap();
    let rules = Rules {
        sites: Sites::Any,
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![("k1".to_owned(), vec![7; 32])]).unwrap(),
        pseudonymise_event_ids: true,
    };
    let (log, worker, metrics) = worker(log, (rules, BTreeSet::new()), Arc::new(clock), KEPT_BYTES);
    Rig { _directory: directory, log, worker, metrics, hand }
}

impl Rig {
    fn append(&self, partition: u32, value: &[u8], content_type: Option<&str>) {
        let headers: Vec<_> =
            content_type.iter().map(|text| (headers::CONTENT_TYPE, text.as_bytes())).collect();
        let (topic, partition, key) = (topics::RAW, Some(partition), None);
        let output = Output { topic, partition, key, value: Some(value), headers: &headers };
        self.log.appender().unwrap().append(&[output]).unwrap();
    }

    fn each(&self, topic: &str, mut each: impl FnMut(&RecordRef<'_>)) {
        let mut reader = self.log.reader(&[topic]).unwrap();
        while !reader.caught_up().unwrap() {
            reader.poll(Duration::from_millis(10), 100, &mut each).unwrap();
        }
    }

    /// How many events there are, without ticks.
    fn events(&self) -> usize {
        let mut events = 0;
        self.each(topics::EVENTS, |record| {
            events += usize::from(record.headers.header(headers::CE_ID).is_some())
        });
        events
    }
}

fn text(record: &RecordRef<'_>, name: &str) -> String {
    String::from_utf8(record.headers.header(name).unwrap_or_default().to_vec()).unwrap()
}

fn contact(event_id: &str, client: &str) -> String {
    format!(
        r#"{{"event_id":"{event_id}","type":"contact","site":"leeds","occurred_at":"2026-01-05T10:00:00Z",
        "client":"{client}","peer":"P-4","attendance":"attended"}}"#
    )
}

#[test]
fn an_id_of_a_megabyte_is_too_large_and_what_follows_is_accepted() {
    let mut rig = rig();
    rig.hand.set(Instant::parse("2026-01-05T11:00:00Z").unwrap().0);
    let long = "x".repeat(1_000_000);
    let large = [contact(&long, "C-17"), contact("E-1", &long)];
    for value in &large {
        rig.append(1, value.as_bytes(), None);
    }
    rig.append(1, contact("E-2", "C-17").as_bytes(), None);
    rig.worker.run_until_idle().unwrap();

    let mut kept = Vec::new();
    rig.each(topics::REJECTED, |record| {
        assert_eq!(text(record, headers::REJECTED_REASON), "too_large");
        assert_eq!(text(record, headers::CONNECT_PARTITION), "1");
        kept.push((
            text(record, headers::SOURCE),
            text(record, headers::REJECTED_LENGTH),
            record.value.unwrap().to_vec(),
        ));
    });
    let expected = (0..).zip(&large).map(|(offset, value): (u32, _)| {
        (format!("rapport.raw/1/{offset}"), value.len().to_string(), value.as_bytes()[..KEPT_BYTES].to_vec())
    });
    // Not `assert_eq`, which would print megabytes.
    assert!(kept == expected.collect::<Vec<_>>());
    assert_eq!(rig.metrics.rejected(Reason::TooLarge), 2);
    assert_eq!(rig.metrics.records(topics::RAW), 3);
    assert_eq!(rig.events(), 1);
}

/// Random bytes under a random media type; one of a hundred is of 900 kB, a few begin as if they were something.
fn garbage(random: &mut ChaCha8Rng) -> (Vec<u8>, Option<&'static str>) {
    let length = match random.random_range(0..100) {
        0 => KEPT_BYTES,
        1..10 => random.random_range(60_000..70_000),
        _ => random.random_range(0..2_000),
    };
    let mut value = vec![0; length];
    random.fill_bytes(&mut value);
    let beginnings: [&[u8]; 5] =
        [b"", b"{\"event_id\":\"", b"[[[[[[[[[[[[[[[[[[[[", b"\0\0\0\0\x01\0", b"\x0a\x03abc"];
    let beginning = beginnings[random.random_range(0..beginnings.len())];
    if beginning.len() <= length {
        value[..beginning.len()].copy_from_slice(beginning);
    }
    let types = [None, Some(headers::JSON), Some(headers::PROTOBUF), Some("image/png")];
    (value, types[random.random_range(0..types.len())])
}

#[test]
fn a_raw_topic_of_garbage_is_rejected_record_by_record_in_bounded_memory() {
    let seed = std::env::var("RAPPORT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_127);
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut rig = rig();
    rig.hand.set(Instant::parse("2026-01-05T11:00:00Z").unwrap().0);
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = [0_u64; PARTITIONS as usize];
    let (mut bytes, mut filled) = (0, (0, 0));
    for round in 0..ROUNDS {
        if round == FILLED {
            filled = (bytes, resident());
        }
        for _ in 0..400 {
            let partition = random.random_range(0..PARTITIONS);
            let (value, content_type) = garbage(&mut random);
            rig.append(partition, &value, content_type);
            let offset = &mut next[partition as usize];
            sent.insert(format!("rapport.raw/{partition}/{offset}"), value.len());
            *offset += 1;
            bytes += value.len();
        }
        rig.worker.run_until_idle().unwrap();
    }
    let (last, grown) = (bytes - filled.0, resident().saturating_sub(filled.1));
    println!(
        "{} records of {} MB; the last {} MB took {} kB",
        sent.len(),
        bytes >> 20,
        last >> 20,
        grown >> 10
    );

    let mut rejected = BTreeSet::new();
    rig.each(topics::REJECTED, |record| {
        let place = text(record, headers::SOURCE);
        assert_eq!(sent.get(&place), Some(&record.value.unwrap().len()), "{place:?}");
        assert!(rejected.insert(place), "rejected twice");
    });
    assert_eq!(rejected.len(), sent.len());
    let counted: u64 = Reason::ALL.into_iter().map(|reason| rig.metrics.rejected(reason)).sum();
    assert_eq!(counted, sent.len() as u64);
    assert_eq!(rig.events(), 0);
    assert!(grown < last / 4 * 3, "{last} bytes of garbage took {grown} bytes of memory");
}

/// Bytes of memory the process holds.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse::<usize>().unwrap() * 1024
}
