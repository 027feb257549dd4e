//! What silence means: a dyad presumed lost, a breakdown unrepaired, a site of which nothing is heard.

use rapport_proto::v1::RuptureCause;
use rapport_tests::story::{Story, instant, start_of};

use super::told;

#[test]
fn a_presumed_dropout_is_an_alert_until_it_is_taken_back() {
    let mut story = Story::new();
    story.on(0).started(&[]).on(1).contact(&[], &[]).on(2).missed();
    // Counted from the contact on day 1: lost at 00:00 of day 44.
    assert!(told(&story, 43).alerts_of("presumed_dropout").is_empty());
    let lost = told(&story, 44);
    let alert = lost.alert("presumed_dropout");
    assert_eq!((alert.since, alert.until, alert.mechanism), (start_of(44), None, Some("unknown")));
    assert_eq!(alert.recorded_at, start_of(44), "nothing was news before");
    story.on(50).contact(&[], &[]);
    let back = told(&story, 51);
    assert_eq!(back.stretches("presumed_dropout"), [(start_of(44), Some(instant(50, "12:00")))]);
    back.has(&[("alerts_7d{alert=presumed_dropout}", "1"), ("dropouts_90d", "0")]);
}

#[test]
fn a_start_on_the_very_midnight_of_a_dropout_leaves_nobody_lost() {
    let mut story = Story::new();
    story.on(0).started(&[]).at(43, "00:00").started(&[]);
    let told = told(&story, 44);
    // It ends the old episode with that dropout; at no instant is anybody lost.
    assert!(told.alerts_of("presumed_dropout").is_empty());
    assert_eq!(told.rows["e2"].episode, Some(2));
    told.has(&[("dropouts_7d", "1"), ("exits_7d{reason=presumed_lost}", "1"), ("dyads{phase=forming}", "1")]);
}

#[test]
fn a_breakdown_is_unrepaired_when_28_days_have_passed() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).ruptured(RuptureCause::Gossip).on(25).contact(&[], &[]);
    assert!(told(&story, 28).alerts_of("breakdown_unrepaired").is_empty());
    // 28 days have passed since day 0 at 00:00 of day 29.
    let open = told(&story, 29);
    let alert = open.alert("breakdown_unrepaired");
    assert_eq!((alert.since, alert.until), (start_of(29), None));
    assert_eq!((alert.mechanism, alert.detected_by), (Some("working_alliance"), Some("reported")));
    let mut late = story.clone();
    late.on(30).repaired();
    let repaired = told(&late, 31);
    assert_eq!(repaired.stretches("breakdown_unrepaired"), [(start_of(29), Some(instant(30, "12:00")))]);
    // At that very instant, with all its events known, no breakdown is open.
    story.at(29, "00:00").repaired();
    let in_time = told(&story, 31);
    assert!(in_time.alerts_of("breakdown_unrepaired").is_empty());
    assert_eq!(in_time.stretches("alliance_breakdown"), [(instant(0, "12:00"), Some(start_of(29)))]);
}

#[test]
fn a_breakdown_whose_alert_time_has_closed_is_not_called_unrepaired() {
    let mut story = Story::new();
    // Lost at 00:00 of day 43; 14 days have passed at 00:00 of day 58, 28 since the rupture at 00:00 of day 64.
    story.on(0).contact(&[], &[]).on(35).ruptured(RuptureCause::Gossip);
    let told_late = told(&story, 70);
    assert_eq!(told_late.stretches("alliance_breakdown"), [(instant(35, "12:00"), Some(start_of(58)))]);
    assert!(told_late.alerts_of("breakdown_unrepaired").is_empty());
    // Ruptured on day 20 it is unrepaired from day 49 on, and both are closed on day 58.
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(20).ruptured(RuptureCause::Gossip);
    let told = told(&story, 70);
    assert_eq!(told.stretches("breakdown_unrepaired"), [(start_of(49), Some(start_of(58)))]);
}

#[test]
fn a_rupture_on_the_very_midnight_that_closes_breakdowns_is_not_closed_by_it() {
    let mut story = Story::new();
    // Lost at 00:00 of day 43. What time does at 00:00 of day 58 comes before the rupture of that instant.
    story.on(0).contact(&[], &[]).at(58, "00:00").ruptured(RuptureCause::Gossip);
    assert_eq!(told(&story, 60).stretches("alliance_breakdown"), [(start_of(58), None)]);
}

#[test]
fn a_site_of_which_nothing_is_heard_is_silent_when_7_days_have_passed() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]);
    assert!(told(&story, 7).alerts_of("site_silent").is_empty());
    // 7 days have passed since day 0 at 00:00 of day 8.
    let silent = told(&story, 8);
    let alert = silent.alert("site_silent");
    assert_eq!((alert.since, alert.until, alert.recorded_at), (start_of(8), None, start_of(8)));
    // SHA-256 of leeds, site_silent, e1, joined by 0x00.
    assert_eq!(alert.alert_id, "ba4ba382d01eb263fc7c0b456f1a0a51");
    silent.has(&[("alerts_7d{alert=site_silent}", "0")]);
    told(&story, 9).has(&[("alerts_7d{alert=site_silent}", "1")]);
    // Any record will do, a retraction of nothing too.
    story.on(9).retracts("nothing");
    let heard = told(&story, 16);
    assert!(heard.alerts_of("site_silent").is_empty());
    heard.has(&[("alerts_90d{alert=site_silent}", "0")]);
    assert_eq!(told(&story, 18).alert("site_silent").since, start_of(17));
}
