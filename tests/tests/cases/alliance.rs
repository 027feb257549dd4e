//! Section 4 in small: with σ = 0.10, ν₀ = 8 and four ratings of 8 out of 10, s² = 8·0.01/11, and z of a later rating
//! q is (0.8 − q) / (0.08528·√1.25) = (0.8 − q) / 0.095346. So z > 3 below 5.1396 of ten, z > 2 below 6.0931, and
//! z < 1 above 7.0465.

use rapport_proto::v1::{EndReason, RuptureCause, Side};
use rapport_tests::oracle::days::DAY_US;
use rapport_tests::story::{Story, instant, start_of};

use super::told;

/// Four weekly contacts from day 0 on, each rated 8.
fn formed() -> Story {
    let mut story = Story::new();
    for week in 0..4 {
        story.on(week * 7).contact(&[], &[]).rated(8.0);
    }
    story
}

#[test]
fn a_rating_three_sd_below_is_a_breakdown_and_one_just_above_is_a_watch() {
    let mut story = formed();
    story.on(28).rated(5.1);
    let broken = told(&story, 29);
    broken.has(&[
        ("breakdowns_7d{mechanism=working_alliance}", "1"),
        ("breakdowns_detected_7d{by=measured}", "1"),
        ("dyads{phase=breakdown}", "1"),
        ("dyads_rated_7d", "1"),
        ("alliance_baselines_28d", "0"),
        ("alliance_baseline_df_28d", "0"),
    ]);
    assert_eq!(broken.alert("alliance_breakdown").since, instant(28, "12:00"));
    assert_eq!(broken.alert("alliance_breakdown").until, None);
    let row = &broken.rows["e9"];
    assert_eq!((row.phase_before, row.phase_after), (Some("working"), Some("breakdown")));
    // 0.29 / 0.095346.
    assert!((row.scored.unwrap().z - 3.0415).abs() < 0.0001);

    let mut story = formed();
    story.on(28).rated(5.2);
    let watched = told(&story, 29);
    watched.has(&[("breakdowns_7d{mechanism=working_alliance}", "0"), ("dyads{phase=watch}", "1")]);
    assert_eq!(watched.alert("alliance_watch").until, None);
}

#[test]
fn two_of_three_ratings_two_sd_below_are_a_breakdown_which_closes_the_watch() {
    let mut story = formed();
    story.on(28).rated(6.0).on(35).rated(8.0);
    told(&story, 36).has(&[("dyads{phase=watch}", "1")]);
    story.on(42).rated(6.0);
    let told = told(&story, 43);
    told.has(&[("breakdowns_7d{mechanism=working_alliance}", "1"), ("dyads{phase=breakdown}", "1")]);
    assert_eq!(told.alert("alliance_watch").until, Some(instant(42, "12:00")));
    assert_eq!(told.alert("alliance_breakdown").since, instant(42, "12:00"));
}

#[test]
fn ratings_more_than_90_days_apart_are_not_in_a_row() {
    let mut story = formed();
    story.on(28).rated(6.0);
    for day in [40, 70, 100] {
        story.on(day).contact(&[], &[]);
    }
    let mut late = story.clone();
    story.on(118).rated(6.0);
    told(&story, 119).has(&[("breakdowns_7d{mechanism=working_alliance}", "1")]);
    late.on(119).rated(6.0);
    told(&late, 120).has(&[("breakdowns_7d{mechanism=working_alliance}", "0"), ("dyads{phase=watch}", "1")]);
}

#[test]
fn a_watch_closes_when_two_ratings_in_a_row_are_well_again() {
    let mut story = formed();
    story.on(28).rated(6.0).on(35).rated(7.1).on(42).rated(7.1);
    let told = told(&story, 43);
    told.has(&[("dyads{phase=working}", "1")]);
    assert_eq!(told.alert("alliance_watch").until, Some(instant(42, "12:00")));
}

#[test]
fn the_second_missed_contact_in_a_watch_is_a_breakdown() {
    let mut story = formed();
    story.on(28).rated(6.0).on(30).missed();
    told(&story, 31).has(&[("breakdowns_detected_7d{by=behavioural}", "0")]);
    story.on(31).missed();
    let told = told(&story, 32);
    told.has(&[("breakdowns_detected_7d{by=behavioural}", "1"), ("dyads{phase=breakdown}", "1")]);
    assert_eq!(told.alert("alliance_breakdown").detected_by, Some("behavioural"));
}

#[test]
fn two_ratings_in_a_row_that_are_well_repair_a_breakdown_at_the_second() {
    let mut story = formed();
    story.on(28).rated(5.0).on(35).rated(7.5).on(42).rated(7.5);
    let told = told(&story, 43);
    told.has(&[
        ("repairs_7d", "1"),
        ("repair_days_7d", "14"),
        ("breakdowns_28d{mechanism=working_alliance}", "1"),
        ("breakdowns_due_28d", "0"),
        ("dyads{phase=working}", "1"),
    ]);
    assert_eq!(told.alert("alliance_breakdown").until, Some(instant(42, "12:00")));
}

#[test]
fn a_breakdown_is_due_28_days_later_and_repaired_only_within_them() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).ruptured(RuptureCause::Gossip).on(29).contact(&[], &[]).repaired();
    // D is day 29: the 7 days up to D − 28 are days −5 to 1.
    told(&story, 30).has(&[("breakdowns_due_7d", "1"), ("breakdowns_repaired_7d", "0"), ("repairs_7d", "1")]);
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).ruptured(RuptureCause::Gossip).on(28).contact(&[], &[]).repaired();
    told(&story, 29).has(&[("breakdowns_due_7d", "1"), ("breakdowns_repaired_7d", "1")]);
}

#[test]
fn an_end_for_a_reason_of_the_alliance_is_a_breakdown_whose_alert_lasts_14_days() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(5).ended(Side::Client, EndReason::LackOfTrust);
    let at_once = told(&story, 10);
    at_once.has(&[
        ("breakdowns_detected_7d{by=exit}", "1"),
        ("exits_7d{reason=lack_of_trust}", "1"),
        ("exits_mechanism_7d{mechanism=working_alliance,polarity=negative}", "1"),
        ("dropouts_7d", "1"),
    ]);
    assert_eq!(at_once.alert("alliance_breakdown").since, instant(5, "12:00"));
    assert_eq!(at_once.rows["e2"].ended, Some((true, "negative", "working_alliance")));
    // 14 days have passed since day 5 from 00:00 of day 20 on.
    assert_eq!(told(&story, 19).alert("alliance_breakdown").until, None);
    assert_eq!(told(&story, 20).alert("alliance_breakdown").until, Some(start_of(20)));
}

#[test]
fn an_acknowledgement_closes_the_alert_and_not_the_breakdown() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(1).ruptured(RuptureCause::BoundaryBreach);
    let alert_id = told(&story, 2).alert("alliance_breakdown").alert_id.clone();
    story.on(3).closed(&alert_id);
    let told = told(&story, 4);
    assert_eq!(told.alert("alliance_breakdown").until, Some(instant(3, "12:00")));
    assert_eq!(told.alert("alliance_breakdown").mechanism, Some("peer_role"));
    told.has(&[("dyads{phase=breakdown}", "1"), ("breakdowns_7d{mechanism=peer_role}", "1")]);
}

#[test]
fn a_presumed_dropout_closes_the_watch_for_good_and_the_breakdowns_alert_14_days_later() {
    let mut story = formed();
    story.on(22).rated(6.0);
    // Counted from the contact on day 21: lost at 00:00 of day 64.
    let lost = told(&story, 65);
    assert_eq!(lost.alert("alliance_watch").until, Some(start_of(64)));
    story.on(70).contact(&[], &[]);
    let back = told(&story, 71);
    assert_eq!(back.alert("alliance_watch").until, Some(start_of(64)));
    back.has(&[("dyads{phase=unmonitored}", "1"), ("dyads{phase=watch}", "0")]);

    let mut story = formed();
    story.on(22).ruptured(RuptureCause::Other);
    assert_eq!(told(&story, 78).alert("alliance_breakdown").until, None);
    assert_eq!(told(&story, 79).alert("alliance_breakdown").until, Some(start_of(79)));
    // The dropout was the breakdown's.
    told(&story, 65).has(&[
        ("dropouts_7d", "1"),
        ("exits_mechanism_7d{mechanism=unknown,polarity=negative}", "1"),
        ("breakdowns_90d{mechanism=unknown}", "1"),
    ]);
}

#[test]
fn points_are_sums_of_normalised_scores_with_six_decimals() {
    let mut story = Story::new();
    // (4 − 1)/4 = 0.75, (3 − 1)/4 = 0.5, (2.9 − 1)/4 = 0.475; total ⌊(2·1725000 + 3)/6⌋ = 575000.
    story.on(0).measured("wai-sr", &[("bond", 4.0), ("goal", 3.0), ("task", 2.9)]);
    // No task, so no total.
    story.on(1).measured("wai-sr", &[("bond", 5.0), ("goal", 1.0)]);
    let told = told(&story, 2);
    told.has(&[
        ("alliance_ratings_7d{component=bond}", "2"),
        ("alliance_ratings_7d{component=task}", "1"),
        ("alliance_ratings_7d{component=total}", "1"),
        ("alliance_score_points_7d{component=bond}", "1.750000"),
        ("alliance_score_points_7d{component=goal}", "0.500000"),
        ("alliance_score_points_7d{component=total}", "0.575000"),
        ("dyads_rated_7d", "1"),
    ]);
}

#[test]
fn a_full_baseline_publishes_its_squares_once() {
    let mut story = Story::new();
    for (day, total) in [(0, 3.0), (7, 3.4), (14, 3.0), (21, 3.4)] {
        story.on(day).contact(&[], &[]).measured("wai-sr", &[("total", total)]);
    }
    // q is 0.5, 0.6, 0.5, 0.6: the squares about the mean are 4·0.05² = 0.01.
    told(&story, 22).has(&[
        ("alliance_baseline_squares_7d", "0.010000"),
        ("alliance_baseline_df_7d", "3"),
        ("alliance_baselines_7d", "1"),
        ("alliance_dyads_28d{component=total}", "1"),
        ("alliance_dyads_28d{component=bond}", "0"),
        ("dyads{phase=working}", "1"),
    ]);
    assert_eq!(instant(21, "12:00") - instant(0, "12:00"), 21 * DAY_US);
}

#[test]
fn another_instrument_takes_over_after_four_uses_and_is_its_own_baseline() {
    let mut story = formed();
    for day in [28, 29, 30, 31] {
        story.on(day).measured("srs", &[("total", 36.0)]);
    }
    // Mean 0.9: the rating of 30 of 40 lies 0.15 below, z = 1.57; 24 of 40 lies 0.3 below, z = 3.15.
    story.on(32).measured("srs", &[("total", 30.0)]);
    told(&story, 33).has(&[("dyads{phase=working}", "1")]);
    story.on(33).measured("srs", &[("total", 24.0)]);
    let told = told(&story, 34);
    told.has(&[("dyads{phase=breakdown}", "1")]);
    assert!(told.rows["e12"].scored.is_none(), "the fourth use still belongs to the baseline");
    assert!((told.rows["e13"].scored.unwrap().mean - 900_000.0).abs() < 0.5);
}

#[test]
fn the_component_is_the_subscale_that_fell_most() {
    let mut story = Story::new();
    for week in 0..4 {
        let scores = [("bond", 4.2), ("goal", 4.2), ("task", 4.2)];
        story.on(week * 7).contact(&[], &[]).measured("wai-sr", &scores);
    }
    story.on(28).measured("wai-sr", &[("bond", 3.0), ("goal", 2.0), ("task", 2.5)]);
    let told = told(&story, 29);
    assert_eq!(told.alert("alliance_breakdown").component.as_deref(), Some("goal"));
}
