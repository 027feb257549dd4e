//! Edges of windows and days, and what is counted in them.

use rapport_proto::v1::{Attendance, EndReason, Side, SupportType};
use rapport_tests::story::{Story, record, start_of, tick};

use super::{told, told_in_order};

#[test]
fn a_window_holds_its_first_day_and_not_the_day_before() {
    let mut story = Story::new();
    story.on(0).contact(&[SupportType::Emotional], &[]);
    // Read at day 7: D is day 6, and the 7 days up to it are days 0 to 6.
    told(&story, 7).has(&[
        ("contacts_7d{attendance=attended}", "1"),
        ("contact_minutes_7d", "50"),
        ("contacts_support_7d{support_type=emotional}", "1"),
        ("dyads_contacted_7d", "1"),
        // Day 0 to day 6, all open.
        ("dyad_days_7d", "7"),
    ]);
    // Read at day 8: days 1 to 7.
    told(&story, 8).has(&[
        ("contacts_7d{attendance=attended}", "0"),
        ("contact_minutes_7d", "0"),
        ("contacts_28d{attendance=attended}", "1"),
        ("dyads_contacted_7d", "0"),
        ("dyads_open_7d", "1"),
        ("dyad_days_7d", "7"),
        ("dyad_days_28d", "8"),
    ]);
}

#[test]
fn the_last_minute_of_a_day_is_in_its_release_and_the_next_midnight_is_not() {
    let mut story = Story::new();
    story.at(6, "23:59").contact(&[], &[]);
    story.at(7, "00:00").contact_that_was(Attendance::MissedByPeer, &[], &[]);
    told(&story, 7).has(&[
        ("contacts_7d{attendance=attended}", "1"),
        ("contacts_7d{attendance=missed_by_peer}", "0"),
        ("dyad_days_7d", "1"),
    ]);
    told(&story, 8).has(&[("contacts_7d{attendance=missed_by_peer}", "1"), ("dyad_days_7d", "2")]);
}

#[test]
fn a_site_has_no_release_before_its_first_event_has_occurred() {
    let mut story = Story::new();
    story.on(9).contact(&[], &[]);
    assert!(told(&story, 9).release.is_none());
    assert_eq!(told(&story, 10).release.unwrap().first_day, "2026-01-10");
}

#[test]
fn a_record_that_carries_the_clock_over_a_boundary_is_not_in_that_boundarys_release() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]);
    story.on(1).contact(&[], &[]);
    // The contact of day 1 is accepted on day 3, and crosses the boundary itself.
    let mut records = vec![record(&story.events[0], start_of(1)), record(&story.events[1], start_of(3))];
    told_in_order(&records).has(&[("contacts_7d{attendance=attended}", "1")]);
    // With the next boundary it counts.
    records.push(tick(start_of(4)));
    told_in_order(&records).has(&[("contacts_7d{attendance=attended}", "2")]);
}

#[test]
fn a_request_is_met_within_fourteen_days_and_due_after_them() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[SupportType::Emotional, SupportType::Appraisal]);
    story.on(14).contact(&[SupportType::Emotional], &[]);
    story.on(15).contact(&[SupportType::Appraisal], &[]);
    // D is day 15: the 7 days up to D − 14 are days −5 to 1. Emotional came on the 14th day, appraisal on the 15th.
    told(&story, 16).has(&[
        ("support_requests_due_7d{support_type=emotional}", "1"),
        ("support_requests_met_7d{support_type=emotional}", "1"),
        ("support_requests_due_7d{support_type=appraisal}", "1"),
        ("support_requests_met_7d{support_type=appraisal}", "0"),
        ("dyads_supported_7d{support_type=emotional}", "1"),
        ("dyads_supported_7d{support_type=informational}", "0"),
    ]);
    // D is day 13: nothing was requested in the 7 days up to day −1.
    told(&story, 14).has(&[("support_requests_due_7d{support_type=emotional}", "0")]);
}

#[test]
fn support_stands_for_28_days_and_a_dropout_keeps_what_stood_when_the_silence_began() {
    let mut story = Story::new();
    story.on(0).contact(&[SupportType::Informational], &[SupportType::Emotional]);
    // Presumed lost at day 43; open on days 0 to 42. Both stand on days 0 to 27. For the dropout: received as on
    // day c = 0; requested from c − 27 on and never delivered.
    told(&story, 44).has(&[
        ("dyad_days_support_90d{support_type=informational,basis=received}", "28"),
        ("dyad_days_support_90d{support_type=emotional,basis=unmet}", "28"),
        ("dyads_standing_90d{support_type=emotional,basis=unmet}", "1"),
        ("dyads_standing_28d{support_type=informational,basis=received}", "1"),
        ("dyads_standing_28d{support_type=informational,basis=unmet}", "0"),
        ("dyads_standing_7d{support_type=emotional,basis=unmet}", "0"),
        ("dropouts_support_7d{support_type=informational,basis=received}", "1"),
        ("dropouts_support_7d{support_type=emotional,basis=unmet}", "1"),
        ("dropouts_support_7d{support_type=emotional,basis=received}", "0"),
        ("exits_mechanism_7d{mechanism=social_support,polarity=negative}", "1"),
    ]);
    // Day 27 is in the 7 days up to day 33, and day 42, the last on which the pair is open, in those up to day 48.
    told(&story, 34).has(&[
        ("dyads_standing_7d{support_type=emotional,basis=unmet}", "1"),
        ("dyad_days_support_7d{support_type=emotional,basis=unmet}", "1"),
    ]);
    told(&story, 35).has(&[("dyads_standing_7d{support_type=emotional,basis=unmet}", "0")]);
    told(&story, 49).has(&[("dyads_matched_7d{matched_on=none}", "1")]);
    told(&story, 50).has(&[
        ("dyads_matched_7d{matched_on=none}", "0"),
        ("dyads_matched_28d{matched_on=none}", "1"),
        ("dyads_matched_28d{matched_on=age}", "0"),
    ]);
    // Delivered on day 20 at a contact that was asked for more: no longer unmet.
    story.on(20).contact(&[SupportType::Emotional], &[]);
    told(&story, 64).has(&[
        // Days 0 to 19.
        ("dyad_days_support_90d{support_type=emotional,basis=unmet}", "20"),
        // Days 20 to 47.
        ("dyad_days_support_90d{support_type=emotional,basis=received}", "28"),
        // Lost on day 63, counted from day 20: informational came on day 0, within the 28 days up to day 20.
        ("dropouts_support_7d{support_type=informational,basis=received}", "1"),
        ("dropouts_support_7d{support_type=emotional,basis=unmet}", "0"),
        ("exits_mechanism_7d{mechanism=unknown,polarity=negative}", "1"),
    ]);
}

#[test]
fn an_end_is_counted_by_reason_side_and_mechanism_and_only_a_negative_one_is_a_dropout() {
    let mut story = Story::new();
    story.of("ca", "p").on(0).contact(&[], &[]).on(3).ended(Side::Client, EndReason::GoalsMet);
    story.of("cb", "p").on(0).contact(&[], &[]).on(3).ended(Side::Peer, EndReason::Relapse);
    story.of("cc", "p").on(0).contact(&[], &[]).on(3).ended(Side::Client, EndReason::Relapse);
    told(&story, 4).has(&[
        ("exits_7d{reason=goals_met}", "1"),
        ("exits_7d{reason=relapse}", "2"),
        ("exits_side_7d{side=client}", "2"),
        ("exits_side_7d{side=peer}", "1"),
        ("exits_mechanism_7d{mechanism=none,polarity=positive}", "1"),
        ("exits_mechanism_7d{mechanism=peer_role,polarity=negative}", "1"),
        ("exits_mechanism_7d{mechanism=unknown,polarity=negative}", "1"),
        ("dropouts_7d", "2"),
        ("dyads_open_7d", "3"),
        // Days 0 to 3 of each: the day of an end is a day on which the dyad is open.
        ("dyad_days_7d", "12"),
    ]);
}
