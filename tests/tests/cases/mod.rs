//! Scenarios worked out by hand: a few events, and the numbers model.md gives for them. Each runs through the oracle
//! and through the product.
//!
//! Days are counted from 2026-01-01 (day 0). `told(story, d)` reads at 00:00 of day d, so that D is day d − 1.

mod alliance;
mod episodes;
mod records;
mod windows;

use std::collections::BTreeMap;

use rapport_tests::oracle::Given;
use rapport_tests::oracle::alerts::{Alert, alerts};
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::release::{Release, releases};
use rapport_tests::oracle::rows::{Row, rows};
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

/// What is published of site `leeds` from these records, by the oracle and, the same, by the product.
fn told_in_order(records: &[Record]) -> Told {
    let given = Given::from_catalogue(CATALOGUE);
    let differences = differences(&given, records);
    assert!(differences.is_empty(), "the product differs:\n{}", differences.join("\n"));
    let known = Known::of(records);
    let (events, now) = (known.standing(), known.clock().unwrap());
    Told {
        release: releases(&given, records).into_iter().rfind(|release| release.site == "leeds"),
        alerts: alerts(&given, &events, "leeds", now),
        rows: rows(&given, &events, "leeds", now),
    }
}

impl Told {
    /// The value of a sample: `name` or `name{label=value,…}`.
    fn value(&self, sample: &str) -> &str {
        let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
        let pairs = labels.trim_end_matches('}').split(',').filter(|pair| !pair.is_empty());
        let labels: BTreeMap<String, String> = pairs
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .collect();
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

    /// The one alert of a kind.
    #[track_caller]
    fn alert(&self, kind: &str) -> &Alert {
        let mut of_kind = self.alerts.iter().filter(|alert| alert.alert == kind);
        let alert = of_kind.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(of_kind.next().is_none(), "more than one {kind}");
        alert
    }
}
