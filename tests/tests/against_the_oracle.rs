//! The product's fold and the oracle, over random worlds: every release, row and alert is the same.

use std::sync::Mutex;

use rapport_model::params::{Releases, Settings};
use rapport_proto::examples::{self, Expected};
use rapport_proto::v1;
use rapport_tests::oracle::days::DAY_US;
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::{Given, compare, release, standing_at_the_end};
use rapport_tests::random::{self, given::given};
use rapport_tests::story::tick;

use crate::product::{CATALOGUE, published};
use crate::seeds::{for_each, number};

/// The oracle's settings as the product has them.
pub fn settings(given: &Given) -> Settings {
    let number = |setting: i64| u32::try_from(setting).unwrap();
    Settings {
        releases: if given.settings.weekly { Releases::Weekly } else { Releases::Daily },
        baseline_ratings: number(given.settings.baseline_ratings),
        prior_weight: number(given.settings.prior_weight),
        ratings_in_a_row_days: number(given.settings.in_a_row_days),
        unmonitored_days: number(given.settings.unmonitored_days),
        dropout_days: number(given.settings.dropout_days),
        pause_days: number(given.settings.pause_days),
        overload_dyads: number(given.settings.overload_dyads),
        supervision_days: number(given.settings.supervision_days),
        silent_days: number(given.settings.silent_days),
        alliance_instrument: given.settings.alliance_instrument.clone(),
        primary_instruments: given
            .settings
            .primary_instruments
            .iter()
            .map(|((construct, person), id)| (format!("{construct}/{person}"), id.clone()))
            .collect(),
        mandatory_training: given
            .settings
            .mandatory_training
            .iter()
            .map(|(module, days)| (module.clone(), days.map_or(0, number)))
            .collect(),
        ..Settings::default()
    }
}

/// What differs between the product and the oracle over the records of a partition.
pub fn differences(given: &Given, records: &[Record]) -> Vec<String> {
    let product = published(&settings(given), &given.catalogue, records);
    let known = Known::of(records);
    let mut differences = Vec::new();
    let releases = release::releases(given, records);
    for oracle in &releases {
        match product.releases.get(&(oracle.site.clone(), oracle.day.clone())) {
            Some(json) => {
                let one: v1::Release = serde_json::from_str(json).expect("a release of the contract");
                differences.extend(compare::release(&one, oracle));
            }
            None => differences.push(format!("no release of {} {}", oracle.site, oracle.day)),
        }
    }
    if product.releases.len() != releases.len() {
        let days: Vec<&String> = product.releases.keys().map(|(_, day)| day).collect();
        differences.push(format!("{} releases, oracle {}: {days:?}", product.releases.len(), releases.len()));
    }
    for (site, oracle) in standing_at_the_end(given, &known) {
        differences.extend(compare::rows(&product.rows_of(&site), &oracle.rows));
        differences.extend(compare::alerts(&product.alerts_of(&site), &oracle.alerts));
    }
    differences
}

#[test]
fn the_product_and_the_oracle_agree_on_every_random_world() {
    let wrong = Mutex::new(Vec::new());
    for_each(number("RAPPORT_WORLD", 0), number("RAPPORT_WORLDS", 1_000), &|seed| {
        let given = given(CATALOGUE, seed);
        let records = random::world(&given, seed);
        let differences = differences(&given, &records);
        if !differences.is_empty() {
            wrong.lock().unwrap().push((records.len(), seed, differences));
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    let texts = wrong.iter().take(10).map(|(records, seed, differences)| {
        format!(
            "seed {seed}, {records} records (RAPPORT_WORLD={seed} RAPPORT_WORLDS=1):\n{}",
            differences.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
        )
    });
    let texts = texts.collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} worlds differ; the smallest:\n{texts}", wrong.len());
}

#[test]
fn the_product_and_the_oracle_agree_on_every_golden_example() {
    let mut records: Vec<Record> = Vec::new();
    for example in examples::load().unwrap() {
        if let Expected::Accepted { key, value_hex, .. } = example.expected {
            records.push((key, Some(examples::decode_hex(&value_hex).unwrap())));
        }
    }
    assert!(records.len() > 30);
    let last = Known::of(&records).clock().unwrap();
    // As they come, and when much time has passed since.
    records.extend([0, 1, 10, 60].map(|days| tick(last + days * DAY_US)));
    for count in [1, 2, 3, 4].map(|ticks| records.len() - 4 + ticks) {
        let differences = differences(&Given::from_catalogue(CATALOGUE), &records[..count]);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}
