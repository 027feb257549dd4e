//! What must hold of every set of events, whatever they are: order, repetition and delay change nothing; what is removed
//! and added back, erased, or called otherwise, neither; and a log that was compacted says the same.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use rapport_model::params::Settings;
use rapport_proto::{keys, v1, v1::event::Body};
use rapport_tests::oracle::Given;
use rapport_tests::oracle::alerts::alert_id;
use rapport_tests::oracle::days::{DAY_US, Us, midnight};
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::words::{ALERTS, FIVE};
use rapport_tests::random::{self, Dice, given::given};
use rapport_tests::story::{record, tick};

use crate::against_the_oracle::settings;
use crate::product::{CATALOGUE, Published, published};
use crate::seeds::{for_each, number};

/// Worlds that each property is held to, and how often it is tried in each.
const WORLDS: u64 = 1_000;
const TRIES: u64 = 3;

/// A world whose records are told one by one, with the clock at its end.
struct World {
    given: Given,
    settings: Settings,
    /// The records but ticks and tombstones.
    records: Vec<Record>,
    known: Known,
    now: Us,
    dice: Dice,
}

impl World {
    fn new(seed: u64) -> World {
        let given = given(CATALOGUE, seed);
        let records = random::world(&given, seed);
        let now = Known::of(&records).clock().expect("a world has a clock");
        let has_event = |(key, value): &Record| value.is_some() && key != keys::TICK;
        let records: Vec<Record> = records.into_iter().filter(has_event).collect();
        let known = Known::of(&records);
        World { settings: settings(&given), given, known, now, records, dice: Dice::new(!seed) }
    }

    /// What stands after these records once the clock has come to the end: of releases the last, of alerts those that do
    /// not depend on what was known when.
    fn settled(&self, records: &[Record]) -> Published {
        let next = midnight(self.now.div_euclid(DAY_US) + 8);
        let all = [records, &[tick(self.now), tick(next)]].concat();
        let mut published = published(&self.settings, &self.given.catalogue, &all);
        let last = published.releases.keys().map(|(_, day)| day.clone()).max();
        published.releases.retain(|(_, day), _| Some(day) == last.as_ref());
        published.alerts.retain(|_, alert| {
            alert.state != "withdrawn" && (alert.alert != "site_silent" || alert.state == "firing")
        });
        published
    }

    /// An event that stands.
    fn any_standing(&mut self) -> Option<v1::Event> {
        let standing = self.known.standing();
        (!standing.is_empty()).then(|| self.dice.pick(&standing))
    }
}

/// Tries a property on many worlds; it says what differs.
fn hold(property: &(dyn Fn(&mut World) -> Result<(), String> + Sync)) {
    for_each(number("RAPPORT_WORLD", 0), number("RAPPORT_WORLDS", WORLDS), &|seed| {
        let mut world = World::new(seed);
        for _ in 0..TRIES {
            if let Err(difference) = property(&mut world) {
                panic!("seed {seed} (RAPPORT_WORLD={seed} RAPPORT_WORLDS=1):\n{difference}");
            }
        }
    });
}

fn same(found: &Published, expected: &Published) -> Result<(), String> {
    differ("row", &found.rows, &expected.rows)?;
    differ("alert", &found.alerts, &expected.alerts)?;
    differ("release", &found.releases, &expected.releases)
}

fn differ<K: Ord + Clone + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) -> Result<(), String> {
    let keys: BTreeSet<&K> = found.keys().chain(expected.keys()).collect();
    match keys.into_iter().find(|key| found.get(*key) != expected.get(*key)) {
        None => Ok(()),
        Some(key) => {
            Err(format!("{what} {key:?}\n  {:?}\n  expected\n  {:?}", found.get(key), expected.get(key)))
        }
    }
}

#[test]
fn order_repetition_and_delay_change_nothing() {
    hold(&|world| {
        // One record of a key: which of two is there depends on their order, as on any log that is compacted.
        let unique: BTreeMap<String, Record> =
            world.records.iter().map(|record| (record.0.clone(), record.clone())).collect();
        let unique: Vec<Record> = unique.into_values().collect();
        let mut other = unique.clone();
        other.extend(unique.iter().filter(|_| world.dice.percent(20)).cloned());
        world.dice.shuffle(&mut other);
        for _ in 0..world.dice.below(10) {
            let at = world.now - world.dice.below(200) as i64 * DAY_US;
            let place = world.dice.below(other.len() + 1);
            other.insert(place, tick(at.max(0)));
        }
        same(&world.settled(&other), &world.settled(&unique))
    });
}

#[test]
fn a_compacted_log_says_the_same() {
    hold(&|world| {
        let mut records = world.records.clone();
        // Some records again, as if they had been accepted before or after, and some erased.
        for place in (0..records.len()).rev() {
            let (key, value) = records[place].clone();
            if world.dice.percent(10) {
                let mut event = Known::of(&[(key, value)]).versions().next().expect("an event").0.clone();
                let at = world.now - world.dice.below(100) as i64 * DAY_US;
                event.ingested_at_us = at.max(0);
                records.insert(place + world.dice.below(records.len() - place), record(&event, at.max(0)));
            } else if world.dice.percent(3) {
                records.insert(place + world.dice.below(records.len() - place), (key, None));
            }
        }
        let mut last = BTreeSet::new();
        let mut compacted: Vec<Record> =
            records.iter().rev().filter(|(key, _)| last.insert(key.clone())).cloned().collect();
        compacted.reverse();
        compacted.retain(|(_, value)| value.is_some());
        same(&world.settled(&compacted), &world.settled(&records))
    });
}

#[test]
fn removing_an_event_and_adding_it_back_changes_nothing() {
    hold(&|world| {
        let Some(event) = world.any_standing() else { return Ok(()) };
        let latest = world.known.versions().map(|(version, _)| version.recorded_at_us).max().unwrap_or(0);
        let version = v1::Event { recorded_at_us: latest + 2, ..event.clone() };
        // Accepted long ago, so that when they were accepted says nothing.
        let back = record(&version, 0);
        let retraction = v1::Event {
            event_id: "retraction".to_owned(),
            recorded_at_us: latest + 1,
            client: String::new(),
            peer: String::new(),
            body: Some(Body::Retraction(v1::Retraction { retracts: event.event_id.clone() })),
            ..event
        };
        let mut simple = world.records.clone();
        simple.push(back.clone());
        let mut other = world.records.clone();
        for added in [record(&retraction, 0), back] {
            let place = world.dice.below(other.len() + 1);
            other.insert(place, added);
        }
        same(&world.settled(&other), &world.settled(&simple))
    });
}

#[test]
fn what_is_erased_leaves_no_trace() {
    hold(&|world| {
        let Some(event) = world.any_standing() else { return Ok(()) };
        let prefix = format!("{}/{}/", event.site, event.event_id);
        let without: Vec<Record> =
            world.records.iter().filter(|(key, _)| !key.starts_with(&prefix)).cloned().collect();
        let mut erased = world.records.clone();
        let keys: BTreeSet<String> = world.records.iter().map(|(key, _)| key.clone()).collect();
        for key in keys.into_iter().filter(|key| key.starts_with(&prefix)) {
            let last = erased.iter().rposition(|(other, _)| *other == key).expect("the key is there");
            let place = last + 1 + world.dice.below(erased.len() - last);
            erased.insert(place, (key, None));
        }
        same(&world.settled(&erased), &world.settled(&without))
    });
}

/// Other names, of the same lengths and in the same order: of two versions recorded at once the greater encoding stands.
fn renamed(name: &str) -> String {
    let other = |c: char| if c.is_ascii_lowercase() && c != 'z' { ((c as u8) + 1) as char } else { c };
    name.chars().map(other).collect()
}

/// What belongs to an alert's subject beside its persons.
fn parts(given: &Given, alert: &str) -> Vec<Vec<String>> {
    match alert {
        "support_unmet" => FIVE.iter().map(|kind| vec![(*kind).to_owned()]).collect(),
        "peer_wellbeing_fall" => {
            let raters = ["client", "peer", "supervisor"].map(str::to_owned);
            let each = |id: &String| raters.clone().map(|rater| vec![id.clone(), rater]);
            given.instruments.keys().flat_map(each).collect()
        }
        _ => vec![Vec::new()],
    }
}

/// The ids of all alerts that a version of an event could open, and what they are with other names.
fn other_ids(given: &Given, known: &Known) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for (event, _) in known.versions() {
        let own: Vec<&str> =
            [event.client.as_str(), &event.peer].into_iter().filter(|person| !person.is_empty()).collect();
        for subject in [own, vec![event.peer.as_str()], Vec::new()] {
            for (alert, part) in
                ALERTS.iter().flat_map(|alert| parts(given, alert).into_iter().map(move |part| (alert, part)))
            {
                let id = |name: &dyn Fn(&str) -> String| {
                    let mut strings = vec![name(&event.site), (*alert).to_owned()];
                    strings.extend(subject.iter().map(|person| name(person)));
                    strings.extend(part.iter().cloned());
                    strings.push(event.event_id.clone());
                    alert_id(&strings.iter().map(String::as_str).collect::<Vec<_>>())
                };
                ids.insert(id(&str::to_owned), id(&renamed));
            }
        }
    }
    ids
}

/// The same event with other names.
fn event_renamed(event: &v1::Event, ids: &BTreeMap<String, String>) -> v1::Event {
    let mut other = event.clone();
    (other.site, other.client, other.peer) =
        (renamed(&event.site), renamed(&event.client), renamed(&event.peer));
    if let Some(Body::Acknowledgement(acknowledgement)) = &mut other.body
        && let Some(id) = ids.get(&acknowledgement.alert_id)
    {
        acknowledgement.alert_id.clone_from(id);
    }
    other
}

/// What was published, with other names.
fn published_renamed(published: &Published, ids: &BTreeMap<String, String>) -> Published {
    let mut other = Published::default();
    for ((site, id), row) in &published.rows {
        let event = row.event.as_ref().map(|event| event_renamed(event, ids));
        other.rows.insert((renamed(site), id.clone()), v1::Enriched { event, ..row.clone() });
    }
    for (id, alert) in &published.alerts {
        let new = ids.get(id).unwrap_or_else(|| panic!("nothing could have opened {alert:?}")).clone();
        let subject = alert.subject.as_ref().map(|subject| v1::Subject {
            client: subject.client.as_deref().map(renamed),
            peer: subject.peer.as_deref().map(renamed),
        });
        let link = alert.link.replace(id, &new);
        let (alert_id, site) = (new.clone(), renamed(&alert.site));
        other.alerts.insert(new, v1::Alert { alert_id, site, subject, link, ..alert.clone() });
    }
    for ((site, day), json) in &published.releases {
        let (old, new) = (format!("\"site\":\"{site}\""), format!("\"site\":\"{}\"", renamed(site)));
        assert!(json.contains(&old));
        other.releases.insert((renamed(site), day.clone()), json.replacen(&old, &new, 1));
    }
    other
}

#[test]
fn other_names_of_sites_clients_and_peers_change_names_and_nothing_else() {
    hold(&|world| {
        world.dice.shuffle(&mut world.records);
        let ids = other_ids(&world.given, &world.known);
        let other: Vec<Record> = world
            .records
            .iter()
            .map(|(_, value)| {
                let event = v1::Event::decode(value.as_deref().expect("no tombstone")).expect("an event");
                record(&event_renamed(&event, &ids), event.ingested_at_us)
            })
            .collect();
        let expected = published_renamed(&world.settled(&world.records), &ids);
        same(&world.settled(&other), &expected)
    });
}
