//! Supervision, training, load.

use super::*;

const OVERDUE: Kind = Kind::SupervisionOverdue;
const LAPSED: Kind = Kind::TrainingLapsed;
const LOADED: Kind = Kind::PeerOverloaded;

fn supervision(id: &str, at: Instant, held: bool) -> Arc<Event> {
    event(id, at, Body::Supervision { held, format: None, scheduled: None })
}

fn held(id: &str, at: Instant) -> Arc<Event> {
    supervision(id, at, true)
}

fn training(id: &str, at: Instant, module: &str) -> Arc<Event> {
    event(id, at, Body::Training { module: module.into() })
}

#[test]
fn supervision_is_overdue_when_35_days_have_passed_since_the_first_day_with_an_open_dyad() {
    let peer = Peer::with(&[], &[&[open("d", noon(5), None)], &[open("c", noon(9), None)]]);
    assert_eq!(peer.deadline(noon(9)), Some(at(41, 0)));
    assert_eq!(peer.told(OVERDUE, at(41, 0).just_before()), []);
    assert_eq!(peer.told(OVERDUE, at(41, 0)), [told(at(41, 0), None, "d")]);
    assert_eq!(peer.deadline(at(41, 0)), None);
    let stretch = &peer.stretches(OVERDUE, at(41, 0))[0];
    assert_eq!(stretch.id(ABOUT_PEER), alert_id(&["s", "supervision_overdue", "p", "d"]));
    assert_eq!(stretch.recorded_at, at(41, 0), "it is news when time opens it");
    let record = stretch.record(ABOUT_PEER, None);
    assert_eq!((record.tier.as_str(), record.component.as_deref()), ("digest", Some("supervision")));
    assert_eq!(record.subject, Some(v1::Subject { client: None, peer: Some("p".into()) }));
}

#[test]
fn only_supervision_that_was_held_counts_and_closes_the_alert() {
    let told_of =
        |events: &[Arc<Event>], now| Peer::with(events, &[&[open("d", noon(0), None)]]).told(OVERDUE, now);
    let missed = supervision("m", noon(30), false);
    assert_eq!(told_of(std::slice::from_ref(&missed), noon(50)), [told(at(36, 0), None, "d")]);
    let events = [missed, held("h", noon(40)), held("g", noon(41))];
    let first = told(at(36, 0), Some(noon(40)), "d");
    assert_eq!(told_of(&events, at(77, 0).just_before()), std::slice::from_ref(&first));
    assert_eq!(told_of(&events, at(77, 0)), [first, told(at(77, 0), None, "g")]);
    assert_eq!(told_of(&[held("h", at(36, 0))], noon(50)), [], "at that very instant it is not overdue");
}

#[test]
fn supervision_is_overdue_only_while_a_dyad_is_open_and_an_event_that_opens_one_opens_the_alert() {
    let dyad = [open("a", noon(0), Some(noon(20))), open("b", noon(50), Some(noon(60)))];
    let peer = Peer::with(&[], &[&dyad]);
    assert_eq!(peer.told(OVERDUE, noon(49)), []);
    assert_eq!(peer.told(OVERDUE, noon(70)), [told(noon(50), Some(noon(60)), "b")]);
    assert_eq!(peer.stretches(OVERDUE, noon(70))[0].recorded_at, noon(50));
    assert_eq!((peer.deadline(noon(10)), peer.deadline(noon(30))), (Some(at(36, 0)), None));
    let other = [open("c", noon(55), None)];
    let peer = Peer::with(&[held("h", noon(2))], &[&dyad, &other]);
    assert_eq!(peer.told(OVERDUE, noon(70)), [told(noon(50), None, "b")], "another dyad keeps it open");
    let touching = [open("c", noon(60), None)];
    let peer = Peer::with(&[], &[&dyad, &touching]);
    assert_eq!(peer.told(OVERDUE, noon(70)), [told(noon(50), None, "b")], "one opens as the other ends");
}

#[test]
fn supervision_counts_from_the_last_of_what_the_later_day_holds() {
    let dyad = [open("d", noon(5), None)];
    let by = |supervised: Instant| {
        let told = Peer::with(&[held("h", supervised)], &[&dyad]).told(OVERDUE, noon(90));
        told.into_iter().map(|(since, _, by)| (since, by)).collect::<Vec<_>>()
    };
    assert_eq!(by(noon(4)), [(at(41, 0), "d".to_owned())]);
    assert_eq!(by(at(5, 11)), [(at(41, 0), "d".to_owned())]);
    assert_eq!(by(at(5, 13)), [(at(41, 0), "h".to_owned())]);
    assert_eq!(by(noon(6)), [(at(42, 0), "h".to_owned())]);
}

#[test]
fn where_the_days_are_up_as_a_dyad_opens_the_first_in_the_order_opened_the_alert() {
    let (early, up) = ([open("z", noon(0), Some(noon(9)))], at(36, 0));
    let by = |dyads: &[&[OpenStretch]]| {
        let told = Peer::with(&[], dyads).told(OVERDUE, noon(50));
        told.into_iter().map(|(since, _, by)| (since, by)).collect::<Vec<_>>()
    };
    assert_eq!(by(&[&early, &[open("b", up, None)], &[open("a", up, None)]]), [(up, "a".to_owned())]);
    let until_then = [open("z", noon(0), Some(up))];
    assert_eq!(
        by(&[&until_then, &[open("a", up, None)]]),
        [(up, "z".to_owned())],
        "it ended by an event: as time passed it was open still"
    );
    assert_eq!(by(&[&[lost("z", noon(0), up)], &[open("a", up, None)]]), [(up, "a".to_owned())]);
    let resting = [open("z", noon(0), Some(noon(9)))];
    let paused = [after_pause("p", noon(3), at(93, 0))];
    let peer = Peer::with(&[], &[&resting, &paused]);
    assert_eq!(peer.told(OVERDUE, noon(99)), [told(at(93, 0), None, "p")], "time ended the pause");
    let other = [after_pause("p", noon(3), up)];
    assert_eq!(
        by(&[&[open("z", noon(0), None)], &other]),
        [(up, "z".to_owned())],
        "the pause was not needed"
    );
}

#[test]
fn a_mandatory_training_is_lacking_until_it_is_had_and_again_when_its_days_have_passed() {
    let dyad = [open("d", noon(5), None)];
    let peer = Peer::with(
        &[
            training("t1", noon(6), "basics"),
            training("t2", noon(8), "first-aid"),
            training("t3", noon(30), "first-aid"),
        ],
        &[&dyad],
    );
    assert_eq!(peer.told(LAPSED, noon(7)), [told(noon(5), None, "d")]);
    let first = told(noon(5), Some(noon(8)), "d");
    assert_eq!(peer.told(LAPSED, at(19, 0).just_before()), std::slice::from_ref(&first));
    assert_eq!(peer.deadline(noon(8)), Some(at(19, 0)));
    let second = told(at(19, 0), Some(noon(30)), "t2");
    assert_eq!(peer.told(LAPSED, noon(30)), [first.clone(), second.clone()]);
    assert_eq!(peer.told(LAPSED, at(41, 0)), [first, second, told(at(41, 0), None, "t3")]);
    let stretch = &peer.stretches(LAPSED, at(19, 0))[1];
    assert_eq!(stretch.id(ABOUT_PEER), alert_id(&["s", "training_lapsed", "p", "t2"]));
    assert_eq!((stretch.recorded_at, stretch.kind.tier()), (at(19, 0), "digest"));
}

#[test]
fn training_had_at_the_instant_at_which_it_would_lapse_keeps_it() {
    let events = [
        training("t1", noon(1), "basics"),
        training("t2", noon(1), "first-aid"),
        training("t3", at(12, 0), "first-aid"),
    ];
    let peer = Peer::with(&events, &[&[open("d", noon(5), Some(noon(20)))]]);
    assert_eq!(peer.told(LAPSED, noon(40)), []);
    assert_eq!(peer.told(LAPSED, noon(14)), []);
    let mut none = Peer::with(&events[..1], &[&[open("d", noon(5), None)]]);
    assert_eq!(none.told(LAPSED, noon(9)), [told(noon(5), None, "d")]);
    none.params.settings.mandatory_training.insert("first-aid".to_owned(), u32::MAX);
    none.events.push(training("t2", noon(6), "first-aid"));
    assert_eq!(none.told(LAPSED, noon(9)), [told(noon(5), Some(noon(6)), "d")], "valid for longer than time");
    none.params.settings.mandatory_training.clear();
    assert_eq!(none.told(LAPSED, noon(9)), [], "nothing is mandatory");
}

#[test]
fn one_module_that_lapses_while_another_is_lacking_joins_the_alert() {
    let events = [training("t1", noon(1), "first-aid"), training("t2", noon(20), "basics")];
    let peer = Peer::with(&events, &[&[open("d", noon(5), Some(noon(30)))]]);
    assert_eq!(peer.told(LAPSED, noon(40)), [told(noon(5), Some(noon(30)), "d")]);
    let at_once = [training("t1", at(1, 1), "first-aid"), training("t2", at(12, 0), "basics")];
    let peer = Peer::with(&at_once, &[&[open("d", noon(5), None)]]);
    assert_eq!(peer.told(LAPSED, noon(40)), [told(noon(5), None, "d")], "one comes as the other goes");
    let resting = [after_pause("p", noon(0), at(12, 0))];
    let peer = Peer::with(&at_once[..1], &[&resting]);
    assert_eq!(peer.told(LAPSED, noon(40)), [told(at(12, 0), None, "p")], "one was lacking anyway");
}

#[test]
fn a_peer_is_overloaded_while_it_has_more_open_dyads_than_the_limit() {
    let peer = Peer::with(
        &[],
        &[
            &[open("a", noon(0), Some(noon(20)))],
            &[open("b", noon(1), Some(noon(3))), open("e", noon(4), None)],
            &[open("c", noon(2), None)],
        ],
    );
    assert_eq!(peer.told(LOADED, noon(1)), []);
    assert_eq!(peer.told(LOADED, noon(2)), [told(noon(2), None, "c")]);
    let both = [told(noon(2), Some(noon(3)), "c"), told(noon(4), Some(noon(20)), "e")];
    assert_eq!(peer.told(LOADED, noon(30)), both);
    let stretch = &peer.stretches(LOADED, noon(30))[1];
    assert_eq!(stretch.id(ABOUT_PEER), alert_id(&["s", "peer_overloaded", "p", "e"]));
    assert_eq!((stretch.part.clone(), stretch.kind.tier()), (super::super::stretch::Part::None, "digest"));
    assert_eq!(peer.deadline(noon(5)).map(Instant::day), Some(Day(36)), "its load changes by its dyads only");
}

#[test]
fn of_dyads_that_open_at_one_instant_the_first_beyond_the_limit_in_the_order_overloads() {
    let (when, one) = (at(93, 0), [open("a", noon(0), None)]);
    let by = |dyads: &[&[OpenStretch]]| {
        let told = Peer::with(&[], dyads).told(LOADED, noon(99));
        told.into_iter().map(|(since, _, by)| (since, by)).collect::<Vec<_>>()
    };
    let opened = |id| [open(id, when, None)];
    assert_eq!(by(&[&one, &opened("d"), &opened("c"), &opened("b")]), [(when, "c".to_owned())]);
    let paused = |id, day| [after_pause(id, noon(day), when)];
    assert_eq!(
        by(&[&one, &paused("y", 3), &paused("x", 2), &opened("b")]),
        [(when, "y".to_owned())],
        "time comes before the events of the instant, and counts from the last"
    );
    assert_eq!(by(&[&one, &paused("y", 3), &opened("c"), &opened("b")]), [(when, "b".to_owned())]);
    let leaving = [open("l", noon(0), Some(when))];
    assert_eq!(by(&[&one, &leaving, &opened("b")]), [], "as one ends another opens");
    assert_eq!(by(&[&one, &leaving, &opened("c"), &opened("b")]), [(when, "b".to_owned())]);
    let given_up = [lost("l", noon(0), when)];
    assert_eq!(by(&[&one, &given_up, &opened("c"), &opened("b")]), [(when, "c".to_owned())]);
}
