//! What must be there in the end, read as readers of committed records read it: every raw record judged exactly once, each
//! output written exactly once, and all of it equal to the batch oracle.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use rapport_proto::topics::{ALERTS, ENRICHED, EVENTS, INDICATORS, REJECTED};
use rapport_proto::{headers, v1};
use rapport_stream::port::Log;
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::{Given, compare, release, standing_at_the_end};

use super::stage::{PARTITIONS, Stage};
use super::stuck::{OVERDUE, stuck};
use crate::end_to_end::topics::{Kept, last, read};
use crate::product::CATALOGUE;

/// Everything on the topics.
#[derive(Clone)]
pub struct Read {
    pub events: Vec<Kept>,
    pub rejected: Vec<Kept>,
    pub enriched: Vec<Kept>,
    pub indicators: Vec<Kept>,
    pub alerts: Vec<Kept>,
}

impl Read {
    /// As it is now.
    pub fn of(stage: &Stage) -> Read {
        Read::in_log(&stage.log)
    }

    /// Whatever log it is.
    pub fn in_log(log: &impl Log) -> Read {
        let read = |topic| read(log, topic);
        Read {
            events: read(EVENTS),
            rejected: read(REJECTED),
            enriched: read(ENRICHED),
            indicators: read(INDICATORS),
            alerts: read(ALERTS),
        }
    }
}

/// What may be there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Nothing.
    None,
    /// What is the same: a record of the same key, value and source; a raw record judged again as it was before.
    Same,
}

/// Panics where anything is not as it must be.
pub fn judge(stage: &mut Stage) -> Read {
    judge_with(stage, Repeats::None)
}

/// Panics where anything is not as it must be; some things may be there again.
pub fn judge_with(stage: &mut Stage, repeats: Repeats) -> Read {
    stage.settle();
    stage.make_releases();
    let read = Read::of(stage);
    let mut wrong = wrong_with(stage, &read, repeats);
    wrong.extend(stuck(stage, OVERDUE));
    nothing_is(&wrong);
    // Something was judged.
    assert!(!read.enriched.is_empty() && !read.indicators.is_empty() && !read.alerts.is_empty());
    read
}

/// Panics where anything is wrong, and says the first of it.
pub fn nothing_is(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} things are wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

/// Everything that is not as it must be.
pub fn wrong(stage: &Stage, read: &Read) -> Vec<String> {
    wrong_with(stage, read, Repeats::None)
}

fn wrong_with(stage: &Stage, read: &Read, repeats: Repeats) -> Vec<String> {
    let mut wrong = judged_once(stage, read, repeats);
    for (topic, records) in
        [(ENRICHED, &read.enriched), (INDICATORS, &read.indicators), (ALERTS, &read.alerts)]
    {
        wrong.extend(written_once(topic, records, repeats));
    }
    wrong.extend(unlike_the_oracle(read));
    wrong
}

fn header<'a>(record: &'a Kept, name: &str) -> &'a [u8] {
    let value = record.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value);
    value.expect("a record says where it is from")
}

/// Partition and offset of the record it comes from.
fn source(record: &Kept) -> (u32, u64) {
    let from = headers::Source::parse(header(record, headers::SOURCE)).expect("a place is topic and numbers");
    (from.partition, from.offset)
}

/// The same of a refused one, as Kafka Connect's tools are told.
fn refused(record: &Kept) -> (u32, u64) {
    let number = |name: &str| {
        let text = std::str::from_utf8(header(record, name)).expect("a number is text");
        text.parse::<u64>().expect("a number")
    };
    let partition = number(headers::CONNECT_PARTITION).try_into().expect("a small number");
    (partition, number(headers::CONNECT_OFFSET))
}

/// Every raw record is on exactly one of the two topics, once, and the bad ones are those that were rejected.
fn judged_once(stage: &Stage, read: &Read, repeats: Repeats) -> Vec<String> {
    // What it was judged to be: all but the clock it was judged by.
    let verdict = |record: &Kept| {
        let event =
            v1::Event::decode(record.value.as_deref().unwrap_or_default()).expect("a canonical event");
        let is_event = event.body.is_some();
        let event = v1::Event { ingested_at_us: 0, ..event };
        is_event.then(|| (record.key.clone(), event.encode_to_vec()))
    };
    let accepted = read.events.iter().filter_map(|record| {
        let verdict = verdict(record)?;
        Some((source(record), verdict))
    });
    let rejected: Vec<(u32, u64)> = read.rejected.iter().map(refused).collect();
    let refusals =
        read.rejected.iter().map(|record| (record.key.clone(), record.value.clone().unwrap_or_default()));
    let mut verdicts: BTreeMap<(u32, u64), Vec<_>> = BTreeMap::new();
    accepted
        .chain(rejected.iter().copied().zip(refusals))
        .for_each(|(place, verdict)| verdicts.entry(place).or_default().push(verdict));
    let mut wrong = Vec::new();
    for (partition, sent) in (0..PARTITIONS).zip(stage.sent) {
        for offset in 0..sent {
            let mut of_record = verdicts.remove(&(partition, offset)).unwrap_or_default();
            if repeats == Repeats::Same {
                of_record.dedup();
            }
            if of_record.len() != 1 {
                let times = of_record.len();
                wrong.push(format!("raw record {partition}/{offset} was judged {times} times"));
            }
        }
    }
    wrong.extend(verdicts.keys().map(|place| format!("nobody sent {place:?}")));
    let rejected: BTreeSet<(u32, u64)> = rejected.into_iter().collect();
    let differ = rejected.symmetric_difference(&stage.bad);
    wrong.extend(differ.map(|place| format!("{place:?}: rejected is {}", rejected.contains(place))));
    wrong
}

/// What follows from one record is written once under each key. Where a transaction tears or positions are set back the
/// same is written again; few of the faults here do that to a reader of committed records.
fn written_once(topic: &str, records: &[Kept], repeats: Repeats) -> Vec<String> {
    let mut seen: BTreeMap<_, &Option<Vec<u8>>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for record in records {
        let from = source(record);
        match seen.insert((record.text().to_owned(), from), &record.value) {
            None => {}
            Some(value) if repeats == Repeats::Same && *value == record.value => {}
            Some(_) => wrong.push(format!("{topic}: what follows from {from:?} was written twice")),
        }
    }
    wrong
}

/// Everything that is not as the oracle says that it follows from what is on `rapport.events`.
pub fn unlike_the_oracle(read: &Read) -> Vec<String> {
    let given = Given::from_catalogue(CATALOGUE);
    let rows = last(&read.enriched);
    let releases = last(&read.indicators);
    let alerts: Vec<v1::Alert> = last(&read.alerts)
        .values()
        .map(|value| serde_json::from_slice(value).expect("an alert is JSON"))
        .collect();
    let mut wrong = Vec::new();
    let mut made = 0;
    for partition in 0..PARTITIONS {
        let records: Vec<Record> = read
            .events
            .iter()
            .filter(|record| record.partition == partition)
            .map(|record| (record.text().to_owned(), record.value.clone()))
            .collect();
        for oracle in release::releases(&given, &records) {
            made += 1;
            match releases.get(&format!("{}/{}", oracle.site, oracle.day)) {
                Some(json) => {
                    let release = serde_json::from_slice(json).expect("a release is JSON");
                    wrong.extend(compare::release(&release, &oracle));
                }
                None => wrong.push(format!("there is no release of {} on {}", oracle.site, oracle.day)),
            }
        }
        for (site, oracle) in standing_at_the_end(&given, &Known::of(&records)) {
            let prefix = format!("{site}/");
            let of_site = rows.iter().filter_map(|(key, value)| {
                let row = v1::Enriched::decode(value.as_slice()).expect("an enriched row");
                Some((key.strip_prefix(&prefix)?.to_owned(), row))
            });
            wrong.extend(compare::rows(&of_site.collect(), &oracle.rows));
            let of_site: Vec<v1::Alert> = alerts.iter().filter(|alert| alert.site == site).cloned().collect();
            wrong.extend(compare::alerts(&of_site, &oracle.alerts));
        }
    }
    if made != releases.len() {
        wrong.push(format!("{} releases stand, the oracle makes {made}", releases.len()));
    }
    wrong
}
