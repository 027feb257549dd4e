//! Peers.

use super::*;

fn supervision(held: bool) -> Body {
    Body::Supervision { held, format: None, scheduled: None }
}

fn training(module: &str) -> Body {
    Body::Training { module: module.into() }
}

/// What a peer adds at the end of `T` with these own events and one dyad that met so many days before.
fn peer(params: &Params, met_on: Option<i32>, own: Vec<(i32, i64, Body)>) -> (Taken, Option<Instant>) {
    let (_, trace) = dyad(params, 0, met_on.map(|age| (age, 12, met())));
    let own = history(own);
    take(params, 0, |windows, tally| windows.count_peer(&own, &[&trace], tally))
}

#[test]
fn a_peer_is_active_in_the_windows_that_hold_its_last_meeting_attended() {
    for (age, windows) in [
        (0, [1, 1, 1]),
        (6, [1, 1, 1]),
        (7, [0, 1, 1]),
        (27, [0, 1, 1]),
        (28, [0, 0, 1]),
        (89, [0, 0, 1]),
        (90, [0; 3]),
    ] {
        assert_eq!(
            peer(&params(), Some(age), vec![]).0.of(Id::PeersActive, &[]),
            windows,
            "{age} days before"
        );
    }
    let params = params();
    let (_, missed) = dyad(&params, 0, [(1, 12, contact(Attendance::MissedByClient, &[]))]);
    let (taken, _) = take(&params, 0, |windows, tally| windows.count_peer(&[], &[&missed], tally));
    assert_eq!(taken.of(Id::PeersActive, &[]), [0; 3]);
}

#[test]
fn a_peer_with_two_dyads_is_one_active_peer_by_the_later_meeting() {
    let params = params();
    let (_, a) = dyad(&params, 0, [(3, 12, met())]);
    let (_, b) = dyad(&params, 0, [(30, 12, met()), (8, 12, met())]);
    let (taken, _) = take(&params, 0, |windows, tally| windows.count_peer(&[], &[&b, &a], tally));
    assert_eq!(taken.of(Id::PeersActive, &[]), [1, 1, 1]);
}

#[test]
fn a_peer_is_supervised_or_reflecting_in_the_windows_that_hold_that_and_a_meeting() {
    for (met_on, done_on, windows) in [
        (0, 6, [1, 1, 1]),
        (0, 7, [0, 1, 1]),
        (28, 3, [0, 0, 1]),
        (3, 89, [0, 0, 1]),
        (3, 90, [0; 3]),
        (90, 3, [0; 3]),
    ] {
        let own = vec![(done_on, 9, supervision(true)), (done_on, 10, Body::Reflection)];
        let (taken, turns_at) = peer(&params(), Some(met_on), own);
        assert_eq!(
            taken.of(Id::PeersSupervised, &[]),
            windows,
            "met {met_on}, supervised {done_on} days before"
        );
        assert_eq!(taken.of(Id::PeersReflecting, &[]), windows);
        assert_eq!(turns_at, None);
    }
    let own = vec![(50, 9, supervision(true)), (1, 9, supervision(false))];
    assert_eq!(
        peer(&params(), Some(0), own).0.of(Id::PeersSupervised, &[]),
        [0, 0, 1],
        "the later was not held"
    );
}

#[test]
fn a_peer_is_trained_while_the_latest_training_of_every_mandatory_module_is_valid() {
    let mut params = params();
    let trained = |params: &Params, own| {
        let (taken, turns_at) = peer(params, Some(8), own);
        (taken.of(Id::PeersTrained, &[]) == [0, 1, 1], turns_at.map(Instant::day))
    };
    assert_eq!(trained(&params, vec![]), (true, None), "no module is mandatory");
    params.settings.mandatory_training = [("basics".to_owned(), 0), ("safety".to_owned(), 365)].into();
    let own = |safety: &[i32]| {
        let modules = safety.iter().map(|age| (*age, 9, training("safety")));
        modules.chain([(900, 9, training("basics")), (1, 9, training("other"))]).collect::<Vec<_>>()
    };
    assert_eq!(trained(&params, own(&[])), (false, None), "one module is lacking");
    assert_eq!(trained(&params, own(&[365])), (true, Some(Day(T + 1))), "valid for 365 days, not for 366");
    assert_eq!(trained(&params, own(&[366])), (false, None));
    assert_eq!(trained(&params, own(&[400, 300])), (true, Some(Day(T + 66))), "the latest counts");
    assert_eq!(trained(&params, own(&[0])), (true, None), "by then the last meeting is past all windows");
    params.settings.mandatory_training = [("safety".to_owned(), u32::MAX)].into();
    assert_eq!(trained(&params, own(&[0])), (true, None));
}

#[test]
fn a_peer_is_overloaded_by_the_dyads_open_on_the_last_day_alone() {
    let params = params();
    let overloaded = |dyads: &[Vec<(i32, i64, Body)>], later: i32| {
        let dyads: Vec<_> = dyads.iter().map(|told| dyad(&params, later, told.clone()).1).collect();
        let (taken, turns_at) = take(&params, later, |windows, tally| {
            windows.count_peer(&[], &dyads.iter().collect::<Vec<_>>(), tally)
        });
        (taken.later(later, Id::PeersOverloaded, &[]), turns_at.map(Instant::day))
    };
    let open = vec![(8, 12, met())];
    assert_eq!(overloaded(&[open.clone(), open.clone()], 0), ([0; 3], None), "two are allowed");
    assert_eq!(overloaded(&[open.clone(), open.clone(), open.clone()], 0), ([0, 1, 1], None));
    let ends = vec![(20, 12, met()), (0, 12, ended())];
    let three = [open.clone(), open.clone(), ends];
    assert_eq!(overloaded(&three, 0), ([0, 1, 1], Some(Day(T + 1))), "open on the day it ends");
    assert_eq!(overloaded(&three, 1), ([0; 3], None));
    let paused = vec![(9, 12, met()), (2, 0, Body::Paused)];
    assert_eq!(overloaded(&[open.clone(), open, paused], 0), ([0; 3], None));
}

#[test]
fn every_leaving_counts_by_its_reason_whether_the_peer_was_active_or_not() {
    let left = |reason| Body::Left { reason };
    let own = vec![
        (7, 9, left(LeftReason::Relapse)),
        (40, 9, left(LeftReason::Personal)),
        (41, 9, left(LeftReason::Personal)),
    ];
    let (taken, _) = peer(&params(), None, own);
    assert_eq!(taken.of(Id::PeerExits, &["relapse"]), [0, 1, 1]);
    assert_eq!(taken.of(Id::PeerExits, &["personal"]), [0, 0, 2]);
}
