//! Section `[alerts]` of the configuration.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use rapport_runtime::config::{self, Error};
use rapport_stream::settings::LogSettings;
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// The defaults, as a part of a configuration file.
pub const DEFAULTS: &str = include_str!("../default.toml");

/// Section `[alerts]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the admin server listens.
    pub listen: SocketAddr,
    /// Every Alertmanager.
    pub alertmanagers: Vec<String>,
    /// Seconds from sending a firing alert to sending it again, at least 1.
    pub resend_seconds: u32,
    /// Seconds for which one that is over is sent.
    pub resolved_seconds: u32,
    /// Days before it became an alert from which on it is not delivered.
    pub backfill_days: u32,
    /// Seconds to wait for an answer, at least 1.
    pub timeout_seconds: u32,
}

/// An Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Where alerts are posted.
    pub url: String,
    /// Its host and port, for metrics.
    pub name: String,
}

impl Settings {
    /// The Alertmanagers.
    ///
    /// # Errors
    /// Where one is no `http` address, or two have the same host and port.
    pub fn receivers(&self) -> Result<Vec<Receiver>, Error> {
        let invalid = |reason: &str| Err(Error::Invalid(format!("[alerts] alertmanagers: {reason}")));
        let mut names = BTreeSet::new();
        let mut receivers = Vec::with_capacity(self.alertmanagers.len());
        for text in &self.alertmanagers {
            let Ok(url) = Url::parse(text) else {
                return invalid("one is no address like http://127.0.0.1:9093");
            };
            let (Some(host), "http") = (url.host_str(), url.scheme()) else {
                return invalid("one is no http address; put a proxy between for TLS");
            };
            let name = format!("{host}:{}", url.port_or_known_default().unwrap_or(80));
            if !names.insert(name.clone()) {
                return invalid("one is there twice");
            }
            receivers.push(Receiver { url: format!("{}/api/v2/alerts", text.trim_end_matches('/')), name });
        }
        Ok(receivers)
    }
}

/// The sections that the service reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Section `[log]`.
    pub log: LogSettings,
    /// Section `[alerts]`.
    pub alerts: Settings,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// As [`config::load`].
    pub fn load(file: Option<&Path>) -> Result<Config, Error> {
        let defaults = [rapport_stream::settings::DEFAULTS, DEFAULTS].concat();
        config::load(&defaults, file, &["log", "alerts"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alertmanager_is_an_http_address_of_its_own() {
        let mut settings = Config::load(None).unwrap().alerts;
        assert_eq!(settings.receivers().unwrap(), []);
        let mut receivers = |addresses: &[&str]| {
            settings.alertmanagers = addresses.iter().map(|address| (*address).to_owned()).collect();
            settings.receivers().map_err(|error| error.to_string())
        };
        let good = receivers(&["http://am-0:9093", "http://am-1/prefix/"]).unwrap();
        assert_eq!(
            (good[0].url.as_str(), good[0].name.as_str()),
            ("http://am-0:9093/api/v2/alerts", "am-0:9093")
        );
        let second = (good[1].url.as_str(), good[1].name.as_str());
        assert_eq!(second, ("http://am-1/prefix/api/v2/alerts", "am-1:80"));
        assert!(receivers(&["https://am:9093"]).unwrap_err().contains("TLS"));
        assert!(receivers(&["am:9093"]).is_err() && receivers(&[""]).is_err());
        assert!(receivers(&["http://am:80", "http://am"]).unwrap_err().contains("twice"));
    }
}
