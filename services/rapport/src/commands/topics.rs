//! `rapport topics`.

use std::path::Path;

use comfy_table::{Table, presets};
use rapport_proto::topics;
use rapport_stream::port::Created;

use crate::commands::output;
use crate::failure::Failure;
use crate::settings::Config;

const EXAMPLES: &str = "\
Topics that exist are left as they are: what they hold may not be ours to change.

Examples:
  rapport topics --dry-run                what would be created, and with which settings
  rapport topics --config rapport.toml    create what is missing on the configured log
  rapport topics --partitions 12          a site lives on one partition; 12 is enough for most

The number of partitions cannot be changed later: a site's place follows from it.";

/// Arguments of `rapport topics`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Partitions of each topic [default: [log] partitions]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    partitions: Option<u32>,

    /// Print what would be created and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Creates what is missing.
///
/// # Errors
/// Where the log cannot be reached, or refuses.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let config = Config::load(config)?;
    let partitions = args.partitions.unwrap_or(config.log.partitions);
    if args.dry_run {
        return output::say(&plan(partitions));
    }
    let log = config.open()?;
    let created = log.create_topics(&topics::ALL, partitions).map_err(Failure::failed)?;
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["topic", "partitions", ""]);
    for (topic, created) in topics::ALL.iter().zip(created) {
        let (partitions, what) = match created {
            Created::New => (partitions, "created"),
            Created::Existed { partitions } => (partitions, "was there"),
        };
        table.add_row([topic.name.to_owned(), partitions.to_string(), what.to_owned()]);
    }
    output::say(&table.to_string())
}

fn plan(partitions: u32) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["topic", "partitions", "settings"]);
    for topic in topics::ALL {
        let settings: Vec<_> =
            topic.settings().iter().map(|(name, value)| format!("{name}={value}")).collect();
        table.add_row([topic.name.to_owned(), partitions.to_string(), settings.join("\n")]);
    }
    table.to_string()
}
