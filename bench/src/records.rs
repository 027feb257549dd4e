//! The records of a simulated backlog: raw events, canonical events, and a tick for each day.

use std::collections::BTreeMap;
use std::iter::from_fn;

use anyhow::{Result, anyhow};
use rapport::simulate::{Arrival, Kind, Plan, generate};
use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Accepted, CloudEvent, Form, Rules, Sites, accept};
use rapport_model::time::{DAY_US, Day, Instant};
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

/// Share of the simulated records that are sent once more: one record in twenty then was sent before.
const SENT_AGAIN: f64 = 0.053;
/// Share of the simulated events that are recorded days late: with corrections, which say what happened before, and with
/// what is recorded overnight, one record in twenty is then out of order.
const LATE: f64 = 0.05;

/// So many sites with so many dyads each, for as long as anyone asks; 5 % were sent before, 5 % are out of order.
pub fn plan(sites: u32, dyads: u32, seed: u64) -> Plan {
    let peers = dyads / 3 + 1;
    Plan { sites, peers, dyads, days: 36_500, seed, duplicates: SENT_AGAIN, late: LATE, ..Plan::default() }
}

/// What arrives, as sources bring it that send once a day: all of a day at the time of its last, in the order it happened.
///
/// One by one, each some hours after it happened, three times as many records would be out of order, most of them by an hour
/// or two within one visit.
fn arrivals(plan: &Plan) -> impl Iterator<Item = Arrival> {
    let mut all = generate(plan).peekable();
    from_fn(move || {
        let day = all.peek()?.arrives_at.day();
        let mut sent: Vec<Arrival> =
            from_fn(|| all.next_if(|arrival| arrival.arrives_at.day() == day)).collect();
        let at = sent.last()?.arrives_at;
        sent.iter_mut().for_each(|arrival| arrival.arrives_at = at);
        // Stable: of two that happened at one time, the first to be sent stays the first.
        sent.sort_by_key(|arrival| arrival.occurred_at);
        Some(sent)
    })
    .flatten()
}

/// When the last of so many arrives.
pub fn last_arrival(plan: &Plan, events: u64) -> Instant {
    let events = usize::try_from(events).unwrap_or(usize::MAX);
    arrivals(plan).take(events).last().map(|arrival| arrival.arrives_at).unwrap_or_default()
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
    for arrival in arrivals(plan) {
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

/// The records of `rapport.events` for so many events in one partition: with a tick a day, or all ingested on the day after
/// the last.
///
/// # Errors
/// Where a pseudonym key cannot be made.
pub fn canonical(plan: &Plan, events: u64, one_day: bool) -> Result<Vec<Record>> {
    let ingested_at = one_day.then(|| after(last_arrival(plan, events)));
    let mut records = Vec::new();
    entries(plan, 1, events, |entry| {
        match entry {
            Entry::Day(_) if one_day => {}
            Entry::Day(clock) => records.push(tick(0, clock)),
            Entry::Event { partition, event, clock, .. } => {
                let (key, value) = event.record(ingested_at.unwrap_or(clock));
                records.push(Record { partition, key, value });
            }
        }
        Ok(())
    })?;
    Ok(records)
}

/// The first instant of the day after that.
pub fn after(last: Instant) -> Instant {
    Instant(last.day().start().0 + DAY_US)
}

/// The rules by which raw events are accepted.
///
/// # Errors
/// Where a pseudonym key cannot be made.
pub fn rules() -> Result<Rules> {
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

#[cfg(test)]
mod tests {
    use super::{entries, plan};

    #[test]
    fn one_record_in_twenty_was_sent_before_and_one_is_out_of_order() {
        let shares = entries(&plan(8, 100, 1), 4, 80_000, |_| Ok(())).unwrap();
        let percent = |count: u64| count as f64 * 100.0 / shares.events as f64;
        let shares = [percent(shares.duplicates), percent(shares.out_of_order)];
        assert!(shares.iter().all(|share| (4.5..5.5).contains(share)), "{shares:?} per cent");
    }
}
