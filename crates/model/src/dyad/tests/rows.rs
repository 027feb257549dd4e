//! Rows of the enriched stream: model.md section 7.

use super::*;

#[test]
fn a_row_says_where_in_its_episode_an_event_lies() {
    let told = history(&[
        own(noon(3), started()),
        own(noon(5), attended()),
        own(noon(9), missed()),
        own(noon(12), attended()),
        own(noon(13), ended(EndReason::GoalsMet)),
        own(noon(14), missed()),
        own(noon(15), attended()),
    ]);
    let place = |n| {
        let row = told.row(n);
        (row.episode, row.episode_day, row.session, row.days_since_contact)
    };
    assert_eq!(place(0), (Some(1), Some(0), Some(0), None));
    assert_eq!(place(1), (Some(1), Some(2), Some(1), None));
    assert_eq!(place(2), (Some(1), Some(6), Some(1), Some(4)));
    assert_eq!(place(3), (Some(1), Some(9), Some(2), Some(7)));
    assert_eq!(place(4), (Some(1), Some(10), Some(2), Some(1)));
    assert_eq!(place(5), (None, None, None, None));
    assert_eq!(place(6), (Some(2), Some(0), Some(1), None));
}

#[test]
fn a_row_says_the_phase_before_and_after_and_the_breakdown_open_after_it() {
    let told = history(&[
        own(noon(0), attended()),
        own(noon(1), ruptured(RuptureCause::LackOfTrust)),
        own(noon(2), Body::Repaired),
        own(noon(60), missed()),
        own(noon(61), attended()),
        own(noon(62), ended(EndReason::LackOfTrust)),
    ]);
    let phases = |n| (told.row(n).phase_before, told.row(n).phase_after);
    assert_eq!(phases(0), (0, Phase::Forming.number()));
    assert_eq!(phases(1), (Phase::Forming.number(), Phase::Breakdown.number()));
    assert_eq!(phases(2), (Phase::Breakdown.number(), Phase::Forming.number()));
    assert_eq!(phases(3), (Phase::PresumedLost.number(), Phase::PresumedLost.number()));
    assert_eq!(phases(4), (Phase::PresumedLost.number(), Phase::Unmonitored.number()));
    assert_eq!(phases(5), (Phase::Unmonitored.number(), 0));
    let open = told.row(1).breakdown.unwrap();
    assert_eq!((open.since_us, open.detected_by), (noon(1).0, DetectedBy::Reported.number()));
    assert_eq!((told.row(2).breakdown, told.row(5).breakdown), (None, None));
    let ended = told.row(5).ended.unwrap();
    assert_eq!((ended.dropout, ended.mechanism), (true, Mechanism::WorkingAlliance.number()));
}

#[test]
fn a_row_says_what_stands_up_to_its_event_also_outside_an_episode() {
    let asked = contact(Attendance::CancelledByPeer, &[], &[SupportType::Emotional]);
    let gave = contact(Attendance::Attended, &[SupportType::Emotional], &[]);
    let told = history(&[
        own(noon(0), asked),
        own(noon(0), gave),
        own(noon(1), ended(EndReason::GoalsMet)),
        own(noon(27), modelled(false)),
        own(noon(28), modelled(false)),
    ]);
    let emotional = vec![SupportType::Emotional.number()];
    assert_eq!((told.row(0).received, told.row(0).unmet), (vec![], emotional.clone()));
    assert_eq!((told.row(1).received, told.row(1).unmet), (emotional.clone(), vec![]));
    assert_eq!((told.row(3).received, told.row(3).episode), (emotional, None));
    assert_eq!(told.row(4).received, Vec::<i32>::new());
}

#[test]
fn a_row_says_what_its_event_speaks_to() {
    let supportive = contact(Attendance::Attended, &[SupportType::Emotional], &[]);
    let not_held = contact(Attendance::MissedByPeer, &[SupportType::Emotional], &[]);
    let comparison =
        Body::Comparison { by: Comparer::Client, direction: Direction::Upward, affect: Affect::Neutral };
    let cases = [
        (supportive, Some(Mechanism::SocialSupport), None),
        (attended(), Some(Mechanism::WorkingAlliance), None),
        (not_held, Some(Mechanism::WorkingAlliance), None),
        (Body::Repaired, Some(Mechanism::WorkingAlliance), None),
        (rated(USUAL), Some(Mechanism::WorkingAlliance), None),
        (modelled(true), Some(Mechanism::RoleModelling), Some(Component::SocialLearning)),
        (comparison, Some(Mechanism::RoleModelling), Some(Component::SocialComparison)),
        (started(), None, None),
        (ended(EndReason::GoalsMet), Some(Mechanism::None), None),
        (ended(EndReason::UnmetSupport), Some(Mechanism::SocialSupport), None),
        (ended(EndReason::Disengaged), Some(Mechanism::Unknown), None),
    ];
    for (body, mechanism, component) in cases {
        let row = history(&[own(noon(0), started()), own(noon(1), body.clone())]).row(1);
        let number = |word: Option<i32>| word.unwrap_or_default();
        assert_eq!(row.mechanism, number(mechanism.map(Word::number)), "{body:?}");
        assert_eq!(row.component, number(component.map(Word::number)), "{body:?}");
    }
}

#[test]
fn what_ends_an_episode_from_elsewhere_is_told_of_and_taken_back() {
    let params = params();
    let (client, peer) = (Arc::from("c"), Arc::from("p"));
    let cx = Context { params: &params, site: "s", client: &client, peer: &peer, acknowledgements: &() };
    let event = |id: &str, instant, body| {
        Arc::new(Event { occurred_at: instant, recorded_at: instant, id: id.into(), body })
    };
    let left = event("l", noon(9), Body::Left { reason: LeftReason::Overwhelmed });
    let mut dyad = Dyad::new();
    dyad.insert(&cx, event("a", noon(0), attended()), true);
    dyad.insert(&cx, left.clone(), false);
    let endings = dyad.settle(&cx, noon(9)).endings;
    let expected = v1::Ended {
        dropout: true,
        polarity: Polarity::Negative.number(),
        mechanism: Mechanism::PeerRole.number(),
    };
    assert_eq!(endings, [(left.id.clone(), Some(expected))]);
    dyad.insert(&cx, event("b", noon(8), ended(EndReason::GoalsMet)), true);
    assert_eq!(dyad.settle(&cx, noon(9)).endings, [(left.id.clone(), None)]);
}
