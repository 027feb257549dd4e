//! Clients, and what dyads add of role modelling.

use super::*;

type Told = Vec<(i32, i64, Body)>;

/// What a client adds at the end of `T` with these own events and dyads.
fn client(own: Told, dyads: &[Told]) -> Taken {
    let params = params();
    let dyads: Vec<_> = dyads.iter().map(|told| dyad(&params, 0, told.clone())).collect();
    let dyads: Vec<_> = dyads.iter().map(|(events, trace)| (&events[..], trace)).collect();
    take(&params, 0, |windows, tally| windows.count_client(&history(own), &dyads, tally)).0
}

fn used(kind: ServiceUseKind, quantity: u32) -> Body {
    Body::ServiceUse { kind, quantity }
}

fn behaviour(enacted: bool, code: &str, valence: Valence) -> Body {
    Body::Behaviour(Box::new(Behaviour { enacted, code: code.into(), valence }))
}

fn advocacy() -> Body {
    contact(Attendance::Attended, &[Practice::StrengthsAdvocacy])
}

#[test]
fn a_day_on_which_a_client_has_two_dyads_open_is_one_day() {
    let first = vec![(20, 12, met()), (10, 12, ended())];
    let second = vec![(12, 12, met()), (3, 12, ended())];
    let third = vec![(1, 12, met())];
    // Days 20 to 3 before, 1 and 0.
    assert_eq!(client(vec![], &[first, second, third]).of(Id::ClientDays, &[]), [6, 20, 20]);
}

#[test]
fn a_client_has_no_day_while_its_dyad_is_paused_or_lost() {
    let paused = vec![(6, 12, met()), (4, 0, Body::Paused), (1, 12, Body::Resumed)];
    assert_eq!(client(vec![], &[paused]).of(Id::ClientDays, &[]), [4, 4, 4], "6, 5, 1 and 0 days before");
    let lost = vec![(50, 12, met())];
    assert_eq!(client(vec![], &[lost]).of(Id::ClientDays, &[]), [0, 20, 43], "lost on the 7th day before");
}

#[test]
fn service_use_counts_by_its_quantity_on_days_with_an_episode_paused_or_lost_or_not() {
    let kept = |age, quantity| (age, 1, used(ServiceUseKind::AppointmentKept, quantity));
    let of = |own: Told, dyad: Told| client(own, &[dyad]).of(Id::ServiceUse, &["appointment_kept"]);
    let ends = vec![(60, 12, met()), (5, 12, ended())];
    assert_eq!(of(vec![kept(61, 7)], ends.clone()), [0; 3], "the day before it opened");
    assert_eq!(of(vec![kept(60, 7)], ends.clone()), [0, 0, 7], "earlier on the day it opened");
    assert_eq!(
        of(vec![kept(27, 2), kept(28, 30)], ends.clone()),
        [0, 2, 32],
        "lost since the 17th day before"
    );
    assert_eq!(of(vec![kept(6, 1), kept(5, 1), kept(5, 1), kept(4, 9)], ends.clone()), [3, 3, 3]);
    assert_eq!(of(vec![kept(5, 0)], ends), [0; 3]);
    let paused = vec![(20, 12, met()), (10, 12, Body::Paused)];
    assert_eq!(of(vec![kept(3, 4)], paused.clone()), [4, 4, 4]);
    let other = client(vec![(3, 1, used(ServiceUseKind::BedDays, 5))], &[paused]);
    assert_eq!(other.of(Id::ServiceUse, &["bed_days"]), [5, 5, 5]);
    assert_eq!(other.of(Id::ServiceUse, &["appointment_kept"]), [0; 3]);
    assert_eq!(of(vec![kept(3, 4)], vec![]), [0; 3], "without any episode");
}

#[test]
fn service_use_on_a_day_between_two_episodes_counts_for_nothing() {
    let dyad =
        vec![(40, 12, met()), (30, 12, ended()), (20, 12, Body::Started { matched_on: Set::default() })];
    let own = |age| vec![(age, 1, used(ServiceUseKind::Admission, 1))];
    let of = |age| client(own(age), std::slice::from_ref(&dyad)).of(Id::ServiceUse, &["admission"])[2];
    assert_eq!([30, 29, 21, 20].map(of), [1, 0, 0, 1]);
}

#[test]
fn a_client_takes_a_step_once_and_it_counts_where_the_first_was() {
    let step = |age, step| (age, 12, Body::Pathway(step));
    let own = vec![
        step(100, PathwayStep::Interested),
        step(5, PathwayStep::Interested),
        step(20, PathwayStep::Applied),
        step(3, PathwayStep::Applied),
        step(2, PathwayStep::Active),
    ];
    let taken = client(own, &[]);
    let of = |step| taken.of(Id::Pathway, &[step]);
    assert_eq!(of("interested"), [0; 3], "the first was before all windows");
    assert_eq!((of("applied"), of("training"), of("active")), ([0, 1, 1], [0; 3], [1, 1, 1]));
}

#[test]
fn behaviours_and_comparisons_count_one_by_one() {
    let params = params();
    let compared = |by, direction, affect| Body::Comparison { by, direction, affect };
    let told = [
        (3, 9, behaviour(false, "walks", Valence::Positive)),
        (8, 9, behaviour(true, "drinks", Valence::Negative)),
        (9, 9, behaviour(true, "drinks", Valence::Negative)),
        (3, 9, compared(Comparer::Client, Direction::Upward, Affect::Negative)),
        (30, 9, compared(Comparer::Peer, Direction::Downward, Affect::Positive)),
    ];
    let events = history(told);
    let (taken, _) = take(&params, 0, |windows, tally| {
        events.iter().for_each(|event| windows.count_event(event, tally));
    });
    assert_eq!(taken.of(Id::Behaviours, &["modelled", "positive"]), [1, 1, 1]);
    assert_eq!(taken.of(Id::Behaviours, &["enacted", "negative"]), [0, 2, 2]);
    assert_eq!(taken.of(Id::Behaviours, &["enacted", "positive"]), [0; 3]);
    assert_eq!(taken.of(Id::Comparisons, &["client", "upward", "negative"]), [1, 1, 1]);
    assert_eq!(taken.of(Id::Comparisons, &["peer", "downward", "positive"]), [0, 0, 1]);
    assert_eq!(taken.of(Id::Comparisons, &["peer", "upward", "negative"]), [0; 3]);
}

/// How often a behaviour enacted by the client in the first dyad was learned, positive and negative.
fn learned(dyads: &[Told]) -> [[i64; 3]; 2] {
    let taken = client(vec![], dyads);
    ["positive", "negative"].map(|valence| taken.of(Id::BehavioursLearned, &[valence]))
}

#[test]
fn what_a_client_enacts_is_learned_if_any_peer_modelled_it_to_that_client_within_28_days_before() {
    use Valence::{Negative, Positive};
    let enacted = vec![(5, 12, behaviour(true, "walks", Positive))];
    for (age, hour, is_learned) in [(33, 0, 1), (34, 23, 0), (5, 12, 1), (5, 13, 0), (4, 0, 0)] {
        let modelled = vec![(age, hour, behaviour(false, "walks", Positive))];
        let by_another = learned(&[enacted.clone(), modelled.clone()]);
        assert_eq!(by_another, [[is_learned; 3], [0; 3]], "modelled {age} days before, at {hour}");
        let by_the_same = learned(&[[modelled, enacted.clone()].concat()]);
        assert_eq!(by_the_same, by_another, "in the order told, at one instant too");
    }
    let (lately, long_ago) = (
        vec![(6, 0, behaviour(false, "walks", Positive))],
        vec![(60, 0, behaviour(false, "walks", Positive))],
    );
    for dyads in [[lately.clone(), long_ago.clone()], [long_ago, lately]] {
        let [first, second] = dyads;
        assert_eq!(learned(&[first, second, enacted.clone()])[0], [1; 3], "whichever peer was the later");
    }
    let other = vec![(9, 0, behaviour(false, "runs", Positive))];
    assert_eq!(learned(&[enacted.clone(), other]), [[0; 3]; 2]);
    assert_eq!(learned(&[[enacted.clone(), enacted].concat()]), [[0; 3]; 2], "enacting models nothing");
    let harm =
        vec![(9, 0, behaviour(false, "drinks", Positive)), (8, 0, behaviour(true, "drinks", Negative))];
    assert_eq!(learned(&[harm]), [[0; 3], [0, 1, 1]], "the valence is that of the enactment");
}

#[test]
fn what_was_modelled_before_the_longest_window_still_tells_what_was_learned_in_it() {
    let told = |enacted| {
        let modelled = (117, 0, behaviour(false, "walks", Valence::Positive));
        learned(&[vec![modelled, (enacted, 23, behaviour(true, "walks", Valence::Positive))]])[0]
    };
    assert_eq!((told(89), told(90)), ([0, 0, 1], [0; 3]));
}

/// Advocacy contacts, and those followed.
fn advocacy_of(own: Told, dyads: &[Told]) -> ([i64; 3], [i64; 3]) {
    let taken = client(own, dyads);
    (taken.of(Id::AdvocacyContacts, &[]), taken.of(Id::AdvocacyFollowed, &[]))
}

#[test]
fn advocacy_is_counted_once_28_days_have_shown_what_followed() {
    for (age, windows) in [
        (27, [0; 3]),
        (28, [1, 1, 1]),
        (34, [1, 1, 1]),
        (35, [0, 1, 1]),
        (55, [0, 1, 1]),
        (56, [0, 0, 1]),
        (117, [0, 0, 1]),
        (118, [0; 3]),
    ] {
        assert_eq!(advocacy_of(vec![], &[vec![(age, 12, advocacy())]]).0, windows, "{age} days before");
    }
    let missed = contact(Attendance::MissedByPeer, &[Practice::StrengthsAdvocacy]);
    assert_eq!(advocacy_of(vec![], &[vec![(30, 12, missed), (30, 13, met())]]).0, [0; 3]);
}

#[test]
fn advocacy_is_followed_by_an_appointment_kept_at_its_instant_or_up_to_the_28th_day_after() {
    let kept = |age, hour, quantity| vec![(age, hour, used(ServiceUseKind::AppointmentKept, quantity))];
    for (own, followed) in [
        (kept(40, 11, 1), 0),
        (kept(40, 12, 1), 1),
        (kept(12, 23, 1), 1),
        (kept(11, 0, 1), 0),
        (kept(39, 0, 0), 0),
        (vec![(39, 0, used(ServiceUseKind::AppointmentMissed, 1))], 0),
        ([kept(39, 0, 1), kept(38, 0, 2)].concat(), 1),
    ] {
        let dyads = [vec![(40, 12, advocacy())]];
        assert_eq!(advocacy_of(own.clone(), &dyads), ([0, 1, 1], [0, followed, followed]), "{own:?}");
    }
    let two = [vec![(40, 12, advocacy())], vec![(41, 12, advocacy())]];
    assert_eq!(
        advocacy_of(kept(20, 0, 1), &two),
        ([0, 2, 2], [0, 2, 2]),
        "each contact counts, whoever the peer"
    );
}
