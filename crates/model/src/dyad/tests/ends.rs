//! Ends and presumed dropouts: model.md section 3.

use super::*;

/// Opened on day 0, last met on day 10: presumed lost on day 53.
fn silent(more: &[Told]) -> History {
    let told = [own(noon(0), started()), own(noon(10), attended())];
    history(&told.iter().chain(more).cloned().collect::<Vec<_>>())
}

fn lost_on(told: &History, now: Instant) -> Option<i32> {
    told.last(now).presumed.map(|presumed| presumed.day.0)
}

#[test]
fn a_dyad_is_presumed_lost_at_the_beginning_of_the_43rd_day_after_its_last_attended_contact() {
    let told = silent(&[own(noon(40), missed()), own(noon(45), rated(USUAL))]);
    assert_eq!(lost_on(&told, at(53, 0).just_before()), None);
    assert_eq!(lost_on(&told, at(53, 0)), Some(53));
    let last = told.last(noon(60));
    assert!(last.open_on(Day(52)) && !last.open_on(Day(53)));
    assert_eq!(last.presumed.map(|presumed| presumed.counted_from), Some(Day(10)));
    let never_met = history(&[own(noon(0), started())]);
    assert_eq!(lost_on(&never_met, at(43, 0)), Some(43), "counted from the opening");
}

#[test]
fn paused_days_do_not_count_towards_a_presumed_dropout() {
    // Days 21 to 29 are paused: nine.
    let told = silent(&[own(noon(20), Body::Paused), own(noon(30), Body::Resumed)]);
    assert_eq!(lost_on(&told, at(62, 0).just_before()), None);
    assert_eq!(lost_on(&told, at(62, 0)), Some(62));
    // From midnight to midnight: days 20 to 29.
    let whole = silent(&[own(at(20, 0), Body::Paused), own(at(30, 0), Body::Resumed)]);
    assert_eq!(lost_on(&whole, noon(99)), Some(63));
    // A pause for ever ends after 90 days: days 21 to 109 are paused.
    let forgotten = silent(&[own(noon(20), Body::Paused)]);
    assert_eq!(lost_on(&forgotten, at(142, 0).just_before()), None);
    assert_eq!(lost_on(&forgotten, at(142, 0)), Some(142));
}

#[test]
fn a_day_on_which_a_pause_is_resumed_may_turn_out_to_be_that_of_the_presumed_dropout() {
    let told = silent(&[own(noon(52), Body::Paused), own(at(53, 15), Body::Resumed)]);
    assert_eq!(told.phase(at(53, 14)), Some(Phase::Paused));
    assert_eq!(told.phase(at(53, 15)), Some(Phase::PresumedLost));
    assert_eq!(lost_on(&told, at(53, 15)), Some(53));
}

#[test]
fn a_pause_that_begins_after_a_presumed_dropout_changes_nothing() {
    for pause in [at(53, 0), at(53, 1)] {
        assert_eq!(lost_on(&silent(&[own(pause, Body::Paused)]), noon(60)), Some(53));
    }
    assert_eq!(lost_on(&silent(&[own(at(53, 0).just_before(), Body::Paused)]), noon(60)), None);
}

#[test]
fn only_an_attended_contact_or_an_end_prevents_a_presumed_dropout_at_its_very_instant() {
    let midnight = at(53, 0);
    for (body, lost) in [(missed(), true), (rated(USUAL), true), (started(), true), (attended(), false)] {
        let told = silent(&[own(midnight, body.clone())]);
        let presumed = told.timeline(midnight).episodes[0].presumed.is_some();
        assert_eq!(presumed, lost, "{body:?}");
    }
    let end = silent(&[own(midnight, ended(EndReason::GoalsMet))]).last(midnight);
    assert_eq!((end.presumed, end.exit().map(|exit| exit.day)), (None, Some(Day(53))));
    let both = silent(&[own(midnight, attended()), own(midnight, started())]);
    assert_eq!(
        both.episodes(midnight),
        1,
        "the contact sorts after the start and prevents the loss all the same"
    );
}

#[test]
fn an_attended_contact_takes_a_presumed_dropout_back_and_the_dyad_was_open_throughout() {
    let told = silent(&[own(noon(70), missed()), own(noon(71), attended())]);
    assert_eq!(lost_on(&told, noon(70)), Some(53));
    let last = told.last(noon(71));
    assert_eq!((last.presumed, told.phase(noon(71))), (None, Some(Phase::Unmonitored)));
    assert!((0..=71).all(|day| last.open_on(Day(day))));
    assert_eq!(told.episodes(noon(71)), 1);
    assert_eq!(lost_on(&told, at(114, 0)), Some(114), "it may be lost again");
}

#[test]
fn a_start_while_presumed_lost_ends_the_episode_with_that_dropout_and_opens_a_new_one() {
    let told = silent(&[own(noon(60), ruptured(RuptureCause::Gossip)), own(noon(70), started())]);
    let timeline = told.timeline(noon(70));
    let [old, new] = &timeline.episodes[..] else { panic!("two episodes") };
    let exit = old.exit().unwrap();
    assert_eq!((exit.day, exit.reason, exit.counted_from), (Day(53), None, Some(Day(10))));
    assert!(exit.is_dropout());
    assert_eq!(old.breakdowns[0].ended_at, Some(noon(70)), "what happened between stays in it");
    assert_eq!((new.opened_at, new.last_contact_day), (noon(70), Day(70)));
    assert_eq!((told.row(3).episode, told.row(3).phase_before), (Some(2), Phase::PresumedLost.number()));
}

#[test]
fn an_end_after_a_presumed_dropout_takes_its_place_but_for_the_day() {
    let exit = |reason| silent(&[own(noon(70), ended(reason))]).last(noon(70)).exit().unwrap();
    let good = exit(EndReason::GoalsMet);
    assert_eq!((good.day, good.counted_from, good.is_dropout()), (Day(53), Some(Day(10)), false));
    let bad = exit(EndReason::LackOfTrust);
    assert_eq!((bad.day, bad.mechanism, bad.is_dropout()), (Day(53), Mechanism::WorkingAlliance, true));
    let last = silent(&[own(noon(70), ended(EndReason::LackOfTrust))]).last(noon(70));
    assert!(last.open_on(Day(52)) && !last.open_on(Day(53)), "the last day open stays");
    assert_eq!(last.breakdowns[0].opened_at, noon(70), "an exit breakdown opens at the end itself");
}

#[test]
fn a_peers_leaving_and_a_clients_death_noted_elsewhere_end_the_open_episode() {
    let left = Body::Left { reason: LeftReason::ScreenedOut };
    let exit = silent(&[elsewhere(noon(20), left)]).last(noon(20)).exit().unwrap();
    assert_eq!(
        (exit.reason, exit.side, exit.polarity),
        (Some(EndReason::Other), Some(Side::Peer), Polarity::Neutral)
    );
    let relapse = Body::Left { reason: LeftReason::Relapse };
    let exit = silent(&[elsewhere(noon(20), relapse)]).last(noon(20)).exit().unwrap();
    assert_eq!((exit.mechanism, exit.is_dropout()), (Mechanism::PeerRole, true));
    let died = Body::Ended { by: Side::Service, reason: EndReason::Died };
    let exit = silent(&[elsewhere(noon(20), died.clone())]).last(noon(20)).exit().unwrap();
    assert_eq!(
        (exit.reason, exit.side, exit.polarity),
        (Some(EndReason::Died), Some(Side::Service), Polarity::Neutral)
    );
    let after_the_end = silent(&[own(noon(19), ended(EndReason::GoalsMet)), elsewhere(noon(20), died)]);
    assert_eq!(after_the_end.last(noon(20)).exit().unwrap().reason, Some(EndReason::GoalsMet));
}

#[test]
fn the_side_of_a_presumed_dropout_is_whoevers_doing_the_last_contact_was() {
    let side = |told: &[Told]| silent(told).last(noon(60)).presumed.unwrap().side;
    let by = |attendance| own(noon(20), contact(attendance, &[], &[]));
    assert_eq!(side(&[]), None);
    assert_eq!(side(&[by(Attendance::CancelledByClient)]), Some(Side::Client));
    assert_eq!(
        side(&[
            by(Attendance::CancelledByClient),
            own(noon(21), contact(Attendance::MissedByPeer, &[], &[]))
        ]),
        Some(Side::Peer)
    );
    assert_eq!(
        side(&[by(Attendance::MissedByPeer), own(noon(59), missed())]),
        Some(Side::Client),
        "also after the loss"
    );
}

#[test]
fn a_presumed_dropout_is_at_the_breakdown_open_before_it_else_at_unmet_support_else_unknown() {
    let mechanism = |told: &[Told]| silent(told).last(noon(60)).presumed.unwrap().mechanism;
    let rupture = |instant| own(instant, ruptured(RuptureCause::BoundaryBreach));
    let asked =
        |day| own(noon(day), contact(Attendance::MissedByClient, &[], &[SupportType::PsychologicalTherapy]));
    assert_eq!(mechanism(&[]), Mechanism::Unknown);
    assert_eq!(mechanism(&[asked(52)]), Mechanism::SocialSupport);
    assert_eq!(mechanism(&[asked(53)]), Mechanism::Unknown, "on its own day is too late");
    assert_eq!(mechanism(&[asked(20), rupture(at(53, 0).just_before())]), Mechanism::PeerRole);
    assert_eq!(mechanism(&[rupture(at(53, 0))]), Mechanism::Unknown);
    assert_eq!(mechanism(&[rupture(noon(30)), own(noon(31), Body::Repaired)]), Mechanism::Unknown);
    assert_eq!(mechanism(&[rupture(noon(30)), own(at(53, 0), Body::Repaired)]), Mechanism::PeerRole);
}

#[test]
fn disengaging_is_at_the_breakdown_open_before_it_else_at_unmet_support_else_unknown() {
    let end = |told: &[Told], day| {
        let told: Vec<Told> =
            told.iter().cloned().chain([own(noon(day), ended(EndReason::Disengaged))]).collect();
        silent(&told).last(at(day, 23))
    };
    let asked = |instant| own(instant, contact(Attendance::MissedByClient, &[], &[SupportType::Emotional]));
    let gave = |instant| own(instant, contact(Attendance::Attended, &[SupportType::Emotional], &[]));
    let broken = end(&[own(noon(15), ruptured(RuptureCause::Gossip))], 20);
    assert_eq!((broken.exit().unwrap().mechanism, broken.breakdowns.len()), (Mechanism::WorkingAlliance, 1));
    assert_eq!(end(&[asked(noon(15))], 20).exit().unwrap().mechanism, Mechanism::SocialSupport);
    assert_eq!(end(&[], 20).exit().unwrap().mechanism, Mechanism::Unknown);
    assert_eq!(
        end(&[asked(noon(52))], 70).exit().unwrap().mechanism,
        Mechanism::SocialSupport,
        "after a loss"
    );
    let met_that_day = end(&[asked(noon(15)), gave(at(20, 14))], 20);
    assert_eq!(
        met_that_day.exit().unwrap().mechanism,
        Mechanism::Unknown,
        "the day of the end counts to its end"
    );
    let told = silent(&[asked(noon(15)), own(noon(20), ended(EndReason::Disengaged)), gave(at(20, 14))]);
    assert_eq!(
        told.row(3).ended.unwrap().mechanism,
        Mechanism::SocialSupport.number(),
        "a row knows what was before it"
    );
}
