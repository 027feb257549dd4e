//! Releases: as the oracle computes them, as Prometheus has them, as they may be shown, and on dashboards.

use std::collections::BTreeMap;

use prost::Message;
use rapport_model::time::Instant;
use rapport_proto::topics::{ENRICHED, EVENTS, INDICATORS};
use rapport_proto::v1;
use rapport_stream::port::Log;
use rapport_tests::harness::{repository, wait_for, wait_until};
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::{Given, compare, release, standing_at_the_end};
use serde_json::Value;

use super::charity::{self, SITES};
use super::metrics::{Labels, Page};
use super::stage::{PARTITIONS, SOON, Stage};
use super::{deliveries, topics, wait_for_clocks};
use crate::product::CATALOGUE;

/// Carries the clock past the end of today, and waits until both exporters show the releases.
pub fn make_the_releases(stage: &Stage) -> Instant {
    let midnight = charity::now().day().plus(1).start();
    stage.rapport(&["tick", "--at", &midnight.to_string()]);
    wait_for_clocks(stage, |_, clock| clock >= midnight);
    for exporter in [&stage.exporter, &stage.discreet] {
        wait_until("an exporter to show the releases", SOON, || {
            let page = exporter.metrics();
            page.is_some_and(|page| shown_releases(&page) == vec![midnight.0 as f64 / 1e6; SITES.len()])
        });
    }
    midnight
}

fn shown_releases(page: &Page) -> Vec<f64> {
    page.all("rapport_release_timestamp_seconds").map(|(_, seconds)| seconds).collect()
}

/// The records of `rapport.events`, by partition.
pub fn events(stage: &Stage) -> Vec<Vec<Record>> {
    let mut partitions = vec![Vec::new(); PARTITIONS as usize];
    for record in topics::read(&stage.log, EVENTS) {
        let place = &mut partitions[record.partition as usize];
        place.push((record.text().to_owned(), record.value));
    }
    partitions
}

/// The last release of every site.
fn published(stage: &Stage, midnight: Instant) -> BTreeMap<String, v1::Release> {
    released(&stage.log, midnight)
}

/// The release of every site that was made at that midnight.
pub fn released(log: &impl Log, midnight: Instant) -> BTreeMap<String, v1::Release> {
    let day = midnight.day().plus(-1).to_string();
    let releases = topics::standing(log, INDICATORS);
    let releases = releases.iter().filter_map(|(key, value)| {
        let (site, of_day) = key.split_once('/').expect("the key of a release");
        let release = || serde_json::from_slice(value).expect("a release is JSON");
        (of_day == day).then(|| (site.to_owned(), release()))
    });
    releases.collect()
}

/// Every release is the oracle's, number for number.
pub fn releases_are_what_the_oracle_says(stage: &Stage, midnight: Instant) {
    let given = Given::from_catalogue(CATALOGUE);
    let published = published(stage, midnight);
    let partitions = events(stage);
    let oracle = partitions.iter().flat_map(|records| release::last_releases(&given, records));
    let mut sites = 0;
    for oracle in oracle {
        let differences = compare::release(&published[&oracle.site], &oracle);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        sites += 1;
    }
    assert_eq!(sites, SITES.len());
}

/// Every row and every alert is the oracle's too, from what `ingest` has written and as of where its clock stands.
pub fn rows_and_alerts_are_what_the_oracle_says(stage: &Stage) {
    let given = Given::from_catalogue(CATALOGUE);
    let (enriched, recorded) = (topics::standing(&stage.log, ENRICHED), deliveries::recorded(stage));
    let mut sites = 0;
    for records in events(stage) {
        let known = Known::of(&records);
        for (site, oracle) in standing_at_the_end(&given, &known) {
            let prefix = format!("{site}/");
            let of_site =
                enriched.iter().filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?, value)));
            let of_site = of_site.map(|(id, value)| {
                (id.to_owned(), v1::Enriched::decode(value.as_slice()).expect("an enriched row"))
            });
            let mut differences = compare::rows(&of_site.collect(), &oracle.rows);
            let of_site: Vec<v1::Alert> =
                recorded.iter().filter(|alert| alert.site == site).cloned().collect();
            differences.extend(compare::alerts(&of_site, &oracle.alerts));
            assert!(differences.is_empty(), "{site}: {}", differences.join("\n"));
            sites += 1;
        }
    }
    assert_eq!(sites, SITES.len());
}

/// Every number of every release has been scraped, as it is.
pub fn prometheus_has_every_number(stage: &Stage, midnight: Instant) {
    let reached = format!("count(rapport_release_timestamp_seconds == {})", midnight.0 / 1_000_000);
    wait_until("Prometheus to scrape the releases", SOON, || {
        stage.prometheus.number(&reached) == Some(SITES.len() as f64)
    });
    let mut scraped = BTreeMap::new();
    for sample in stage.prometheus.query("{__name__=~\"rapport_.+\", job=\"rapport-exporter\", site!=\"\"}") {
        let mut labels: Labels = serde_json::from_value(sample["metric"].clone()).expect("labels are texts");
        labels.retain(|label, _| label != "job" && label != "instance");
        let name = labels.remove("__name__").expect("a series has a name");
        scraped.insert((name, labels), number(&sample));
    }
    scraped.retain(|(name, _), _| !is_about_a_release(name));
    let expected = exactly(&published(stage, midnight));
    assert!(expected.len() > 100 * SITES.len(), "a release has many samples: {}", expected.len());
    assert_eq!(scraped, expected);
}

/// The series of releases by site, where no number is withheld.
pub fn exactly(releases: &BTreeMap<String, v1::Release>) -> BTreeMap<(String, Labels), f64> {
    let mut series = BTreeMap::new();
    for (site, release) in releases {
        for sample in &release.samples {
            let mut labels = sample.labels.clone();
            labels.insert("site".to_owned(), site.clone());
            let value: f64 = sample.value.parse().expect("a number");
            series.insert((format!("rapport_{}", sample.name), labels), value);
        }
    }
    series
}

/// Whether a series with a site says something about its release, and not what is in it.
pub fn is_about_a_release(name: &str) -> bool {
    let about = ["release_timestamp_seconds", "site_first_day_timestamp_seconds", "withheld_samples"];
    name.strip_prefix("rapport_").is_some_and(|name| about.contains(&name))
}

/// Of sums the disclosure follows a count; all other numbers are counts.
const SUMS: [&str; 9] = [
    "contact_minutes",
    "repair_days",
    "dyad_days",
    "client_days",
    "service_use",
    "alliance_score_points",
    "alliance_baseline_df",
    "alliance_baseline_squares",
    "outcome_score_points",
];

/// Sums and the counts of the persons or pairs they are of, with the same labels.
const OF_PEOPLE: [(&str, &str); 5] = [
    ("service_use", "service_clients"),
    ("alliance_score_points", "alliance_dyads"),
    ("outcome_score_points", "outcome_persons"),
    ("dyad_days_support", "dyads_standing"),
    ("dyad_days_matched", "dyads_matched"),
];

/// Whether a sample is a sum over one to seven persons or pairs.
fn is_of_few(release: &v1::Release, sum: &v1::Sample) -> bool {
    let people = OF_PEOPLE.iter().find_map(|(name, people)| {
        let window = sum.name.strip_prefix(name)?;
        let people = format!("{people}{window}");
        release.samples.iter().find(|sample| sample.name == people && sample.labels == sum.labels)
    });
    people.is_some_and(|people| (1..=7).contains(&people.value.parse().expect("a count")))
}

/// The exporter as it is deployed shows no count of one to seven, and others to the nearest five.
pub fn small_numbers_are_withheld(stage: &Stage, midnight: Instant) {
    let page = stage.discreet.metrics().expect("the exporter answers");
    let (mut small, mut of_few) = (0, 0);
    for (site, release) in published(stage, midnight) {
        let mut withheld = 0;
        for sample in &release.samples {
            let name = format!("rapport_{}", sample.name);
            let mut labels = sample.labels.clone();
            labels.insert("site".to_owned(), site.clone());
            let shown = page.series.get(&(name.clone(), labels.clone())).copied();
            withheld += u32::from(shown.is_none());
            if SUMS.iter().any(|sum| sample.name.starts_with(sum)) {
                if is_of_few(&release, sample) {
                    of_few += 1;
                    assert_eq!(shown, None, "{name} {labels:?} is of few people");
                }
                continue;
            }
            let count: u64 = sample.value.parse().expect("a count is a whole number");
            small += u32::from((1..=7).contains(&count));
            let expected = match count {
                0 => Some(0.0),
                1..=7 => None,
                _ => Some(((count + 2) / 5 * 5) as f64),
            };
            assert_eq!(shown, expected, "{name} {labels:?} is {count}");
        }
        let said = page.all("rapport_withheld_samples").find(|(labels, _)| labels["site"] == site);
        assert_eq!(said.map(|(_, value)| value), Some(f64::from(withheld)), "{site}");
    }
    assert!(small > 0 && of_few > 0, "a charity of this size has small numbers");
}

/// Every query of every dashboard gives numbers.
pub fn every_panel_of_every_dashboard_shows_something(stage: &Stage) {
    let dashboards = std::fs::read_dir(repository().join("deploy/grafana/dashboards")).expect("dashboards");
    let mut queries = 0;
    for path in dashboards.map(|entry| entry.expect("a dashboard").path()) {
        let text = std::fs::read_to_string(&path).expect("a dashboard can be read");
        let dashboard: Value = serde_json::from_str(&text).expect("a dashboard is JSON");
        for panel in dashboard["panels"].as_array().expect("a dashboard has panels") {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().expect("a query").replace("$site", ".+");
                let what = format!("{} of {} to show something: {query}", panel["title"], path.display());
                let samples = wait_for(&what, SOON, || {
                    let samples = stage.prometheus.query(&query);
                    (!samples.is_empty()).then_some(samples)
                });
                assert!(samples.iter().all(|sample| number(sample).is_finite()), "{query}: {samples:?}");
                queries += 1;
            }
        }
    }
    assert!(queries > 10, "there are only {queries} queries");
}

fn number(sample: &Value) -> f64 {
    let number = sample["value"][1].as_str().expect("a sample has a value");
    number.parse().expect("a sample's value is a number")
}
