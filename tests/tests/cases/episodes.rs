//! Episodes: silence, pauses, ends, and what opens the next.

use rapport_proto::v1::{Attendance, EndReason, LeftReason, MatchedOn, Side};
use rapport_tests::story::Story;

use super::told;

#[test]
fn the_43rd_day_of_silence_is_a_presumed_dropout() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]);
    // D is day 42: 42 days after the contact.
    told(&story, 43).has(&[("dropouts_90d", "0"), ("dyad_days_7d", "7"), ("dyads{phase=unmonitored}", "1")]);
    // D is day 43.
    told(&story, 44).has(&[
        ("dropouts_7d", "1"),
        ("exits_7d{reason=presumed_lost}", "1"),
        ("exits_side_7d{side=unknown}", "1"),
        ("exits_mechanism_7d{mechanism=unknown,polarity=negative}", "1"),
        ("dropouts_matched_7d{matched_on=none}", "1"),
        ("dyads{phase=presumed_lost}", "1"),
        ("dyads_open_7d", "1"),
        // Days 37 to 42, 16 to 42, 0 to 42.
        ("dyad_days_7d", "6"),
        ("dyad_days_28d", "27"),
        ("dyad_days_90d", "43"),
    ]);
}

#[test]
fn a_presumed_dropout_is_of_the_side_that_did_not_come_last() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(7).missed().on(14);
    story.contact_that_was(Attendance::CancelledByPeer, &[], &[]);
    // Neither contact is attended: counted from day 0.
    told(&story, 44).has(&[("dropouts_7d", "1"), ("exits_side_7d{side=peer}", "1")]);
}

#[test]
fn an_attended_contact_takes_a_presumed_dropout_back_and_the_dyad_was_open_throughout() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(50).contact(&[], &[]);
    let told = told(&story, 51);
    told.has(&[
        ("dropouts_90d", "0"),
        ("exits_90d{reason=presumed_lost}", "0"),
        // Days 0 to 50.
        ("dyad_days_90d", "51"),
        ("dyads{phase=unmonitored}", "1"),
    ]);
    let row = &told.rows["e2"];
    assert_eq!((row.phase_before, row.phase_after), (Some("presumed_lost"), Some("unmonitored")));
    assert_eq!((row.session, row.days_since_contact, row.episode_day), (Some(2), Some(50), Some(50)));
}

#[test]
fn a_contact_at_the_very_midnight_prevents_a_presumed_dropout() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).at(43, "00:00").contact(&[], &[]);
    let told = told(&story, 44);
    assert_eq!(told.rows["e2"].phase_before, Some("unmonitored"));
    told.has(&[("dropouts_90d", "0"), ("dyad_days_90d", "44")]);
}

#[test]
fn paused_days_do_not_count_as_silence_nor_as_open() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(10).paused().on(20).resumed();
    // Days 11 to 19 are paused; 10 and 20 only in part. D is day 15: of days 9 to 15, 9 and 10 are open.
    told(&story, 16).has(&[("dyads{phase=paused}", "1"), ("dyad_days_7d", "2")]);
    // Days 1 to 10 are ten; the 43rd day that is not paused is the 33rd from day 20 on, day 52.
    told(&story, 52).has(&[("dropouts_90d", "0")]);
    told(&story, 53).has(&[
        ("dropouts_90d", "1"),
        // Days 0 to 51 less nine.
        ("dyad_days_90d", "43"),
    ]);
}

#[test]
fn a_pause_ends_by_itself_on_its_90th_day() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(1).paused();
    // Paused until 00:00 of day 91. Day 1 is one day of silence, days 91 to 132 are the other 42.
    told(&story, 91).has(&[("dyads{phase=paused}", "1")]);
    told(&story, 92).has(&[("dyads{phase=unmonitored}", "1"), ("dyad_days_7d", "1")]);
    told(&story, 132).has(&[("dropouts_90d", "0")]);
    told(&story, 133).has(&[("dropouts_90d", "1")]);
}

#[test]
fn an_end_after_a_presumed_dropout_takes_its_place_on_its_day() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(50).ended(Side::Service, EndReason::MovedAway);
    told(&story, 51).has(&[
        ("exits_7d{reason=moved_away}", "0"),
        // Day 43 is one of the 28 days up to day 50.
        ("exits_28d{reason=moved_away}", "1"),
        ("exits_28d{reason=presumed_lost}", "0"),
        ("exits_side_28d{side=service}", "1"),
        ("dropouts_90d", "0"),
        ("dyad_days_90d", "43"),
    ]);
}

#[test]
fn after_an_end_only_a_start_or_an_attended_contact_on_a_later_day_opens_the_next_episode() {
    let mut story = Story::new();
    story.on(0).started(&[]).on(10).ended(Side::Client, EndReason::GoalsMet);
    story.at(10, "18:00").contact(&[], &[]);
    story.on(11).missed();
    story.on(12).contact(&[], &[]);
    let told = told(&story, 14);
    let episodes: Vec<_> = ["e1", "e2", "e3", "e4", "e5"].map(|id| told.rows[id].episode).into();
    assert_eq!(episodes, [Some(1), Some(1), None, None, Some(2)]);
    assert_eq!(told.rows["e2"].ended, Some((false, "positive", "none")));
    assert_eq!((told.rows["e5"].episode_day, told.rows["e5"].session), (Some(0), Some(1)));
    told.has(&[
        ("contacts_28d{attendance=attended}", "2"),
        // Days 0 to 10, 12, 13.
        ("dyad_days_28d", "13"),
        ("dyads{phase=forming}", "1"),
    ]);
}

#[test]
fn a_start_after_a_presumed_dropout_begins_anew_and_leaves_the_dropout_standing() {
    let mut story = Story::new();
    story.on(0).started(&[MatchedOn::Age]).on(50).started(&[MatchedOn::Gender]);
    let told = told(&story, 51);
    assert_eq!(told.rows["e2"].episode, Some(2));
    told.has(&[
        ("dropouts_28d", "1"),
        ("dropouts_matched_28d{matched_on=age}", "1"),
        ("dropouts_matched_28d{matched_on=gender}", "0"),
        ("dyads{phase=forming}", "1"),
        ("dyads{phase=presumed_lost}", "0"),
        // Days 0 to 42, and day 50.
        ("dyad_days_90d", "44"),
        ("dyad_days_matched_90d{matched_on=age}", "43"),
        ("dyad_days_matched_90d{matched_on=gender}", "1"),
    ]);
}

#[test]
fn a_peer_who_leaves_ends_all_their_episodes_and_a_death_all_of_the_clients() {
    let mut story = Story::new();
    story.of("ca", "pa").on(0).contact(&[], &[]);
    story.of("cb", "pa").on(0).contact(&[], &[]);
    story.of("ca", "pb").on(0).contact(&[], &[]);
    story.of("", "pa").on(2).left(LeftReason::Overwhelmed);
    // Noted in a pair that has ended already; it ends the pair (ca, pb) all the same.
    story.of("ca", "pa").on(3).ended(Side::Service, EndReason::Died);
    let told = told(&story, 4);
    told.has(&[
        ("exits_7d{reason=overwhelmed}", "2"),
        ("exits_side_7d{side=peer}", "2"),
        ("exits_7d{reason=died}", "1"),
        ("exits_side_7d{side=service}", "1"),
        ("exits_mechanism_7d{mechanism=peer_role,polarity=negative}", "2"),
        ("dropouts_7d", "2"),
        ("dyads{phase=forming}", "0"),
        // Days 0 to 2 twice, days 0 to 3 once.
        ("dyad_days_7d", "10"),
    ]);
    assert_eq!(told.rows["e4"].ended, Some((true, "negative", "peer_role")));
}
