//! Two versions side by side: one instance after the other is replaced by one of a later version, and then put back.
//!
//! What one version leaves to another is what is on the topics and in checkpoints, so a later version is this one with
//! another format of checkpoints, and with a header and a field in every record that this version does not know. Where
//! `RAPPORT_FAULT_OTHER_BUILD` names a folder with programs of another commit, built alike, it is these: before a release, the
//! last one.

use rapport_proto::topics::{ALERTS, ENRICHED, EVENTS, INDICATORS};
use rapport_stream::failpoint;
use rapport_tests::harness::wait_until;

use super::judge::judge;
use super::seed;
use super::stage::{FOLDED, INGESTED, SOON, Stage, with_checkpoints};
use crate::end_to_end::topics::{Kept, read};

/// Who is replaced, in that order, and what it counts.
const INSTANCES: [(&str, &str, &str); 4] = [
    ("rapport-indicators", "indicators", FOLDED),
    ("rapport-indicators", "second", FOLDED),
    ("rapport-ingest", "ingest", INGESTED),
    ("rapport-ingest", "other", INGESTED),
];
/// Who only reads.
const READERS: [(&str, &str); 2] = [("rapport-exporter", "exporter"), ("rapport-alerts", "alerts")];

impl Stage {
    fn wait_until_it_owns_some(&mut self, instance: &str, counter: &str) {
        self.wait_for_count(instance, owned(counter), 1.0);
    }

    /// Replaces an instance by one of this version, or of a later one, under load; it works beside the others then. How many
    /// checkpoints of the other version it found and did not believe: it may have been given other partitions than it had.
    fn replace(&mut self, (program, instance, counter): (&'static str, &str, &str), newer: &str) -> f64 {
        let has_checkpoints = counter == FOLDED && with_checkpoints();
        if has_checkpoints {
            self.feed(50);
            self.wait_for_count(instance, "rapport_indicators_checkpoints_written_total", 1.0);
        }
        self.stop(instance);
        self.feed(30);
        self.spawn_with(program, instance, &[(failpoint::NEWER, newer)]);
        self.wait_until_ready(instance);
        self.wait_until_it_owns_some(instance, counter);
        self.feed(50);
        self.wait_for_count(instance, counter, 1.0);
        if !has_checkpoints {
            return 0.0;
        }
        let page = self.page(instance).expect("it answers");
        let rejected = page.all("rapport_indicators_checkpoints_rejected_total");
        rejected.filter(|(labels, _)| labels["reason"] == "format").map(|(_, count)| count).sum()
    }
}

/// What `ingest` and `indicators` say of the partitions that an instance owns.
fn owned(counter: &str) -> &'static str {
    if counter == FOLDED { "rapport_indicators_partitions" } else { "rapport_ingest_partitions" }
}

fn is_newer(record: &Kept) -> bool {
    record.headers.iter().any(|(name, _)| name == failpoint::NEWER_HEADER)
}

#[test]
fn two_versions_side_by_side_in_a_rolling_upgrade_that_is_rolled_back_write_what_one_would_have_written() {
    let mut stage = Stage::start("upgrade", seed(71), 5);
    for (program, instance, _) in INSTANCES {
        stage.spawn(program, instance, None);
    }
    for (program, instance) in READERS {
        stage.spawn(program, instance, None);
    }
    for (_, instance, counter) in INSTANCES {
        stage.wait_until_it_owns_some(instance, counter);
    }
    stage.feed(300);
    let mut not_believed = 0.0;
    for newer in ["1", "0"] {
        for instance in INSTANCES {
            not_believed += stage.replace(instance, newer);
        }
        stage.make_releases();
    }
    assert_eq!(not_believed > 0.0, with_checkpoints(), "checkpoints of another format that were found");
    let read_all = judge(&mut stage);
    for (topic, records) in [
        (EVENTS, &read_all.events),
        (ENRICHED, &read_all.enriched),
        (INDICATORS, &read_all.indicators),
        (ALERTS, &read_all.alerts),
    ] {
        let newer = records.iter().filter(|record| is_newer(record)).count();
        assert!(
            newer > 0 && newer < records.len(),
            "{topic}: {newer} of {} are of a later version",
            records.len()
        );
    }
    for (topic, instance) in [(INDICATORS, "exporter"), (ALERTS, "alerts")] {
        let records = read(&stage.log, topic).len() as f64;
        let count =
            |stage: &Stage, name: &str| stage.counted(instance, &format!("rapport_{instance}_{name}"));
        wait_until("a reader to have read everything", SOON, || count(&stage, "records_total") >= records);
        assert_eq!(count(&stage, "unusable_records_total"), 0.0, "{instance} cannot read all of {topic}");
    }
}
