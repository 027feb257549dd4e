//! What an Alertmanager is told (API v2): labels that never change, start, end, and a few words.
//!
//! Labels are the alert's identity there, so none holds a value that may change, and none ever a person, not even as a
//! pseudonym: alerts travel through channels that are not ours.

use std::collections::BTreeMap;

use rapport_model::time::{DAY_US, Instant};
use serde::Serialize;

use crate::ledger::{Alert, SAFEGUARDING, State};

/// Nothing but an acknowledgement or an erasure ends a concern, and both are told: that nobody sends it again, while this service
/// is away, is no reason to tell the safeguarding lead that it is over.
const SAFEGUARDING_HOLD_US: i64 = DAY_US;

/// One alert of `POST /api/v2/alerts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// Its identity.
    pub labels: BTreeMap<&'static str, String>,
    /// Words for people.
    pub annotations: BTreeMap<&'static str, String>,
    /// Since when it holds.
    #[serde(rename = "startsAt")]
    pub starts_at: String,
    /// Until when it holds if nobody says otherwise, or held; never before `starts_at`, which would be refused.
    #[serde(rename = "endsAt")]
    pub ends_at: String,
}

/// What is sent of `alert` at `now`; while it fires, it is held for `hold_us` microseconds from then, and for a day at least if it is
/// for the safeguarding lead.
pub fn payload(alert: &Alert, now: Instant, hold_us: i64) -> Payload {
    let hold_us = if alert.is_safeguarding() { hold_us.max(SAFEGUARDING_HOLD_US) } else { hold_us };
    let ends_at = match alert.state {
        State::Firing => Instant(now.0.saturating_add(hold_us)),
        // An end that is yet to come would leave it firing.
        State::Over(until) => until.min(now),
    };
    Payload {
        labels: labels(alert),
        annotations: annotations(alert),
        starts_at: alert.since.to_string(),
        ends_at: ends_at.max(alert.since).to_string(),
    }
}

fn labels(alert: &Alert) -> BTreeMap<&'static str, String> {
    let record = &alert.record;
    let (severity, audience) = routing(&record.tier);
    BTreeMap::from([
        ("alertname", camel_case(&record.alert)),
        ("alert_id", record.alert_id.clone()),
        ("site", record.site.clone()),
        ("tier", record.tier.clone()),
        ("severity", severity.to_owned()),
        ("audience", audience.to_owned()),
    ])
}

/// Severity and audience of a tier; what is unknown goes to those who run the system.
fn routing(tier: &str) -> (&'static str, &'static str) {
    match tier {
        "page" => ("critical", "supervisor"),
        "digest" => ("info", "supervisor"),
        SAFEGUARDING => ("critical", SAFEGUARDING),
        _ => ("warning", "operator"),
    }
}

fn annotations(alert: &Alert) -> BTreeMap<&'static str, String> {
    let record = &alert.record;
    // Enough to tell two alerts apart in talk, and nothing by itself.
    let reference = record.alert_id.chars().take(8).collect();
    let mut annotations = BTreeMap::from([("reference", reference), ("link", record.link.clone())]);
    if record.tier == SAFEGUARDING {
        return annotations;
    }
    let certainty = record.certainty.as_ref().map(|certainty| {
        let mut words = vec![format!("rule: {}", certainty.rule)];
        words.extend(certainty.ratings.map(|ratings| format!("ratings: {ratings}")));
        words.extend(certainty.expected_false_alarms.clone());
        words.join("; ")
    });
    // What is known later may say that it was another mechanism, or another component.
    let optional = [
        ("mechanism", record.mechanism.clone()),
        ("component", record.component.clone()),
        ("summary", record.summary.clone()),
        ("next_step", record.next_step.clone()),
        ("certainty", certainty),
    ];
    annotations.extend(optional.into_iter().filter_map(|(name, text)| Some((name, text?))));
    annotations
}

/// `alliance_breakdown` as `AllianceBreakdown`.
fn camel_case(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use rapport_model::alert::Kind;

    use super::*;
    use crate::ledger::tests::{at, record};
    use crate::ledger::{Ledger, Outcome, Rules, Times};

    fn alert(state: State) -> Alert {
        let record = record(0xab, "firing", "2026-01-10T10:00:00Z", None);
        Alert { record, since: at("2026-01-10T10:00:00Z"), state }
    }

    const HOLD_US: i64 = 240_000_000;

    #[test]
    fn every_golden_alert_is_told_and_says_who_only_by_its_reference() {
        let golden = rapport_proto::examples::derived().unwrap();
        let golden = golden.iter().filter(|record| record.topic == rapport_proto::topics::ALERTS);
        let now = at("2025-04-12T00:00:00Z");
        let mut ledger = Ledger::new(Rules::new(600, 3_650));
        let times = Times { written: now, derived: now, recorded: None };
        for record in golden {
            let outcome = ledger.apply(Some(record.key.as_bytes()), Some(&record.value), times);
            assert_eq!(outcome, Outcome::Deliver, "{}", record.key);
        }
        let told: Vec<_> = ledger.deliverable(now).collect();
        assert!(told.len() > Kind::ALL.len());
        for (id, _, alert) in told {
            let text = serde_json::to_string(&payload(alert, now, HOLD_US)).unwrap();
            let subject = alert.record.subject.clone().unwrap_or_default();
            for person in [subject.client, subject.peer].into_iter().flatten() {
                assert!(!text.contains(&format!("\"{person}\"")), "{id}: {text}");
            }
        }
    }

    #[test]
    fn a_firing_alert_is_held_for_four_times_the_interval_and_says_what_to_do() {
        let payload = payload(&alert(State::Firing), at("2026-01-11T00:00:00.5Z"), HOLD_US);
        let json = serde_json::to_value(&payload).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "labels": {
                    "alertname": "AllianceBreakdown", "alert_id": "000000000000000000000000000000ab",
                    "site": "leeds", "tier": "page", "severity": "critical", "audience": "supervisor",
                },
                "annotations": {
                    "mechanism": "working_alliance", "component": "bond",
                    "reference": "00000000",
                    "link": "https://rapport.invalid/alerts/000000000000000000000000000000ab",
                    "summary": "two of the last three alliance ratings are well below this pair's usual",
                    "next_step": "raise in next supervision",
                    "certainty": "rule: z_above_3; ratings: 7; about 5 in 100",
                },
                "startsAt": "2026-01-10T10:00:00Z",
                "endsAt": "2026-01-11T00:04:00.500000Z",
            })
        );
        assert!(!json.to_string().contains("pseudonym"));
    }

    #[test]
    fn an_alert_that_is_over_has_the_same_labels_and_an_end_that_is_neither_to_come_nor_before_its_start() {
        let now = at("2026-01-11T00:00:00Z");
        let firing = payload(&alert(State::Firing), now, HOLD_US);
        let over = |until| payload(&alert(State::Over(at(until))), now, HOLD_US);
        assert_eq!(over("2026-01-10T12:00:00Z").labels, firing.labels);
        assert_eq!(over("2026-01-10T12:00:00Z").ends_at, "2026-01-10T12:00:00Z");
        assert_eq!(over("2026-01-12T00:00:00Z").ends_at, "2026-01-11T00:00:00Z");
        assert_eq!(over("2026-01-01T00:00:00Z").ends_at, "2026-01-10T10:00:00Z");
        let early = payload(&alert(State::Firing), at("2026-01-01T00:00:00Z"), HOLD_US);
        assert_eq!(early.ends_at, early.starts_at);
    }

    #[test]
    fn every_kind_of_alert_is_named_and_routed_by_its_tier() {
        let now = at("2026-01-11T00:00:00Z");
        for kind in Kind::ALL {
            let mut alert = alert(State::Firing);
            alert.record.alert = kind.as_str().to_owned();
            alert.record.tier = kind.tier().to_owned();
            let labels = payload(&alert, now, HOLD_US).labels;
            let name = labels["alertname"].as_str();
            assert!(name.bytes().all(|b| b.is_ascii_alphabetic()) && name.starts_with(char::is_uppercase));
            let (severity, audience) = match kind {
                Kind::Safeguarding => ("critical", "safeguarding"),
                Kind::SiteSilent => ("warning", "operator"),
                _ if labels["tier"] == "page" => ("critical", "supervisor"),
                _ => ("info", "supervisor"),
            };
            assert_eq!(
                (labels["severity"].as_str(), labels["audience"].as_str()),
                (severity, audience),
                "{name}"
            );
        }
    }

    #[test]
    fn an_alert_that_is_about_nobody_or_that_says_little_is_told_all_the_same() {
        let mut alert = alert(State::Firing);
        let record = &mut alert.record;
        (record.subject, record.mechanism, record.component, record.summary) = (None, None, None, None);
        (record.certainty, record.next_step) = (None, None);
        let payload = payload(&alert, at("2026-01-11T00:00:00Z"), HOLD_US);
        assert_eq!(payload.annotations.keys().copied().collect::<Vec<_>>(), ["link", "reference"]);
    }

    #[test]
    fn an_alert_of_which_more_became_known_has_the_same_labels() {
        let now = at("2026-01-11T00:00:00Z");
        let mut alert = alert(State::Firing);
        let before = payload(&alert, now, HOLD_US);
        let record = &mut alert.record;
        record.mechanism = Some("social_support".to_owned());
        (record.component, record.detected_by) = (None, Some("reported".to_owned()));
        let after = payload(&alert, now, HOLD_US);
        assert_eq!(after.labels, before.labels);
        assert_eq!(after.annotations["mechanism"], "social_support");
    }

    #[test]
    fn a_safeguarding_alert_says_where_and_nothing_else() {
        let mut alert = alert(State::Firing);
        alert.record.tier = SAFEGUARDING.to_owned();
        alert.record.alert = SAFEGUARDING.to_owned();
        let payload = payload(&alert, at("2026-01-11T00:00:00Z"), HOLD_US);
        assert_eq!(payload.annotations.keys().copied().collect::<Vec<_>>(), ["link", "reference"]);
        assert_eq!(
            payload.labels.keys().copied().collect::<Vec<_>>(),
            ["alert_id", "alertname", "audience", "severity", "site", "tier"]
        );
        assert_eq!(payload.labels["audience"], SAFEGUARDING);
    }

    #[test]
    fn nobody_is_told_that_a_concern_is_over_because_it_was_not_sent_again_for_hours() {
        let mut alert = alert(State::Firing);
        alert.record.tier = SAFEGUARDING.to_owned();
        let now = at("2026-01-11T00:00:00Z");
        assert_eq!(payload(&alert, now, HOLD_US).ends_at, "2026-01-12T00:00:00Z");
        assert_eq!(payload(&alert, now, 2 * DAY_US).ends_at, "2026-01-13T00:00:00Z");
        alert.state = State::Over(at("2026-01-10T12:00:00Z"));
        assert_eq!(
            payload(&alert, now, HOLD_US).ends_at,
            "2026-01-10T12:00:00Z",
            "it is told as over when it is"
        );
    }
}
