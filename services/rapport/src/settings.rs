//! The whole configuration: every section there is, in one value.

use std::path::Path;
use std::sync::Arc;

use rapport_model::params::{self, Params};
use rapport_model::pseudonym::Keys;
use rapport_model::raw::Rules;
use rapport_runtime::{Clock, config, stopwatch};
use rapport_stream::port::Log;
use rapport_stream::settings::{Backend, LogSettings, open_log};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Every section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What keeps the log.
    pub log: LogSettings,
    /// What the model leaves open.
    #[serde(default)]
    pub model: params::Settings,
    /// Raw events in.
    pub ingest: rapport_ingest::Settings,
    /// Events to rows, releases and alerts.
    pub indicators: rapport_indicators::Settings,
    /// Releases to Prometheus.
    pub exporter: rapport_exporter::Settings,
    /// Alerts to Alertmanager.
    pub alerts: rapport_alerts::Settings,
}

/// A key that everybody knows: good for a replay that stays on this machine, and for nothing else.
pub(crate) const REPLAY_KEY: (&str, &[u8]) = ("k0", b"rapport replay: not a secret");

const SHOW: &str = "`rapport check-config` without a file prints every key and its default";

impl Config {
    /// Reads defaults, file and environment.
    ///
    /// # Errors
    /// Names the key or section that was refused.
    pub fn load(file: Option<&Path>) -> Result<Config, Failure> {
        let defaults = [
            rapport_stream::settings::DEFAULTS,
            rapport_ingest::settings::DEFAULTS,
            rapport_indicators::settings::DEFAULTS,
            rapport_exporter::settings::DEFAULTS,
            rapport_alerts::settings::DEFAULTS,
        ]
        .concat();
        config::load(&defaults, file, &config::SECTIONS).map_err(refused)
    }

    /// What raw records are judged by: reads the key files.
    ///
    /// # Errors
    /// Where a key is missing or weak.
    pub fn rules(&self) -> Result<Rules, Failure> {
        self.ingest.rules(&self.model).map_err(refused)
    }

    /// As [`Config::rules`], with a key that everybody knows where none is configured. The second value says so.
    ///
    /// # Errors
    /// As [`Config::rules`].
    pub fn rules_for_replay(&self) -> Result<(Rules, bool), Failure> {
        if !self.ingest.keys.is_empty() {
            return Ok((self.rules()?, false));
        }
        let keys =
            Keys::new(vec![(REPLAY_KEY.0.to_owned(), REPLAY_KEY.1.to_vec())]).map_err(Failure::config)?;
        let rules = Rules {
            sites: self.ingest.sites.0.clone(),
            catalogue: self.params()?.catalogue,
            keys,
            pseudonymise_event_ids: self.ingest.pseudonymise_event_ids,
        };
        Ok((rules, true))
    }

    /// What the model is computed with: reads the catalogue.
    ///
    /// # Errors
    /// Where the catalogue cannot be read or a setting cannot work.
    pub fn params(&self) -> Result<Params, Failure> {
        rapport_indicators::settings::params(&self.model).map_err(refused)
    }

    /// Checks what each service checks before it starts, but for keys.
    ///
    /// # Errors
    /// Names the key that cannot work.
    pub fn check(&self) -> Result<(), Failure> {
        self.params()?;
        self.ingest.some_topics().map_err(refused)?;
        self.ingest.rejected_bytes().map_err(refused)?;
        self.ingest.http_listen().map_err(refused)?;
        self.ingest.tokens().map_err(refused)?;
        self.exporter.behind_days().map_err(refused)?;
        self.alerts.receivers().map(drop).map_err(refused)
    }

    /// Opens the configured log.
    ///
    /// # Errors
    /// Where it cannot be used, an embedded one above all because a running `rapport up` has it.
    pub fn open(&self) -> Result<Arc<dyn Log>, Failure> {
        let opened = open_log(&self.log, &Clock::system().millis(), &stopwatch());
        opened.map_err(|error| match self.log.backend {
            Backend::Embedded => Failure::failed(error).next(format!(
                "one process at a time can use {}: stop `rapport up`, or set [log] dir",
                self.log.dir.display()
            )),
            Backend::Kafka => {
                Failure::failed(error).next("check [log.kafka] brokers and that they can be reached")
            }
        })
    }
}

/// A refused configuration.
pub fn refused(error: config::Error) -> Failure {
    Failure::config(error).next(SHOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_refuses_the_whole_configuration_is_refused_for_in_the_same_words() {
        let mut config = Config::load(None).unwrap();
        config.check().unwrap();
        config.ingest.topics.clear();
        config.ingest.http.listen.clear();
        let of_ingest = rapport_ingest::Config {
            log: config.log.clone(),
            model: config.model.clone(),
            ingest: config.ingest.clone(),
        };
        assert_eq!(config.check().unwrap_err(), refused(of_ingest.check().unwrap_err()));
        let mut config = Config::load(None).unwrap();
        config.exporter.behind_days_max = 0;
        assert_eq!(config.check().unwrap_err(), refused(config.exporter.behind_days().unwrap_err()));
    }
}
