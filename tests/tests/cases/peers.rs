//! Peers: supervision, training, load, wellbeing, leaving.

use rapport_proto::v1::{DevelopmentKind, EndReason, LeftReason, Rater, Side};
use rapport_tests::oracle::alerts::alert_id;
use rapport_tests::story::{Story, instant, start_of};

use super::{defaults, told, told_under};

#[test]
fn supervision_is_overdue_on_the_36th_day_after_the_first_with_an_open_dyad() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(30).contact(&[], &[]);
    assert!(told(&story, 35).alerts_of("supervision_overdue").is_empty());
    let overdue = told(&story, 36);
    let alert = overdue.alert("supervision_overdue");
    assert_eq!((alert.since, alert.until, alert.recorded_at), (start_of(36), None, start_of(36)));
    assert_eq!((alert.client.as_deref(), alert.peer.as_deref()), (None, Some("p")));
    // Counted from what opened the first dyad.
    assert_eq!(alert.alert_id, alert_id(&["leeds", "supervision_overdue", "p", "e1"]));
    story.on(38).supervised(false).on(40).supervised(true);
    let held = told(&story, 41);
    assert_eq!(held.stretches("supervision_overdue"), [(start_of(36), Some(instant(40, "12:00")))]);
    held.has(&[("alerts_7d{alert=supervision_overdue}", "1")]);
}

#[test]
fn supervision_is_counted_from_the_last_held_and_is_not_overdue_without_an_open_dyad() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).on(5).supervised(true).on(20).paused();
    assert!(told(&story, 60).alerts_of("supervision_overdue").is_empty());
    // 35 days have passed since day 5 at 00:00 of day 41; the dyad is open again on day 60.
    story.on(60).resumed();
    let told = told(&story, 61);
    let alert = told.alert("supervision_overdue");
    assert_eq!(alert.since, instant(60, "12:00"));
    assert_eq!(alert.alert_id, alert_id(&["leeds", "supervision_overdue", "p", "e4"]));
}

#[test]
fn a_dyad_that_time_opens_again_makes_it_overdue_counted_from_the_pause() {
    let mut story = Story::new();
    // The pause ends by itself at 00:00 of day 95.
    story.on(0).contact(&[], &[]).on(5).paused();
    let told = told(&story, 96);
    let alert = told.alert("supervision_overdue");
    assert_eq!((alert.since, alert.recorded_at), (start_of(95), start_of(95)));
    assert_eq!(alert.alert_id, alert_id(&["leeds", "supervision_overdue", "p", "e2"]));
}

#[test]
fn a_mandatory_training_lapses_when_its_days_have_passed() {
    let mut given = defaults();
    given.settings.mandatory_training.insert("basics".to_owned(), Some(30));
    let mut story = Story::new();
    story.of("c", "p").on(0).trained("basics").on(25).contact(&[], &[]);
    // Never trained: lapsed from the first open dyad on.
    story.of("d", "q").on(26).contact(&[], &[]).on(27).trained("basics");
    // 30 days have passed since day 0 on day 31.
    let valid = told_under(&given, &story, 31);
    valid.has(&[("peers_active_7d", "2"), ("peers_trained_7d", "2"), ("peers_supervised_7d", "0")]);
    let of_q = (instant(26, "12:00"), Some(instant(27, "12:00")));
    // At 00:00 of day 31 itself it has lapsed; D was still day 30.
    assert_eq!(valid.stretches("training_lapsed"), [of_q, (start_of(31), None)]);
    assert_eq!(told_under(&given, &story, 30).stretches("training_lapsed"), [of_q]);
    let lapsed = told_under(&given, &story, 32);
    lapsed.has(&[
        ("peers_active_7d", "2"),
        ("peers_trained_7d", "1"),
        ("alerts_7d{alert=training_lapsed}", "2"),
    ]);
    let of_p = lapsed.alerts_of("training_lapsed")[1];
    assert_eq!(of_p.alert_id, alert_id(&["leeds", "training_lapsed", "p", "e1"]));
    // No list, nothing to lack.
    told(&story, 32).has(&[("peers_trained_7d", "2"), ("alerts_7d{alert=training_lapsed}", "0")]);
}

#[test]
fn a_peer_with_a_sixteenth_open_dyad_is_overloaded() {
    let mut story = Story::new();
    for number in 0..16 {
        let client = format!("c{number}");
        story.of(&client, "p").at(0, &format!("10:{number:02}")).contact(&[], &[]);
    }
    let mut fifteen = story.clone();
    fifteen.events.pop();
    let told_fifteen = told(&fifteen, 1);
    assert!(told_fifteen.alerts_of("peer_overloaded").is_empty());
    told_fifteen.has(&[("peers_overloaded_7d", "0")]);
    let overloaded = told(&story, 1);
    overloaded.has(&[("peers_overloaded_7d", "1"), ("peers_active_7d", "1")]);
    let alert = overloaded.alert("peer_overloaded");
    assert_eq!((alert.since, alert.until), (instant(0, "10:15"), None));
    assert_eq!(alert.alert_id, alert_id(&["leeds", "peer_overloaded", "p", "e16"]));
    story.of("c3", "p").on(2).ended(Side::Client, EndReason::GoalsMet);
    let relieved = told(&story, 4);
    assert_eq!(relieved.stretches("peer_overloaded"), [(instant(0, "10:15"), Some(instant(2, "12:00")))]);
    relieved.has(&[("peers_overloaded_7d", "0")]);
}

#[test]
fn a_dyad_that_opens_and_closes_at_one_instant_was_never_open() {
    let mut given = defaults();
    given.settings.overload_dyads = 0;
    let mut story = Story::new();
    // In the order: a, b, c. After all of them only the dyad that b opened is open.
    story.of("ca", "p").at(3, "09:00").contact(&[], &[]).id("a").paused().id("c");
    story.of("cb", "p").contact(&[], &[]).id("b");
    let told = told_under(&given, &story, 4);
    assert_eq!(told.alert("peer_overloaded").alert_id, alert_id(&["leeds", "peer_overloaded", "p", "b"]));
}

#[test]
fn where_time_opens_a_dyad_as_it_closes_the_other_it_is_counted_from_the_later_of_all() {
    let mut given = defaults();
    (given.settings.dropout_days, given.settings.pause_days) = (10, 1);
    let mut story = Story::new();
    for day in [4, 12, 21, 30] {
        story.of("ca", "p").on(day).contact(&[], &[]);
    }
    story.of("cb", "p").on(39).contact(&[], &[]).paused().id("pause");
    // At 00:00 of day 40 the first dyad is lost, the pause of the second is over, and 35 days have passed since day 4.
    let told = told_under(&given, &story, 41);
    let alert = told.alert("supervision_overdue");
    assert_eq!(alert.since, start_of(40));
    assert_eq!(alert.alert_id, alert_id(&["leeds", "supervision_overdue", "p", "pause"]));
}

#[test]
fn a_peers_wellbeing_has_fallen_while_it_is_reliably_below_the_first_score() {
    let mut story = Story::new();
    // The reliable change of swemwbs-peer is 2.87.
    story.of("", "p").on(0).measured("swemwbs-peer", &[("total", 25.0)]).by(Rater::Peer);
    story.on(10).measured("swemwbs-peer", &[("total", 22.0)]).by(Rater::Peer);
    // Another rater, another series.
    story.on(11).measured("swemwbs-peer", &[("total", 30.0)]).by(Rater::Supervisor);
    story.on(12).measured("swemwbs-peer", &[("total", 20.0)]).by(Rater::Peer);
    let fallen = told(&story, 13);
    let alert = fallen.alert("peer_wellbeing_fall");
    assert_eq!((alert.since, alert.until), (instant(10, "12:00"), None));
    // SHA-256 of leeds, peer_wellbeing_fall, p, swemwbs-peer, peer, e2, joined by 0x00.
    assert_eq!(alert.alert_id, "87a10b88a6afb3f08f4390afdd1a3574");
    assert_eq!((alert.mechanism, alert.component.as_deref()), (Some("peer_role"), Some("wellbeing")));
    let row = &fallen.rows["e2"];
    assert_eq!(
        (row.change, row.result, row.mechanism),
        (Some(-3_000_000), Some("deteriorated"), Some("peer_role"))
    );
    fallen.has(&[
        ("outcomes_7d{construct=wellbeing,person=peer,result=deteriorated}", "1"),
        // (25 − 7)/28 = 0.642857…, (22 − 7)/28 = 0.535714…, (20 − 7)/28 = 0.464286: by the peer themself.
        ("outcome_scores_28d{construct=wellbeing,person=peer}", "3"),
        ("outcome_score_points_28d{construct=wellbeing,person=peer}", "1.642857"),
    ]);
    story.on(20).measured("swemwbs-peer", &[("total", 22.5)]).by(Rater::Peer);
    let better = told(&story, 21);
    assert_eq!(better.stretches("peer_wellbeing_fall"), [(instant(10, "12:00"), Some(instant(20, "12:00")))]);
}

#[test]
fn only_peers_with_an_attended_contact_count_and_each_once() {
    let mut story = Story::new();
    for peer in ["p", "q", "r"] {
        story.of("", peer).on(0).supervised(true).developed(DevelopmentKind::Reflection);
    }
    story.of("ca", "p").on(1).contact(&[], &[]).of("cb", "p").contact(&[], &[]);
    story.of("ca", "q").on(1).missed();
    story.of("ca", "r").on(1).contact(&[], &[]);
    story.of("", "r").on(8).developed(DevelopmentKind::PeerSupportReceived);
    told(&story, 7).has(&[
        ("peers_active_7d", "2"),
        ("peers_supervised_7d", "2"),
        ("peers_reflecting_7d", "2"),
    ]);
    // D is day 7: days 1 to 7.
    told(&story, 8).has(&[
        ("peers_active_7d", "2"),
        ("peers_supervised_7d", "0"),
        ("peers_reflecting_7d", "0"),
    ]);
}

#[test]
fn leaving_is_counted_by_its_reason_and_the_exits_by_the_relationships() {
    let mut story = Story::new();
    story.of("ca", "p").on(0).contact(&[], &[]).of("cb", "p").contact(&[], &[]);
    story.of("", "p").on(2).left(LeftReason::ScreenedOut).of("", "q").left(LeftReason::Personal);
    let told = told(&story, 3);
    told.has(&[
        ("peer_exits_7d{reason=screened_out}", "1"),
        ("peer_exits_7d{reason=personal}", "1"),
        // Screened out is `other` of a relationship.
        ("exits_7d{reason=other}", "2"),
        ("exits_mechanism_7d{mechanism=none,polarity=neutral}", "2"),
        ("dropouts_7d", "0"),
    ]);
    assert_eq!(told.rows["e3"].ended, Some((false, "neutral", "none")));
    assert_eq!(told.rows["e4"].ended, None);
}
