//! Holds what a product published against what the oracle says.

use std::collections::{BTreeMap, BTreeSet};

use rapport_proto::v1;

use super::alerts::Alert;
use super::counts::Labels;
use super::release::{Release, WINDOWS};
use super::rows::Row;
use super::words::word;

/// Indicators that a release must have, without their windows.
pub const REQUIRED: [&str; 15] = [
    "contacts",
    "contact_minutes",
    "contacts_support",
    "dyads_open",
    "dyad_days",
    "dyads_rated",
    "alliance_ratings",
    "alliance_score_points",
    "breakdowns",
    "repairs",
    "dropouts",
    "dropouts_support",
    "dyad_days_support",
    "exits",
    "dyads",
];

/// What differs between a release and the oracle's, one line each. Samples of names that the oracle does not compute
/// are not compared; a name the oracle computes and the product does not is a difference only if it is required.
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
    let theirs: BTreeMap<(&str, &Labels), &str> =
        product.samples.iter().map(|one| ((one.name.as_str(), &one.labels), one.value.as_str())).collect();
    let ours: BTreeMap<(&str, &Labels), &str> =
        oracle.samples.iter().map(|one| ((one.name.as_str(), &one.labels), one.value.as_str())).collect();
    differ("number of samples", &product.samples.len().to_string(), &theirs.len().to_string());
    let their_names: BTreeSet<&str> = theirs.keys().map(|(name, _)| *name).collect();
    let our_names: BTreeSet<&str> = ours.keys().map(|(name, _)| *name).collect();
    for name in our_names.iter().filter(|name| is_required(name)) {
        let has = if their_names.contains(name) { "there" } else { "absent" };
        differ(&format!("sample {name}"), has, "there");
    }
    for ((name, labels), value) in theirs.iter().filter(|((name, _), _)| our_names.contains(name)) {
        let expected = ours.get(&(*name, *labels)).copied().unwrap_or("absent");
        differ(&format!("{name} {labels:?}"), value, expected);
    }
    for ((name, labels), value) in ours.iter().filter(|((name, _), _)| their_names.contains(name)) {
        if !theirs.contains_key(&(*name, *labels)) {
            differ(&format!("{name} {labels:?}"), "absent", value);
        }
    }
    differences
}

fn is_required(name: &str) -> bool {
    let suffixes = WINDOWS.map(|days| format!("_{days}d"));
    let base = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix.as_str())).unwrap_or(name);
    REQUIRED.contains(&base)
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
    let phase = |one: v1::Phase| match one {
        v1::Phase::Unspecified => None,
        _ => Some(word(one.as_str_name(), "PHASE_")),
    };
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
    let number = |one: Option<u32>| one.map(i64::from);
    let place = |one: Option<usize>| one.map(|one| one as i64);
    let pairs = [
        ("episode", format!("{:?}", number(row.episode)), format!("{:?}", place(expected.episode))),
        ("day", format!("{:?}", number(row.episode_day)), format!("{:?}", expected.episode_day)),
        ("session", format!("{:?}", number(row.session)), format!("{:?}", place(expected.session))),
        (
            "days since contact",
            format!("{:?}", number(row.days_since_contact)),
            format!("{:?}", expected.days_since_contact),
        ),
        ("before", format!("{:?}", phase(row.phase_before())), format!("{:?}", expected.phase_before)),
        ("after", format!("{:?}", phase(row.phase_after())), format!("{:?}", expected.phase_after)),
        ("breakdown", format!("{breakdown:?}"), format!("{:?}", expected.breakdown)),
        ("received", format!("{:?}", kinds(row.received().collect())), format!("{:?}", expected.received)),
        ("unmet", format!("{:?}", kinds(row.unmet().collect())), format!("{:?}", expected.unmet)),
        ("ended", format!("{ended:?}"), format!("{:?}", expected.ended)),
        ("z", format!("{:?}", row.z.is_some()), format!("{:?}", expected.scored.is_some())),
    ];
    let mut differences: Vec<String> = pairs
        .into_iter()
        .filter(|(_, product, oracle)| product != oracle)
        .map(|(what, product, oracle)| format!("row {id}: {what} is {product}, oracle {oracle}"))
        .collect();
    if let (Some(z), Some(scored)) = (row.z, expected.scored) {
        if (z - scored.z).abs() > 0.000_501 {
            differences.push(format!("row {id}: z is {z}, oracle {}", scored.z));
        }
        let mean = row.baseline_mean_micros.map(|mean| mean as f64);
        if mean.is_none_or(|mean| (mean - scored.mean).abs() > 0.5) {
            differences.push(format!("row {id}: baseline mean is {mean:?}, oracle {}", scored.mean));
        }
    }
    differences
}

/// What differs between the product's alerts of a site (those withdrawn left out, and kinds that the oracle does not
/// compute) and the oracle's.
pub fn alerts(product: &[v1::Alert], oracle: &[Alert]) -> Vec<String> {
    let instant = |text: &str| text.parse::<jiff::Timestamp>().expect("an instant").as_microsecond();
    let theirs: BTreeMap<&str, String> = product
        .iter()
        .filter(|one| {
            one.state != "withdrawn" && ["alliance_breakdown", "alliance_watch"].contains(&one.alert.as_str())
        })
        .map(|one| {
            let subject = one.subject.clone().unwrap_or_default();
            let until = one.until.as_deref().map(instant);
            assert_eq!(until.is_some(), one.state == "resolved", "{one:?}");
            let line = line(
                (&one.alert, subject.client.as_deref(), subject.peer.as_deref()),
                (instant(&one.since), until, instant(&one.recorded_at)),
                (one.mechanism.as_deref(), one.component.as_deref(), one.detected_by.as_deref()),
            );
            (one.alert_id.as_str(), line)
        })
        .collect();
    let ours: BTreeMap<&str, String> = oracle
        .iter()
        .map(|one| {
            let line = line(
                (one.alert, Some(&one.client), Some(&one.peer)),
                (one.since, one.until, one.recorded_at),
                (Some(one.mechanism), one.component, one.detected_by),
            );
            (one.alert_id.as_str(), line)
        })
        .collect();
    let ids: BTreeSet<&str> = theirs.keys().chain(ours.keys()).copied().collect();
    ids.into_iter()
        .filter(|id| theirs.get(id) != ours.get(id))
        .map(|id| format!("alert {id} is\n  {:?}, oracle\n  {:?}", theirs.get(id), ours.get(id)))
        .collect()
}

type Text<'a> = Option<&'a str>;

fn line(
    (alert, client, peer): (&str, Text<'_>, Text<'_>),
    (since, until, recorded_at): (i64, Option<i64>, i64),
    (mechanism, component, detected_by): (Text<'_>, Text<'_>, Text<'_>),
) -> String {
    format!(
        "{alert} of {client:?} {peer:?} {since}..{until:?} recorded {recorded_at}: {mechanism:?} {component:?} {detected_by:?}"
    )
}
