//! Which events stand, and what the clock is, after some records of a partition of `rapport.events`.

use std::collections::BTreeMap;

use prost::Message;
use rapport_proto::v1;

use super::days::{Us, day_of};

/// A record: its key, and its value unless it is a tombstone.
pub type Record = (String, Option<Vec<u8>>);

/// What has been read of a partition.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Every version by its key, and the `ingested_at` of its last record.
    versions: BTreeMap<String, (v1::Event, Us)>,
    clock: Option<Us>,
}

/// Which of two versions of an event stands: the greater.
pub fn precedence(event: &v1::Event) -> (Us, Vec<u8>) {
    (event.recorded_at_us, event.encode_to_vec())
}

impl Known {
    /// All records of a partition.
    pub fn of(records: &[Record]) -> Known {
        let mut known = Known::default();
        for record in records {
            known.read(record);
        }
        known
    }

    /// Takes one more record in.
    pub fn read(&mut self, (key, value): &Record) {
        let Some(value) = value else {
            self.versions.remove(key);
            return;
        };
        let event = v1::Event::decode(value.as_slice()).expect("a canonical event");
        self.clock = self.clock.max(Some(event.ingested_at_us));
        if event.body.is_some() {
            let ingested_at = event.ingested_at_us;
            // Of two records with one key the later stays, whenever it was accepted.
            self.versions.insert(key.clone(), (v1::Event { ingested_at_us: 0, ..event }, ingested_at));
        }
    }

    /// T: the greatest `ingested_at`.
    pub fn clock(&self) -> Option<Us> {
        self.clock
    }

    /// Every version that was accepted and not erased, retractions included, with its `ingested_at`.
    pub fn versions(&self) -> impl Iterator<Item = &(v1::Event, Us)> {
        self.versions.values()
    }

    /// The standing events, in order (section 3).
    pub fn standing(&self) -> Vec<v1::Event> {
        let mut retracted: BTreeMap<(&str, &str), Us> = BTreeMap::new();
        for (event, _) in self.versions.values() {
            if let Some(v1::event::Body::Retraction(retraction)) = &event.body {
                let last = retracted.entry((&event.site, &retraction.retracts)).or_insert(i64::MIN);
                *last = event.recorded_at_us.max(*last);
            }
        }
        let mut standing: BTreeMap<(&str, &str), &v1::Event> = BTreeMap::new();
        for (event, _) in self.versions.values() {
            let id = (event.site.as_str(), event.event_id.as_str());
            let is_retraction = matches!(event.body, Some(v1::event::Body::Retraction(_)));
            let is_withdrawn = retracted.get(&id).is_some_and(|last| event.recorded_at_us <= *last);
            if is_retraction || is_withdrawn {
                continue;
            }
            match standing.get(&id) {
                Some(best) if precedence(best) >= precedence(event) => {}
                _ => drop(standing.insert(id, event)),
            }
        }
        let mut events: Vec<v1::Event> = standing.into_values().cloned().collect();
        events.sort_by(|a, b| order(a).cmp(&order(b)));
        events
    }

    /// The sites that have a record.
    pub fn sites(&self) -> Vec<String> {
        let mut sites: Vec<String> = self.versions().map(|(event, _)| event.site.clone()).collect();
        sites.sort();
        sites.dedup();
        sites
    }
}

/// The place of an event among others: its instant, its kind, its id.
pub fn order(event: &v1::Event) -> (Us, u8, &[u8]) {
    use v1::event::Body;
    let rank = match event.body.as_ref().expect("an event has a body") {
        Body::Relationship(relationship) => match relationship.action() {
            v1::RelationshipAction::Started => 0,
            v1::RelationshipAction::Resumed => 1,
            v1::RelationshipAction::Paused => 8,
            v1::RelationshipAction::Ended => 9,
            v1::RelationshipAction::Unspecified => unreachable!("a canonical action is specified"),
        },
        Body::Contact(_) => 2,
        Body::Measure(_) => 3,
        Body::Modelling(_) => 4,
        Body::Alliance(alliance) if alliance.action() == v1::AllianceAction::Ruptured => 5,
        Body::Alliance(_) => 6,
        _ => 7,
    };
    (event.occurred_at_us, rank, event.event_id.as_bytes())
}

/// Whether an event is of a dyad.
pub fn of_dyad(event: &v1::Event) -> bool {
    !event.client.is_empty() && !event.peer.is_empty()
}

/// The day of an event.
pub fn day(event: &v1::Event) -> i64 {
    day_of(event.occurred_at_us)
}
