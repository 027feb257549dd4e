//! Sections `[indicators]` and `[model]` of the configuration.

use std::net::SocketAddr;
use std::path::Path;

use rapport_model::params::{self, Params};
use rapport_runtime::config::{self, Error};
use rapport_stream::settings::LogSettings;
use serde::{Deserialize, Serialize};

/// The defaults, as a part of a configuration file.
pub const DEFAULTS: &str = include_str!("../default.toml");

/// Section `[indicators]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the admin server listens.
    pub listen: SocketAddr,
    /// Threads, at least 1.
    pub workers: u32,
    /// Longest time from a record to its commit, milliseconds.
    pub commit_every_ms: u32,
    /// Section `[indicators.checkpoint]`.
    pub checkpoint: Checkpoint,
}

/// Section `[indicators.checkpoint]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Where checkpoints are kept, a directory of this instance alone; empty: there are none.
    pub directory: String,
    /// Records of a partition after which its next checkpoint is begun, at least 1; where it holds more events than this, after
    /// as many as it holds.
    pub every_records: u64,
}

/// The sections that the service reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Section `[log]`.
    pub log: LogSettings,
    /// Section `[model]`.
    #[serde(default)]
    pub model: params::Settings,
    /// Section `[indicators]`.
    pub indicators: Settings,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// As [`config::load`].
    pub fn load(file: Option<&Path>) -> Result<Config, Error> {
        let defaults = [rapport_stream::settings::DEFAULTS, DEFAULTS].concat();
        config::load(&defaults, file, &["log", "model", "indicators"])
    }
}

/// The model's parameters: the settings, checked, and the instruments.
///
/// # Errors
/// Where the catalogue cannot be read, or a setting cannot work with it.
pub fn params(settings: &params::Settings) -> Result<Params, Error> {
    let invalid = |error: params::SettingsError| Error::Invalid(error.to_string());
    let catalogue = settings.instruments(config::read_named).map_err(invalid)?;
    settings.check(&catalogue).map_err(invalid)?;
    Ok(Params { settings: settings.clone(), catalogue })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_work_and_what_cannot_work_is_refused_by_the_name_of_its_key() {
        assert!(params(&params::Settings::default()).is_ok());
        let refused = |change: fn(&mut params::Settings)| {
            let mut settings = params::Settings::default();
            change(&mut settings);
            params(&settings).unwrap_err().to_string()
        };
        assert!(refused(|s| (s.baseline_ratings, s.prior_weight) = (1, 0)).contains("baseline_ratings"));
        assert!(refused(|s| s.alliance_instrument = "who-5".to_owned()).contains("alliance_instrument"));
        assert!(refused(|s| s.catalogue_file = "/nowhere.toml".to_owned()).contains("/nowhere.toml"));
        assert!(
            refused(|s| drop(s.primary_instruments.insert("hope/client".to_owned(), "wai-sr".to_owned())))
                .contains("hope/client")
        );
    }
}
