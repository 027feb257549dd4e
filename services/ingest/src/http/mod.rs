//! `POST /v1/events`: for those who have no Kafka producer, and for `rapport produce`.
//!
//! The body is records, one a line (NDJSON) or as a JSON array. Each is judged by the same rules as the records of topics;
//! all of them, good and bad, are appended to the raw topic, so that there is one way into `rapport.events` and one into
//! `rapport.rejected`; and the answer has a verdict for each once they are durable there. The same record sent twice does
//! no harm. A verdict never repeats what was sent.

mod body;
mod bucket;
mod tokens;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use rapport_model::raw::MAX_BYTES;
use rapport_model::time::Instant;
use rapport_proto::headers;
use rapport_stream::port::{Appender, Error, Log, Output};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::clock::IngestClock;
use crate::judge::Judge;
use crate::metrics::{self, Answer};
use body::{Kind, Refused};
pub use bucket::Bucket;
pub use tokens::Tokens;

/// Most requests at work; with the bound on their bytes, the bound on memory.
const REQUESTS_MAX: usize = 8;
/// How long the sender of a request has to send it.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// What the listener works with.
pub struct Front {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The raw topic it writes to.
    pub topic: String,
    /// Judges records.
    pub judge: Judge,
    /// The ingest clock.
    pub clock: Arc<dyn IngestClock>,
    /// Who may send; `None` where everybody who can connect may.
    pub tokens: Option<Tokens>,
    /// How many records a second.
    pub bucket: Bucket,
    /// Most bytes of a request.
    pub request_bytes_max: usize,
    /// Most records of a request.
    pub request_records_max: usize,
    /// Of a record that is too large, so many bytes are appended, and at least one more than a record may have.
    pub record_bytes_max: usize,
    /// Counters.
    pub metrics: metrics::Http,
}

struct Shared {
    front: Front,
    requests: Semaphore,
    /// Opened by the first request, so that a log that is away keeps nobody from starting.
    appender: Mutex<Option<Box<dyn Appender>>>,
}

/// The answer to a request that has verdicts.
#[derive(Debug, Serialize)]
struct Verdicts {
    accepted: usize,
    rejected: usize,
    records: Vec<Verdict>,
}

/// What becomes of a record, by its line (from 1) or its index in the array (from 0).
#[derive(Debug, Serialize)]
struct Verdict {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

/// A request that has no verdicts.
struct Failed {
    status: StatusCode,
    answer: Answer,
    error: &'static str,
    retry_after_seconds: Option<u64>,
}

impl Failed {
    fn new(status: StatusCode, answer: Answer, error: &'static str) -> Failed {
        Failed { status, answer, error, retry_after_seconds: None }
    }

    fn later(mut self, seconds: u64) -> Failed {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

/// The router of the listener.
pub fn router(front: Front) -> Router {
    let shared = Shared { front, requests: Semaphore::new(REQUESTS_MAX), appender: Mutex::new(None) };
    Router::new().route("/v1/events", post(events)).with_state(Arc::new(shared))
}

async fn events(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let metrics = shared.front.metrics.clone();
    match answer(shared, request).await {
        Ok(verdicts) => {
            metrics.answered(Answer::Ok);
            metrics.records.inc_by(verdicts.records.len() as u64);
            Json(verdicts).into_response()
        }
        Err(failed) => {
            metrics.answered(failed.answer);
            let body = Json(serde_json::json!({ "error": failed.error }));
            let mut response = (failed.status, body).into_response();
            if let Some(seconds) = failed.retry_after_seconds {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            if failed.status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Body>) -> Result<Verdicts, Failed> {
    let (parts, body) = request.into_parts();
    authorise(&shared.front, &parts.headers)?;
    let kind = kind_of(&parts.headers)?;
    let busy = |_| {
        Failed::new(StatusCode::SERVICE_UNAVAILABLE, Answer::TooFast, "too many requests at once").later(1)
    };
    let _permit = shared.requests.try_acquire().map_err(busy)?;
    let bytes = tokio::time::timeout(BODY_WAIT, to_bytes(body, shared.front.request_bytes_max)).await;
    let bytes = bytes.map_err(|_| {
        Failed::new(StatusCode::REQUEST_TIMEOUT, Answer::Unavailable, "the body took too long")
    })?;
    let bytes = bytes.map_err(|_| {
        Failed::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Answer::TooLarge,
            "the body has too many bytes, or it broke off",
        )
    })?;
    let work = {
        let shared = shared.clone();
        move || shared.take(kind, &bytes)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(unavailable()))
}

fn authorise(front: &Front, headers: &HeaderMap) -> Result<(), Failed> {
    let Some(tokens) = &front.tokens else { return Ok(()) };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    if token.is_some_and(|token| tokens.admit(token)) {
        return Ok(());
    }
    Err(Failed::new(StatusCode::UNAUTHORIZED, Answer::Unauthorised, "a bearer token is needed"))
}

fn kind_of(headers: &HeaderMap) -> Result<Kind, Failed> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    Kind::of(content_type).ok_or_else(|| {
        let error =
            "send application/x-ndjson (a record a line) or application/json (an array, or one record)";
        Failed::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Answer::Malformed, error)
    })
}

fn unavailable() -> Failed {
    let error = "the log could not take the records; send them again, what arrives twice does no harm";
    Failed::new(StatusCode::SERVICE_UNAVAILABLE, Answer::Unavailable, error).later(5)
}

impl Shared {
    fn take(&self, kind: Kind, bytes: &[u8]) -> Result<Verdicts, Failed> {
        let records =
            body::records(kind, bytes, self.front.request_records_max).map_err(|refused| match refused {
                Refused::NotAnArray => Failed::new(
                    StatusCode::BAD_REQUEST,
                    Answer::Malformed,
                    "the body is not a whole JSON array",
                ),
                Refused::Empty => {
                    Failed::new(StatusCode::BAD_REQUEST, Answer::Malformed, "the body has no record")
                }
                Refused::TooMany => Failed::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    Answer::TooLarge,
                    "the body has too many records",
                ),
            })?;
        self.front.bucket.take(records.list.len()).map_err(|wait| {
            Failed::new(StatusCode::TOO_MANY_REQUESTS, Answer::TooFast, "too many records a second")
                .later(wait.as_secs() + 1)
        })?;
        let now = self.front.clock.now();
        let mut verdicts =
            Verdicts { accepted: 0, rejected: 0, records: Vec::with_capacity(records.list.len()) };
        for (n, record) in records.list.iter().enumerate() {
            let verdict =
                self.verdict(record, now, records.lines.then_some(n + 1), (!records.lines).then_some(n));
            if verdict.reason.is_none() {
                verdicts.accepted += 1
            } else {
                verdicts.rejected += 1
            }
            verdicts.records.push(verdict);
        }
        self.append(&records.list).map_err(|error| {
            tracing::warn!(%error, "records from http were not appended");
            unavailable()
        })?;
        Ok(verdicts)
    }

    fn verdict(&self, record: &[u8], now: Instant, line: Option<usize>, index: Option<usize>) -> Verdict {
        match self.front.judge.json(record, now) {
            Ok(_) => Verdict { line, index, verdict: "accepted", reason: None, field: None },
            Err(rejection) => Verdict {
                line,
                index,
                verdict: "rejected",
                reason: Some(rejection.reason.as_str()),
                field: rejection.field,
            },
        }
    }

    fn append(&self, records: &[&[u8]]) -> Result<(), Error> {
        let header = [(headers::CONTENT_TYPE, headers::JSON.as_bytes())];
        // Nothing that may be accepted is cut, and what is too large stays so for whoever judges it next.
        let bytes_max = self.front.record_bytes_max.max(MAX_BYTES + 1);
        let outputs: Vec<_> = records
            .iter()
            .map(|record| Output {
                topic: &self.front.topic,
                partition: None,
                key: None,
                value: Some(&record[..record.len().min(bytes_max)]),
                headers: &header,
            })
            .collect();
        let mut appender = self.appender.lock().unwrap_or_else(PoisonError::into_inner);
        if appender.is_none() {
            *appender = Some(self.front.log.appender()?);
        }
        let Some(open) = appender.as_mut() else { return Ok(()) };
        // One that failed is not used again: nobody knows what it still holds.
        open.append(&outputs).inspect_err(|_| *appender = None)
    }
}

#[cfg(test)]
mod tests;
