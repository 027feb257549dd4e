//! Alerts of watch and breakdown: model.md section 6.

use super::*;

fn text(instant: Instant) -> String {
    instant.to_string()
}

fn rupture(instant: Instant) -> Told {
    own(instant, ruptured(RuptureCause::Gossip))
}

#[test]
fn a_breakdown_alert_opens_with_the_breakdown_and_closes_with_its_repair() {
    let told = after_baseline(&[own(noon(28), rated(FAR_BELOW)), own(noon(30), Body::Repaired)]);
    assert_eq!(told.alerts(at(28, 11)), []);
    let firing = |kind: &str| (kind.to_owned(), "firing".to_owned(), text(noon(28)), None);
    assert_eq!(told.alerts(noon(28)), [firing("alliance_breakdown")]);
    let resolved =
        ("alliance_breakdown".to_owned(), "resolved".to_owned(), text(noon(28)), Some(text(noon(30))));
    assert_eq!(told.alerts(noon(30)), [resolved]);
}

#[test]
fn a_watch_alert_gives_way_to_a_breakdown_alert() {
    let told = after_baseline(&[own(noon(28), rated(WELL_BELOW)), own(noon(35), rated(WELL_BELOW))]);
    let alerts = told.alerts(noon(35));
    assert_eq!(
        alerts.iter().map(|(kind, state, ..)| (&**kind, &**state)).collect::<Vec<_>>(),
        [("alliance_breakdown", "firing"), ("alliance_watch", "resolved"),]
    );
    assert_eq!(alerts[1].3, Some(text(noon(35))));
}

#[test]
fn a_breakdown_alert_closes_when_14_days_have_passed_since_the_end() {
    let told = history(&[rupture(noon(0)), own(noon(5), ended(EndReason::GoalsMet))]);
    assert_eq!(told.breakdown_until(at(20, 0).just_before()), None);
    assert_eq!(told.breakdown_until(at(20, 0)), Some(text(at(20, 0))));
    let exit = history(&[own(noon(0), started()), own(noon(5), ended(EndReason::LackOfTrust))]);
    assert_eq!(exit.alerts(noon(5)).len(), 1);
    assert_eq!(exit.breakdown_until(noon(99)), Some(text(at(20, 0))));
}

#[test]
fn a_breakdown_alert_closes_when_14_days_have_passed_since_a_loss_that_still_stands() {
    let told = history(&[rupture(noon(0)), own(noon(70), attended())]);
    assert_eq!(told.breakdown_until(at(58, 0).just_before()), None);
    assert_eq!(told.breakdown_until(at(58, 0)), Some(text(at(58, 0))));
    assert_eq!(told.breakdown_until(noon(70)), Some(text(at(58, 0))), "taking the loss back opens nothing");
    assert_eq!(told.phase(noon(70)), Some(Phase::Breakdown));
    let until = |more: &[Told]| {
        let told: Vec<Told> = [rupture(noon(0))].into_iter().chain(more.iter().cloned()).collect();
        history(&told).breakdown_until(noon(100))
    };
    assert_eq!(until(&[own(noon(57), attended())]), None, "taken back in time");
    assert_eq!(until(&[own(at(58, 0), attended())]), None, "at that very instant is in time");
    assert_eq!(
        until(&[own(noon(50), ended(EndReason::Ill))]),
        Some(text(at(65, 0))),
        "the end takes the loss's place"
    );
    assert_eq!(until(&[own(noon(60), ended(EndReason::Ill))]), Some(text(at(58, 0))));
    assert_eq!(until(&[own(noon(50), started())]), Some(text(noon(50))), "a start closes it");
}

#[test]
fn a_closing_moment_before_the_opening_does_not_count() {
    let lost = own(noon(0), started());
    let told = history(&[lost.clone(), rupture(at(58, 1))]);
    assert_eq!(told.breakdown_until(noon(400)), None);
    let told = history(&[lost.clone(), rupture(at(57, 23))]);
    assert_eq!(told.breakdown_until(noon(400)), Some(text(at(58, 0))));
    let told = history(&[lost, rupture(noon(60)), own(noon(70), ended(EndReason::Ill))]);
    assert_eq!(told.breakdown_until(noon(400)), Some(text(at(85, 0))));
}

#[test]
fn an_acknowledgement_closes_a_breakdown_alert_at_the_later_of_itself_and_the_opening_but_no_watch() {
    let mut told =
        after_baseline(&[own(noon(28), rated(WELL_BELOW)), own(noon(30), ruptured(RuptureCause::Gossip))]);
    let ids = told.ask(noon(30), |_, _, changes| {
        changes.alerts.into_iter().map(|alert| alert.alert_id).collect::<Vec<_>>()
    });
    told.acknowledged.0 = vec![(ids[0].clone(), noon(33), AcknowledgementState::Closed)];
    assert_eq!(told.breakdown_until(noon(40)), Some(text(noon(33))));
    told.acknowledged.0 = vec![(ids[0].clone(), noon(2), AcknowledgementState::Closed)];
    assert_eq!(
        told.breakdown_until(noon(40)),
        Some(text(noon(30))),
        "opened and closed at one instant: resolved"
    );
    let mut watch = after_baseline(&[own(noon(28), rated(WELL_BELOW))]);
    watch.acknowledged.0 = vec![(ids[1].clone(), noon(29), AcknowledgementState::Closed)];
    assert_eq!(watch.alerts(noon(30))[0].1, "firing");
}

#[test]
fn a_breakdown_is_unrepaired_from_0000_of_the_day_on_which_28_days_have_passed() {
    let told = after_baseline(&[own(noon(28), rated(FAR_BELOW)), own(noon(60), Body::Repaired)]);
    assert_eq!(told.spans(Kind::BreakdownUnrepaired, at(57, 0).just_before()), []);
    assert_eq!(told.spans(Kind::BreakdownUnrepaired, at(57, 0)), [(at(57, 0), None)]);
    let [alert] = &told.records(Kind::BreakdownUnrepaired, noon(60))[..] else { panic!("one") };
    assert_eq!((&alert.since, alert.until.as_ref()), (&text(at(57, 0)), Some(&text(noon(60)))));
    assert_eq!(alert.alert_id, alert_id(&["s", "breakdown_unrepaired", "c", "p", "e08"]));
    assert_eq!(alert.recorded_at, text(at(57, 0)), "it is news when time opens it");
    assert_eq!((alert.tier.as_str(), alert.detected_by.as_deref()), ("page", Some("measured")));
}

#[test]
fn a_breakdown_that_is_over_when_28_days_have_passed_is_never_unrepaired() {
    let spans = |more: &[Told]| {
        let told: Vec<Told> = [rupture(noon(29))].into_iter().chain(more.iter().cloned()).collect();
        history(&told).spans(Kind::BreakdownUnrepaired, noon(400))
    };
    let opened = at(58, 0);
    let kept: Vec<Told> = [40, 70, 100].map(|day| own(noon(day), attended())).into();
    let with = |body: Body, when: Instant| spans(&[kept.clone(), vec![own(when, body)]].concat());
    assert_eq!(with(Body::Repaired, opened), []);
    let after = Instant(opened.0 + 1);
    assert_eq!(with(Body::Repaired, after), [(opened, Some(after))]);
    assert_eq!(with(ended(EndReason::GoalsMet), noon(57)), [], "ended with the episode, its own alert open");
    assert_eq!(with(ended(EndReason::GoalsMet), noon(58)), [(opened, Some(at(73, 0)))]);
    assert_eq!(with(Body::Reflection, noon(58)), [(opened, Some(at(158, 0)))], "given up after the loss");
}

#[test]
fn a_breakdown_whose_alert_time_has_closed_by_then_is_never_unrepaired() {
    let spans = |day: i32, more: &[Told]| {
        let told: Vec<Told> = [own(noon(0), started()), rupture(noon(day))].into();
        history(&[told, more.to_vec()].concat()).spans(Kind::BreakdownUnrepaired, noon(400))
    };
    assert_eq!(spans(28, &[]), [(at(57, 0), Some(at(58, 0)))]);
    assert_eq!(spans(29, &[]), [], "28 days since the opening and 14 since the loss pass at one instant");
    let kept = [own(at(58, 0), attended())];
    assert_eq!(spans(29, &kept), [(at(58, 0), Some(at(116, 0)))], "taken back at that very instant");
}

#[test]
fn what_closes_a_breakdown_alert_by_acknowledgement_closes_no_other() {
    let mut told = history(&[rupture(noon(0)), own(noon(30), attended())]);
    told.acknowledge(Kind::AllianceBreakdown, 0, noon(1), AcknowledgementState::Closed);
    assert_eq!(told.breakdown_until(noon(50)), Some(text(noon(1))));
    assert_eq!(told.spans(Kind::BreakdownUnrepaired, noon(50)), [(at(29, 0), None)]);
    told.acknowledge(Kind::BreakdownUnrepaired, 0, noon(2), AcknowledgementState::Closed);
    assert_eq!(told.spans(Kind::BreakdownUnrepaired, noon(50)), [(at(29, 0), Some(at(29, 0)))]);
}

#[test]
fn an_alert_has_the_identity_the_model_says_and_carries_what_it_may() {
    let told = after_baseline(&[own(noon(28), scored("a", Rater::Client, &[("total", FAR_BELOW)]))]);
    let alert = told.ask(noon(28), |_, _, changes| changes.alerts[0].clone());
    let expected = alert_id(&["s", "alliance_breakdown", "c", "p", "e08"]);
    assert_eq!(alert.alert_id, expected);
    assert_eq!(alert.link, format!("https://rapport.invalid/alerts/{expected}"));
    assert_eq!((alert.tier.as_str(), alert.recorded_at), ("page", text(noon(28))));
    assert_eq!(
        (alert.mechanism.as_deref(), alert.detected_by.as_deref()),
        (Some("working_alliance"), Some("measured"))
    );
    let certainty = alert.certainty.unwrap();
    assert_eq!((certainty.rule.as_str(), certainty.ratings), ("z_above_3", Some(5)));
    assert_eq!(alert.subject, Some(v1::Subject { client: Some("c".into()), peer: Some("p".into()) }));
}

#[test]
fn an_alert_that_no_longer_follows_is_withdrawn_and_comes_back_if_it_follows_again() {
    let params = params();
    let (client, peer) = (Arc::from("c"), Arc::from("p"));
    let cx = Context { params: &params, site: "s", client: &client, peer: &peer, acknowledgements: &() };
    let body = ruptured(RuptureCause::Gossip);
    let event = Arc::new(Event { occurred_at: noon(0), recorded_at: noon(0), id: "a".into(), body });
    let mut dyad = Dyad::new();
    let states = |changes: Changes| changes.alerts.into_iter().map(|alert| alert.state).collect::<Vec<_>>();
    dyad.insert(&cx, event.clone(), true);
    assert_eq!(states(dyad.settle(&cx, noon(0))), ["firing"]);
    dyad.remove(&cx, &event, true);
    assert_eq!(states(dyad.settle(&cx, noon(1))), ["withdrawn"]);
    assert!(dyad.is_empty());
    dyad.insert(&cx, event, true);
    assert_eq!(states(dyad.settle(&cx, noon(2))), ["firing"]);
}

#[test]
fn what_time_alone_does_is_due_at_the_deadline_and_not_before() {
    let next = |told: &[Told], now: Instant| history(told).ask(now, |_, dyad, _| dyad.next_deadline());
    assert_eq!(next(&[own(noon(0), attended())], noon(0)), Some(at(43, 0)), "it may be presumed lost");
    assert_eq!(next(&[own(noon(0), attended())], noon(43)), None);
    let broken = [rupture(noon(0))];
    assert_eq!(next(&broken, noon(0)), Some(at(29, 0)), "it may be unrepaired");
    assert_eq!(next(&broken, at(29, 0)), Some(at(43, 0)));
    assert_eq!(next(&broken, at(43, 0)), Some(at(58, 0)), "it may be given up");
    assert_eq!(next(&broken, at(58, 0)), None);
    let compared = [own(noon(0), compared(Affect::Negative)), own(noon(9), ended(EndReason::GoalsMet))];
    assert_eq!(next(&compared, noon(9)), Some(at(29, 0)), "the comparison may be over");
}
