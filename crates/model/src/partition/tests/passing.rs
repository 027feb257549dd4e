//! What passes between dyads, versions, persons and alerts.

use super::*;
use crate::event::Acknowledgement;

fn acknowledgement(id: &str, of: &str, at: Instant, state: AcknowledgementState) -> Draft {
    let it = Acknowledgement { alert_id: of.into(), state, action: None, finding: None };
    draft(id, "-", at, Body::Acknowledgement(Box::new(it)))
}

fn alerts(outputs: &[Output]) -> Vec<&v1::Alert> {
    outputs
        .iter()
        .filter_map(|output| if let Output::Alert(alert) = output { Some(alert) } else { None })
        .collect()
}

fn rupture(id: &str, at: Instant) -> Draft {
    draft(id, "c-p", at, Body::Ruptured { cause: RuptureCause::Gossip, reported_by: None })
}

fn row<'a>(outputs: &'a [Output], id: &str) -> &'a v1::Enriched {
    let found = outputs.iter().find_map(|output| match output {
        Output::Enriched { event_id, row: Some(row), .. } if &**event_id == id => Some(row),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no row of {id}"))
}

#[test]
fn a_death_noted_in_one_dyad_ends_the_clients_episodes_in_all_and_in_those_first_heard_of_later() {
    let mut partition = partition();
    let records = [
        draft("a", "c-p", noon(0), started()).ingested(noon(9)),
        draft("b", "c-q", noon(0), started()).ingested(noon(9)),
        draft("other", "d-q", noon(0), started()).ingested(noon(9)),
        draft("x", "c-p", noon(5), ended(EndReason::Died)).ingested(noon(9)),
        draft("late", "c-r", noon(4), started()).ingested(noon(9)),
        tick(midnight(10)),
    ];
    let out = outputs(&mut partition, &records);
    assert_eq!(value(&releases(&out)[0], "exits_7d", &[("reason", "died")]), "3");
    assert_eq!(value(&releases(&out)[0], "dyads", &[("phase", "forming")]), "1");
    partition.take(&draft("x", "c-p", noon(5), ended(EndReason::Died)).tombstone());
    let out = partition.take(&tick(midnight(11)));
    assert_eq!(value(&releases(&out)[0], "exits_28d", &[("reason", "died")]), "0");
    assert_eq!(value(&releases(&out)[0], "dyads", &[("phase", "forming")]), "4");
}

#[test]
fn a_death_that_turns_out_to_be_a_contact_of_another_dyad_ends_nothing_there() {
    let mut partition = partition();
    partition.take(&draft("a", "c-p", noon(0), started()).ingested(noon(9)));
    partition.take(&draft("b", "c-q", noon(0), started()).ingested(noon(9)));
    let out = partition.take(&draft("x", "c-p", noon(5), ended(EndReason::Died)).ingested(noon(9)));
    assert!(row(&out, "x").ended.is_some());
    let missed = Body::Contact(contact(Attendance::MissedByClient));
    let out = partition.take(&draft("x", "c-q", noon(5), missed).recorded(noon(8)).ingested(noon(9)));
    assert_eq!(rows(&out), [("x", true)]);
    assert_eq!(row(&out, "x").ended, None);
}

#[test]
fn a_peers_leaving_ends_its_episodes_and_its_row_says_so_only_while_it_does() {
    let mut partition = partition();
    let left = draft("x", "-p", noon(5), Body::Left { reason: LeftReason::Overwhelmed });
    let out = partition.take(&left.ingested(noon(9)));
    assert_eq!(row(&out, "x").ended, None, "it ends nothing");
    let opening = draft("a", "c-p", noon(0), started());
    let out = partition.take(&opening.ingested(noon(9)));
    assert_eq!(rows(&out), [("a", true), ("x", true)]);
    assert!(row(&out, "x").ended.is_some_and(|ended| ended.dropout));
    let out = partition.take(&tick(midnight(10)));
    assert_eq!(value(&releases(&out)[0], "exits_7d", &[("reason", "overwhelmed")]), "1");
    assert_eq!(value(&releases(&out)[0], "exits_side_7d", &[("side", "peer")]), "1");
    let out = partition.take(&opening.tombstone());
    assert_eq!(rows(&out), [("a", false), ("x", true)]);
    assert_eq!(row(&out, "x").ended, None);
}

#[test]
fn a_correction_that_moves_an_event_gives_its_row_once_and_a_retraction_withdraws_it() {
    let mut partition = partition();
    partition.take(&draft("a", "c-p", noon(0), attended()).ingested(noon(1)));
    let out = partition.take(&draft("a", "c-q", noon(0), attended()).recorded(noon(1)).ingested(noon(1)));
    assert_eq!(rows(&out), [("a", true)]);
    assert_eq!(row(&out, "a").event.as_ref().unwrap().peer, "q");
    assert_eq!(partition.stats().dyads, 1);
    let out =
        partition.take(&draft("a", "-q", noon(0), Body::Reflection).recorded(noon(2)).ingested(noon(1)));
    assert_eq!(rows(&out), [("a", true)], "from a dyad to a person");
    let out = partition.take(&draft("a", "c-p", noon(0), attended()).recorded(noon(3)).ingested(noon(1)));
    assert_eq!(rows(&out), [("a", true)], "and back");
    let out = partition.take(&retraction("r", "a", noon(3)).ingested(noon(1)));
    assert_eq!(rows(&out), [("a", false)]);
    let out = partition.take(&retraction("r", "a", noon(3)).tombstone());
    assert_eq!(rows(&out), [("a", true)], "a retraction that is forgotten withdraws nothing");
    let away = draft("a", "c-p", noon(30), attended()).recorded(noon(4)).ingested(noon(1));
    assert_eq!(rows(&partition.take(&away)), [("a", false)], "moved to a time that has not come");
}

#[test]
fn a_duplicate_and_an_older_version_give_nothing() {
    let mut partition = partition();
    let newer = draft("a", "c-p", noon(0), attended()).recorded(noon(2));
    partition.take(&newer.ingested(noon(2)));
    assert_eq!(partition.take(&newer.ingested(noon(2))), []);
    assert_eq!(partition.take(&draft("a", "c-q", noon(0), attended()).ingested(noon(2))), []);
}

#[test]
fn an_acknowledgement_closes_its_alert_whichever_comes_first_and_not_before_its_time() {
    let mut partition = partition();
    let out = partition.take(&rupture("a", noon(0)).ingested(noon(2)));
    let alert = alerts(&out)[0].clone();
    assert_eq!((alert.alert.as_str(), alert.state.as_str()), ("alliance_breakdown", "firing"));
    let seen = acknowledgement("k", &alert.alert_id, noon(1), AcknowledgementState::Seen);
    assert_eq!(partition.take(&seen.ingested(noon(2))), [], "seen closes nothing, and it has no row");
    let closed = acknowledgement("l", &alert.alert_id, noon(3), AcknowledgementState::Closed);
    assert_eq!(partition.take(&closed.ingested(noon(2))), []);
    let out = partition.take(&tick(noon(3)));
    let resolved = alerts(&out)[0];
    assert_eq!((resolved.state.as_str(), resolved.until.clone()), ("resolved", Some(noon(3).to_string())));
    let out = partition.take(&closed.tombstone());
    assert_eq!(alerts(&out)[0].state, "firing");

    let mut other = super::partition();
    let early = acknowledgement("l", &alert.alert_id, noon(-1), AcknowledgementState::Closed);
    assert_eq!(other.take(&early.ingested(noon(2))), []);
    let out = other.take(&rupture("a", noon(0)).ingested(noon(2)));
    assert_eq!(alerts(&out)[0].until, Some(noon(0).to_string()), "at the later of both");
}

#[test]
fn a_dyad_whose_events_are_all_withdrawn_withdraws_its_alerts() {
    let mut partition = partition();
    partition.take(&rupture("a", noon(0)).ingested(noon(0)));
    let out = partition.take(&retraction("r", "a", noon(0)).ingested(noon(0)));
    assert_eq!(rows(&out), [("a", false)]);
    assert_eq!(alerts(&out)[0].state, "withdrawn");
    assert_eq!(partition.stats().dyads, 0);
}

#[test]
fn a_score_is_compared_with_the_first_of_its_series_whichever_comes_first() {
    let score = |id: &str, day, total: i64| {
        let scores = vec![("total".into(), total * 1_000_000)];
        let measure = Measure { instrument: "core-10".into(), rater: Rater::Client, scores: scores.into() };
        draft(id, "c-", noon(day), Body::Measure(Box::new(measure))).ingested(noon(9))
    };
    let mut partition = partition();
    let change = |row: &v1::Enriched| (row.change_micros, row.result);
    assert_eq!(change(row(&partition.take(&score("b", 3, 20)), "b")), (None, 0));
    let out = partition.take(&score("c", 5, 14));
    assert_eq!(change(row(&out, "c")), (Some(-6_000_000), ScoreResult::Improved.number()));
    let out = partition.take(&score("a", 1, 15));
    assert_eq!(rows(&out), [("a", true), ("b", true), ("c", true)], "another first changes the rows of all");
    assert_eq!(change(row(&out, "b")), (Some(5_000_000), ScoreResult::Unchanged.number()));
    assert_eq!(change(row(&out, "c")), (Some(-1_000_000), ScoreResult::Unchanged.number()));
    assert_eq!(row(&out, "c").construct, "distress");
}

#[test]
fn a_pause_heard_of_late_opens_an_alert_again_that_silence_had_closed() {
    let mut partition = partition();
    partition.take(&rupture("a", noon(0)).ingested(noon(0)));
    let of_breakdowns = |out: &[Output]| -> Vec<(String, Option<String>)> {
        let is_one = |alert: &&v1::Alert| alert.detected_by.is_some();
        alerts(out).into_iter().filter(is_one).map(|one| (one.alert.clone(), one.until.clone())).collect()
    };
    let both = |until: Option<Instant>| {
        let until = until.map(|until| until.to_string());
        [("alliance_breakdown".to_owned(), until.clone()), ("breakdown_unrepaired".to_owned(), until)]
    };
    partition.take(&tick(midnight(57)));
    let out = partition.take(&tick(midnight(58)));
    assert_eq!(of_breakdowns(&out), both(Some(midnight(58))), "14 days after the loss have passed");
    let out = partition.take(&draft("b", "c-p", noon(1), Body::Paused).ingested(midnight(58)));
    assert_eq!(of_breakdowns(&out), both(None));
}
