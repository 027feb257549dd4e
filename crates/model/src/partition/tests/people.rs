//! Peers, clients and the site itself: their alerts and what they add to releases, through records, corrections and time.

use super::*;
use crate::event::Acknowledgement;
use crate::words::RuptureCause;

const SAFE: &str = "safeguarding";

fn supervised() -> Body {
    Body::Supervision { held: true, format: None, scheduled: None }
}

fn trained(module: &str) -> Body {
    Body::Training { module: module.into() }
}

fn total(instrument: &str, rater: Rater, total: i64) -> Body {
    let scores = vec![("total".into(), total * 1_000_000)];
    Body::Measure(Box::new(Measure { instrument: instrument.into(), rater, scores: scores.into() }))
}

/// Records of these drafts, each ingested when it was recorded.
fn told(drafts: &[Draft]) -> Vec<Record> {
    drafts.iter().map(|draft| draft.ingested(draft.event.recorded_at)).collect()
}

/// The alerts of that kind that the topic holds, those withdrawn too: state, since, until.
fn alerts(out: &[Output], kind: &str) -> Vec<(String, String, Option<String>)> {
    let mut last: BTreeMap<&str, &v1::Alert> = BTreeMap::new();
    for output in out {
        if let Output::Alert(alert) = output {
            last.insert(&alert.alert_id, alert);
        }
    }
    let of_kind = last.into_values().filter(|alert| alert.alert == kind);
    of_kind.map(|alert| (alert.state.clone(), alert.since.clone(), alert.until.clone())).collect()
}

fn firing(since: Instant) -> (String, String, Option<String>) {
    ("firing".to_owned(), since.to_string(), None)
}

fn resolved(since: Instant, until: Instant) -> (String, String, Option<String>) {
    ("resolved".to_owned(), since.to_string(), Some(until.to_string()))
}

/// What the last release says of a sample.
fn last(out: &[Output], name: &str, labels: &[(&str, &str)]) -> String {
    value(releases(out).last().unwrap(), name, labels)
}

#[test]
fn supervision_is_overdue_by_time_alone_and_no_more_once_held() {
    let mut partition = partition();
    let mut drafts = vec![draft("s", "-p", noon(0), supervised())];
    // The dyad is seen often enough never to be lost.
    drafts.extend((0..8).map(|week| draft(&format!("c{week}"), "c-p", noon(7 * week), attended())));
    let (before, after) = drafts.split_at(7);
    let mut out = outputs(&mut partition, &told(before));
    out.extend(partition.take(&tick(midnight(36).just_before())));
    assert_eq!(alerts(&out, "supervision_overdue"), [], "35 days later it is not yet");
    out.extend(partition.take(&tick(midnight(36))));
    assert_eq!(alerts(&out, "supervision_overdue"), [firing(midnight(36))]);
    out.extend(outputs(&mut partition, &told(after)));
    out.extend(partition.take(&draft("s2", "-p", noon(50), supervised()).ingested(noon(50))));
    out.extend(partition.take(&tick(midnight(51))));
    assert_eq!(alerts(&out, "supervision_overdue"), [resolved(midnight(36), noon(50))]);
    assert_eq!(last(&out, "alerts_28d", &[("alert", "supervision_overdue")]), "1");
    assert_eq!(last(&out, "peers_supervised_7d", &[]), "1");
}

#[test]
fn a_peer_is_counted_by_the_dyads_it_has_now() {
    let mut partition = partition();
    let moved = draft("x", "c-p", noon(0), attended());
    let mut out = outputs(&mut partition, &told(&[moved.clone(), draft("t", "-q", noon(0), trained("a"))]));
    out.extend(partition.take(&tick(midnight(1))));
    assert_eq!(last(&out, "peers_active_7d", &[]), "1");
    assert_eq!(last(&out, "client_days_7d", &[]), "1");
    // It was another peer's, of another client.
    let out = outputs(
        &mut partition,
        &[draft("x", "d-q", noon(0), attended()).recorded(noon(1)).ingested(noon(1))],
    );
    assert_eq!(rows(&out), [("x", true)], "one row, no tombstone");
    let out = outputs(&mut partition, &[tick(midnight(2))]);
    assert_eq!(last(&out, "peers_active_7d", &[]), "1");
    let gone = draft("x", "d-q", noon(0), attended()).recorded(noon(1)).tombstone();
    let mut out = outputs(&mut partition, &[gone, moved.tombstone()]);
    out.extend(partition.take(&tick(midnight(3))));
    assert_eq!(last(&out, "peers_active_7d", &[]), "0");
    assert_eq!(last(&out, "client_days_7d", &[]), "0");
}

#[test]
fn overload_is_judged_over_all_dyads_of_a_peer_as_time_pauses_and_loses_them() {
    let settings = Settings { overload_dyads: 2, dropout_days: 10, pause_days: 5, ..Settings::default() };
    let mut partition = partition_with(settings);
    let drafts = [
        draft("a", "a-p", noon(0), attended()),
        draft("b", "b-p", noon(0), attended()),
        draft("c", "c-p", noon(0), attended()),
        draft("pause", "c-p", noon(1), Body::Paused),
    ];
    let mut out = outputs(&mut partition, &told(&drafts));
    out.extend(partition.take(&tick(midnight(30))));
    // Three are open at once on day 0; the pause of one ends by itself on day 6; two are lost on day 10.
    let by_event = resolved(noon(0), noon(1));
    let by_time = resolved(midnight(6), midnight(10));
    let mut found = alerts(&out, "peer_overloaded");
    found.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(found, [by_event, by_time]);
}

#[test]
fn a_safeguarding_alert_stays_whatever_becomes_of_its_event() {
    let ruptured = |who, at| {
        draft("r", who, noon(1), Body::Ruptured { cause: RuptureCause::Controlling, reported_by: None })
            .recorded(at)
    };
    let mut partition = partition();
    let mut out = outputs(&mut partition, &told(&[ruptured("c-p", noon(1)), ruptured("d-p", noon(2))]));
    assert_eq!(alerts(&out, SAFE), [firing(noon(1)), firing(noon(1))], "one per subject");
    let marked = |out: &[Output]| {
        let is_marked =
            |output: &&Output| matches!(output, Output::Alert(alert) if alert.withdrawn_event == Some(true));
        out.iter().filter(is_marked).count()
    };
    assert_eq!(marked(&out), 1, "of the subject that the standing version does not name");
    out.extend(partition.take(&retraction("w", "r", noon(3)).ingested(noon(3))));
    assert_eq!(alerts(&out, SAFE), [firing(noon(1)), firing(noon(1))]);
    assert_eq!(marked(&out), 2);
    out.extend(outputs(&mut partition, &told(&[draft("o", "e-q", noon(3), attended())])));
    out.extend(partition.take(&tick(midnight(5))));
    assert_eq!(last(&out, "alerts_7d", &[("alert", SAFE)]), "2");
    assert_eq!(last(&out, "breakdowns_7d", &[("mechanism", "working_alliance")]), "0");
}

#[test]
fn a_safeguarding_alert_waits_for_its_event_to_occur() {
    let ahead = Body::Ended { by: Side::Client, reason: EndReason::BoundaryBreach };
    let mut partition = partition();
    let mut out = outputs(&mut partition, &[draft("e", "c-p", noon(2), ahead).ingested(noon(1))]);
    assert_eq!(alerts(&out, SAFE), []);
    out.extend(partition.take(&tick(noon(2))));
    assert_eq!(alerts(&out, SAFE), [firing(noon(2))], "an end without an episode alerts all the same");
}

#[test]
fn a_site_is_silent_once_seven_days_have_passed_and_until_anything_comes() {
    let mut partition = partition();
    let mut out = outputs(&mut partition, &told(&[draft("a", "c-p", noon(0), attended())]));
    out.extend(partition.take(&retraction("r", "nothing", noon(1)).ingested(noon(1))));
    out.extend(partition.take(&tick(midnight(9).just_before())));
    assert_eq!(alerts(&out, "site_silent"), []);
    out.extend(partition.take(&tick(midnight(9))));
    assert_eq!(
        alerts(&out, "site_silent"),
        [firing(midnight(9))],
        "a retraction is a record: counted from day 1"
    );
    out.extend(partition.take(&tick(midnight(10))));
    assert_eq!(last(&out, "alerts_7d", &[("alert", "site_silent")]), "1");
    out.extend(partition.take(&draft("late", "c-p", noon(3), attended()).ingested(noon(10))));
    assert!(alerts(&out, "site_silent").iter().all(|(state, ..)| state == "withdrawn"));
    out.extend(partition.take(&tick(midnight(11))));
    assert_eq!(last(&out, "alerts_7d", &[("alert", "site_silent")]), "0", "only the present silence counts");
}

#[test]
fn a_fall_of_a_peers_wellbeing_opens_and_closes_with_its_scores_and_its_confirmation_is_counted() {
    let wellbeing =
        |id: &str, day, score| draft(id, "-p", noon(day), total("swemwbs-peer", Rater::Peer, score));
    let mut partition = partition();
    let mut out = outputs(&mut partition, &told(&[wellbeing("a", 0, 25), wellbeing("b", 10, 22)]));
    assert_eq!(alerts(&out, "peer_wellbeing_fall"), [firing(noon(10))], "3 points are a reliable change");
    let id = out.iter().find_map(|output| match output {
        Output::Alert(alert) if alert.alert == "peer_wellbeing_fall" => Some(alert.alert_id.clone()),
        _ => None,
    });
    let state = AcknowledgementState::Seen;
    let seen = Acknowledgement { alert_id: id.unwrap().into(), state, action: None, finding: Some(true) };
    let seen = draft("seen", "-", noon(11), Body::Acknowledgement(Box::new(seen)));
    out.extend(outputs(&mut partition, &told(&[seen])));
    out.extend(partition.take(&tick(midnight(12))));
    for name in ["alerts_7d", "alerts_acknowledged_7d", "alerts_confirmed_7d"] {
        assert_eq!(last(&out, name, &[("alert", "peer_wellbeing_fall")]), "1", "{name}");
    }
    let deteriorated = [("construct", "wellbeing"), ("person", "peer"), ("result", "deteriorated")];
    assert_eq!(last(&out, "outcomes_7d", &deteriorated), "1");
    out.extend(outputs(&mut partition, &told(&[wellbeing("c", 20, 23)])));
    assert_eq!(alerts(&out, "peer_wellbeing_fall"), [resolved(noon(10), noon(20))]);
}

#[test]
fn an_alert_of_wellbeing_stays_whatever_else_becomes_of_the_peer_and_goes_with_its_score() {
    let wellbeing =
        |id: &str, day, score| draft(id, "-p", noon(day), total("swemwbs-peer", Rater::Peer, score));
    let mut partition = partition();
    let mut out = outputs(&mut partition, &told(&[wellbeing("a", 0, 25), wellbeing("b", 10, 22)]));
    let others = [draft("c", "c-p", noon(12), attended()), draft("d", "-p", noon(13), supervised())];
    out.extend(outputs(&mut partition, &told(&others)));
    out.extend(partition.take(&tick(midnight(100))));
    assert_eq!(alerts(&out, "peer_wellbeing_fall"), [firing(noon(10))]);
    out.extend(partition.take(&retraction("w", "b", noon(101)).ingested(noon(101))));
    let withdrawn = ("withdrawn".to_owned(), noon(10).to_string(), Some(noon(101).to_string()));
    assert_eq!(alerts(&out, "peer_wellbeing_fall"), [withdrawn]);
}

#[test]
fn training_runs_out_by_time_alone() {
    let settings = Settings { mandatory_training: [("safety".to_owned(), 10)].into(), ..Settings::default() };
    let mut partition = partition_with(settings);
    let mut out = outputs(
        &mut partition,
        &told(&[draft("t", "-p", noon(0), trained("safety")), draft("a", "c-p", noon(1), attended())]),
    );
    out.extend(partition.take(&tick(midnight(11))));
    assert_eq!(last(&out, "peers_trained_28d", &[]), "1", "on the tenth day it is valid");
    out.extend(partition.take(&tick(midnight(12))));
    assert_eq!(last(&out, "peers_trained_28d", &[]), "0");
    assert_eq!(alerts(&out, "training_lapsed"), [firing(midnight(11))]);
}

#[test]
fn an_erased_event_leaves_no_alert_not_even_a_withdrawn_one() {
    let mut partition = partition();
    let ruptured = Body::Ruptured { cause: RuptureCause::Controlling, reported_by: None };
    let rupture = draft("r", "c-p", noon(0), ruptured);
    let withdrawn = draft("r", "c-p", noon(0), Body::Repaired).recorded(noon(1));
    let mut out = outputs(&mut partition, &told(&[rupture.clone(), withdrawn.clone()]));
    assert_eq!(alerts(&out, "alliance_breakdown")[0].0, "withdrawn");
    out.extend(outputs(&mut partition, &[withdrawn.tombstone()]));
    assert_eq!(alerts(&out, "alliance_breakdown")[0].0, "firing", "one version is left, and says so");
    let opened: std::collections::BTreeSet<String> = out
        .iter()
        .filter_map(|output| match output {
            Output::Alert(alert) => Some(alert.alert_id.clone()),
            _ => None,
        })
        .collect();
    let erased = outputs(&mut partition, &[rupture.tombstone()]);
    let taken = erased.iter().filter_map(|output| match output {
        Output::NoAlert { alert_id, .. } => Some(alert_id.clone()),
        _ => None,
    });
    let taken: std::collections::BTreeSet<String> = taken.collect();
    assert!(
        opened.is_subset(&taken),
        "whoever replays does not know which alerts there were: all there may be are taken"
    );
    assert!(matches!(erased.last(), Some(Output::NoAlert { .. })), "the tombstones come last: {erased:?}");
}

#[test]
fn a_concern_is_told_before_what_its_event_opens_beside_it() {
    let abuse = Body::Ruptured { cause: RuptureCause::AbuseOfPower, reported_by: None };
    let out = outputs(&mut partition(), &told(&[draft("r", "c-p", noon(0), abuse)]));
    let alert = |output: &Output| match output {
        Output::Alert(alert) => Some(alert.alert.clone()),
        _ => None,
    };
    assert_eq!(out.iter().filter_map(alert).collect::<Vec<_>>(), [SAFE, "alliance_breakdown"]);
}
