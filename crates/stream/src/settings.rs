//! Section `[log]` of the configuration, and the log it speaks of.

use std::path::PathBuf;
use std::sync::Arc;

use rapport_proto::topics;
use serde::{Deserialize, Serialize};

use crate::embedded::{Clock, Durability, EmbeddedLog};
use crate::kafka::{KafkaLog, KafkaSettings};
use crate::port::{Error, Log};
use crate::worker::Stopwatch;

/// The defaults, as a part of a configuration file.
pub const DEFAULTS: &str = include_str!("default.toml");

/// What keeps the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// One directory of this machine, for one process: `rapport up`.
    Embedded,
    /// A Kafka cluster, for any number of processes.
    Kafka,
}

/// When a commit of the embedded log is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durable {
    /// When it returns.
    Immediate,
    /// Some commits later; what is on the disk is whole at all times. For demonstrations.
    Eventual,
}

/// Section `[log]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// What keeps the log.
    pub backend: Backend,
    /// Directory of the embedded log; made where it does not exist.
    pub dir: PathBuf,
    /// When a commit of the embedded log is on the disk.
    pub durability: Durable,
    /// Partitions of topics created from here, at least 1; a site's place follows from it, so it never changes.
    pub partitions: u32,
    /// How to reach a Kafka cluster.
    pub kafka: KafkaSettings,
}

/// Opens the log. In an embedded one all topics of Rapport are there afterwards; in Kafka, `rapport topics` makes them.
///
/// `clock` is milliseconds since 1970, for the time at which records were written; `stopwatch` measures waiting.
///
/// # Errors
/// [`Error::Unusable`] where the settings cannot work, or the directory is another process's. A Kafka cluster that is away
/// is no error: it is waited for.
pub fn open_log(settings: &LogSettings, clock: &Clock, stopwatch: &Stopwatch) -> Result<Arc<dyn Log>, Error> {
    match settings.backend {
        Backend::Embedded => {
            let durability = match settings.durability {
                Durable::Immediate => Durability::Immediate,
                Durable::Eventual => Durability::Eventual,
            };
            let log = EmbeddedLog::open(&settings.dir, durability, clock.clone())?;
            log.create_topics(&topics::ALL, settings.partitions)?;
            Ok(Arc::new(log))
        }
        Backend::Kafka => Ok(Arc::new(KafkaLog::new(settings.kafka.clone(), stopwatch.clone())?)),
    }
}
