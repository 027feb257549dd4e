//! Sections `[indicators]` and `[model]` of the configuration.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rapport_model::catalogue::{Catalogue, Target};
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
    let params = Params { settings: settings.clone(), catalogue: catalogue(settings)? };
    let invalid = |key: &str, reason: String| Err(Error::Invalid(format!("[model] {key}: {reason}")));
    if settings.baseline_ratings == 0 || settings.baseline_ratings + settings.prior_weight < 2 {
        return invalid("baseline_ratings", "at least one, and two together with prior_weight".to_owned());
    }
    if settings.dropout_days == 0 || settings.pause_days == 0 {
        return invalid("dropout_days, pause_days", "at least 1".to_owned());
    }
    let id = &settings.alliance_instrument;
    if params.catalogue.get(id).is_none_or(|instrument| instrument.target != Target::Alliance) {
        return invalid("alliance_instrument", format!("`{id}` is no alliance instrument of the catalogue"));
    }
    for (key, id) in &settings.primary_instruments {
        let fits = params.catalogue.get(id).is_some_and(|instrument| {
            let person = match instrument.target {
                Target::Client => "client",
                Target::Peer => "peer",
                Target::Alliance => return false,
            };
            *key == format!("{}/{person}", instrument.construct)
        });
        if !fits {
            return invalid(
                "primary_instruments",
                format!("`{id}` does not measure `{key}` in the catalogue"),
            );
        }
    }
    Ok(params)
}

/// The instruments: those of the file that `[model]` names, or those that come with Rapport.
fn catalogue(settings: &params::Settings) -> Result<Arc<Catalogue>, Error> {
    if settings.catalogue_file.is_empty() {
        return Ok(Catalogue::embedded());
    }
    let key = "[model] catalogue_file";
    let bytes = config::read_file(key, Path::new(&settings.catalogue_file))?;
    let text = String::from_utf8(bytes).map_err(|_| Error::Invalid(format!("{key}: it is not UTF-8")))?;
    let catalogue = Catalogue::parse(&text).map_err(|error| Error::Invalid(format!("{key}: {error}")))?;
    Ok(catalogue.into())
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
