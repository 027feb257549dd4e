//! Support that was asked for in vain, and professional help that was asked for.

use super::*;

const UNMET: Kind = Kind::SupportUnmet;
const HELP: Kind = Kind::ProfessionalHelpWanted;
const E: SupportType = SupportType::Emotional;
const A: SupportType = SupportType::Appraisal;
const P: SupportType = SupportType::PsychologicalTherapy;

fn asked(instant: Instant, kinds: &[SupportType]) -> Told {
    own(instant, contact(Attendance::Attended, &[], kinds))
}

fn gave(instant: Instant, kinds: &[SupportType]) -> Told {
    own(instant, contact(Attendance::Attended, kinds, &[]))
}

fn end(instant: Instant) -> Told {
    own(instant, ended(EndReason::GoalsMet))
}

#[test]
fn support_is_unmet_when_it_is_asked_for_again_within_28_days() {
    let spans = |day| history(&[asked(noon(0), &[E]), asked(noon(day), &[E])]).spans(UNMET, noon(30));
    assert_eq!(spans(27), [(noon(27), None)]);
    assert_eq!(spans(28), []);
    assert_eq!(spans(0), [(noon(0), None)], "twice on one day, in two contacts");
    assert_eq!(history(&[asked(noon(0), &[E, A]), asked(noon(9), &[P])]).spans(UNMET, noon(30)), []);
    assert_eq!(history(&[asked(noon(0), &[P]), asked(noon(9), &[P])]).spans(UNMET, noon(30)), []);
}

#[test]
fn there_is_an_alert_for_each_type_of_unmet_support_and_a_missed_contact_counts() {
    let again = own(noon(5), contact(Attendance::MissedByClient, &[A], &[E, A]));
    let alerts = history(&[asked(noon(0), &[E, A]), again]).records(UNMET, noon(9));
    let found: Vec<_> = alerts.iter().map(|a| (a.alert_id.clone(), a.component.clone().unwrap())).collect();
    let expected = |kind: &str| (alert_id(&["s", "support_unmet", "c", "p", kind, "e01"]), kind.to_owned());
    assert_eq!(found, [expected("emotional"), expected("appraisal")]);
    assert_eq!((alerts[0].tier.as_str(), alerts[0].mechanism.as_deref()), ("digest", Some("social_support")));
}

#[test]
fn support_given_at_or_after_the_first_request_prevents_the_alert_and_later_closes_it() {
    let spans = |given: Instant| {
        let told = [asked(noon(1), &[E]), asked(noon(9), &[E]), gave(given, &[E])];
        history(&told).spans(UNMET, noon(30))
    };
    assert_eq!(spans(noon(0)), [(noon(9), None)]);
    assert_eq!(spans(noon(1)), []);
    assert_eq!(spans(noon(5)), []);
    assert_eq!(spans(noon(9)), [], "at the very instant of the second, though later in the order");
    assert_eq!(spans(noon(10)), [(noon(9), Some(noon(10)))]);
    let other = [asked(noon(1), &[E]), asked(noon(9), &[E]), gave(noon(10), &[A])];
    assert_eq!(history(&other).spans(UNMET, noon(30)), [(noon(9), None)]);
}

#[test]
fn more_requests_join_an_alert_of_unmet_support_and_it_takes_two_after_it_closed_for_another() {
    let told = history(&[
        asked(noon(0), &[E]),
        asked(noon(7), &[E]),
        asked(noon(14), &[E]),
        gave(noon(20), &[E]),
        asked(noon(21), &[E]),
        asked(noon(28), &[E]),
    ]);
    assert_eq!(told.spans(UNMET, noon(21)), [(noon(7), Some(noon(20)))]);
    assert_eq!(told.spans(UNMET, noon(28)), [(noon(7), Some(noon(20))), (noon(28), None)]);
    let both_at_once = [
        asked(noon(0), &[E]),
        asked(noon(7), &[E]),
        own(noon(20), contact(Attendance::Attended, &[E], &[E])),
        asked(noon(21), &[E]),
    ];
    assert_eq!(history(&both_at_once).spans(UNMET, noon(30)), [(noon(7), Some(noon(20)))]);
}

#[test]
fn requests_of_two_episodes_make_no_alert_and_the_end_closes_one() {
    let told = [asked(noon(0), &[E]), end(noon(1)), asked(noon(2), &[E])];
    assert_eq!(history(&told).spans(UNMET, noon(30)), []);
    let told = [asked(noon(0), &[E]), asked(noon(5), &[E]), end(noon(5))];
    assert_eq!(
        history(&told).spans(UNMET, noon(30)),
        [(noon(5), Some(noon(5)))],
        "the events of the very instant of the end belong to the episode"
    );
    let missed = |day| own(noon(day), contact(Attendance::MissedByClient, &[], &[E]));
    let told = [asked(noon(0), &[E]), end(noon(1)), missed(2), missed(3)];
    assert_eq!(history(&told).spans(UNMET, noon(30)), [], "in no episode");
}

#[test]
fn a_presumed_dropout_closes_an_alert_of_unmet_support_and_comes_before_the_events_of_its_instant() {
    let missed = |when| own(when, contact(Attendance::MissedByClient, &[], &[E]));
    let (lost, back) = (at(43, 0), noon(45));
    let spans = |more: &[Told]| {
        let told = [asked(noon(0), &[]), missed(noon(20)), missed(noon(30))];
        history(&[told.to_vec(), more.to_vec()].concat()).spans(UNMET, noon(60))
    };
    assert_eq!(spans(&[]), [(noon(30), Some(lost))]);
    assert_eq!(spans(&[asked(back, &[])]), [(noon(30), Some(lost))], "it stays closed");
    assert_eq!(spans(&[missed(lost)]), [(noon(30), Some(lost)), (lost, None)]);
    assert_eq!(spans(&[missed(back)]), [(noon(30), Some(lost)), (back, None)], "lost before it opened");
    assert_eq!(spans(&[missed(noon(58))]), [(noon(30), Some(lost))]);
    let again = [missed(back), own(noon(50), started())];
    assert_eq!(spans(&again), [(noon(30), Some(lost)), (back, Some(noon(50)))], "a start closes it");
}

#[test]
fn asking_for_therapy_opens_an_alert_that_more_of_it_joins_until_it_is_acted_on_or_closed() {
    let mut told = history(&[asked(noon(0), &[P]), asked(noon(7), &[P]), asked(noon(14), &[P])]);
    assert_eq!(told.spans(HELP, noon(20)), [(noon(0), None)]);
    told.acknowledge(HELP, 0, noon(1), AcknowledgementState::Seen);
    told.acknowledge(HELP, 1, noon(1), AcknowledgementState::Closed);
    assert_eq!(told.spans(HELP, noon(20)), [(noon(0), None)], "of an alert that never was");
    told.acknowledge(HELP, 0, noon(7), AcknowledgementState::Acted);
    told.acknowledge(HELP, 0, noon(8), AcknowledgementState::Closed);
    assert_eq!(
        told.spans(HELP, noon(20)),
        [(noon(0), Some(noon(7))), (noon(14), None)],
        "what comes at the very instant of an acknowledgement comes before it in the order"
    );
    told.acknowledge(HELP, 2, noon(3), AcknowledgementState::Acted);
    assert_eq!(told.spans(HELP, noon(20))[1], (noon(14), Some(noon(14))));
    let alert = &told.records(HELP, noon(20))[0];
    assert_eq!(alert.alert_id, alert_id(&["s", "professional_help_wanted", "c", "p", "e00"]));
    assert_eq!((alert.tier.as_str(), alert.mechanism.as_deref()), ("page", Some("social_support")));
}

#[test]
fn an_acknowledgement_that_came_before_lets_the_next_request_of_that_instant_open_its_own() {
    let mut told = history(&[asked(noon(5), &[P]), asked(noon(5), &[P])]);
    told.acknowledge(HELP, 0, noon(3), AcknowledgementState::Closed);
    assert_eq!(told.spans(HELP, noon(9)), [(noon(5), Some(noon(5))), (noon(5), None)]);
}

#[test]
fn the_end_closes_an_alert_of_help_wanted_and_each_episode_has_its_own() {
    let told = history(&[asked(noon(0), &[P]), end(noon(5)), asked(noon(6), &[P])]);
    assert_eq!(told.spans(HELP, noon(9)), [(noon(0), Some(noon(5))), (noon(6), None)]);
    let missed = |day| own(noon(day), contact(Attendance::MissedByClient, &[], &[P]));
    let mut after = history(&[asked(noon(0), &[]), end(noon(5)), missed(6), missed(7), asked(noon(8), &[])]);
    assert_eq!(after.spans(HELP, noon(9)), [(noon(6), None)], "no episode is asked for");
    after.acknowledge(HELP, 2, noon(7), AcknowledgementState::Acted);
    assert_eq!(after.spans(HELP, noon(9)), [(noon(6), Some(noon(7)))]);
    let lost = history(&[asked(noon(0), &[P]), own(noon(50), started())]);
    assert_eq!(lost.spans(HELP, noon(49)), [(noon(0), None)], "a presumed dropout does not close it");
    assert_eq!(lost.spans(HELP, noon(50)), [(noon(0), Some(noon(50)))], "a start after it does");
}

#[test]
fn of_the_requests_at_the_instant_of_an_opening_those_that_sort_before_it_belong_to_no_episode() {
    let noted = |when| own(when, contact(Attendance::MissedByClient, &[], &[P]));
    let ended_once = [asked(noon(0), &[]), end(noon(5))];
    let spans = |at_noon: &[Told]| {
        let told = [&ended_once, at_noon, &[end(noon(20))]].concat();
        history(&told).spans(HELP, noon(30))
    };
    let opening = asked(noon(9), &[]);
    let (before, after) = ([noted(noon(9)), opening.clone()], [opening, noted(noon(9))]);
    assert_eq!(spans(&before), [(noon(9), None)]);
    assert_eq!(spans(&after), [(noon(9), Some(noon(20)))]);
    assert_eq!(
        spans(&[asked(noon(9), &[P])]),
        [(noon(9), Some(noon(20)))],
        "the one that opens it belongs to it"
    );
}
