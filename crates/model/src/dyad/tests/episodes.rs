//! Opening, pausing, being open: model.md section 3.

use super::*;

#[test]
fn an_episode_opens_at_the_first_start_contact_alliance_modelling_or_alliance_measure_and_at_nothing_else() {
    let opens = [
        started(),
        attended(),
        missed(),
        ruptured(RuptureCause::Other),
        Body::Repaired,
        modelled(false),
        Body::Comparison { by: Comparer::Client, direction: Direction::Upward, affect: Affect::Neutral },
        scored("a", Rater::Peer, &[("bond", 1)]),
    ];
    for body in opens {
        assert_eq!(history(&[own(noon(0), body.clone())]).episodes(noon(0)), 1, "{body:?}");
    }
    for body in
        [Body::Paused, Body::Resumed, ended(EndReason::GoalsMet), rated_with("hope", 1), rated_with("?", 1)]
    {
        assert_eq!(history(&[own(noon(0), body.clone())]).episodes(noon(0)), 0, "{body:?}");
    }
}

#[test]
fn after_an_end_only_a_start_or_an_attended_contact_on_a_later_day_opens_the_next_episode() {
    let after = |instant, body| {
        let ended = own(noon(5), ended(EndReason::GoalsMet));
        history(&[own(noon(0), started()), ended, own(instant, body)]).episodes(at(9, 0))
    };
    assert_eq!(after(at(5, 13), started()), 2);
    assert_eq!(after(at(5, 23), attended()), 1);
    assert_eq!(after(at(6, 0), attended()), 2);
    for body in [missed(), rated(USUAL), ruptured(RuptureCause::Other), modelled(true)] {
        assert_eq!(after(at(8, 0), body), 1);
    }
}

#[test]
fn events_of_the_very_instant_of_an_end_belong_to_the_episode_and_a_start_there_does_not_open_one() {
    let told = history(&[
        own(noon(0), attended()),
        own(noon(5), ended(EndReason::GoalsMet)),
        own(noon(5), started()),
        own(noon(5), attended()),
        own(noon(5), ended(EndReason::Ill)),
    ]);
    assert_eq!(told.episodes(noon(5)), 1);
    assert_eq!(told.last(noon(5)).exit().unwrap().reason, Some(EndReason::GoalsMet));
    assert_eq!((told.row(3).episode, told.row(3).session, told.row(4).episode), (Some(1), Some(2), Some(1)));
}

#[test]
fn starts_of_an_open_episode_add_to_what_it_was_matched_on() {
    let matched = |on: MatchedOn| Body::Started { matched_on: [on].into_iter().collect() };
    let told = [own(noon(0), matched(MatchedOn::Age)), own(noon(9), matched(MatchedOn::Gender))];
    let last = history(&told).last(noon(9));
    assert_eq!(last.matched_on.iter().collect::<Vec<_>>(), [MatchedOn::Gender, MatchedOn::Age]);
}

#[test]
fn a_pause_lasts_until_it_is_resumed_whatever_contacts_take_place() {
    let told = history(&[
        own(noon(0), started()),
        own(noon(2), Body::Paused),
        own(noon(3), Body::Paused),
        own(noon(4), attended()),
        own(noon(6), Body::Resumed),
        own(noon(7), Body::Resumed),
    ]);
    assert_eq!(told.phase(Instant(noon(2).0 - 1)), Some(Phase::Forming));
    assert_eq!(told.phase(noon(2)), Some(Phase::Paused));
    assert_eq!(told.phase(at(6, 11)), Some(Phase::Paused));
    assert_eq!(told.phase(noon(6)), Some(Phase::Forming));
    let last = told.last(noon(7));
    let days = |holds: &dyn Fn(Day) -> bool| (0..8).filter(|day| holds(Day(*day))).collect::<Vec<_>>();
    assert_eq!(days(&|day| last.paused_day(day)), [3, 4, 5]);
    assert_eq!(days(&|day| last.open_on(day)), [0, 1, 2, 6, 7]);
    assert!(last.is_paused_at(noon(2)) && !last.is_paused_at(noon(6)));
}

#[test]
fn a_pause_ends_by_itself_at_the_beginning_of_the_90th_day_after_its_first() {
    let told = history(&[own(noon(0), started()), own(noon(1), Body::Paused)]);
    assert_eq!(told.phase(at(91, 0).just_before()), Some(Phase::Paused));
    assert_eq!(told.phase(at(91, 0)), Some(Phase::Unmonitored));
    assert_eq!(told.last(noon(92)).pauses[0].to, Some(at(91, 0)));
    let again = history(&[own(noon(0), started()), own(noon(1), Body::Paused), own(at(91, 0), Body::Paused)]);
    assert!(again.last(noon(92)).paused_day(Day(91)), "two pauses that meet cover the day together");
}

#[test]
fn a_day_is_paused_if_all_that_the_episode_covers_of_it_is() {
    let day_of = |told: &[Told]| history(told).last(noon(9)).paused_day(Day(5));
    let begun = own(noon(0), started());
    let paused = own(noon(3), Body::Paused);
    let end = ended(EndReason::GoalsMet);
    assert!(day_of(&[begun.clone(), paused.clone(), own(noon(5), end.clone())]), "paused until it ended");
    assert!(!day_of(&[
        begun.clone(),
        paused.clone(),
        own(at(5, 1), Body::Resumed),
        own(noon(5), end.clone())
    ]));
    assert!(day_of(&[begun.clone(), paused.clone(), own(at(5, 0), end.clone())]), "the end ended a pause");
    assert!(!day_of(&[begun.clone(), own(at(5, 0), end.clone())]), "covers nothing of it, ended no pause");
    let resumed = own(at(5, 0), Body::Resumed);
    assert!(!day_of(&[begun, paused, resumed, own(at(5, 0), end.clone())]));
    assert!(day_of(&[own(noon(5), started()), own(noon(5), Body::Paused)]), "opened and paused at once");
    let at_once = [own(noon(5), started()), own(noon(5), Body::Paused), own(noon(5), end)];
    assert!(day_of(&at_once), "covers nothing, and the end ended a pause");
}

#[test]
fn phases_take_precedence_as_the_model_lists_them() {
    let rupture = |day| own(noon(day), ruptured(RuptureCause::Other));
    let told = after_baseline(&[
        own(noon(28), rated(WELL_BELOW)),
        rupture(30),
        own(noon(31), Body::Paused),
        own(noon(32), Body::Resumed),
        own(noon(40), Body::Repaired),
    ]);
    for (day, phase) in [
        (20, Phase::Forming),
        (21, Phase::Working),
        (28, Phase::Watch),
        (30, Phase::Breakdown),
        (31, Phase::Paused),
        (32, Phase::Breakdown),
        (40, Phase::Working),
        (56, Phase::Working),
        (57, Phase::Unmonitored),
        (64, Phase::PresumedLost),
    ] {
        assert_eq!(told.phase(noon(day)), Some(phase), "day {day}");
    }
}

#[test]
fn a_dyad_is_unmonitored_when_28_days_have_passed_since_its_opening_and_the_last_rating() {
    let told = history(&[own(noon(0), started()), own(noon(20), attended())]);
    assert_eq!(told.phase(at(29, 0).just_before()), Some(Phase::Forming));
    assert_eq!(told.phase(at(29, 0)), Some(Phase::Unmonitored));
    let rated = history(&[own(noon(0), started()), own(noon(10), rated(USUAL)), own(noon(20), attended())]);
    assert_eq!(rated.phase(at(39, 0).just_before()), Some(Phase::Forming));
    assert_eq!(rated.phase(at(39, 0)), Some(Phase::Unmonitored));
}
