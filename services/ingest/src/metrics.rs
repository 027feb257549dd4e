//! Metrics of ingest. What is counted of records has been committed.

use std::collections::BTreeMap;

use prometheus::{Gauge, IntCounter, IntCounterVec, Opts, Registry};
use rapport_model::raw::Reason;
use rapport_model::time::Instant;

use crate::judge::reasons;

/// All of them.
#[derive(Clone)]
pub struct Metrics {
    records: IntCounterVec,
    rejected: IntCounterVec,
    ticks: IntCounter,
    tick: Gauge,
    /// Of the HTTP listener.
    pub http: Http,
}

/// Metrics of the HTTP listener.
#[derive(Clone)]
pub struct Http {
    /// Requests, by what became of them: an [`Answer`].
    requests: IntCounterVec,
    /// Records in requests that were answered `ok`.
    pub records: IntCounter,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It has verdicts.
    Ok,
    /// It was not a list of records.
    Malformed,
    /// It had no good token.
    Unauthorised,
    /// It was too large.
    TooLarge,
    /// It came too fast, or too many at once.
    TooFast,
    /// The log could not take it, or its sender was too slow.
    Unavailable,
}

impl Answer {
    /// The word for labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Ok => "ok",
            Answer::Malformed => "malformed",
            Answer::Unauthorised => "unauthorised",
            Answer::TooLarge => "too_large",
            Answer::TooFast => "too_fast",
            Answer::Unavailable => "unavailable",
        }
    }

    const ALL: [Answer; 6] = [
        Answer::Ok,
        Answer::Malformed,
        Answer::Unauthorised,
        Answer::TooLarge,
        Answer::TooFast,
        Answer::Unavailable,
    ];
}

impl Http {
    /// Counts a request.
    pub fn answered(&self, answer: Answer) {
        self.requests.with_label_values(&[answer.as_str()]).inc();
    }
}

impl Metrics {
    /// Registers them, each topic, reason and answer at 0.
    ///
    /// # Errors
    /// Where one of that name is registered already.
    pub fn register(registry: &Registry, topics: &[String]) -> prometheus::Result<Metrics> {
        let vector = |name: &str, help: &str, label: &str| -> prometheus::Result<IntCounterVec> {
            let vector = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(vector.clone()))?;
            Ok(vector)
        };
        let counter = |name: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let tick = Gauge::new(
            "rapport_ingest_tick_timestamp_seconds",
            "The newest tick written; 0 where none was.",
        )?;
        registry.register(Box::new(tick.clone()))?;
        let http = Http {
            requests: vector(
                "rapport_ingest_http_requests_total",
                "Requests to POST events, by answer.",
                "answer",
            )?,
            records: counter(
                "rapport_ingest_http_records_total",
                "Records in requests that were answered ok.",
            )?,
        };
        let metrics = Metrics {
            records: vector("rapport_ingest_records_total", "Raw records judged, by topic.", "topic")?,
            rejected: vector("rapport_ingest_rejected_total", "Raw records rejected, by reason.", "reason")?,
            ticks: counter("rapport_ingest_ticks_total", "Ticks written.")?,
            tick,
            http,
        };
        topics.iter().for_each(|topic| metrics.records.with_label_values(&[topic]).inc_by(0));
        reasons().for_each(|reason| metrics.rejected.with_label_values(&[reason]).inc_by(0));
        let answers = Answer::ALL.into_iter();
        answers.for_each(|answer| metrics.http.requests.with_label_values(&[answer.as_str()]).inc_by(0));
        Ok(metrics)
    }

    /// Adds what was committed.
    pub fn add(&self, tally: &Tally) {
        for (topic, records) in &tally.records {
            self.records.with_label_values(&[topic]).inc_by(*records);
        }
        for (reason, records) in &tally.rejected {
            self.rejected.with_label_values(&[reason.as_str()]).inc_by(*records);
        }
        self.ticks.inc_by(tally.ticks);
        if let Some(tick) = tally.tick {
            self.tick.set(tick.0 as f64 / 1e6);
        }
    }

    /// Records judged and committed, of a topic.
    pub fn records(&self, topic: &str) -> u64 {
        self.records.with_label_values(&[topic]).get()
    }

    /// Records rejected and committed, for a reason.
    pub fn rejected(&self, reason: Reason) -> u64 {
        self.rejected.with_label_values(&[reason.as_str()]).get()
    }
}

/// What was done since the last commit.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    records: BTreeMap<String, u64>,
    rejected: BTreeMap<Reason, u64>,
    ticks: u64,
    tick: Option<Instant>,
}

impl Tally {
    /// A record of a topic was judged.
    pub fn record(&mut self, topic: &str, rejected: Option<Reason>) {
        match self.records.get_mut(topic) {
            Some(records) => *records += 1,
            None => drop(self.records.insert(topic.to_owned(), 1)),
        }
        if let Some(reason) = rejected {
            *self.rejected.entry(reason).or_default() += 1;
        }
    }

    /// A tick was written.
    pub fn tick(&mut self, now: Instant) {
        self.ticks += 1;
        self.tick = Some(now);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Tally::default();
    }
}
