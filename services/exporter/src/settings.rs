//! Sections `[exporter]` and `[model]` of the configuration.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rapport_model::catalogue::Catalogue;
use rapport_model::params::{self, MAX_DAYS};
use rapport_runtime::config;
use rapport_stream::settings::LogSettings;
use serde::{Deserialize, Serialize};

use crate::disclosure::Policy;

/// The defaults, as a part of a configuration file.
pub const DEFAULTS: &str = include_str!("../default.toml");

/// Section `[exporter]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the admin server listens.
    pub listen: SocketAddr,
    /// What small numbers become.
    pub disclosure: Policy,
    /// Most series shown, at least one site's.
    pub series_max: usize,
    /// Days by which the newest release of a site may be older than the newest of all, from [`BEHIND_DAYS_MIN`] to
    /// [`MAX_DAYS`].
    pub behind_days_max: u32,
}

/// A day more than two weekly releases are apart: while one comes out, sites of some partitions have it and others wait.
pub const BEHIND_DAYS_MIN: u32 = 8;

impl Settings {
    /// Days by which the newest release of a site may be older than the newest of all.
    ///
    /// # Errors
    /// Where sites would be left out that only wait for their next release, or none in ten years.
    pub fn behind_days(&self) -> Result<i32, config::Error> {
        let days = i32::try_from(self.behind_days_max).ok();
        days.filter(|_| (BEHIND_DAYS_MIN..=MAX_DAYS).contains(&self.behind_days_max)).ok_or_else(|| {
            config::Error::Invalid(format!(
                "[exporter] behind_days_max: it must be {BEHIND_DAYS_MIN} to {MAX_DAYS} days, it is {}",
                self.behind_days_max
            ))
        })
    }
}

/// The sections that the service reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Section `[log]`.
    pub log: LogSettings,
    /// Section `[model]`: of it, the exporter needs the catalogue, and how often releases come.
    #[serde(default)]
    pub model: params::Settings,
    /// Section `[exporter]`.
    pub exporter: Settings,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// As [`config::load`].
    pub fn load(file: Option<&Path>) -> Result<Config, config::Error> {
        let defaults = [rapport_stream::settings::DEFAULTS, DEFAULTS].concat();
        config::load(&defaults, file, &["log", "model", "exporter"])
    }

    /// The instruments, whose constructs are shown.
    ///
    /// # Errors
    /// Where the catalogue cannot be read.
    pub fn catalogue(&self) -> Result<Arc<Catalogue>, config::Error> {
        let read = self.model.instruments(config::read_named);
        read.map_err(|error| config::Error::Invalid(error.to_string()))
    }

    /// Checks what can be checked without a log and without listening.
    ///
    /// # Errors
    /// What would keep the service from starting.
    pub fn check(&self) -> Result<(), config::Error> {
        self.exporter.behind_days()?;
        self.catalogue().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_may_be_behind_for_longer_than_a_week_and_not_for_ever() {
        let mut config = Config::load(None).unwrap();
        assert_eq!(config.exporter.behind_days(), Ok(15));
        for (days, is_good) in
            [(0, false), (7, false), (8, true), (3_650, true), (3_651, false), (u32::MAX, false)]
        {
            config.exporter.behind_days_max = days;
            let said = config.check().map_err(|error| error.to_string());
            assert_eq!(said.is_ok(), is_good, "{days}");
            assert!(
                said.is_ok() || said.unwrap_err().contains("[exporter] behind_days_max: it must be 8 to")
            );
        }
    }
}
