//! `rapport tick`.

use std::path::Path;

use prost::Message as _;
use rapport_model::time::{DAY_US, Instant};
use rapport_proto::{headers, keys, topics, v1};
use rapport_runtime::Clock;
use rapport_stream::port::Output;

use crate::commands::output;
use crate::commands::replay::instant;
use crate::failure::Failure;
use crate::settings::Config;

const EXAMPLES: &str = "\
Time is in the log: a partition's clock is the greatest instant its records carry, and `ingest`
writes a tick to every partition each minute. After a backfill, or in a test, this does it by
hand. A clock never goes back: an earlier tick changes nothing, and one in the future cannot be
undone, so more than 24 hours ahead of this machine's clock is refused.

Examples:
  rapport tick --config rapport.toml                             a tick at this moment
  rapport tick --at 2026-01-01T00:00:00Z --config rapport.toml   after a backfill of 2025";

/// Arguments of `rapport tick`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The instant, RFC 3339 with an offset [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Instant>,

    /// Take a time more than 24 hours ahead, for good: on a log of a test
    #[arg(long, requires = "at")]
    far_ahead: bool,
}

/// Writes the ticks.
///
/// # Errors
/// Where the time is too far ahead, or the log cannot be used.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let config = Config::load(config)?;
    let now = Instant(Clock::system().now_us());
    let at = args.at.unwrap_or(now);
    if !args.far_ahead {
        not_far_ahead(at, now)?;
    }
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

/// As ingest refuses events that are dated further ahead: a wrong digit of a year cannot be taken back.
fn not_far_ahead(at: Instant, now: Instant) -> Result<(), Failure> {
    if at.0 <= now.0.saturating_add(DAY_US) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "carry the clock of the log to {at}: that is more than 24 hours ahead of this machine's clock, {now}. \
         Every pair would be presumed lost, alerts would say so, and no release would follow until then: a clock \
         never goes back"
    ))
    .next("correct --at, or this machine's clock; where it is meant, on a log of a test, add --far-ahead"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::EXIT_USAGE;

    #[test]
    fn a_tick_more_than_a_day_ahead_is_refused_and_says_what_would_come_of_it() {
        let at = |text: &str| Instant::parse(text).unwrap();
        let now = at("2026-03-01T12:00:00Z");
        for near in ["2025-01-01T00:00:00Z", "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"] {
            assert_eq!(not_far_ahead(at(near), now), Ok(()), "{near}");
        }
        for far in ["2026-03-02T12:00:00.000001Z", "2126-03-01T12:00:00Z"] {
            let failure = not_far_ahead(at(far), now).unwrap_err();
            let said = failure.to_string();
            assert_eq!(failure.status, EXIT_USAGE);
            assert!(said.contains(far) && said.contains("2026-03-01T12:00:00Z. Every pair"), "{said}");
            assert!(said.contains("next: correct --at") && said.contains("--far-ahead"), "{said}");
        }
    }
}
