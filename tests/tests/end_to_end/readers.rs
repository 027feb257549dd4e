//! The enriched stream as data teams read it: with kcat, with our own command, with Python.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use rapport_proto::topics::ENRICHED;
use rapport_tests::harness::{kcat, repository};
use rapport_tests::oracle::log::Known;
use serde_json::Value;

use super::charity::SITES;
use super::numbers::events;
use super::stage::Stage;

/// All of them see a row of each event that stands and has a person, and no other.
pub fn kcat_tail_and_python_read_what_the_oracle_says(stage: &Stage) {
    let mut expected = BTreeSet::new();
    for records in events(stage) {
        for event in Known::of(&records).standing() {
            if !event.client.is_empty() || !event.peer.is_empty() {
                expected.insert(format!("{}/{}", event.site, event.event_id));
            }
        }
    }
    assert!(expected.len() > 1_000, "a year has many events: {}", expected.len());
    assert!(with_kcat(stage) == expected, "kcat reads other rows than the oracle has");
    assert!(with_tail(stage) == expected, "tail reads other rows than the oracle has");
    SITES.iter().for_each(|site| with_python(stage, site));
}

fn with_kcat(stage: &Stage) -> BTreeSet<String> {
    let (brokers, topic) = (stage.brokers(), format!("{}{ENRICHED}", stage.prefix));
    // %S is -1 for a record without a value.
    let output = kcat(["-b", &brokers, "-C", "-t", &topic, "-e", "-q", "-f", "%S %k\n"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("keys are text");
    let lines = text.lines().map(|line| line.split_once(' ').expect("a length and a key"));
    let last: BTreeMap<&str, &str> = lines.map(|(length, key)| (key, length)).collect();
    last.into_iter().filter(|(_, length)| *length != "-1").map(|(key, _)| key.to_owned()).collect()
}

fn with_tail(stage: &Stage) -> BTreeSet<String> {
    let text = stage.rapport(&["tail", ENRICHED, "--from-start", "--envelope"]);
    let mut last = BTreeMap::new();
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).expect("tail prints JSON");
        let key = record["key"].as_str().expect("a row has a key").to_owned();
        let event = &record["value"]["event"];
        let of_event = event["site"].as_str().zip(event["event_id"].as_str());
        let standing = of_event.map(|(site, id)| format!("{site}/{id}"));
        assert!(record["value"].is_null() || standing.as_ref() == Some(&key), "{line}");
        last.insert(key, standing.is_some());
    }
    last.into_iter().filter(|(_, stands)| *stands).map(|(key, _)| key).collect()
}

fn with_python(stage: &Stage, site: &str) {
    let python = repository().join(".cache/python/bin/python");
    assert!(python.is_file(), "Python's packages are not there: run scripts/install-test-tools");
    let script = repository().join("docs/examples/python/reproduce_release.py");
    let args = ["--brokers", &stage.brokers(), "--prefix", &stage.prefix, "--site", site];
    let output = Command::new(python).arg(script).args(args).output().expect("Python runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}
