//! Scenarios worked out by hand: a few events, and the numbers model.md gives for them. Each runs through the oracle
//! and through the product.
//!
//! Days are counted from 2026-01-01 (day 0). `told(story, d)` reads at 00:00 of day d, so that D is day d − 1.

mod alliance;
mod clients;
mod episodes;
mod modelling;
mod outcomes;
mod peers;
mod records;
mod safeguarding;
mod silence;
mod support;
mod windows;

use std::collections::BTreeMap;

use rapport_tests::oracle::alerts::Alert;
use rapport_tests::oracle::counts::labels;
use rapport_tests::oracle::days::Us;
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::release::{Release, releases};
use rapport_tests::oracle::rows::Row;
use rapport_tests::oracle::{Given, Standing, standing_at_the_end};
use rapport_tests::story::{Story, start_of};

use crate::against_the_oracle::differences;
use crate::product::CATALOGUE;

/// What was published when a story had been told.
struct Told {
    release: Option<Release>,
    alerts: Vec<Alert>,
    rows: BTreeMap<String, Row>,
}

/// What is published of site `leeds` at 00:00 of a day.
fn told(story: &Story, day: i64) -> Told {
    told_in_order(&story.records(start_of(day)))
}

/// The same, under other settings.
fn told_under(given: &Given, story: &Story, day: i64) -> Told {
    told_by(given, &story.records(start_of(day)))
}

/// The model's settings and the shipped instruments.
fn defaults() -> Given {
    Given::from_catalogue(CATALOGUE)
}

/// What is published of site `leeds` from these records.
fn told_in_order(records: &[Record]) -> Told {
    told_by(&defaults(), records)
}

/// What is published, by the oracle and, the same, by the product.
fn told_by(given: &Given, records: &[Record]) -> Told {
    let differences = differences(given, records);
    assert!(differences.is_empty(), "the product differs:\n{}", differences.join("\n"));
    let known = Known::of(records);
    let release = releases(given, records).into_iter().rfind(|release| release.site == "leeds");
    let mut sites = standing_at_the_end(given, &known).into_iter();
    let standing = sites.find(|(site, _)| site == "leeds").map(|(_, standing)| standing);
    let Standing { rows, alerts } = standing.expect("something was told");
    Told { release, alerts, rows }
}

impl Told {
    /// The value of a sample: `name` or `name{label=value,…}`.
    fn value(&self, sample: &str) -> &str {
        let (name, pairs) = sample.split_once('{').unwrap_or((sample, "}"));
        let pairs = pairs.trim_end_matches('}').split(',').filter(|pair| !pair.is_empty());
        let labels = labels(pairs.map(|pair| pair.split_once('=').unwrap()));
        let samples = &self.release.as_ref().expect("there is a release").samples;
        let found = samples.iter().find(|one| one.name == name && one.labels == labels);
        &found.unwrap_or_else(|| panic!("no sample {sample}")).value
    }

    /// Asserts the values of samples.
    #[track_caller]
    fn has(&self, samples: &[(&str, &str)]) {
        for (sample, value) in samples {
            assert_eq!(self.value(sample), *value, "{sample}");
        }
    }

    /// The alerts of a kind, the earliest first.
    fn alerts_of(&self, kind: &str) -> Vec<&Alert> {
        let mut of_kind: Vec<&Alert> = self.alerts.iter().filter(|alert| alert.alert == kind).collect();
        of_kind.sort_by_key(|alert| alert.since);
        of_kind
    }

    /// Since and until of the alerts of a kind, the earliest first.
    fn stretches(&self, kind: &str) -> Vec<(Us, Option<Us>)> {
        self.alerts_of(kind).into_iter().map(|alert| (alert.since, alert.until)).collect()
    }

    /// The one alert of a kind.
    #[track_caller]
    fn alert(&self, kind: &str) -> &Alert {
        let mut of_kind = self.alerts.iter().filter(|alert| alert.alert == kind);
        let alert = of_kind.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(of_kind.next().is_none(), "more than one {kind}");
        alert
    }
}
