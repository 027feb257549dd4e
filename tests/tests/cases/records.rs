//! Versions, retractions, order and lateness: which events stand.

use rapport_proto::v1::{self, Attendance, EndReason, RuptureCause, Side, event::Body};
use rapport_tests::oracle::log::Record;
use rapport_tests::story::{Story, instant, start_of};

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

#[test]
fn a_correction_moves_a_contact_to_another_pair_whichever_version_arrives_first() {
    let mut story = Story::new();
    story.of("c", "p").on(0).contact(&[], &[]).id("x");
    story.of("d", "q").on(2).contact(&[], &[]).id("x").recorded_after(1);
    story.of("d", "q").on(3).missed().id("y");
    in_any_order(
        &story,
        5,
        &[
            // Only d and q: days 2, 3, 4.
            ("dyads_open_7d", "1"),
            ("dyad_days_7d", "3"),
            ("client_days_7d", "3"),
            ("peers_active_7d", "1"),
            ("contacts_7d{attendance=attended}", "1"),
        ],
    );
    let told = told(&story, 5);
    assert_eq!((told.rows["x"].episode, told.rows["y"].episode_day), (Some(1), Some(1)));
}

#[test]
fn a_correction_can_make_another_kind_of_event_of_an_event() {
    let mut story = Story::new();
    story.of("c", "p").on(0).contact(&[], &[]).id("x");
    story.of("", "p").on(1).supervised(true).id("x").recorded_after(1);
    in_any_order(&story, 3, &[("dyads_open_7d", "0"), ("peers_active_7d", "0"), ("client_days_7d", "0")]);
    let told = told(&story, 3);
    assert_eq!(
        (told.rows["x"].mechanism, told.rows["x"].component),
        (Some("peer_role"), Some("supervision"))
    );
}

#[test]
fn acknowledgements_count_once_an_alert_and_the_latest_finding_confirms() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(1).ruptured(RuptureCause::Gossip);
    // SHA-256 of leeds, alliance_breakdown, c, p, e2, joined by 0x00.
    let id = "6486b1ed93885658045cf243012c2194";
    let found = |story: &mut Story, day: i64, finding: Option<bool>| {
        story.on(day).acknowledged(id, v1::AcknowledgementState::Seen);
        let Some(Body::Acknowledgement(last)) = &mut story.events.last_mut().unwrap().body else { panic!() };
        last.finding = finding;
    };
    found(&mut story, 2, Some(false));
    let counts = |acknowledged, confirmed| {
        [
            ("alerts_7d{alert=alliance_breakdown}", "1"),
            ("alerts_acknowledged_7d{alert=alliance_breakdown}", acknowledged),
            ("alerts_confirmed_7d{alert=alliance_breakdown}", confirmed),
        ]
    };
    told(&story, 2).has(&counts("0", "0"));
    told(&story, 3).has(&counts("1", "0"));
    found(&mut story, 4, Some(true));
    // Says nothing of what was found.
    found(&mut story, 5, None);
    told(&story, 6).has(&counts("1", "1"));
    assert_eq!(told(&story, 6).alert("alliance_breakdown").alert_id, id);
    // One that came before the alert closes it as it opens.
    let mut early = Story::new();
    early.on(0).contact(&[], &[]).on(1).ruptured(RuptureCause::Gossip).on(0).closed(id);
    let at_once = [(instant(1, "12:00"), Some(instant(1, "12:00")))];
    assert_eq!(told(&early, 2).stretches("alliance_breakdown"), at_once);
}
