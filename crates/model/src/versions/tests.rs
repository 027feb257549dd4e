//! Which version stands, and what is known of an id and of a slot.

use super::*;
use crate::event::{Body, Persons};

fn version(id: &str, recorded_at: i64, what: i64) -> Version {
    let event = Event {
        occurred_at: Instant(what),
        recorded_at: Instant(recorded_at),
        id: id.into(),
        body: Body::Reflection,
    };
    Version::new(Arc::new(event), Slot(0), Instant(recorded_at), what as u64)
}

fn bytes(version: &Version) -> Vec<u8> {
    version.event.canonical_bytes("leeds", &Persons::default())
}

/// A retraction of event `a` with the id `own`.
fn retraction(own: &str, recorded_at: i64) -> Version {
    version(own, recorded_at, 7)
}

fn stands(ledger: &Ledger, id: &str) -> Option<(i64, i64)> {
    ledger.standing(id, &bytes).map(|version| (version.event.recorded_at.0, version.event.occurred_at.0))
}

#[test]
fn the_version_recorded_last_stands_whatever_arrives_first() {
    let mut ledger = Ledger::default();
    assert!(ledger.add(version("a", 20, 2), &bytes).is_change());
    assert!(!ledger.add(version("a", 10, 1), &bytes).is_change());
    assert_eq!(stands(&ledger, "a"), Some((20, 2)));
    assert!(!ledger.add(version("a", 20, 2), &bytes).is_change(), "a duplicate changes nothing");
}

#[test]
fn of_versions_recorded_at_one_instant_the_one_with_the_greatest_encoding_stands() {
    // Sint64 on the wire: 1 is 2, -1 is 1; the greater encoding is not the greater instant's by necessity.
    for order in [[64, 1, -1], [1, -1, 64], [-1, 64, 1]] {
        let mut ledger = Ledger::default();
        order.iter().for_each(|what| drop(ledger.add(version("a", 10, *what), &bytes)));
        let expected = order.iter().map(|what| version("a", 10, *what)).max_by_key(bytes).unwrap();
        assert_eq!(stands(&ledger, "a"), Some((10, expected.event.occurred_at.0)));
    }
}

#[test]
fn a_retraction_withdraws_what_was_recorded_at_or_before_it_even_if_it_arrives_first() {
    let mut ledger = Ledger::default();
    assert!(!ledger.retract(retraction("r", 10), "a".into(), &bytes).is_change());
    assert!(!ledger.add(version("a", 10, 1), &bytes).is_change());
    assert_eq!(stands(&ledger, "a"), None);
    assert!(ledger.add(version("a", 11, 2), &bytes).is_change(), "a version recorded later stands again");
    let transition = ledger.retract(retraction("r", 12), "a".into(), &bytes);
    assert!(transition.is_change(), "a retraction's id identifies nothing: each acts");
    assert_eq!(stands(&ledger, "a"), None);
}

#[test]
fn forgetting_a_version_leaves_what_would_stand_without_it() {
    let mut ledger = Ledger::default();
    for recorded_at in [10, 20] {
        drop(ledger.add(version("a", recorded_at, 1), &bytes));
    }
    drop(ledger.retract(retraction("a", 15), "a".into(), &bytes));
    let forget = |ledger: &mut Ledger, recorded_at, hash| {
        ledger.forget("a", VersionId { recorded_at: Instant(recorded_at), hash }, &bytes)
    };
    assert!(forget(&mut ledger, 20, 1).unwrap().is_change());
    assert_eq!(stands(&ledger, "a"), None, "what is left was retracted");
    assert!(forget(&mut ledger, 15, 7).unwrap().is_change(), "the retraction is undone");
    assert_eq!(stands(&ledger, "a"), Some((10, 1)));
    assert!(forget(&mut ledger, 10, 1).unwrap().is_change());
    assert!(ledger.known() == 0 && ledger.retractions.is_empty(), "no trace is left");
    assert!(forget(&mut ledger, 10, 1).is_none());
}

#[test]
fn the_newest_record_is_the_one_accepted_last_however_often_it_came() {
    let mut ledger = Ledger::default();
    let accepted = |mut version: Version, at| {
        version.ingested_at = Instant(at);
        version
    };
    let newest = |ledger: &Ledger| {
        ledger.newest().map(|version| (version.event.id.to_string(), version.ingested_at.0))
    };
    drop(ledger.add(accepted(version("a", 10, 1), 30), &bytes));
    drop(ledger.add(accepted(version("b", 10, 1), 30), &bytes));
    assert_eq!(newest(&ledger), Some(("b".to_owned(), 30)), "of two at one instant the last in the order");
    drop(ledger.add(accepted(version("a", 10, 1), 40), &bytes));
    assert_eq!(newest(&ledger), Some(("a".to_owned(), 40)));
    drop(ledger.retract(accepted(retraction("r", 50), 50), "a".into(), &bytes));
    assert_eq!(newest(&ledger), Some(("r".to_owned(), 50)), "a retraction is a record");
    drop(ledger.forget("r", retraction("r", 50).id(), &bytes));
    assert_eq!(newest(&ledger), Some(("a".to_owned(), 40)));
}

#[test]
fn a_version_takes_little_memory() {
    assert!(size_of::<Entry>() <= 32, "{}", size_of::<Entry>());
}
