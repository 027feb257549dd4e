//! The product's fold and the oracle, over random worlds: every release, row and alert is the same.

use std::collections::BTreeSet;

use rapport_model::params::{Releases, Settings};
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::{Given, alerts, compare, release, rows, words};
use rapport_tests::random::{self, Dice};

use crate::product::{CATALOGUE, published};
use crate::seeds::{for_each, number};

/// The oracle's settings as the product has them.
fn settings(given: &Given) -> Settings {
    let number = |setting: i64| u32::try_from(setting).unwrap();
    Settings {
        releases: if given.settings.weekly { Releases::Weekly } else { Releases::Daily },
        baseline_ratings: number(given.settings.baseline_ratings),
        prior_weight: number(given.settings.prior_weight),
        ratings_in_a_row_days: number(given.settings.in_a_row_days),
        unmonitored_days: number(given.settings.unmonitored_days),
        dropout_days: number(given.settings.dropout_days),
        pause_days: number(given.settings.pause_days),
        alliance_instrument: given.settings.alliance_instrument.clone(),
        ..Settings::default()
    }
}

/// What differs between the product and the oracle over the records of a partition.
pub fn differences(given: &Given, records: &[Record]) -> Vec<String> {
    let product = published(&settings(given), records);
    let known = Known::of(records);
    let (events, now) = (known.standing(), known.clock().expect("a record has a clock"));
    let mut differences = Vec::new();
    let releases = release::releases(given, records);
    for oracle in &releases {
        match product.releases.get(&(oracle.site.clone(), oracle.day.clone())) {
            Some(one) => differences.extend(compare::release(one, oracle)),
            None => differences.push(format!("no release of {} {}", oracle.site, oracle.day)),
        }
    }
    if product.releases.len() != releases.len() {
        let days: Vec<&String> = product.releases.keys().map(|(_, day)| day).collect();
        differences.push(format!("{} releases, oracle {}: {days:?}", product.releases.len(), releases.len()));
    }
    for site in known.sites() {
        let oracle = rows::rows(given, &events, &site, now);
        differences.extend(compare::rows(&product.rows_of(&site), &oracle));
        let oracle = alerts::alerts(given, &events, &site, now);
        differences.extend(compare::alerts(&product.alerts_of(&site), &oracle));
    }
    differences
}

#[test]
fn the_product_and_the_oracle_agree_on_every_random_world() {
    let given = Given::from_catalogue(CATALOGUE);
    for_each(number("RAPPORT_WORLD", 0), number("RAPPORT_WORLDS", 300), &|seed| {
        let given = if seed % 2 == 0 { given.clone() } else { with_other_settings(given.clone(), seed) };
        let records = random::world(&given, seed);
        let differences = differences(&given, &records);
        let again = format!("seed {seed}, {} records (RAPPORT_WORLD={seed} RAPPORT_WORLDS=1)", records.len());
        assert!(differences.is_empty(), "{again}:\n{}", differences.join("\n"));
    });
}

/// Other settings than the default ones, by a seed.
fn with_other_settings(mut given: Given, seed: u64) -> Given {
    let mut dice = Dice::new(seed);
    let settings = &mut given.settings;
    settings.weekly = dice.percent(50);
    settings.baseline_ratings = dice.pick(&[1, 2, 3, 5]);
    settings.prior_weight = dice.pick(&[1, 3, 8]);
    settings.in_a_row_days = dice.pick(&[5, 20, 90]);
    settings.unmonitored_days = dice.pick(&[3, 14, 28]);
    settings.dropout_days = dice.pick(&[2, 10, 30, 43]);
    settings.pause_days = dice.pick(&[1, 7, 90]);
    settings.alliance_instrument = dice.pick(&["wai-sr", "srs", "item-alliance"]).to_owned();
    given
}

#[test]
fn random_worlds_hold_everything_that_the_oracle_tells_apart() {
    let given = Given::from_catalogue(CATALOGUE);
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        let known = Known::of(&random::world(&given, seed));
        let (events, now) = (known.standing(), known.clock().unwrap());
        for row in rows::rows(&given, &events, "leeds", now).into_values() {
            seen.extend(row.phase_after);
            seen.extend(row.ended.map(|(_, _, mechanism)| mechanism));
        }
        for alert in alerts::alerts(&given, &events, "leeds", now) {
            seen.extend(alert.detected_by);
            seen.extend(alert.component);
            seen.insert(if alert.until.is_some() { "resolved" } else { "firing" });
        }
    }
    let all = words::PHASES.iter().chain(&words::MECHANISMS).chain(&words::DETECTED_BY);
    let missing: Vec<_> = all
        .chain(&words::COMPONENTS[..3])
        .chain(&["resolved", "firing"])
        .filter(|word| !seen.contains(*word))
        .collect();
    assert!(missing.is_empty(), "never: {missing:?}");
}
