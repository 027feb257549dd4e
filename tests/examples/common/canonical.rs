//! The records of a simulated backlog: canonical events, and a tick for each day.

use rapport::simulate::{Plan, generate};
use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{CloudEvent, Form, Rules, Sites, accept};
use rapport_model::time::{Day, Instant};
use rapport_proto::partition::partition_for;
use rapport_proto::{keys, v1};

/// A record of `rapport.events`.
pub struct Record {
    pub partition: u32,
    pub key: String,
    pub value: Vec<u8>,
}

/// So many sites with so many dyads each, for as long as anyone asks.
pub fn plan(sites: u32, dyads: u32) -> Plan {
    Plan { sites, peers: dyads / 3 + 1, dyads, days: 36_500, ..Plan::default() }
}

/// Gives `each` the records of so many events of `plan`, in the order they arrive.
pub fn generate_records(plan: &Plan, partitions: u32, events: usize, mut each: impl FnMut(Record)) {
    let rules = Rules {
        sites: Sites::Any,
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![("k1".to_owned(), vec![7; 32])]).expect("a key"),
        pseudonymise_event_ids: true,
    };
    let mut left = events;
    let mut day: Option<Day> = None;
    for arrival in generate(plan) {
        if left == 0 {
            break;
        }
        let clock = arrival.arrives_at;
        if day != Some(clock.day()) {
            day = Some(clock.day());
            (0..partitions).for_each(|partition| each(tick(partition, clock)));
        }
        let cloud = CloudEvent { id: None, source: None, time: None };
        let Ok(accepted) = accept(arrival.json.as_bytes(), Form::Json, cloud, &rules, clock) else {
            continue;
        };
        let (key, value) = accepted.record(clock);
        each(Record { partition: partition_for(&accepted.site, partitions), key, value });
        left -= 1;
    }
}

fn tick(partition: u32, clock: Instant) -> Record {
    let tick = v1::Event { ingested_at_us: clock.0, ..v1::Event::default() };
    let key = keys::day_tick(&clock.day().to_string());
    Record { partition, key, value: prost::Message::encode_to_vec(&tick) }
}
