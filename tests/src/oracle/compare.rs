//! Holds what a product published against what the oracle says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use rapport_proto::v1;

use super::alerts::Alert;
use super::counts::{Sample, labels};
use super::release::Release;
use super::rows::Row;
use super::words::{TIERS, word};

/// What differs between a release and the oracle's, one line each.
pub fn release(product: &v1::Release, oracle: &Release) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, was: &str, expected: &str| {
        if was != expected {
            differences.push(format!("{} {}: {what} is {was}, oracle {expected}", oracle.site, oracle.day));
        }
    };
    differ("site", &product.site, &oracle.site);
    differ("day", &product.release, &oracle.day);
    differ("first day", &product.first_day, &oracle.first_day);
    differ("clock", &instant(&product.clock).to_string(), &oracle.boundary.to_string());
    differ("sorted", &product.samples.is_sorted_by_key(|one| (&one.name, &one.labels)).to_string(), "true");
    let theirs = product.samples.iter().map(|one| {
        let pairs = one.labels.iter().map(|(label, value)| (label.as_str(), value.as_str()));
        Sample { name: one.name.clone(), labels: labels(pairs), value: one.value.clone() }
    });
    let theirs: Vec<Sample> = theirs.collect();
    if theirs == oracle.samples {
        return differences;
    }
    differ("number of samples", &theirs.len().to_string(), &oracle.samples.len().to_string());
    let by_name = |samples: &[Sample]| -> BTreeMap<(String, String), String> {
        samples.iter().cloned().map(|one| ((one.name, one.labels), one.value)).collect()
    };
    let (theirs, ours) = (by_name(&theirs), by_name(&oracle.samples));
    let samples: BTreeSet<&(String, String)> = theirs.keys().chain(ours.keys()).collect();
    for sample in samples {
        let value = |samples: &BTreeMap<(String, String), String>| {
            samples.get(sample).map_or("absent", String::as_str).to_owned()
        };
        differ(&format!("{}{{{}}}", sample.0, sample.1), &value(&theirs), &value(&ours));
    }
    differences
}

fn instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("an instant").as_microsecond()
}

/// What differs between a product's rows of a site and the oracle's.
pub fn rows(product: &BTreeMap<String, v1::Enriched>, oracle: &BTreeMap<String, Row>) -> Vec<String> {
    let mut differences = Vec::new();
    for id in product.keys().filter(|id| !oracle.contains_key(*id)) {
        differences.push(format!("a row of {id}, which the oracle has not"));
    }
    for (id, expected) in oracle {
        match product.get(id) {
            None => differences.push(format!("no row of {id}")),
            Some(row) => differences.extend(row_differences(id, row, expected)),
        }
    }
    differences
}

fn row_differences(id: &str, row: &v1::Enriched, expected: &Row) -> Vec<String> {
    let none_if_unspecified = |word: String| (word != "unspecified").then_some(word);
    let mechanism = |one: v1::Mechanism| word(one.as_str_name(), "MECHANISM_");
    let kinds = |kinds: Vec<v1::SupportType>| -> BTreeSet<String> {
        kinds.into_iter().map(|kind| word(kind.as_str_name(), "SUPPORT_TYPE_")).collect()
    };
    let breakdown = row.breakdown.as_ref().map(|one| {
        (one.since_us, mechanism(one.mechanism()), word(one.detected_by().as_str_name(), "DETECTED_BY_"))
    });
    let ended = row.ended.as_ref().map(|one| {
        (one.dropout, word(one.polarity().as_str_name(), "POLARITY_"), mechanism(one.mechanism()))
    });
    let phase = |one: v1::Phase| none_if_unspecified(word(one.as_str_name(), "PHASE_"));
    let component = none_if_unspecified(word(row.component().as_str_name(), "COMPONENT_"));
    let result = none_if_unspecified(word(row.result().as_str_name(), "RESULT_"));
    let construct = Some(row.construct.clone()).filter(|construct| !construct.is_empty());
    let number = |one: Option<u32>| one.map(i64::from);
    let place = |one: Option<usize>| one.map(|one| one as i64);
    let mut differences = Vec::new();
    let mut differ = |what: &str, product: &dyn Debug, oracle: &dyn Debug| {
        let (product, oracle) = (format!("{product:?}"), format!("{oracle:?}"));
        if product != oracle {
            differences.push(format!("row {id}: {what} is {product}, oracle {oracle}"));
        }
    };
    differ("event", &row.event, &Some(&expected.event));
    differ("episode", &number(row.episode), &place(expected.episode));
    differ("day", &number(row.episode_day), &expected.episode_day);
    differ("session", &number(row.session), &place(expected.session));
    differ("days since contact", &number(row.days_since_contact), &expected.days_since_contact);
    differ("before", &phase(row.phase_before()), &expected.phase_before);
    differ("after", &phase(row.phase_after()), &expected.phase_after);
    differ("breakdown", &breakdown, &expected.breakdown);
    differ("received", &kinds(row.received().collect()), &expected.received);
    differ("unmet", &kinds(row.unmet().collect()), &expected.unmet);
    differ("mechanism", &none_if_unspecified(mechanism(row.mechanism())), &expected.mechanism);
    differ("component", &component, &expected.component);
    differ("construct", &construct, &expected.construct);
    differ("change", &row.change_micros, &expected.change);
    differ("result", &result, &expected.result);
    differ("ended", &ended, &expected.ended);
    let shown = expected.scored.map(|scored| (scored.z, scored.mean));
    let is_shown = |(z, mean): (f64, f64)| {
        let is_near = row.z.is_some_and(|shown| (shown - z).abs() <= 0.000_501);
        is_near && row.baseline_mean_micros.is_some_and(|shown| (shown as f64 - mean).abs() <= 0.5)
    };
    let is_right = shown.map_or(row.z.is_none() && row.baseline_mean_micros.is_none(), is_shown);
    differ("z and mean right", &is_right, &true);
    if !is_right {
        differ("z and mean", &(row.z, row.baseline_mean_micros), &shown);
    }
    differences
}

/// What differs between the product's alerts of a site and the oracle's. Withdrawn ones are left out: they depend on
/// what was known when; and so do silences that are over.
pub fn alerts(product: &[v1::Alert], oracle: &[Alert]) -> Vec<String> {
    let is_past_silence = |one: &v1::Alert| one.alert == "site_silent" && one.state != "firing";
    let theirs: BTreeMap<&str, String> = product
        .iter()
        .filter(|one| one.state != "withdrawn" && !is_past_silence(one))
        .map(|one| (one.alert_id.as_str(), line_of(one)))
        .collect();
    let ours: BTreeMap<&str, String> = oracle.iter().map(|one| (one.alert_id.as_str(), line(one))).collect();
    let ids: BTreeSet<&str> = theirs.keys().chain(ours.keys()).copied().collect();
    ids.into_iter()
        .filter(|id| theirs.get(id) != ours.get(id))
        .map(|id| format!("alert {id} is\n  {:?}, oracle\n  {:?}", theirs.get(id), ours.get(id)))
        .collect()
}

/// An alert of the oracle in one line.
fn line(alert: &Alert) -> String {
    let tier = TIERS.iter().find(|(name, _)| *name == alert.alert).map(|(_, tier)| *tier);
    format!(
        "{} {} {} of {:?} {:?} {}..{:?} recorded {}: {:?} {:?} {:?} {}",
        alert.alert,
        tier.expect("an alert has a tier"),
        if alert.until.is_some() { "resolved" } else { "firing" },
        alert.client,
        alert.peer,
        alert.since,
        alert.until,
        alert.recorded_at,
        alert.mechanism,
        alert.component,
        alert.detected_by,
        if alert.withdrawn_event { "withdrawn event" } else { "" },
    )
}

/// An alert of the product in the same words.
fn line_of(alert: &v1::Alert) -> String {
    let subject = alert.subject.clone().unwrap_or_default();
    let says_more = alert.summary.is_some() || alert.certainty.is_some() || alert.next_step.is_some();
    assert!(!(alert.alert == "safeguarding" && says_more), "it says more than it may: {alert:?}");
    format!(
        "{} {} {} of {:?} {:?} {}..{:?} recorded {}: {:?} {:?} {:?} {}",
        alert.alert,
        alert.tier,
        alert.state,
        subject.client,
        subject.peer,
        instant(&alert.since),
        alert.until.as_deref().map(instant),
        instant(&alert.recorded_at),
        alert.mechanism,
        alert.component,
        alert.detected_by,
        if alert.withdrawn_event == Some(true) { "withdrawn event" } else { "" },
    )
}
