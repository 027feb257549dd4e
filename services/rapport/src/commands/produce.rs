//! `rapport produce`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use comfy_table::{Table, presets};
use indicatif::ProgressBar;
use rapport_proto::headers;
use rapport_runtime::{Stop, stop_on_signals};
use rapport_stream::port::Output;
use reqwest::blocking::{Client, Response};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use crate::commands::{output, progress};
use crate::failure::Failure;
use crate::lines::Lines;
use crate::settings::Config;

const EXAMPLES: &str = "\
Each record is answered with a verdict once it is durable; rejected ones are listed by line,
with reason and field. The same file can be sent again: what arrives twice does no harm.

Examples:
  rapport produce events.jsonl                       to `rapport up` on this machine
  rapport simulate --days 30 | rapport produce -     `-` is standard input
  rapport produce events.jsonl --topic rapport.raw   to the configured log, without verdicts

It speaks no TLS, and neither does the listener. To another machine, go through a tunnel:
  ssh -N -L 9470:127.0.0.1:9460 rapport.example.org
  rapport produce events.jsonl --url http://127.0.0.1:9470 --token-file token";

/// Records of a request; well below what a listener takes by default.
const RECORDS: usize = 1000;
/// Bytes of a request after which no more is added.
const BYTES: usize = 1 << 20;
/// How often a request is made before giving up, when the listener asks to come again later.
const ATTEMPTS: u32 = 30;
/// Rejected lines listed one by one.
const LISTED: u64 = 20;

/// Arguments of `rapport produce`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Raw events, one JSON object a line; `-` is standard input
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,

    /// Where ingest listens: http://HOST:PORT
    #[arg(long, default_value = "http://127.0.0.1:9460", value_name = "URL", value_parser = address)]
    #[arg(conflicts_with = "topic")]
    url: String,

    /// File whose first line is the bearer token
    #[arg(long, value_name = "FILE", conflicts_with = "topic")]
    token_file: Option<PathBuf>,

    /// Write straight to this raw topic of the configured log
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
}

/// An address that can be spoken to, refused at once where it cannot: a failed connection would blame the other end.
fn address(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && url.has_host() => Ok(text.to_owned()),
        Ok(url) if url.scheme() == "https" => {
            Err("`rapport produce` speaks no TLS; open a tunnel or a TLS proxy on \
             this machine, as --help shows, and give its http:// address on 127.0.0.1"
                .to_owned())
        }
        _ => Err("write it as http://127.0.0.1:9460".to_owned()),
    }
}

/// Hands a file over.
///
/// # Errors
/// Where the file cannot be read or nobody takes it. Rejected records are no error: they are listed.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let (input, length): (Box<dyn Read>, u64) = if args.file == Path::new("-") {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let file = File::open(&args.file).map_err(|error| Failure::file("open", &args.file, &error))?;
        let length = file.metadata().map(|data| data.len()).unwrap_or_default();
        (Box::new(file), length)
    };
    let mut batches = Batches { lines: Lines::new(BufReader::with_capacity(1 << 18, input)) };
    let bar = if length > 0 { progress::bytes(length, "sent") } else { progress::spinner("sending") };
    match &args.topic {
        Some(topic) => append(&mut batches, topic, &Config::load(config)?, &bar),
        None => post(&mut batches, args, &bar),
    }
}

/// Records of a file, some at a time.
struct Batches<R> {
    lines: Lines<R>,
}

/// Some records of a file.
struct Batch {
    /// Number of the first line.
    first: u64,
    records: Vec<Vec<u8>>,
}

impl<R: io::BufRead> Batches<R> {
    fn next(&mut self) -> Result<Option<Batch>, Failure> {
        let mut batch = Batch { first: 0, records: Vec::new() };
        let mut bytes = 0;
        while batch.records.len() < RECORDS && bytes < BYTES {
            let next = self
                .lines
                .next_line()
                .map_err(|error| Failure::failed(format!("read the records: {error}")))?;
            let Some((number, line)) = next else { break };
            if batch.records.is_empty() {
                batch.first = number;
            }
            bytes += line.len();
            batch.records.push(line.to_vec());
        }
        Ok((!batch.records.is_empty()).then_some(batch))
    }
}

fn append<R: io::BufRead>(
    batches: &mut Batches<R>,
    topic: &str,
    config: &Config,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let log = config.open()?;
    let missing =
        || Failure::failed(format!("find topic {topic}")).next("create it, or see `rapport topics`");
    log.partitions(topic).map_err(Failure::failed)?.ok_or_else(missing)?;
    let mut appender = log.appender().map_err(Failure::failed)?;
    let headers = [(headers::CONTENT_TYPE, headers::JSON.as_bytes())];
    let mut sent = 0;
    while let Some(batch) = batches.next()? {
        let output =
            |record| Output { topic, partition: None, key: None, value: Some(record), headers: &headers };
        let outputs: Vec<_> = batch.records.iter().map(|record| output(record.as_slice())).collect();
        appender.append(&outputs).map_err(Failure::failed)?;
        sent += outputs.len();
        bar.set_position(batches.lines.bytes());
    }
    bar.finish_and_clear();
    output::say(&format!(
        "{sent} records are on {topic}; verdicts show on rapport.events and rapport.rejected"
    ))
}

/// What ingest answers.
#[derive(Deserialize)]
struct Verdicts {
    accepted: u64,
    rejected: u64,
    records: Vec<Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    line: Option<u64>,
    verdict: String,
    reason: Option<String>,
    field: Option<String>,
}

/// What came of it all.
#[derive(Default)]
struct Tally {
    accepted: u64,
    rejected: u64,
    reasons: BTreeMap<(String, String), u64>,
}

fn post<R: io::BufRead>(batches: &mut Batches<R>, args: &Args, bar: &ProgressBar) -> Result<(), Failure> {
    let stop = Stop::new();
    stop_on_signals(&stop).map_err(|error| Failure::failed(format!("listen to signals: {error}")))?;
    let front = Front::new(args, stop)?;
    let mut tally = Tally::default();
    while let Some(batch) = batches.next()? {
        let verdicts = front.send(&batch)?;
        tally.accepted += verdicts.accepted;
        tally.rejected += verdicts.rejected;
        for verdict in verdicts.records.iter().filter(|verdict| verdict.verdict != "accepted") {
            let reason = verdict.reason.clone().unwrap_or_default();
            let field = verdict.field.clone().unwrap_or_default();
            let listed: u64 = tally.reasons.values().sum();
            if listed < LISTED {
                let line = batch.first + verdict.line.unwrap_or(1) - 1;
                bar.suspend(|| eprintln!("line {line}: {reason} {field}"));
            }
            *tally.reasons.entry((reason, field)).or_default() += 1;
        }
        bar.set_position(batches.lines.bytes());
    }
    bar.finish_and_clear();
    output::say(&summary(&tally))
}

fn summary(tally: &Tally) -> String {
    let mut text = format!("{} records accepted, {} rejected", tally.accepted, tally.rejected);
    if !tally.reasons.is_empty() {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(["rejected for", "field", "records"]);
        for ((reason, field), count) in &tally.reasons {
            table.add_row([reason.clone(), field.clone(), count.to_string()]);
        }
        text.push_str(&format!("\n\n{table}"));
    }
    text
}

/// The listener at the other end.
struct Front {
    client: Client,
    url: String,
    token: Option<String>,
    stop: Stop,
}

impl Front {
    fn new(args: &Args, stop: Stop) -> Result<Front, Failure> {
        let token = match &args.token_file {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
                Some(text.lines().next().unwrap_or_default().trim().to_owned())
            }
            None => None,
        };
        let client = Client::builder().timeout(Duration::from_secs(60)).build();
        let client = client.map_err(|error| Failure::failed(format!("make an HTTP client: {error}")))?;
        let url = format!("{}/v1/events", args.url.trim_end_matches('/'));
        Ok(Front { client, url, token, stop })
    }

    fn send(&self, batch: &Batch) -> Result<Verdicts, Failure> {
        let mut body = Vec::with_capacity(batch.records.iter().map(|record| record.len() + 1).sum());
        for record in &batch.records {
            body.extend_from_slice(record);
            body.push(b'\n');
        }
        if body.iter().all(u8::is_ascii_whitespace) {
            // The listener takes no request without a record; blank lines are no JSON.
            let records = (1..).zip(&batch.records).map(|(line, _)| Verdict {
                line: Some(line),
                verdict: "rejected".to_owned(),
                reason: Some("not_json".to_owned()),
                field: None,
            });
            return Ok(Verdicts {
                accepted: 0,
                rejected: batch.records.len() as u64,
                records: records.collect(),
            });
        }
        for _ in 0..ATTEMPTS {
            let mut request =
                self.client.post(&self.url).header("content-type", "application/x-ndjson").body(body.clone());
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            let response = request.send().map_err(|error| self.unreachable(&error))?;
            let status = response.status();
            if status.is_success() {
                return response
                    .json()
                    .map_err(|error| Failure::failed(format!("understand the answer: {error}")));
            }
            let later = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if !later {
                return Err(self.refused(status, batch.first));
            }
            if self.stop.wait_for(retry_after(&response)) {
                return Err(Failure::failed(format!(
                    "send line {} and those after it: stopped",
                    batch.first
                )));
            }
        }
        Err(Failure::failed(format!(
            "hand over line {}: the listener kept asking to come later",
            batch.first
        ))
        .next("see whether the services are well (`/readyz`), then send the file again: twice does no harm"))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let what = if error.is_connect() { "nobody listens there" } else { "the connection broke off" };
        Failure::failed(format!("reach {}: {what}", self.url))
            .next("start `rapport up` in another terminal, or say where ingest listens with --url")
    }

    fn refused(&self, status: StatusCode, line: u64) -> Failure {
        let failure =
            Failure::failed(format!("hand over line {line} and those after it: the answer is {status}"));
        match status {
            StatusCode::UNAUTHORIZED => failure.next("give a token the listener knows with --token-file"),
            StatusCode::NOT_FOUND => failure.next("--url is to be the listener's, without a path"),
            _ => failure,
        }
    }
}

fn retry_after(response: &Response) -> Duration {
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    Duration::from_secs(header.and_then(|seconds| seconds.parse().ok()).unwrap_or(1).clamp(1, 60))
}

#[cfg(test)]
mod tests;
