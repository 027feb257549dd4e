//! `exporter` and `alerts`, killed while what they read is being written: what they know is what is on their topic.

use std::collections::{BTreeMap, BTreeSet};

use rapport_proto::topics::{ALERTS, INDICATORS};
use rapport_proto::v1;
use rapport_tests::harness::{Alertmanager, wait_for, wait_until};

use super::judge::judge;
use super::stage::{INGESTED, PARTITIONS, SOON, Stage};
use super::stuck::{abort, hang};
use super::{rounds, seed};
use crate::end_to_end::deliveries;
use crate::end_to_end::metrics::{Labels, Page};
use crate::end_to_end::numbers::{exactly, is_about_a_release, released};
use crate::end_to_end::topics::{read, standing};

const ALERT_RECORDS: &str = "rapport_alerts_records_total";

impl Stage {
    fn spawn_exporter(&mut self) {
        self.spawn_with("rapport-exporter", "exporter", &[("RAPPORT_EXPORTER__DISCLOSURE", "exact")]);
    }

    fn spawn_alerts(&mut self, instance: &str, alertmanager: &Alertmanager) {
        let url = alertmanager.url();
        let environment = [
            ("RAPPORT_ALERTS__ALERTMANAGERS", url.as_str()),
            ("RAPPORT_ALERTS__RESEND_SECONDS", "2"),
            // What is sent here is of months ago.
            ("RAPPORT_ALERTS__BACKFILL_DAYS", "1000"),
        ];
        self.spawn_with("rapport-alerts", instance, &environment);
    }

    /// Starts a reader while a transaction is open on its topic: it reads what it can, and does not think that this is all.
    /// Its page at that moment.
    fn held_up(&mut self, topic: &str, reader: &str, spawn: impl FnOnce(&mut Stage)) -> Page {
        let records = read(&self.log, topic);
        let of = |partition: &u32| records.iter().filter(|record| record.partition == *partition).count();
        let least = (0..PARTITIONS).min_by_key(of).expect("there are partitions");
        let elsewhere = (records.len() - of(&least)) as f64;
        let hanging = hang(self, topic, least);
        spawn(self);
        let page = wait_for("a reader to read what it can", SOON, || {
            let page = self.page(reader)?;
            (page.sum(&format!("rapport_{reader}_records_total")) >= elsewhere).then_some(page)
        });
        assert_eq!(page.sum(&format!("rapport_{reader}_caught_up")), 0.0);
        abort(&hanging);
        page
    }
}

/// What a page shows of releases.
fn shown(page: &Page) -> BTreeMap<(String, Labels), f64> {
    let of_release = |name: &str, labels: &Labels| labels.contains_key("site") && !is_about_a_release(name);
    let series = page.series.iter().filter(|((name, labels), _)| of_release(name, labels));
    series.map(|(series, value)| (series.clone(), *value)).collect()
}

#[test]
fn an_exporter_that_is_killed_shows_nothing_until_it_shows_every_number_of_the_newest_releases() {
    let mut stage = Stage::start("exporter", seed(61), 5);
    stage.spawn_both();
    stage.spawn_exporter();
    for _ in 0..rounds().div_ceil(2) {
        let judged = stage.counted("ingest", INGESTED);
        stage.feed(200);
        stage.wait_for_count("ingest", INGESTED, judged + 200.0);
        stage.make_releases();
        stage.kill("exporter");
        stage.feed(100);
        let midnight = stage.make_releases();
        let releases = wait_for("the releases of every site", SOON, || {
            let releases = released(&stage.log, midnight);
            (releases.len() == stage.sites()).then_some(releases)
        });
        let expected = exactly(&releases);
        assert!(expected.len() > 100 * stage.sites(), "{} series are to be shown", expected.len());
        let page = stage.held_up(INDICATORS, "exporter", Stage::spawn_exporter);
        assert!(shown(&page).is_empty(), "something is shown before everything was read");
        wait_until("the exporter to show the releases", SOON, || {
            let Some(page) = stage.page("exporter") else { return false };
            let shown = shown(&page);
            assert!(shown.is_empty() || shown == expected, "neither nothing nor everything is shown");
            !shown.is_empty()
        });
        stage.wait_until_ready("exporter");
    }
    judge(&mut stage);
}

/// The ids of alerts that fire and are not held back.
fn firing(stage: &Stage) -> BTreeSet<String> {
    let alerts = standing(&stage.log, ALERTS).into_values();
    let alerts = alerts.map(|value| serde_json::from_slice::<v1::Alert>(&value).expect("an alert is JSON"));
    deliveries::firing(alerts.collect()).into_iter().map(|alert| alert.alert_id).collect()
}

/// What an Alertmanager holds: the id and all labels of each alert.
fn held(alertmanager: &Alertmanager) -> Vec<(String, String)> {
    let alerts = alertmanager.alerts().into_iter().filter_map(|alert| {
        let labels = &alert["labels"];
        Some((labels["alert_id"].as_str()?.to_owned(), labels.to_string()))
    });
    let mut held: Vec<(String, String)> = alerts.collect();
    held.sort();
    held
}

/// Waits until an Alertmanager holds these alerts, each once, and no other; what it holds.
fn wait_until_held(alertmanager: &Alertmanager, due: &BTreeSet<String>) -> Vec<(String, String)> {
    // Where a label has changed, the alert is held as it was too for some more seconds.
    wait_for("Alertmanager to hold every alert that fires, and no other", SOON, || {
        let held = held(alertmanager);
        held.iter().map(|(id, _)| id).eq(due).then_some(held)
    })
}

#[test]
fn alerts_that_is_killed_leaves_alertmanager_with_what_one_that_was_not_tells_it() {
    let mut stage = Stage::start("alerts", seed(62), 5);
    let [told, compared] = [(); 2].map(|()| Alertmanager::silent());
    stage.spawn_both();
    stage.spawn_alerts("alerts", &told);
    stage.spawn_alerts("spared", &compared);
    let mut over_meanwhile = 0;
    for _ in 0..rounds().div_ceil(2) {
        // Killed somewhere within what it reads.
        let already = stage.counted("spared", ALERT_RECORDS);
        stage.feed(400);
        stage.wait_for_count("alerts", ALERT_RECORDS, 1.0);
        stage.wait_for_count("spared", ALERT_RECORDS, already + 1.0);
        let known: BTreeSet<String> = held(&told).into_iter().map(|(id, _)| id).collect();
        stage.kill("alerts");
        stage.feed(400);
        stage.settle();
        let due = firing(&stage);
        over_meanwhile += known.difference(&due).count();
        stage.held_up(ALERTS, "alerts", |stage| stage.spawn_alerts("alerts", &told));
        let differ = wait_until_held(&told, &due) != wait_until_held(&compared, &due);
        assert!(!differ, "the labels of an alert are not what they would be");
    }
    assert!(firing(&stage).len() > 10, "{} alerts fire", firing(&stage).len());
    assert!(over_meanwhile > 0, "no alert was over while nobody could tell");
    judge(&mut stage);
}
