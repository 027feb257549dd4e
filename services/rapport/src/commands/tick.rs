//! `rapport tick`.

use std::path::Path;

use prost::Message as _;
use rapport_model::time::Instant;
use rapport_proto::{headers, keys, topics, v1};
use rapport_runtime::Clock;
use rapport_stream::port::Output;

use crate::commands::output;
use crate::commands::replay::instant;
use crate::failure::Failure;
use crate::settings::Config;

const EXAMPLES: &str = "\
Time is in the log: a partition's clock is the greatest instant its records carry, and `ingest` writes a tick to every
partition each minute. After a backfill, or in a test, this does it by hand. A clock never goes back: an earlier tick
changes nothing, and one in the future cannot be undone.

Examples:
  rapport tick --config rapport.toml                                 a tick at this moment
  rapport tick --at 2026-01-01T00:00:00Z --config rapport.toml       after a backfill of 2025";

/// Arguments of `rapport tick`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The instant, RFC 3339 with an offset [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Instant>,
}

/// Writes the ticks.
///
/// # Errors
/// Where the log cannot be used.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let config = Config::load(config)?;
    let at = args.at.unwrap_or_else(|| Instant(Clock::system().now_us()));
    let log = config.open()?;
    let partitions = log.partitions(topics::EVENTS).map_err(Failure::failed)?.ok_or_else(|| {
        Failure::failed(format!("find topic {}", topics::EVENTS)).next("create it: `rapport topics`")
    })?;
    let value = v1::Event { ingested_at_us: at.0, ..Default::default() }.encode_to_vec();
    let day = keys::day_tick(&at.day().to_string());
    let headers = [(headers::CONTENT_TYPE, headers::PROTOBUF.as_bytes())];
    let mut outputs = Vec::new();
    for partition in 0..partitions {
        for key in [day.as_str(), keys::TICK] {
            outputs.push(Output {
                topic: topics::EVENTS,
                partition: Some(partition),
                key: Some(key.as_bytes()),
                value: Some(&value),
                headers: &headers,
            });
        }
    }
    let mut appender = log.appender().map_err(Failure::failed)?;
    appender.append(&outputs).map_err(Failure::failed)?;
    output::say(&format!("ticked {partitions} partitions of {} at {at}", topics::EVENTS))
}
