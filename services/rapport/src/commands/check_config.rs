//! `rapport check-config`.

use std::path::Path;

use rapport_runtime::config;

use crate::commands::output;
use crate::failure::Failure;
use crate::settings::{Config, refused};

const EXAMPLES: &str = "\
Reads defaults, file and environment, checks every section, key file and instrument, and prints the effective
configuration as a TOML file that would give it again. Secrets stand in files of their own and are never printed.

Examples:
  rapport check-config                            every key and its default
  rapport check-config --config rapport.toml      is this file good?
  RAPPORT_LOG__BACKEND=kafka rapport check-config --config rapport.toml
  rapport check-config --quiet -c rapport.toml && systemctl restart rapport

Exit status 78 says that the configuration was refused; the text names the key.";

/// Arguments of `rapport check-config`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print nothing, only check
    #[arg(short, long)]
    quiet: bool,
}

/// Checks, and prints.
///
/// # Errors
/// Where anything is refused.
pub fn run(args: &Args, file: Option<&Path>) -> Result<(), Failure> {
    let config = Config::load(file)?;
    config.check()?;
    // Without a key there is only `up`, which makes one.
    let (_, keyless) = config.rules_for_replay()?;
    if keyless {
        eprintln!(
            "rapport: [ingest] keys is empty: `rapport up` makes a key, a service of its own needs one"
        );
    }
    if args.quiet { Ok(()) } else { output::say(config::print(&config).map_err(refused)?.trim_end()) }
}
