//! What a replay came to.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use rapport_proto::{topics, v1};
use rapport_stream::port::{Error, Log};
use serde::Serialize;

use super::Rejected;
use crate::commands::output;
use crate::failure::Failure;
use crate::view::View;

/// Values of a topic by key, the last one of each.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a replay came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Said {
    /// Records read.
    pub lines: u64,
    /// Records accepted.
    pub accepted: u64,
    /// The others, in order.
    pub rejected: Vec<Rejected>,
    /// `rapport.enriched`: Protobuf by `site/event_id`.
    pub enriched: Rows,
    /// `rapport.indicators`: JSON by `site/release day`.
    pub indicators: Rows,
    /// `rapport.alerts`: JSON by `alert_id`.
    pub alerts: Rows,
}

/// A line of `rejected.jsonl`: never a value.
#[derive(Serialize)]
struct RejectedLine<'a> {
    line: u64,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl Said {
    /// Reads the derived topics.
    pub(super) fn collect(&mut self, log: &dyn Log) -> Result<(), Error> {
        for (topic, rows) in [
            (topics::ENRICHED, &mut self.enriched),
            (topics::INDICATORS, &mut self.indicators),
            (topics::ALERTS, &mut self.alerts),
        ] {
            let mut reader = log.reader(&[topic])?;
            while !reader.caught_up()? {
                reader.poll(Duration::ZERO, super::BATCH, &mut |record| {
                    let key = record.key.unwrap_or_default().to_vec();
                    match record.value {
                        Some(value) => rows.insert(key, value.to_vec()),
                        None => rows.remove(&key),
                    };
                })?;
            }
        }
        Ok(())
    }

    /// Leaves out the alerts that were withdrawn: where all is known at once they stood only between two lines.
    pub(super) fn leave_out_withdrawn(&mut self) {
        let withdrawn = |value: &[u8]| {
            serde_json::from_slice::<v1::Alert>(value).is_ok_and(|alert| alert.state == "withdrawn")
        };
        self.alerts.retain(|_, value| !withdrawn(value));
    }

    /// The releases, by site, then day.
    ///
    /// # Errors
    /// None is expected: the records are our own.
    pub fn releases(&self) -> Result<Vec<v1::Release>, Failure> {
        self.indicators.values().map(|value| read(topics::INDICATORS, value)).collect()
    }

    /// The alerts as they stand, by id.
    ///
    /// # Errors
    /// None is expected: the records are our own.
    pub fn standing_alerts(&self) -> Result<Vec<v1::Alert>, Failure> {
        self.alerts.values().map(|value| read(topics::ALERTS, value)).collect()
    }

    /// Writes `enriched.jsonl`, `indicators.jsonl`, `alerts.jsonl` and `rejected.jsonl` into `dir`, which is made if it
    /// is not there. Lines are sorted by record key, rejected ones by line number.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(dir).map_err(|error| Failure::file("create", dir, &error))?;
        let view = View::new()?;
        for (name, topic, rows) in [
            ("enriched.jsonl", topics::ENRICHED, &self.enriched),
            ("indicators.jsonl", topics::INDICATORS, &self.indicators),
            ("alerts.jsonl", topics::ALERTS, &self.alerts),
        ] {
            let lines = rows.values().map(|value| view.json(topic, value).ok_or_else(|| unreadable(topic)));
            write_lines(&dir.join(name), lines)?;
        }
        let rejected = self.rejected.iter().map(|rejected| {
            let reason = rejected.rejection.reason.as_str();
            let line = RejectedLine { line: rejected.line, reason, field: rejected.rejection.field };
            serde_json::to_string(&line).map_err(Failure::failed)
        });
        write_lines(&dir.join("rejected.jsonl"), rejected)
    }
}

fn unreadable(topic: &str) -> Failure {
    Failure::failed(format!("read a record of {topic}"))
}

fn read<T: serde::de::DeserializeOwned>(topic: &str, value: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(value).map_err(|_| unreadable(topic))
}

fn write_lines(path: &Path, lines: impl Iterator<Item = Result<String, Failure>>) -> Result<(), Failure> {
    let mut file = output::create(path)?;
    for line in lines {
        let line = line?;
        let result = file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n"));
        result.map_err(|error| Failure::file("write", path, &error))?;
    }
    file.flush().map_err(|error| Failure::file("write", path, &error))
}
