//! `rapport up`.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rapport_ingest::settings::KeyFile;
use rapport_proto::topics;
use rapport_runtime::telemetry::{self, Format};
use rapport_runtime::{Clock, Deps, Stop, launch, stop_on_signals, stopwatch};
use rapport_stream::settings::Backend;

use crate::commands::output;
use crate::failure::Failure;
use crate::settings::Config;
use crate::together::{self, Together};

const EXAMPLES: &str = "\
All four services in one process. On the embedded log, the default, nothing else is needed: it
keeps everything in one directory, and makes a pseudonym key there when none is configured. Keep
a copy of that key: who loses it loses the link to what was written.

Examples:
  rapport up                                            everything under ./rapport-data
  RAPPORT_LOG__DIR=/var/lib/rapport rapport up
  rapport up --config rapport.toml

Then, in another terminal:
  rapport produce events.jsonl                          hand events over
  curl -s http://127.0.0.1:9463/metrics                 what Prometheus will read

Alerts go to the Alertmanagers of [alerts]; without one they are kept on rapport.alerts and go
nowhere.";

/// Bytes of a new key.
const KEY_BYTES: usize = 32;

/// Arguments of `rapport up`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How log lines look [default: human on a terminal, else json]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<Format>,
}

/// Runs the services until a signal comes.
///
/// # Errors
/// Where one cannot start, or ends by itself.
pub fn run(args: &Args, file: Option<&Path>) -> Result<(), Failure> {
    let mut config = Config::load(file)?;
    let new_key = provide_key(&mut config)?;
    let rules = config.rules()?;
    config.check()?;
    telemetry::init(args.log_format.unwrap_or_else(Format::fitting));
    let log = config.open()?;
    log.create_topics(&topics::ALL, config.log.partitions).map_err(Failure::failed)?;
    let stop = Stop::new();
    stop_on_signals(&stop).map_err(|error| Failure::failed(format!("listen to signals: {error}")))?;
    let deps = Deps { log, clock: Clock::system(), stopwatch: stopwatch(), stop, instance: launch::host() };
    let together = together::start(&config, rules, &deps)?;
    output::say(&places(&config, &together, new_key.as_deref()))?;
    together.join()
}

/// Makes a key in the embedded log's directory where none is configured; where it is new, says where.
fn provide_key(config: &mut Config) -> Result<Option<PathBuf>, Failure> {
    if !config.ingest.keys.is_empty() || config.log.backend != Backend::Embedded {
        return Ok(None);
    }
    let dir = &config.log.dir;
    // The log is made in it later, and leaves a directory as it finds it: it holds raw records, for its owner alone.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| Failure::file("create", dir, &error))?;
    let path = dir.join("k1.key");
    let made = match make_key(&path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(Failure::file("make a pseudonym key in", &path, &error)),
    };
    config.ingest.keys = vec![KeyFile { name: "k1".to_owned(), file: path.clone() }];
    Ok(made.then_some(path))
}

/// A new key that its owner alone may read.
fn make_key(path: &Path) -> io::Result<()> {
    let mut bytes = [0; KEY_BYTES];
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn places(config: &Config, together: &Together, new_key: Option<&Path>) -> String {
    let address =
        |address: Option<SocketAddr>| address.map_or_else(|| "nowhere".to_owned(), |at| at.to_string());
    let log = match config.log.backend {
        Backend::Embedded => format!("in {}", config.log.dir.display()),
        Backend::Kafka => format!("at {}", config.log.kafka.brokers),
    };
    let mut text = format!(
        "Rapport is up.\n\
         \n  log          {log}\
         \n  events       POST http://{}/v1/events, or: rapport produce FILE.jsonl\
         \n  indicators   http://{}/metrics",
        address(together.events()),
        address(together.admin("exporter")),
    );
    for service in ["ingest", "indicators", "alerts"] {
        text.push_str(&format!(
            "\n  {service:<12} http://{}/metrics  (the service's own)",
            address(together.admin(service))
        ));
    }
    for key in &config.ingest.keys {
        text.push_str(&format!("\n  key {:<8} {}", key.name, key.file.display()));
    }
    if new_key.is_some() {
        text.push_str("\n\nThe key is new. Keep a copy: who loses it loses the link to what was written.");
    }
    text.push_str("\n\nCtrl-C stops; nothing is lost by that, or by pulling the plug.");
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_first_start_makes_a_directory_and_a_key_for_their_owner_alone_and_later_ones_keep_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::load(None).unwrap();
        config.log.dir = dir.path().join("data");
        let keyless = config.clone();
        let path = provide_key(&mut config).unwrap().unwrap();
        let made = std::fs::read(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&config.log.dir), mode(&path)), (0o700, 0o600));
        config.rules().unwrap();
        let mut again = keyless;
        assert_eq!(provide_key(&mut again).unwrap(), None);
        assert_eq!(again, config);
        assert_eq!(std::fs::read(&path).unwrap(), made);
    }
}
