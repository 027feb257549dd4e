//! The product's fold and the oracle, over random worlds: every release, row and alert is the same.

use rapport_model::params::Settings;
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::{Given, alerts, compare, release, rows};
use rapport_tests::random;

use crate::product::{CATALOGUE, published};
use crate::seeds::{for_each, number};

/// What differs between the product and the oracle over the records of a partition.
pub fn differences(given: &Given, records: &[Record]) -> Vec<String> {
    let product = published(&Settings::default(), records);
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
        let records = random::world(&given, seed);
        let differences = differences(&given, &records);
        let again = format!("seed {seed}, {} records (RAPPORT_WORLD={seed} RAPPORT_WORLDS=1)", records.len());
        assert!(differences.is_empty(), "{again}:\n{}", differences.join("\n"));
    });
}
