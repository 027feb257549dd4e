//! What Alertmanager is told, and what reaches people behind it.

use std::collections::{BTreeMap, BTreeSet};

use rapport_proto::{topics::ALERTS, v1};
use rapport_tests::harness::{wait_for, wait_until};
use serde_json::Value;

use super::charity::{self, DAY_US, pseudonym};
use super::stage::{SOON, Stage};
use super::topics::standing;

/// Path of the receiver of pages.
const SUPERVISORS: &str = "/supervisors";
/// Path of the receiver of safeguarding alerts.
const SAFEGUARDING_LEAD: &str = "/safeguarding-lead";

/// The last record of every alert.
pub fn recorded(stage: &Stage) -> Vec<v1::Alert> {
    let standing = standing(&stage.log, ALERTS);
    standing.values().map(|value| serde_json::from_slice(value).expect("an alert is JSON")).collect()
}

/// Those that fire, but for those of a pair of which a safeguarding alert fires.
pub fn firing(mut alerts: Vec<v1::Alert>) -> Vec<v1::Alert> {
    alerts.retain(|alert| alert.state == "firing");
    let pair = |alert: &v1::Alert| {
        let subject = alert.subject.clone()?;
        Some((alert.site.clone(), subject.client?, subject.peer?))
    };
    let is_safeguarding = |alert: &v1::Alert| alert.tier == "safeguarding";
    let concerned: BTreeSet<_> =
        alerts.iter().filter(|alert| is_safeguarding(alert)).filter_map(pair).collect();
    alerts
        .retain(|alert| is_safeguarding(alert) || pair(alert).is_none_or(|pair| !concerned.contains(&pair)));
    alerts
}

/// What fires and was not opened by something recorded long ago, and whatever concerns safeguarding, is held by Alertmanager,
/// and no other alert of ours.
pub fn every_alert_that_is_due_reaches_the_supervisors(stage: &Stage) {
    let recent = charity::now().0 - 14 * DAY_US;
    let due: BTreeMap<String, v1::Alert> = firing(recorded(stage))
        .into_iter()
        .filter(|alert| micros(&alert.recorded_at) > recent || alert.tier == "safeguarding")
        .map(|alert| (alert.alert_id.clone(), alert))
        .collect();
    let pages: Vec<&v1::Alert> = due.values().filter(|alert| alert.tier == "page").collect();
    assert!(pages.len() > 1, "the year has alerts of its own: {pages:?}");
    assert!(due.values().any(|alert| alert.alert == "alliance_watch"), "the year has watches: {due:?}");
    assert!(pages.iter().any(|alert| is_ours(alert) && alert.alert == "alliance_breakdown"), "{pages:?}");
    let expected: Vec<&String> = due.keys().collect();
    wait_until("every alert that is due to be held by Alertmanager, and no other", SOON, || {
        held(stage).keys().collect::<Vec<_>>() == expected
    });
    for (id, alert) in &held(stage) {
        let labels = &alert["labels"];
        assert_eq!(labels["site"], due[id].site.as_str());
        assert_eq!(labels["tier"], due[id].tier.as_str());
        // Alertmanager shows whole milliseconds.
        let since = micros(alert["startsAt"].as_str().expect("a start"));
        assert_eq!(since, micros(&due[id].since) / 1_000 * 1_000);
    }
    wait_until("every page to reach the supervisors", SOON, || {
        pages.iter().all(|alert| is_told(stage, &alert.alert_id, "firing"))
    });
    wait_until("the operators to hear that Prometheus can reach them", SOON, || {
        let requests = stage.webhook.requests();
        requests.iter().any(|(path, body)| path == "/operators" && body.contains("RapportWatchdog"))
    });
    for (path, body) in stage.webhook.requests() {
        assert!(!body.contains("k1:"), "{path} was told a pseudonym: {body}");
        assert!(!body.to_lowercase().contains("score"), "{path} was told of scores: {body}");
        let is_page = body.contains("\"tier\":\"page\"");
        assert_eq!(is_page, path == SUPERVISORS, "{path} was told {body}");
    }
}

/// Our pair makes up.
pub fn a_repair_resolves_an_alert(stage: &Stage) {
    let id = ours(stage, "firing");
    charity::post(stage, &[charity::repair("e99-00000004")]);
    wait_until("Alertmanager to hold the alert no more", SOON, || !held(stage).contains_key(&id));
    wait_until("the supervisors to hear that it is over", SOON, || is_told(stage, &id, "resolved"));
}

/// Our pair falls out again while nobody listens.
pub fn an_alertmanager_that_was_away_is_told_what_holds(stage: &mut Stage) {
    let failures = |stage: &Stage| {
        stage.alerts.metrics().map_or(0.0, |page| page.sum("rapport_alerts_post_failures_total"))
    };
    let before = failures(stage);
    stage.alertmanager.kill();
    charity::post(stage, &[charity::rupture("e99-00000005", charity::now())]);
    wait_until("alerts to find nobody", SOON, || failures(stage) > before);
    wait_until("the alert to be recorded", SOON, || {
        recorded(stage).iter().any(|alert| is_ours(alert) && alert.state == "firing")
    });
    stage.alerts.process().assert_running();
    let live = reqwest::blocking::get(stage.alerts.url("/livez")).expect("alerts answers");
    assert!(live.status().is_success(), "alerts is not well without Alertmanager");
    stage.alertmanager.launch();
    let id = ours(stage, "firing");
    wait_until("Alertmanager to hold what it missed", SOON, || held(stage).contains_key(&id));
    wait_until("the supervisors to hear of it", SOON, || is_told(stage, &id, "firing"));
}

/// A pair of which one event opens a page and a safeguarding alert; how many records were sent.
pub fn a_page_waits_until_the_safeguarding_alert_of_its_pair_is_over(stage: &Stage) -> usize {
    let began = charity::begin_and_concern();
    charity::post(stage, &began);
    let client = charity::pseudonym_of(charity::CONCERNED);
    let recorded_as = |tier: &str| {
        let mut alerts = recorded(stage).into_iter();
        let of_client =
            |alert: &v1::Alert| alert.subject.as_ref().and_then(|it| it.client.as_ref()) == Some(&client);
        alerts.find(|alert| of_client(alert) && alert.tier == tier).map(|alert| alert.alert_id)
    };
    let concern = wait_for("the safeguarding alert to be recorded", SOON, || recorded_as("safeguarding"));
    let page = recorded_as("page").expect("the rupture opens a breakdown too");
    wait_until("the safeguarding lead to hear of it", SOON, || {
        is_told_at(SAFEGUARDING_LEAD, stage, &concern, "firing")
    });
    assert!(!held(stage).contains_key(&page), "the page was told while the safeguarding alert fires");
    charity::close(stage, "e97-00000009", &concern);
    wait_until("the supervisors to hear of the page", SOON, || is_told(stage, &page, "firing"));
    assert!(!is_told(stage, &concern, "firing") && !is_told(stage, &concern, "resolved"));
    began.len() + 1
}

fn micros(instant: &str) -> i64 {
    instant.parse::<jiff::Timestamp>().expect("an instant").as_microsecond()
}

fn is_ours(alert: &v1::Alert) -> bool {
    alert.subject.as_ref().and_then(|subject| subject.client.as_deref()) == Some(&pseudonym())
}

/// The id of the only alert of our pair in that state.
fn ours(stage: &Stage, state: &str) -> String {
    let alerts = recorded(stage);
    let mut ours = alerts.iter().filter(|alert| is_ours(alert) && alert.state == state);
    let id = ours.next().expect("our pair has an alert").alert_id.clone();
    assert_eq!(ours.next(), None);
    id
}

/// Rapport's alerts that Alertmanager holds to be firing, by id.
fn held(stage: &Stage) -> BTreeMap<String, Value> {
    let alerts = stage.alertmanager.alerts().into_iter();
    alerts.filter_map(|alert| Some((alert["labels"]["alert_id"].as_str()?.to_owned(), alert))).collect()
}

/// Whether the supervisors' receiver was told that an alert has that status.
fn is_told(stage: &Stage, id: &str, status: &str) -> bool {
    is_told_at(SUPERVISORS, stage, id, status)
}

fn is_told_at(receiver: &str, stage: &Stage, id: &str, status: &str) -> bool {
    stage.webhook.requests().iter().filter(|(path, _)| path == receiver).any(|(_, body)| {
        let body: Value = serde_json::from_str(body).expect("Alertmanager sends JSON");
        let alerts = body["alerts"].as_array().expect("a list of alerts");
        alerts.iter().any(|alert| alert["labels"]["alert_id"] == id && alert["status"] == status)
    })
}
