//! Versions, retractions, order and lateness: which events stand.

use rapport_proto::v1::{Attendance, EndReason, Side};
use rapport_tests::oracle::log::Record;
use rapport_tests::story::{Story, start_of};

use super::{told, told_in_order};

/// All orders of at most five things.
fn orders(records: &[Record]) -> Vec<Vec<Record>> {
    if records.is_empty() {
        return vec![Vec::new()];
    }
    let each = (0..records.len()).flat_map(|first| {
        let mut rest = records.to_vec();
        let head = rest.remove(first);
        orders(&rest).into_iter().map(move |mut order| {
            order.insert(0, head.clone());
            order
        })
    });
    each.collect()
}

#[track_caller]
fn in_any_order(story: &Story, day: i64, samples: &[(&str, &str)]) {
    let mut records = story.records(start_of(day));
    let last = records.pop().unwrap();
    for mut order in orders(&records) {
        order.push(last.clone());
        told_in_order(&order).has(samples);
    }
}

#[test]
fn the_version_recorded_last_stands_whichever_arrives_first() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).id("x");
    story.on(1).contact_that_was(Attendance::MissedByPeer, &[], &[]).id("x").recorded_after(2);
    story.on(0).missed().id("x").recorded_after(1);
    in_any_order(
        &story,
        5,
        &[
            ("contacts_7d{attendance=missed_by_peer}", "1"),
            ("contacts_7d{attendance=attended}", "0"),
            ("contacts_7d{attendance=missed_by_client}", "0"),
            // The contact opens the episode on day 1 now.
            ("dyad_days_7d", "4"),
        ],
    );
}

#[test]
fn a_retraction_withdraws_what_was_recorded_up_to_then_and_a_later_version_stands_again() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).id("x");
    story.on(0).missed().id("x").recorded_after(1);
    story.on(1).retracts("x");
    story.on(0).contact(&[], &[]).id("y");
    in_any_order(
        &story,
        5,
        &[("contacts_7d{attendance=attended}", "1"), ("contacts_7d{attendance=missed_by_client}", "0")],
    );
    story.on(0).contact_that_was(Attendance::CancelledByClient, &[], &[]).id("x").recorded_after(2);
    in_any_order(
        &story,
        5,
        &[
            ("contacts_7d{attendance=attended}", "1"),
            ("contacts_7d{attendance=missed_by_client}", "0"),
            ("contacts_7d{attendance=cancelled_by_client}", "1"),
        ],
    );
}

#[test]
fn a_retraction_has_no_identity_of_its_own() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).id("x").contact(&[], &[]).id("y");
    // Both retractions act, though they bear one id, and that id is an event's.
    story.on(1).retracts("x").id("y").retracts("z").id("y");
    in_any_order(&story, 3, &[("contacts_7d{attendance=attended}", "1")]);
}

#[test]
fn a_contact_that_comes_to_light_late_takes_a_dropout_back_in_the_next_release() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(30).contact(&[], &[]).recorded_after(20);
    let records = story.records(start_of(51));
    told_in_order(&records).has(&[("dropouts_90d", "0"), ("dyad_days_90d", "51")]);
    let mut before = vec![records[0].clone(), rapport_tests::story::tick(start_of(50))];
    told_in_order(&before).has(&[("dropouts_90d", "1"), ("dyad_days_90d", "43")]);
    before.extend_from_slice(&records[1..]);
    told_in_order(&before).has(&[("dropouts_90d", "0"), ("dyad_days_90d", "51")]);
}

#[test]
fn an_end_that_is_withdrawn_never_happened() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(2).ended(Side::Client, EndReason::Gossip);
    story.on(3).missed();
    assert_eq!(told(&story, 4).rows["e3"].episode, None);
    story.on(4).retracts("e2");
    let told = told(&story, 5);
    told.has(&[("dropouts_7d", "0"), ("breakdowns_detected_7d{by=exit}", "0"), ("dyad_days_7d", "5")]);
    assert_eq!(told.rows["e3"].episode, Some(1));
    assert!(told.alerts.is_empty());
}

#[test]
fn events_of_tomorrow_are_kept_and_count_when_the_clock_comes_to_them() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(9).missed().recorded_after(-8);
    let early = told(&story, 5);
    early.has(&[("contacts_7d{attendance=missed_by_client}", "0")]);
    assert!(!early.rows.contains_key("e2"));
    let late = told(&story, 10);
    late.has(&[("contacts_7d{attendance=missed_by_client}", "1")]);
    assert!(late.rows.contains_key("e2"));
}
