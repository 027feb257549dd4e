//! Safeguarding: whatever becomes of the event, the alert stays until a person closes it.

use rapport_proto::v1::{EndReason, LeftReason, RuptureCause, Side};
use rapport_tests::story::{Story, instant, record, start_of, tick};

use super::{told, told_in_order};

#[test]
fn every_cause_and_reason_that_may_mean_danger_is_an_alert_of_its_own() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]);
    for cause in [
        RuptureCause::Controlling,
        RuptureCause::AbuseOfPower,
        RuptureCause::BoundaryBreach,
        RuptureCause::InappropriateRelationship,
        RuptureCause::HarmfulBehaviour,
    ] {
        story.ruptured(cause);
    }
    story.ruptured(RuptureCause::Gossip).ruptured(RuptureCause::LackOfTrust);
    // No episode of theirs is open: it alerts all the same.
    story.of("d", "q").ended(Side::Client, EndReason::Controlling);
    story.of("d", "q").ended(Side::Client, EndReason::GoalsMet);
    story.of("", "p").left(LeftReason::InappropriateRelationship);
    story.of("", "q").left(LeftReason::Overwhelmed);
    let told = told(&story, 1);
    let alerts = told.alerts_of("safeguarding");
    assert_eq!(alerts.len(), 7);
    let of_left: Vec<_> = alerts.iter().filter(|alert| alert.client.is_none()).collect();
    assert_eq!((of_left.len(), of_left[0].peer.as_deref()), (1, Some("p")));
    assert!(alerts.iter().all(|alert| (alert.mechanism, alert.detected_by) == (None, None)));
    // The ruptures are one breakdown.
    assert_eq!(told.alert("alliance_breakdown").mechanism, Some("working_alliance"));
    told.has(&[
        ("alerts_7d{alert=safeguarding}", "7"),
        ("breakdowns_7d{mechanism=working_alliance}", "1"),
        ("peer_exits_7d{reason=inappropriate_relationship}", "1"),
    ]);
}

#[test]
fn a_correction_or_a_retraction_only_marks_it() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]);
    story.on(1).ruptured(RuptureCause::BoundaryBreach).id("x");
    story.on(2).ruptured(RuptureCause::BoundaryBreach).id("x").recorded_after(1);
    // The standing version still says so, and dates it.
    let moved = told(&story, 4);
    let alert = moved.alert("safeguarding");
    assert_eq!((alert.since, alert.withdrawn_event), (instant(2, "12:00"), false));
    let id = alert.alert_id.clone();
    story.on(1).ruptured(RuptureCause::Gossip).id("x").recorded_after(4);
    let corrected = told(&story, 6);
    let alert = corrected.alert("safeguarding");
    assert_eq!((alert.since, alert.until, alert.withdrawn_event), (instant(2, "12:00"), None, true));
    corrected.has(&[("alerts_7d{alert=safeguarding}", "1"), ("alerts_7d{alert=alliance_breakdown}", "1")]);
    story.on(7).retracts("x");
    let retracted = told(&story, 8);
    assert!(retracted.alert("safeguarding").withdrawn_event);
    assert!(retracted.alerts_of("alliance_breakdown").is_empty());
    story.on(9).closed(&id);
    let closed = told(&story, 10);
    assert_eq!(closed.stretches("safeguarding"), [(instant(2, "12:00"), Some(instant(9, "12:00")))]);
}

#[test]
fn a_correction_that_moves_it_to_another_pair_leaves_one_alert_with_each() {
    let mut story = Story::new();
    story.of("c", "p").on(0).contact(&[], &[]).of("d", "p").contact(&[], &[]);
    story.of("c", "p").on(1).ruptured(RuptureCause::Controlling).id("x");
    story.of("d", "p").on(1).ruptured(RuptureCause::Controlling).id("x").recorded_after(1);
    let told = told(&story, 3);
    let mut marks: Vec<_> =
        told.alerts_of("safeguarding").iter().map(|one| (one.client.clone(), one.withdrawn_event)).collect();
    marks.sort();
    assert_eq!(marks, [(Some("c".to_owned()), true), (Some("d".to_owned()), false)]);
    // The breakdown is the other pair's alone.
    assert_eq!(told.alert("alliance_breakdown").client.as_deref(), Some("d"));
}

#[test]
fn what_was_withdrawn_before_it_came_alerts_all_the_same_and_what_was_erased_does_not() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(1).ruptured(RuptureCause::Controlling).on(2).retracts("e2");
    let ruptured = record(&story.events[1], start_of(3));
    let (key, _) = ruptured.clone();
    let retracted = record(&story.events[2], start_of(2));
    let contact = record(&story.events[0], start_of(1));
    let mut records = vec![retracted, contact, ruptured, tick(start_of(4))];
    let withdrawn = told_in_order(&records);
    assert!(withdrawn.alert("safeguarding").withdrawn_event);
    records.extend([(key, None), tick(start_of(5))]);
    assert!(told_in_order(&records).alerts_of("safeguarding").is_empty());
}

#[test]
fn where_only_the_version_that_spoke_of_a_pair_is_erased_its_alert_goes() {
    let mut story = Story::new();
    story.of("c", "p").on(0).contact(&[], &[]).of("d", "p").contact(&[], &[]);
    story.of("c", "p").on(1).ruptured(RuptureCause::Controlling).id("x");
    story.of("d", "p").on(1).ruptured(RuptureCause::Controlling).id("x").recorded_after(1);
    let mut records = story.records(start_of(4));
    assert_eq!(told_in_order(&records).alerts_of("safeguarding").len(), 2);
    let (key, _) = record(&story.events[2], 0);
    records.extend([(key, None), tick(start_of(5))]);
    assert_eq!(told_in_order(&records).alert("safeguarding").client.as_deref(), Some("d"));
}
