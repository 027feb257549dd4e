//! Sections `[exporter]` and `[model]` of the configuration.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rapport_model::catalogue::Catalogue;
use rapport_model::params;
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
}

/// The sections that the service reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Section `[log]`.
    pub log: LogSettings,
    /// Section `[model]`: of it, the exporter needs the catalogue.
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
}
