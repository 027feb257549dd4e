//! The services as four processes over a Kafka cluster, as in production but for the clock: ingest's is moved by the
//! demo, through a file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rapport_ingest::IngestClock;
use rapport_ingest::settings::{KeyFile, SiteList};
use rapport_model::raw::Sites;
use rapport_model::time::{Day, Instant};
use rapport_proto::topics;
use rapport_runtime::{Clock, Stop, config, launch};
use rapport_stream::port::Log;
use rapport_stream::settings::Backend;
use tempfile::TempDir;

use super::Stage;
use super::driver::Hand;
use super::threads::{PARTITIONS, listen_where_it_is_free};
use crate::failure::Failure;
use crate::settings::Config;

/// Services other than ingest, which the demo runs itself because of its clock.
const OTHERS: [&str; 3] = ["rapport-indicators", "rapport-exporter", "rapport-alerts"];
/// How long all services may take until they are ready.
const READY: Duration = Duration::from_secs(60);
/// How long a process has to end once it is asked to.
const END: Duration = Duration::from_secs(12);

/// Services as processes.
struct Processes {
    log: Arc<dyn Log>,
    config: Config,
    children: Vec<(String, Child)>,
    clock_file: PathBuf,
    dir: TempDir,
    stop: Stop,
}

/// Starts the services.
pub(super) fn set(
    brokers: &str,
    mut config: Config,
    start: Day,
    stop: &Stop,
) -> Result<impl Stage + use<>, Failure> {
    let dir = tempfile::tempdir()
        .map_err(|error| Failure::failed(format!("make a temporary directory: {error}")))?;
    let path = |name: &str| dir.path().join(name);
    let write = |name: &str, text: &str| {
        std::fs::write(path(name), text).map_err(|error| Failure::file("write", &path(name), &error))
    };
    config.log.backend = Backend::Kafka;
    config.log.kafka.brokers = brokers.to_owned();
    // Every demo has topics of its own, so that the same cluster will do again.
    config.log.kafka.topic_prefix = format!("demo-{}.", std::process::id());
    config.log.partitions = PARTITIONS;
    config.ingest.sites = SiteList(Sites::Any);
    config.ingest.pseudonymise_event_ids = false;
    config.ingest.keys = vec![KeyFile { name: "demo".to_owned(), file: path("demo.key") }];
    listen_where_it_is_free(&mut config);
    write("demo.key", "nobody real is here")?;
    write("rapport.toml", &config::print(&config).map_err(Failure::failed)?)?;
    let log = config.open()?;
    log.create_topics(&topics::ALL, PARTITIONS).map_err(Failure::failed)?;
    let clock_file = path("clock");
    let mut processes = Processes { log, config, children: Vec::new(), clock_file, dir, stop: stop.clone() };
    FileHand(processes.clock_file.clone()).set(start.start());
    match processes.start() {
        Ok(()) => Ok(processes),
        Err(failure) => {
            // What went wrong first is what matters.
            let _ = Box::new(processes).end();
            Err(failure)
        }
    }
}

impl Processes {
    fn start(&mut self) -> Result<(), Failure> {
        let this = std::env::current_exe()
            .map_err(|error| Failure::failed(format!("find this program: {error}")))?;
        let beside = this.parent().unwrap_or(Path::new(".")).to_owned();
        let mut ingest = Command::new(&this);
        ingest.arg("demo-ingest").arg("--clock").arg(&self.clock_file);
        self.spawn("rapport-ingest", ingest)?;
        for name in OTHERS {
            self.spawn(name, Command::new(beside.join(name)))?;
        }
        self.until_ready()
    }

    fn spawn(&mut self, name: &str, mut command: Command) -> Result<(), Failure> {
        let log_file = self.dir.path().join(format!("{name}.log"));
        let lines = File::create(&log_file).map_err(|error| Failure::file("create", &log_file, &error))?;
        command.arg("--config").arg(self.dir.path().join("rapport.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(lines);
        let child = command.spawn().map_err(|error| {
            Failure::failed(format!("start {name}: {error}")).next(
                "build all programs, they are looked for beside this one: `cargo build --workspace --bins`",
            )
        })?;
        self.children.push((name.to_owned(), child));
        Ok(())
    }

    fn until_ready(&mut self) -> Result<(), Failure> {
        let config = &self.config;
        let listens =
            [config.ingest.listen, config.indicators.listen, config.exporter.listen, config.alerts.listen];
        let client = reqwest::blocking::Client::builder().timeout(Duration::from_secs(2)).build();
        let client = client.map_err(|error| Failure::failed(format!("make an HTTP client: {error}")))?;
        let mut waited = Duration::ZERO;
        for listen in listens {
            let url = format!("http://{listen}/readyz");
            while !client.get(&url).send().is_ok_and(|response| response.status().is_success()) {
                self.well()?;
                if waited > READY {
                    return Err(Failure::failed(format!("see {url} ready within a minute")));
                }
                waited += Duration::from_millis(200);
                if self.stop.wait_for(Duration::from_millis(200)) {
                    return Err(Failure::failed("start the services: stopped"));
                }
            }
        }
        Ok(())
    }
}

impl Stage for Processes {
    fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(FileHand(self.clock_file.clone()))
    }

    fn metrics(&self) -> String {
        self.config.exporter.listen.to_string()
    }

    fn events(&self) -> String {
        self.config.ingest.http.listen.clone()
    }

    fn well(&mut self) -> Result<(), Failure> {
        for (name, child) in &mut self.children {
            if let Ok(Some(status)) = child.try_wait() {
                if self.stop.is_set() && status.success() {
                    continue;
                }
                let lines =
                    std::fs::read_to_string(self.dir.path().join(format!("{name}.log"))).unwrap_or_default();
                let last = lines.lines().last().unwrap_or_default();
                return Err(Failure::failed(format!("keep {name} running: {status}: {last}")));
            }
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), Failure> {
        self.stop.trigger();
        for (_, child) in &mut self.children {
            if matches!(child.try_wait(), Ok(None)) {
                // The standard library can only kill; a service is asked.
                let _ = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
            }
        }
        let mut ended = Ok(());
        for (name, child) in &mut self.children {
            if !exits(child) {
                let _ = child.kill();
                let _ = child.wait();
                ended = Err(Failure::failed(format!("stop {name}: it had to be killed")));
            }
        }
        ended
    }
}

/// Waits for a process that was asked to end.
fn exits(child: &mut Child) -> bool {
    let never = Stop::new();
    let mut waited = Duration::ZERO;
    while waited < END {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        never.wait_for(Duration::from_millis(50));
        waited += Duration::from_millis(50);
    }
    false
}

/// Moves a clock that others read from a file.
struct FileHand(PathBuf);

impl Hand for FileHand {
    fn set(&mut self, now: Instant) {
        // Whoever reads it sees the old instant or the new one; a write that fails leaves the old one.
        let next = self.0.with_extension("next");
        let _ = std::fs::write(&next, now.0.to_string()).and_then(|()| std::fs::rename(&next, &self.0));
    }
}

/// Arguments of the demo's ingest.
#[derive(Debug, Clone, clap::Args)]
pub struct IngestArgs {
    /// File with the instant, microseconds since 1970
    #[arg(long, value_name = "FILE")]
    clock: PathBuf,
}

/// Runs ingest with a clock that is read from a file, until a signal comes.
///
/// # Errors
/// Where it cannot start, or fails.
pub fn ingest(args: &IngestArgs, file: Option<&Path>) -> Result<(), Failure> {
    let config = Config::load(file)?;
    let rules = config.rules()?;
    rapport_runtime::telemetry::init(rapport_runtime::telemetry::Format::Json);
    let stop = Stop::new();
    rapport_runtime::stop_on_signals(&stop)
        .map_err(|error| Failure::failed(format!("listen to signals: {error}")))?;
    let deps = rapport_ingest::Deps {
        log: config.open()?,
        clock: Clock::system(),
        stopwatch: rapport_runtime::stopwatch(),
        stop,
        instance: launch::host(),
    };
    let clock = Arc::new(FileClock(args.clock.clone()));
    let running = rapport_ingest::start_with(&config.ingest, rules, clock, deps).map_err(Failure::failed)?;
    running.join(launch::GRACE).map_err(Failure::failed)
}

/// A clock that is read from a file whenever it is looked at: what is sent after it was moved is judged by where it
/// stands then.
struct FileClock(PathBuf);

impl IngestClock for FileClock {
    fn now(&self) -> Instant {
        instant_in(&self.0).unwrap_or_default()
    }
}

fn instant_in(path: &Path) -> Option<Instant> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok().map(Instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_a_file_shows_what_it_was_set_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clock");
        let clock = FileClock(path.clone());
        assert_eq!(clock.now(), Instant(0));
        let mut hand = FileHand(path);
        for now in [Instant(1_736_121_600_000_000), Instant(0)] {
            hand.set(now);
            assert_eq!(clock.now(), now);
        }
    }
}
