//! Section `[ingest]` of the configuration.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rapport_model::params;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Rules, Sites};
use rapport_runtime::config::{self, Error};
use rapport_stream::settings::LogSettings;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rejected;

/// The defaults, as a part of a configuration file.
pub const DEFAULTS: &str = include_str!("../default.toml");

const HOW_TO_MAKE_A_KEY: &str = "make one with `head -c 32 /dev/urandom | base64 > k1.key && chmod 600 k1.key` and say \
                                 keys = [{ name = \"k1\", file = \"k1.key\" }] in [ingest]";

/// Section `[ingest]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the admin server listens.
    pub listen: SocketAddr,
    /// The raw topics.
    pub topics: Vec<String>,
    /// Which sites may send.
    pub sites: SiteList,
    /// Keys of the pseudonyms; the first writes.
    pub keys: Vec<KeyFile>,
    /// Whether event ids are replaced by pseudonyms too.
    pub pseudonymise_event_ids: bool,
    /// Schema ids of `rapport.v1.RawEvent`.
    pub schema_ids: BTreeSet<u32>,
    /// Threads that work on raw partitions, at least 1.
    pub workers: u32,
    /// Seconds from tick to tick, at least 1.
    pub tick_seconds: u32,
    /// Most bytes of a raw record that are kept on `rapport.rejected`, at most [`rejected::VALUE_BYTES_MAX`].
    pub rejected_bytes_max: usize,
    /// The HTTP listener.
    pub http: Http,
}

/// Section `[ingest.http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where it listens; empty is nowhere.
    pub listen: String,
    /// The raw topic it writes to.
    pub topic: String,
    /// File of bearer tokens; empty asks for none.
    pub tokens_file: PathBuf,
    /// Most bytes of a request.
    pub request_bytes_max: usize,
    /// Most records of a request.
    pub request_records_max: usize,
    /// Most records a second, of all requests together.
    pub records_per_second: u32,
}

/// A key and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// Its name, which stands before every pseudonym made with it.
    pub name: String,
    /// Its file; one line end at its end does not count.
    pub file: PathBuf,
}

/// Which sites may send: `"any"`, or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteList(pub Sites);

impl Serialize for SiteList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Sites::Any => serializer.serialize_str("any"),
            Sites::Listed(sites) => serializer.collect_seq(sites),
        }
    }
}

impl<'de> Deserialize<'de> for SiteList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SiteListVisitor)
    }
}

struct SiteListVisitor;

impl<'de> Visitor<'de> for SiteListVisitor {
    type Value = SiteList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"any\" or a list of sites")
    }

    /// `any`, or sites separated by commas, as the environment has them.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SiteList, E> {
        let sites = || text.split(',').map(|site| site.trim().to_owned()).collect();
        Ok(SiteList(if text == "any" { Sites::Any } else { Sites::Listed(sites()) }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<SiteList, A::Error> {
        let mut sites = BTreeSet::new();
        while let Some(site) = sequence.next_element()? {
            sites.insert(site);
        }
        Ok(SiteList(Sites::Listed(sites)))
    }
}

impl Settings {
    /// What records are judged by: reads the key files and the catalogue.
    ///
    /// # Errors
    /// Where a file cannot be read or a key is too weak; never with a secret in the text.
    pub fn rules(&self, model: &params::Settings) -> Result<Rules, Error> {
        let invalid = |reason: String| Error::Invalid(format!("[ingest] keys: {reason}"));
        if self.keys.is_empty() {
            return Err(invalid(format!("there is none; {HOW_TO_MAKE_A_KEY}")));
        }
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let bytes = std::fs::read(&key.file).map_err(|error| {
                invalid(format!("key `{}`: {}: {error}; {HOW_TO_MAKE_A_KEY}", key.name, key.file.display()))
            })?;
            keys.push((key.name.clone(), without_line_end(bytes)));
        }
        Ok(Rules {
            sites: self.sites.0.clone(),
            catalogue: model
                .instruments(config::read_named)
                .map_err(|error| Error::Invalid(error.to_string()))?,
            keys: Keys::new(keys)
                .map_err(|error| invalid(format!("failed to {error}; {HOW_TO_MAKE_A_KEY}")))?,
            pseudonymise_event_ids: self.pseudonymise_event_ids,
        })
    }

    /// Most bytes of a raw record that are kept on `rapport.rejected`.
    ///
    /// # Errors
    /// Where so many, with a key and headers, are more than Kafka's client takes.
    pub fn rejected_bytes(&self) -> Result<usize, Error> {
        let (most, given) = (rejected::VALUE_BYTES_MAX, self.rejected_bytes_max);
        if given > most {
            return Err(Error::Invalid(format!(
                "[ingest] rejected_bytes_max: {given} bytes, a key and headers are more than a message of Kafka's client \
                 can have; set it to {most} or less"
            )));
        }
        Ok(given)
    }

    /// Checks that there is a topic to read.
    ///
    /// # Errors
    /// Where there is none.
    pub fn some_topics(&self) -> Result<(), Error> {
        if self.topics.is_empty() {
            return Err(Error::Invalid("[ingest] topics: there is none".to_owned()));
        }
        Ok(())
    }

    /// Where the HTTP listener listens; `None` is nowhere.
    ///
    /// # Errors
    /// Where it is no address, asks for no token although others can connect, or writes to a topic that nobody reads.
    pub fn http_listen(&self) -> Result<Option<SocketAddr>, Error> {
        if self.http.listen.is_empty() {
            return Ok(None);
        }
        let invalid = |key: &str, reason: &str| Err(Error::Invalid(format!("[ingest.http] {key}: {reason}")));
        let Ok(address) = self.http.listen.parse::<SocketAddr>() else {
            return invalid("listen", "it is no address with a port, like 127.0.0.1:9460");
        };
        if !self.topics.contains(&self.http.topic) {
            return invalid("topic", "it is not one of [ingest] topics");
        }
        if self.http.tokens_file.as_os_str().is_empty() && !address.ip().is_loopback() {
            return invalid("tokens_file", "one is needed where others than this machine can connect");
        }
        Ok(Some(address))
    }
}

fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    bytes
}

/// The sections that the service reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Section `[log]`.
    pub log: LogSettings,
    /// Section `[model]`: of it, ingest needs the catalogue.
    #[serde(default)]
    pub model: params::Settings,
    /// Section `[ingest]`.
    pub ingest: Settings,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// As [`config::load`].
    pub fn load(file: Option<&Path>) -> Result<Config, Error> {
        let defaults = [rapport_stream::settings::DEFAULTS, DEFAULTS].concat();
        config::load(&defaults, file, &["log", "model", "ingest"])
    }
}

impl Config {
    /// Checks what can be checked without a log and without listening.
    ///
    /// # Errors
    /// What would keep the service from starting.
    pub fn check(&self) -> Result<(), Error> {
        self.ingest.some_topics()?;
        self.ingest.rejected_bytes()?;
        self.ingest.rules(&self.model)?;
        self.ingest.http_listen()?;
        self.ingest.tokens().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_fits_into_a_message_of_kafka_is_not_kept_of_a_rejected_record() {
        let mut config = Config::load(None).unwrap();
        assert_eq!(config.ingest.rejected_bytes(), Ok(900_000));
        config.ingest.rejected_bytes_max = rejected::VALUE_BYTES_MAX;
        assert_eq!(config.ingest.rejected_bytes(), Ok(948_800));
        config.ingest.rejected_bytes_max += 1;
        let refused = config.check().unwrap_err().to_string();
        assert!(refused.contains("rejected_bytes_max") && refused.contains("set it to 948800"), "{refused}");
    }
}
