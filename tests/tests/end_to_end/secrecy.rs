//! What nobody may read where it does not belong, and whether what is read is well formed.

use std::io::Write;
use std::process::{Command, Stdio};

use rapport_proto::topics::{ALERTS, ENRICHED, EVENTS, INDICATORS, RAW, REJECTED};
use rapport_tests::harness::program;

use super::stage::Stage;
use super::topics::read;

/// An id as the charity's systems have it: `client-` or `peer-` and a digit, or `e`, two digits, `-` and eight digits.
fn raw_id(bytes: &[u8]) -> Option<String> {
    let digits =
        |bytes: &[u8], number: usize| bytes.len() >= number && bytes[..number].iter().all(u8::is_ascii_digit);
    let dashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'-').map(|(place, _)| place);
    let mut found = dashes.filter(|place| {
        let (before, after) = (&bytes[..*place], &bytes[place + 1..]);
        let of_person = (before.ends_with(b"client") || before.ends_with(b"peer")) && digits(after, 1);
        let of_event =
            before.iter().nth_back(2) == Some(&b'e') && digits(&before[place - 2..], 2) && digits(after, 8);
        of_person || of_event
    });
    let place = found.next()?;
    let around = &bytes[place.saturating_sub(40)..bytes.len().min(place + 40)];
    Some(String::from_utf8_lossy(around).into_owned())
}

/// Raw ids end where they came in.
pub fn no_raw_id_is_anywhere_but_on_the_raw_and_rejected_topics(stage: &Stage) {
    for topic in [RAW, REJECTED] {
        let records = read(&stage.log, topic);
        assert!(records.iter().any(|record| record.bytes().any(|bytes| raw_id(bytes).is_some())), "{topic}");
    }
    for topic in [EVENTS, ENRICHED, INDICATORS, ALERTS] {
        let records = read(&stage.log, topic);
        assert!(!records.is_empty(), "{topic}");
        let found = records.iter().flat_map(|record| record.bytes()).find_map(raw_id);
        assert_eq!(found, None, "{topic}");
    }
    for service in stage.services() {
        let log = service.log();
        assert!(log.contains("started"), "{} logs nothing", service.name());
        assert_eq!(raw_id(log.as_bytes()), None, "log of {}", service.name());
        let page = service.metrics().expect("a service shows metrics");
        assert_eq!(raw_id(page.text.as_bytes()), None, "metrics of {}", service.name());
    }
}

/// How promtool ends where it has nothing but complaints.
const LINTED: i32 = 3;

/// What the model names by units of people; decision 0007 keeps the names.
const UNITS_OF_PEOPLE: [(&str, &str); 6] = [
    ("client_days", "days"),
    ("contact_minutes", "minutes"),
    ("dyad_days", "days"),
    ("dyad_days_matched", "days"),
    ("dyad_days_support", "days"),
    ("repair_days", "days"),
];

fn is_of_people(complaint: &str) -> bool {
    UNITS_OF_PEOPLE.iter().any(|(name, unit)| {
        let message = format!(" use base unit \"seconds\" instead of \"{unit}\"");
        let metric = complaint.strip_suffix(&message).and_then(|metric| metric.strip_prefix("rapport_"));
        let window = metric.and_then(|metric| metric.strip_prefix(name));
        window.is_some_and(|window| ["_7d", "_28d", "_90d"].contains(&window))
    })
}

/// `promtool check metrics` finds nothing to say but of those units.
pub fn every_page_of_metrics_passes_promtool(stage: &Stage) {
    for service in stage.services() {
        let page = service.metrics().expect("a service shows metrics");
        let mut promtool = Command::new(program("promtool"))
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool runs");
        let mut input = promtool.stdin.take().expect("promtool reads");
        input.write_all(page.text.as_bytes()).expect("promtool reads all");
        drop(input);
        let output = promtool.wait_with_output().expect("promtool ends");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("promtool prints text");
        let complaints: Vec<&str> = said.lines().filter(|line| !is_of_people(line)).collect();
        let is_parsed = output.status.success() || output.status.code() == Some(LINTED);
        assert!(is_parsed && complaints.is_empty(), "{}: {said}", service.name());
    }
}
