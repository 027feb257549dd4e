//! Comparisons that feel bad, and unwanted behaviour that is passed on.

use super::*;

const COMPARISON: Kind = Kind::NegativeComparison;
const HARM: Kind = Kind::HarmfulBehaviour;

fn felt_bad(day: i32) -> Told {
    own(noon(day), compared(Affect::Negative))
}

/// An attended contact in every four weeks, so that nobody is presumed lost.
fn kept() -> Vec<Told> {
    (0..10).map(|n| own(at(n * 28, 1), attended())).collect()
}

fn comparisons(told: &[Told], now: Instant) -> Vec<Span> {
    history(&[kept(), told.to_vec()].concat()).spans(COMPARISON, now)
}

#[test]
fn two_comparisons_that_feel_bad_within_28_days_open_an_alert_until_28_days_have_passed_since_the_last() {
    assert_eq!(comparisons(&[felt_bad(0), felt_bad(28)], noon(99)), []);
    let told = [felt_bad(0), felt_bad(27)];
    assert_eq!(comparisons(&told, noon(27)), [(noon(27), None)]);
    assert_eq!(comparisons(&told, at(56, 0).just_before()), [(noon(27), None)]);
    assert_eq!(comparisons(&told, at(56, 0)), [(noon(27), Some(at(56, 0)))]);
    let joined = [felt_bad(0), felt_bad(27), felt_bad(55)];
    assert_eq!(comparisons(&joined, noon(99)), [(noon(27), Some(at(84, 0)))], "28 days after, and it joins");
    let after = [felt_bad(0), felt_bad(27), felt_bad(56), felt_bad(60)];
    assert_eq!(comparisons(&after, noon(70)), [(noon(27), Some(at(56, 0))), (noon(60), None)]);
    let at_once = [felt_bad(0), felt_bad(27), own(at(56, 0), compared(Affect::Negative))];
    assert_eq!(
        comparisons(&at_once, noon(99)),
        [(noon(27), Some(at(56, 0)))],
        "what time does at an instant comes before its events"
    );
}

#[test]
fn only_the_clients_own_comparisons_count_and_only_those_that_felt_bad_in_one_episode() {
    let by_peer =
        Body::Comparison { by: Comparer::Peer, direction: Direction::Downward, affect: Affect::Negative };
    assert_eq!(comparisons(&[felt_bad(0), own(noon(5), by_peer)], noon(20)), []);
    assert_eq!(comparisons(&[felt_bad(0), own(noon(5), compared(Affect::Neutral))], noon(20)), []);
    let end = |day| own(noon(day), ended(EndReason::GoalsMet));
    assert_eq!(comparisons(&[felt_bad(0), end(2), own(noon(3), started()), felt_bad(4)], noon(20)), []);
    assert_eq!(comparisons(&[felt_bad(0), end(2), felt_bad(4), felt_bad(5)], noon(20)), []);
    let told = [felt_bad(0), felt_bad(4), end(10), own(noon(11), started()), felt_bad(12)];
    assert_eq!(comparisons(&told, noon(20)), [(noon(4), Some(noon(10)))]);
}

#[test]
fn an_alert_of_comparisons_is_opened_by_the_second_and_says_where_it_belongs() {
    let told = history(&[felt_bad(0), felt_bad(5), felt_bad(9)]);
    let [alert] = &told.records(COMPARISON, noon(20))[..] else { panic!("one") };
    assert_eq!(alert.alert_id, alert_id(&["s", "negative_comparison", "c", "p", "e01"]));
    assert_eq!(
        (alert.tier.as_str(), alert.mechanism.as_deref(), alert.component.as_deref()),
        ("digest", Some("role_modelling"), Some("social_comparison"))
    );
}

#[test]
fn a_negative_behaviour_that_was_modelled_before_opens_an_alert() {
    let harm = |code: &str| behaviour(true, code, Valence::Negative);
    let model = |code: &str| behaviour(false, code, Valence::Positive);
    let spans = |told: &[Told]| history(told).spans(HARM, noon(20));
    assert_eq!(spans(&[own(noon(1), model("drink")), own(noon(9), harm("drink"))]), [(noon(9), None)]);
    assert_eq!(spans(&[own(noon(1), model("walk")), own(noon(9), harm("drink"))]), []);
    assert_eq!(spans(&[own(noon(1), harm("drink")), own(noon(9), harm("drink"))]), [], "enacted only");
    assert_eq!(spans(&[own(noon(9), harm("drink")), own(noon(10), model("drink"))]), []);
    assert_eq!(
        spans(&[own(noon(9), harm("drink")), own(noon(9), model("drink"))]),
        [(noon(9), None)],
        "at one instant is before"
    );
    let good = behaviour(true, "drink", Valence::Positive);
    assert_eq!(spans(&[own(noon(1), model("drink")), own(noon(9), good)]), []);
}

#[test]
fn what_was_modelled_at_the_same_instant_counts_though_it_was_told_later() {
    let params = params();
    let (client, peer) = (Arc::from("c"), Arc::from("p"));
    let cx = Context { params: &params, site: "s", client: &client, peer: &peer, acknowledgements: &() };
    let mut dyad = Dyad::new();
    let mut tell = |id: &str, at, body| {
        let event = Event { occurred_at: at, recorded_at: at, id: id.into(), body };
        dyad.insert(&cx, Arc::new(event), true);
        dyad.settle(&cx, at).alerts.len()
    };
    tell("c", noon(0), started());
    let mut tell = |id: &str, enacted| tell(id, noon(9), behaviour(enacted, "drink", Valence::Negative));
    assert_eq!((tell("a", true), tell("b", false)), (0, 1));
}

#[test]
fn an_alert_of_harmful_behaviour_is_closed_by_an_acknowledgement_and_by_nothing_else() {
    let harm = |day| own(noon(day), behaviour(true, "drink", Valence::Negative));
    let mut told = history(&[
        own(noon(0), behaviour(false, "drink", Valence::Negative)),
        harm(1),
        harm(2),
        own(noon(50), started()),
        harm(51),
        own(noon(52), ended(EndReason::GoalsMet)),
        harm(53),
    ]);
    let open = [(noon(1), None), (noon(51), None), (noon(53), None)];
    assert_eq!(told.spans(HARM, noon(90)), open, "one for each episode, and one outside of any");
    told.acknowledge(HARM, 1, noon(1), AcknowledgementState::Acted);
    assert_eq!(told.spans(HARM, noon(90)), open);
    told.acknowledge(HARM, 1, at(1, 20), AcknowledgementState::Closed);
    let closed = [(noon(1), Some(at(1, 20))), (noon(2), None)];
    assert_eq!(told.spans(HARM, noon(3)), closed, "what joined before joins no more");
    let [alert, ..] = &told.records(HARM, noon(3))[..] else { panic!("one") };
    assert_eq!(
        (alert.tier.as_str(), alert.mechanism.as_deref(), alert.component.as_deref()),
        ("page", Some("role_modelling"), Some("social_learning"))
    );
}
