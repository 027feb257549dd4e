//! Starts the service: admin server and workers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rapport_model::params::Params;
use rapport_runtime::health::{Flag, Pulse};
use rapport_runtime::metrics::WorkerMetrics;
use rapport_runtime::{Health, Running, admin};
use rapport_stream::checkpoint::Directory;
use rapport_stream::port::{self, Log, SessionSpec};
use rapport_stream::sites;
use rapport_stream::worker::{Cause, Limits, Observer, Place, Worker};

use crate::checkpoints::Checkpoints;
use crate::metrics::Metrics;
use crate::service::{GROUP, Indicators, topics};
use crate::settings::{self, Settings};

/// What it is handed.
pub type Deps = rapport_runtime::Deps<dyn Log>;

/// A worker that stands still for so long is stalled; opening a session may wait for a broker for a good part of it.
const STALLED: Duration = Duration::from_secs(120);
/// How long to wait before a log that is away is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The admin server.
    #[error(transparent)]
    Listen(#[from] admin::Error),
    /// The registry.
    #[error("register metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A thread.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the service.
///
/// # Errors
/// Where it cannot listen. A log that is away is waited for.
pub fn start(settings: &Settings, params: Params, deps: Deps) -> Result<Running, Error> {
    let registry = rapport_runtime::metrics::registry()?;
    let metrics = Metrics::register(&registry)?;
    let causes = [Cause::Doubt, Cause::Slow, Cause::Lost, Cause::Service].map(Cause::as_str);
    let worker_metrics = WorkerMetrics::register(&registry, "indicators", &causes)?;
    let health = Health::new(deps.stopwatch.clone());
    let mut running = Running::new("indicators", deps.stop.clone());
    let params = Arc::new(params);
    let limits = Limits {
        commit_every: Duration::from_millis(u64::from(settings.commit_every_ms)),
        ..Limits::default()
    };
    let directory = checkpoint_directory(&settings.checkpoint, &metrics);
    for number in 0..settings.workers.max(1) {
        let watch = Watch {
            worker: number.to_string(),
            metrics: worker_metrics.clone(),
            replayed: health.flag(&format!("replayed-{number}")),
            replaying: 0,
            pulse: health.pulse(&format!("worker-{number}"), STALLED),
        };
        let checkpoints = directory.clone().map(|directory| {
            let every = settings.checkpoint.every_records;
            let (log, clock) = (deps.log.clone(), deps.clock.millis());
            Checkpoints::new(directory, every, &params, log, clock, metrics.clone())
        });
        let service = Indicators::new(params.clone(), number, metrics.clone()).with_checkpoints(checkpoints);
        let deps = deps.clone();
        running.spawn(&format!("worker-{number}"), move || work(number, service, limits, watch, deps))?;
    }
    let server = admin::serve("indicators", settings.listen, registry, health, deps.stop)?;
    running.admin = Some(server.address);
    running.spawn("admin", move || server.thread.join().map_err(|_| "serve the admin pages"))?;
    Ok(running)
}

/// Where checkpoints are kept, if there are to be any. Whatever is wrong with them is no reason not to start.
fn checkpoint_directory(settings: &settings::Checkpoint, metrics: &Metrics) -> Option<Directory> {
    if settings.directory.is_empty() {
        return None;
    }
    let opened = Directory::open(Path::new(&settings.directory));
    let failed = |error: &std::io::Error| {
        metrics.checkpoint_failed();
        tracing::error!(directory = settings.directory, %error, "no checkpoints: their directory cannot be used");
    };
    opened.inspect_err(failed).ok()
}

fn work(
    number: u32,
    service: Indicators,
    limits: Limits,
    watch: Watch,
    deps: Deps,
) -> Result<(), port::Error> {
    if !same_partitions(&deps, &watch)? {
        return Ok(());
    }
    let spec =
        SessionSpec { group: GROUP.to_owned(), topics: topics(), instance: deps.instance, worker: number };
    let mut worker = Worker::new(deps.log, spec, service, limits, deps.stopwatch, Box::new(watch));
    worker.run(&|| deps.stop.is_set())
}

/// Waits for the log, then holds the topics to one number of partitions: a site lives on the same number in all of them.
/// `false` where it was asked to stop before the log answered.
fn same_partitions(deps: &Deps, watch: &Watch) -> Result<bool, port::Error> {
    while !deps.stop.is_set() {
        watch.pulse.beat();
        match sites::partitions(&*deps.log) {
            Ok(_) => return Ok(true),
            Err(port::Error::Unavailable(cause)) => {
                tracing::warn!(%cause, "log unavailable");
                watch.metrics.retried();
                deps.stop.wait_for(RETRY);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Passes on what a worker tells to metrics and probes.
struct Watch {
    worker: String,
    metrics: WorkerMetrics,
    replayed: Flag,
    replaying: usize,
    pulse: Pulse,
}

impl Observer for Watch {
    fn polled(&mut self, joined: bool) {
        self.pulse.beat();
        // A worker that was given no partition has nothing to replay, and is ready to be given one.
        self.replayed.set(joined && self.replaying == 0);
    }

    fn processed(&mut self, records: u64, _: u64) {
        self.metrics.processed(records);
    }

    fn replayed(&mut self, records: u64) {
        self.metrics.replayed(records);
    }

    fn sent(&mut self, records: u64, _: u64) {
        self.metrics.sent(records);
    }

    fn committed(&mut self, took: Duration) {
        self.metrics.committed(took);
    }

    fn doubted(&mut self) {
        self.metrics.doubted();
    }

    fn renewed(&mut self, cause: Cause) {
        self.metrics.renewed(cause.as_str());
    }

    fn retried(&mut self) {
        self.metrics.retried();
    }

    fn owned(&mut self, places: &[Place]) {
        self.replaying = places.iter().filter(|place| !place.live).count();
        self.metrics.owned(&self.worker, places.len(), self.replaying);
    }
}
