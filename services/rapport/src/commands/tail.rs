//! `rapport tail`.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use rapport_proto::{headers, topics};
use rapport_runtime::{Stop, stop_on_signals};
use rapport_stream::port::{Reader, RecordRef};
use serde_json::{Map, Value, json};

use crate::commands::output;
use crate::failure::Failure;
use crate::settings::Config;
use crate::view::View;

const EXAMPLES: &str = "\
Protobuf is shown as JSON in the model's words, JSON as it is. Of rapport.rejected only reason,
field and place are shown, since its records hold what nobody pseudonymised; --envelope shows
them whole.

Examples:
  rapport tail rapport.alerts                                 the last ten
  rapport tail rapport.alerts --follow                        and those to come
  rapport tail rapport.indicators --from-start --key leeds/   every release of one site
  rapport tail rapport.enriched --from-start | jq -r .event.site | sort | uniq -c
  rapport tail rapport.events --envelope --limit 1            with key, partition and headers

An embedded log can be read while no `rapport up` runs on it.";

/// Arguments of `rapport tail`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The topic
    #[arg(value_name = "TOPIC", default_value = topics::ALERTS)]
    topic: String,

    /// Begin with the first record instead of the last ones
    #[arg(long)]
    from_start: bool,

    /// Wait for more
    #[arg(short, long)]
    follow: bool,

    /// At most so many records; without --from-start the last ones [default: 10 without --from-start]
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    /// Only records whose key begins so: `leeds/` is a site, but for alerts
    #[arg(long, value_name = "PREFIX")]
    key: Option<String>,

    /// Show key, partition, offset, time and headers around each value, and tombstones
    #[arg(long)]
    envelope: bool,
}

/// Reads a topic.
///
/// # Errors
/// Where the log cannot be used.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let log = Config::load(config)?.open()?;
    let mut reader = log.reader(&[&args.topic]).map_err(|error| {
        Failure::failed(error)
            .next("`rapport topics --dry-run` lists the topics, `rapport topics` makes them")
    })?;
    let stop = Stop::new();
    stop_on_signals(&stop).map_err(|error| Failure::failed(format!("listen to signals: {error}")))?;
    let tail = Tail { args, view: View::new()? };
    tail.run(reader.as_mut(), &stop)
}

struct Tail<'a> {
    args: &'a Args,
    view: View,
}

impl Tail<'_> {
    fn run(&self, reader: &mut dyn Reader, stop: &Stop) -> Result<(), Failure> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let args = self.args;
        let last = args.limit.unwrap_or(if args.from_start { usize::MAX } else { 10 });
        let mut left = if args.from_start { last } else { usize::MAX };
        let mut kept: VecDeque<String> = VecDeque::new();
        let mut behind = true;
        while !stop.is_set() && left > 0 {
            let mut lines = Vec::new();
            let wait = Duration::from_millis(200);
            let polled = reader.poll(wait, 1000, &mut |record| lines.extend(self.line(record)));
            polled.map_err(Failure::failed)?;
            for line in lines.into_iter().take(left) {
                if behind && !args.from_start {
                    kept.push_back(line);
                    if kept.len() > last {
                        kept.pop_front();
                    }
                    continue;
                }
                left -= 1;
                if !print(&mut out, &line)? {
                    return Ok(());
                }
            }
            if behind && reader.caught_up().map_err(Failure::failed)? {
                behind = false;
                for line in kept.drain(..) {
                    if !print(&mut out, &line)? {
                        return Ok(());
                    }
                }
                if !args.follow {
                    break;
                }
            }
            if !behind {
                output::written(out.flush())?;
            }
        }
        output::written(out.flush())
    }

    /// A record as a line; `None` of one that is not asked for.
    fn line(&self, record: &RecordRef<'_>) -> Option<String> {
        let prefix = self.args.key.as_deref().unwrap_or_default();
        if !record.key.unwrap_or_default().starts_with(prefix.as_bytes()) {
            return None;
        }
        if self.args.envelope {
            return Some(self.envelope(record));
        }
        if record.topic == topics::REJECTED {
            return Some(rejected(record));
        }
        let value = record.value?;
        Some(self.view.json(record.topic, value).unwrap_or_else(|| unreadable(record)))
    }

    fn envelope(&self, record: &RecordRef<'_>) -> String {
        let headers: Map<String, Value> =
            record.headers.all().into_iter().map(|(name, value)| (name, text(&value))).collect();
        let value = record.value.map(|value| match self.view.json(record.topic, value) {
            Some(json) => serde_json::from_str(&json).unwrap_or(Value::String(json)),
            None => text(value),
        });
        json!({
            "key": record.key.map(text),
            "partition": record.partition,
            "offset": record.offset,
            "timestamp_ms": record.timestamp_ms,
            "headers": headers,
            "value": value,
        })
        .to_string()
    }
}

/// Writes a line; false where nobody reads any more.
fn print(out: &mut impl Write, line: &str) -> Result<bool, Failure> {
    match out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => output::written(result).map(|()| true),
    }
}

fn text(bytes: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(bytes).into_owned())
}

fn rejected(record: &RecordRef<'_>) -> String {
    let header = |name: &str| record.headers.header(name).map(text);
    json!({
        "reason": header(headers::REJECTED_REASON),
        "field": header(headers::REJECTED_FIELD),
        "topic": header(headers::CONNECT_TOPIC),
        "partition": header(headers::CONNECT_PARTITION),
        "offset": header(headers::CONNECT_OFFSET),
    })
    .to_string()
}

fn unreadable(record: &RecordRef<'_>) -> String {
    json!({ "unreadable": { "partition": record.partition, "offset": record.offset } }).to_string()
}
