//! `rapport check-config`.

use std::path::Path;

use rapport_model::params;
use rapport_runtime::config;

use crate::commands::output;
use crate::failure::Failure;
use crate::settings::{Config, refused};

const EXAMPLES: &str = "\
Reads defaults, file and environment, checks every section, key file and instrument, and prints
the effective configuration as a TOML file that would give it again. Secrets stand in files of
their own and are never printed. What can work and is hardly meant is said on standard error.

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
    /// Print no configuration, only check
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
    for warning in warnings(&config)? {
        eprintln!("rapport: {warning}");
    }
    if args.quiet { Ok(()) } else { output::say(config::print(&config).map_err(refused)?.trim_end()) }
}

/// What is accepted and can hardly be meant.
fn warnings(config: &Config) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    // Without a key there is only `up`, which makes one.
    let (_, keyless) = config.rules_for_replay()?;
    if keyless {
        let text = "[ingest] keys is empty: `rapport up` makes a key, a service of its own needs one";
        warnings.push(text.to_owned());
    }
    if config.model.alert_link == params::Settings::default().alert_link {
        warnings.push(format!(
            "[model] alert_link is still {}: every alert that is delivered links nowhere; set it to the address \
             under which your own system shows a case",
            config.model.alert_link
        ));
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_warned_of_until_it_is_set() {
        let mut config = Config::load(None).unwrap();
        let of_link = |config: &Config| {
            let warnings = warnings(config).unwrap();
            warnings.into_iter().filter(|warning| warning.contains("alert_link")).collect::<Vec<_>>()
        };
        let [warning] = &of_link(&config)[..] else { panic!("there is one warning") };
        assert!(warning.contains("https://rapport.invalid/alerts/{alert_id}: every alert"), "{warning}");
        config.model.alert_link = "https://cases.example.org/alerts/{alert_id}".to_owned();
        assert_eq!(of_link(&config), [""; 0]);
    }
}
