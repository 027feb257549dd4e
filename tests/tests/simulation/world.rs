//! A small charity's raw records, and what must stand on the derived topics when all of them have been read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use rapport::simulate::{Kind, Plan, generate};
use rapport_proto::{keys, topics, v1};
use rapport_stream::port::Log;
use rapport_tests::oracle::alerts::silences;
use rapport_tests::oracle::days::{DAY_US, Us, boundary, day_of, midnight, text};
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::{Given, compare, release, standing_at_the_end};

use super::run::{Run, Schedule};
use crate::product::CATALOGUE;

/// Partitions of every topic.
pub const PARTITIONS: u32 = 3;
/// No record is delayed for longer.
pub const LATEST_DAYS: i64 = 20;

/// A raw record and when it would arrive if nothing went wrong.
pub struct Raw {
    pub at: Us,
    pub json: String,
}

pub struct World {
    pub raw: Vec<Raw>,
    /// When everything has arrived, however late.
    pub end: Us,
    /// The last reading of the clock, on a later day: the release that all runs have in common is the day's.
    pub last: Us,
    /// What stands in the end.
    pub expected: Last,
}

impl World {
    /// The world of a number: a small charity's four months.
    pub fn new(number: u64) -> World {
        let plan = Plan {
            sites: 3,
            peers: 3,
            dyads: 5,
            days: 130,
            seed: number,
            late: 0.1,
            duplicates: 0.05,
            bad: 0.02,
            ..Plan::default()
        };
        World::of(&plan)
    }

    /// The world of a plan. What is expected comes from a run in which nothing goes wrong, after the oracle has said
    /// that it is right.
    pub fn of(plan: &Plan) -> World {
        let mut distinct = BTreeSet::new();
        let mut raw = Vec::new();
        for arrival in generate(plan) {
            if arrival.kind != Kind::Bad {
                distinct.insert(arrival.json.clone());
            }
            raw.push(Raw { at: arrival.arrives_at.0, json: arrival.json });
        }
        let end = raw.iter().map(|record| record.at).max().unwrap() + LATEST_DAYS * DAY_US;
        let last = midnight(day_of(end) + 1) + DAY_US / 4;
        let mut world = World { raw, end, last, expected: Last::default() };
        let mut run = Run::new(&world, Schedule::calm(&world), None);
        let calm = run.play().expect("nothing goes wrong");
        assert_eq!(calm.events.len(), distinct.len(), "each accepted record once");
        is_what_the_oracle_says(&world, &run.events(), &calm);
        world.expected = calm;
        world
    }
}

fn is_what_the_oracle_says(world: &World, partitions: &[Vec<Record>], last: &Last) {
    let given = Given::from_catalogue(CATALOGUE);
    let mut differences = Vec::new();
    let mut releases = 0;
    for records in partitions {
        let known = Known::of(records);
        assert_eq!(known.clock(), Some(world.last));
        for oracle in release::last_releases(&given, records) {
            let product = last.releases.get(&oracle.site).expect("every site is released");
            differences.extend(compare::release(&serde_json::from_str(product).unwrap(), &oracle));
            releases += 1;
        }
        for (site, oracle) in standing_at_the_end(&given, &known) {
            differences.extend(compare::rows(&last.rows_of(&site), &oracle.rows));
            differences.extend(compare::alerts(&last.alerts_of(&site), &oracle.alerts));
        }
    }
    assert_eq!(releases, last.releases.len());
    assert!(differences.is_empty(), "the product differs:\n{}", differences.join("\n"));
}

/// What stands on the topics when everything has been read: the last record of every key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Last {
    /// Keys of `rapport.events`, ticks left out.
    pub events: BTreeSet<String>,
    /// Rows by key.
    pub rows: BTreeMap<String, Vec<u8>>,
    /// The last day's releases by site.
    pub releases: BTreeMap<String, String>,
    /// Alerts that fire or are resolved; which others were withdrawn depends on what was known when.
    pub alerts: BTreeMap<String, String>,
    /// Sites that are silent: the one thing that depends on when records came.
    pub silences: BTreeMap<String, String>,
}

impl Last {
    /// Reads the topics.
    pub fn of(log: &Arc<dyn Log>, last: Us) -> Last {
        let released = text(day_of(boundary(last, false)) - 1);
        let utf8 = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let events = everything(log, topics::EVENTS).into_iter().flatten();
        let latest = |topic: &str| -> BTreeMap<String, Vec<u8>> {
            let mut latest = BTreeMap::new();
            for (key, value) in everything(log, topic).into_iter().flatten() {
                match value {
                    Some(value) => latest.insert(key, value),
                    None => latest.remove(&key),
                };
            }
            latest
        };
        let releases = latest(topics::INDICATORS).into_iter().filter_map(|(key, value)| {
            let (site, day) = key.rsplit_once('/')?;
            (day == released).then(|| (site.to_owned(), utf8(value)))
        });
        let alerts = latest(topics::ALERTS).into_iter().map(|(key, value)| (key, utf8(value)));
        let (silences, alerts): (BTreeMap<String, String>, BTreeMap<String, String>) =
            alerts.partition(|(_, json)| alert(json).alert == "site_silent");
        Last {
            events: events.map(|(key, _)| key).filter(|key| keys::parse_event(key).is_some()).collect(),
            rows: latest(topics::ENRICHED),
            releases: releases.collect(),
            alerts: alerts.into_iter().filter(|(_, json)| alert(json).state != "withdrawn").collect(),
            silences: silences.into_iter().filter(|(_, json)| alert(json).state == "firing").collect(),
        }
    }

    fn rows_of(&self, site: &str) -> BTreeMap<String, v1::Enriched> {
        let of_site = self.rows.iter().filter_map(|(key, row)| {
            let (row_site, id) = key.split_once('/')?;
            (row_site == site).then(|| (id.to_owned(), v1::Enriched::decode(row.as_slice()).unwrap()))
        });
        of_site.collect()
    }

    fn alerts_of(&self, site: &str) -> Vec<v1::Alert> {
        let all = self.alerts.values().chain(self.silences.values());
        all.map(|json| alert(json)).filter(|alert| alert.site == site).collect()
    }

    /// Whether it is byte for byte what was expected; if not, the first thing that is not.
    pub fn is(&self, expected: &Last) -> Result<(), String> {
        let events: Vec<_> = self.events.symmetric_difference(&expected.events).take(3).collect();
        if !events.is_empty() {
            return Err(format!("events: {events:?} are not on both sides"));
        }
        same("rows", &self.rows, &expected.rows)?;
        same("releases", &without_silence(&self.releases), &without_silence(&expected.releases))?;
        same("alerts", &self.alerts, &expected.alerts)
    }
}

/// What the silences of sites are by the records of the partitions, and that they are so.
pub fn silences_are_right(partitions: &[Vec<Record>], last: &Last) -> Result<(), String> {
    let given = Given::from_catalogue(CATALOGUE);
    let mut expected = BTreeSet::new();
    for records in partitions {
        let known = Known::of(records);
        expected.extend(silences(&given, &known).into_iter().map(|alert| alert.alert_id));
    }
    let found: BTreeSet<String> = last.silences.keys().cloned().collect();
    if found == expected { Ok(()) } else { Err(format!("silences {found:?}, expected {expected:?}")) }
}

/// Releases but for how many silences of sites they count.
fn without_silence(releases: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    const LABEL: &str = "{\"alert\":\"site_silent\"},\"value\":";
    let without = |release: &String| {
        let parts = release.split(LABEL);
        let parts = parts.enumerate().map(|(place, part)| match place {
            0 => part,
            _ => part.trim_start_matches(|c: char| c.is_ascii_digit()),
        });
        parts.collect::<Vec<_>>().join(LABEL)
    };
    releases.iter().map(|(site, release)| (site.clone(), without(release))).collect()
}

fn alert(json: &str) -> v1::Alert {
    serde_json::from_str(json).unwrap()
}

fn same<V: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<String, V>,
    expected: &BTreeMap<String, V>,
) -> Result<(), String> {
    let keys: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    match keys.into_iter().find(|key| found.get(*key) != expected.get(*key)) {
        None => Ok(()),
        Some(key) => {
            Err(format!("{what}: {key}\n  {:?}\n  expected\n  {:?}", found.get(key), expected.get(key)))
        }
    }
}

/// All records of a topic, by partition.
pub fn everything(log: &Arc<dyn Log>, topic: &str) -> Vec<Vec<Record>> {
    let mut reader = log.reader(&[topic]).unwrap();
    let mut partitions = vec![Vec::new(); PARTITIONS as usize];
    while !reader.caught_up().unwrap() {
        let mut read = |record: &rapport_stream::port::RecordRef<'_>| {
            let key = String::from_utf8(record.key.unwrap_or_default().to_vec()).unwrap();
            partitions[record.partition as usize].push((key, record.value.map(<[u8]>::to_vec)));
        };
        reader.poll(Duration::ZERO, 10_000, &mut read).unwrap();
    }
    partitions
}
