//! The records of a simulated backlog: raw events, canonical events, and a tick for each day.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use rapport::simulate::{Kind, Plan, generate};
use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Accepted, CloudEvent, Form, Rules, Sites, accept};
use rapport_model::time::{Day, Instant};
use rapport_proto::partition::partition_for;
use rapport_proto::{keys, v1};

/// A record of a topic.
pub struct Record {
    /// Its partition.
    pub partition: u32,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// One of a backlog's entries.
pub enum Entry<'a> {
    /// A new day begins at this clock.
    Day(Instant),
    /// An event arrives.
    Event {
        /// Its partition, which is its site's.
        partition: u32,
        /// As it was sent.
        raw: &'a str,
        /// As it is accepted.
        event: &'a Accepted,
        /// When.
        clock: Instant,
    },
}

/// What the entries were.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shares {
    /// Events.
    pub events: u64,
    /// Of these, how many were sent before.
    pub duplicates: u64,
    /// How many happened before another of the same client and peer that had come already, duplicates left out.
    pub out_of_order: u64,
    /// When the last came.
    pub last: Instant,
}

/// So many sites with so many dyads each, for as long as anyone asks; 5 % arrive twice.
pub fn plan(sites: u32, dyads: u32, seed: u64) -> Plan {
    Plan { sites, peers: dyads / 3 + 1, dyads, days: 36_500, seed, duplicates: 0.05, ..Plan::default() }
}

/// When the last of so many arrives.
pub fn last_arrival(plan: &Plan, events: u64) -> Instant {
    let events = usize::try_from(events).unwrap_or(usize::MAX);
    generate(plan).take(events).last().map(|arrival| arrival.arrives_at).unwrap_or_default()
}

/// Gives `each` the entries of so many events of `plan`, in the order they arrive.
///
/// # Errors
/// Those of `each`; and where a pseudonym key cannot be made.
pub fn entries(
    plan: &Plan,
    partitions: u32,
    events: u64,
    mut each: impl FnMut(Entry<'_>) -> Result<()>,
) -> Result<Shares> {
    let rules = rules()?;
    let mut shares = Shares::default();
    let mut day: Option<Day> = None;
    let mut newest = BTreeMap::new();
    for arrival in generate(plan) {
        if shares.events == events {
            break;
        }
        let clock = arrival.arrives_at;
        if day != Some(clock.day()) {
            day = Some(clock.day());
            each(Entry::Day(clock))?;
        }
        let cloud = CloudEvent { id: None, source: None, time: None };
        let Ok(event) = accept(arrival.json.as_bytes(), Form::Json, cloud, &rules, clock) else {
            continue;
        };
        let of = (arrival.site, event.persons.client.clone(), event.persons.peer.clone());
        let last = newest.entry(of).or_insert(arrival.occurred_at);
        match arrival.kind {
            Kind::Duplicate => shares.duplicates += 1,
            _ if arrival.occurred_at < *last => shares.out_of_order += 1,
            _ => *last = arrival.occurred_at,
        }
        shares.events += 1;
        shares.last = clock;
        let partition = partition_for(&event.site, partitions);
        each(Entry::Event { partition, raw: &arrival.json, event: &event, clock })?;
    }
    Ok(shares)
}

fn rules() -> Result<Rules> {
    let keys =
        Keys::new(vec![("k1".to_owned(), vec![7; 32])]).map_err(|error| anyhow!("make a key: {error}"))?;
    Ok(Rules { sites: Sites::Any, catalogue: Catalogue::embedded(), keys, pseudonymise_event_ids: true })
}

/// A tick of a partition.
pub fn tick(partition: u32, clock: Instant) -> Record {
    let tick = v1::Event { ingested_at_us: clock.0, ..v1::Event::default() };
    let key = keys::day_tick(&clock.day().to_string());
    Record { partition, key, value: prost::Message::encode_to_vec(&tick) }
}
