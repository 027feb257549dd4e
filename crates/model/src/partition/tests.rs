//! What a partition says of records, and that it says the same of the same set in any order.

mod ahead;
mod clock;
mod erased;
mod golden;
mod noted;
mod passing;
mod people;
mod random;
mod taken_down;
mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::catalogue::Catalogue;
use crate::event::{Contact, Measure, Persons};
use crate::params::Settings;
use crate::time::{DAY_US, Day};
use crate::words::*;

/// A day far from the beginning of time: day 0 of these tests.
const EPOCH: i32 = 20_000;

/// 12:00 on a day of these tests.
fn noon(day: i32) -> Instant {
    Instant(Day(EPOCH + day).start().0 + DAY_US / 2)
}

/// 00:00 on a day of these tests.
fn midnight(day: i32) -> Instant {
    Day(EPOCH + day).start()
}

#[derive(Debug, Clone, PartialEq)]
struct Record {
    key: Vec<u8>,
    value: Option<Vec<u8>>,
}

/// An event of site `leeds`, recorded when it occurred, with the persons that `who` names: `a-p` is client a and peer p,
/// `a-` a client, `-p` a peer.
#[derive(Debug, Clone)]
struct Draft {
    site: &'static str,
    persons: Persons,
    event: Event,
}

fn draft(id: &str, who: &str, at: Instant, body: Body) -> Draft {
    let (client, peer) = who.split_once('-').unwrap();
    let person = |name: &str| (!name.is_empty()).then(|| Arc::from(name));
    let persons = Persons { client: person(client), peer: person(peer) };
    Draft { site: "leeds", persons, event: Event { occurred_at: at, recorded_at: at, id: id.into(), body } }
}

impl Draft {
    fn recorded(mut self, at: Instant) -> Draft {
        self.event.recorded_at = at;
        self
    }

    fn of_site(mut self, site: &'static str) -> Draft {
        self.site = site;
        self
    }

    fn key(&self) -> Vec<u8> {
        let bytes = self.event.canonical_bytes(self.site, &self.persons);
        let version = keys::version(self.event.recorded_at.0, &Sha256::digest(&bytes).into());
        keys::event(self.site, &self.event.id, &version).into_bytes()
    }

    fn ingested(&self, at: Instant) -> Record {
        let mut wire = self.event.to_proto(self.site, &self.persons);
        wire.ingested_at_us = at.0;
        Record { key: self.key(), value: Some(wire.encode_to_vec()) }
    }

    fn tombstone(&self) -> Record {
        Record { key: self.key(), value: None }
    }
}

fn tick(at: Instant) -> Record {
    let value = v1::Event { ingested_at_us: at.0, ..Default::default() }.encode_to_vec();
    Record { key: b"tick".to_vec(), value: Some(value) }
}

fn started() -> Body {
    Body::Started { matched_on: Set::default() }
}

fn contact(attendance: Attendance) -> Contact {
    let (support, requested, practices) = Default::default();
    Contact { attendance, channel: None, minutes: Some(30), support, requested, practices }
}

fn attended() -> Body {
    Body::Contact(contact(Attendance::Attended))
}

fn rating(score: i64) -> Body {
    let scores = vec![("total".into(), score * 1_000_000)];
    Body::Measure(Box::new(Measure {
        instrument: "wai-sr".into(),
        rater: Rater::Client,
        scores: scores.into(),
    }))
}

fn ended(reason: EndReason) -> Body {
    Body::Ended { by: Side::Client, reason }
}

fn retraction(id: &str, of: &str, recorded_at: Instant) -> Draft {
    draft(id, "-", recorded_at, Body::Retraction { retracts: of.into() })
}

fn partition_with(settings: Settings) -> Partition {
    Partition::new(Arc::new(Params { settings, catalogue: Catalogue::embedded() }))
}

fn partition() -> Partition {
    partition_with(Settings::default())
}

impl Partition {
    fn take(&mut self, record: &Record) -> Vec<Output> {
        let mut out = Vec::new();
        self.apply(Some(&record.key), record.value.as_deref(), &mut out).unwrap();
        out
    }
}

/// Applies `records`, giving all outputs.
fn outputs(partition: &mut Partition, records: &[Record]) -> Vec<Output> {
    records.iter().flat_map(|record| partition.take(record)).collect()
}

/// What the topics hold in the end: rows that are not withdrawn, alerts that are not, the last release of each site.
#[derive(Debug, Default, PartialEq)]
struct Topics {
    rows: BTreeMap<String, v1::Enriched>,
    alerts: BTreeMap<String, v1::Alert>,
    releases: BTreeMap<String, v1::Release>,
}

fn topics(outputs: Vec<Output>) -> Topics {
    let mut topics = Topics::default();
    for output in outputs {
        let key = output.key();
        match output {
            Output::Enriched { row: Some(row), .. } => drop(topics.rows.insert(key, row)),
            Output::Enriched { row: None, .. } => drop(topics.rows.remove(&key)),
            Output::Alert(alert) if alert.state == "withdrawn" => drop(topics.alerts.remove(&key)),
            Output::Alert(alert) => drop(topics.alerts.insert(key, alert)),
            Output::NoAlert { .. } => drop(topics.alerts.remove(&key)),
            Output::Release(release) => {
                drop(topics.releases.insert(release.site.to_string(), parsed(&release)));
            }
        }
    }
    topics
}

fn value(release: &v1::Release, name: &str, labels: &[(&str, &str)]) -> String {
    let labels = labels.iter().map(|(label, word)| ((*label).to_owned(), (*word).to_owned())).collect();
    let found = release.samples.iter().find(|sample| sample.name == name && sample.labels == labels);
    found.unwrap_or_else(|| panic!("{name}{labels:?} is not there")).value.clone()
}

fn parsed(release: &Release) -> v1::Release {
    serde_json::from_str(&release.json).unwrap()
}

fn releases(outputs: &[Output]) -> Vec<v1::Release> {
    let releases = outputs.iter().filter_map(|output| {
        if let Output::Release(release) = output { Some(parsed(release)) } else { None }
    });
    releases.collect()
}

/// Ids of the rows, and whether each is there or withdrawn.
fn rows(outputs: &[Output]) -> Vec<(&str, bool)> {
    let mut rows = Vec::new();
    for output in outputs {
        if let Output::Enriched { event_id, row, .. } = output {
            rows.push((&**event_id, row.is_some()));
        }
    }
    rows
}
