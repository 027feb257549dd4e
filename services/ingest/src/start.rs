//! Starts the service: admin server, HTTP listener, workers.

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use rapport_model::raw::Rules;
use rapport_proto::topics;
use rapport_runtime::health::{Flag, Pulse};
use rapport_runtime::metrics::WorkerMetrics;
use rapport_runtime::{Health, Running, Stop, admin, config};
use rapport_stream::port::{self, Log, SessionSpec};
use rapport_stream::sites;
use rapport_stream::worker::{Cause, Limits, Observer, Place, Worker};

use crate::clock::IngestClock;
use crate::http::{self, Front, Tokens};
use crate::judge::Judge;
use crate::metrics::Metrics;
use crate::service::{GROUP, Ingest, Partitions, Parts};
use crate::settings::Settings;

/// What it is handed.
pub type Deps = rapport_runtime::Deps<dyn Log>;

/// A worker that stands still for so long is stalled; opening a session may wait for a broker for a good part of it.
const STALLED: Duration = Duration::from_secs(120);
/// How long to wait before a log that is away is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A listener.
    #[error(transparent)]
    Listen(#[from] admin::Error),
    /// The registry.
    #[error("register metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A thread.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the service by these rules, with the clock of `deps`.
///
/// # Errors
/// Where a setting cannot work or it cannot listen. A log that is away is waited for.
pub fn start(settings: &Settings, rules: Rules, deps: Deps) -> Result<Running, Error> {
    let clock = Arc::new(deps.clock.clone());
    start_with(settings, rules, clock, deps)
}

/// As [`start`], with an ingest clock of its own, as `demo` needs.
///
/// # Errors
/// As [`start`].
pub fn start_with(
    settings: &Settings,
    rules: Rules,
    clock: Arc<dyn IngestClock>,
    deps: Deps,
) -> Result<Running, Error> {
    // Who starts it with settings of their own has not had them checked.
    settings.rejected_bytes()?;
    let registry = rapport_runtime::metrics::registry()?;
    let metrics = Metrics::register(&registry, &settings.topics)?;
    let judge = Judge::new(Arc::new(rules), settings.schema_ids.clone());
    let health = Health::new(deps.stopwatch.clone());
    let mut running = Running::new("ingest", deps.stop.clone());
    if let Some(address) = settings.http_listen()? {
        let router = http::router(front(settings, &judge, &clock, &deps, &metrics)?);
        let server = admin::serve_router("ingest-http", address, router, deps.stop.clone())?;
        running.events = Some(server.address);
        running.spawn("http", move || server.thread.join().map_err(|_| "serve events"))?;
    }
    let work = Work { settings: settings.clone(), judge, clock, metrics, deps: deps.clone() };
    spawn_workers(&mut running, &work, &registry, &health)?;
    let server = admin::serve("ingest", settings.listen, registry, health, deps.stop)?;
    running.admin = Some(server.address);
    running.spawn("admin", move || server.thread.join().map_err(|_| "serve the admin pages"))?;
    Ok(running)
}

fn front(
    settings: &Settings,
    judge: &Judge,
    clock: &Arc<dyn IngestClock>,
    deps: &Deps,
    metrics: &Metrics,
) -> Result<Front, config::Error> {
    let http = &settings.http;
    Ok(Front {
        log: deps.log.clone(),
        topic: http.topic.clone(),
        judge: judge.clone(),
        clock: clock.clone(),
        tokens: settings.tokens()?,
        bucket: http::Bucket::new(http.records_per_second, http.request_records_max, deps.stopwatch.clone()),
        request_bytes_max: http.request_bytes_max,
        request_records_max: http.request_records_max,
        record_bytes_max: settings.rejected_bytes_max,
        metrics: metrics.http.clone(),
    })
}

impl Settings {
    /// The tokens of the HTTP listener; `None` where none is asked for.
    ///
    /// # Errors
    /// Where their file cannot be read, or one is too short; never with a token in the text.
    pub fn tokens(&self) -> Result<Option<Tokens>, config::Error> {
        let file = &self.http.tokens_file;
        if file.as_os_str().is_empty() {
            return Ok(None);
        }
        let key = "[ingest.http] tokens_file";
        let bytes = config::read_file(key, file)?;
        let invalid = |reason: String| config::Error::Invalid(format!("{key}: {}: {reason}", file.display()));
        let text = String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8".to_owned()))?;
        Tokens::parse(&text).map(Some).map_err(|error| invalid(error.to_string()))
    }
}

#[derive(Clone)]
struct Work {
    settings: Settings,
    judge: Judge,
    clock: Arc<dyn IngestClock>,
    metrics: Metrics,
    deps: Deps,
}

fn spawn_workers(
    running: &mut Running,
    work: &Work,
    registry: &Registry,
    health: &Health,
) -> Result<(), Error> {
    let causes = [Cause::Doubt, Cause::Slow, Cause::Lost, Cause::Service].map(Cause::as_str);
    let metrics = WorkerMetrics::register(registry, "ingest", &causes)?;
    for number in 0..work.settings.workers.max(1) {
        let watch = Watch {
            worker: number.to_string(),
            metrics: metrics.clone(),
            ready: health.flag(&format!("worker-{number}")),
            pulse: health.pulse(&format!("worker-{number}"), STALLED),
        };
        let work = work.clone();
        running.spawn(&format!("worker-{number}"), move || work.run(number, watch))?;
    }
    Ok(())
}

impl Work {
    fn run(self, number: u32, watch: Watch) -> Result<(), port::Error> {
        let stop = self.deps.stop.clone();
        let Some(partitions) = self.partitions(&stop, &watch)? else { return Ok(()) };
        let service = Ingest::new(Parts {
            judge: self.judge,
            clock: self.clock,
            partitions,
            topics: self.settings.topics.clone(),
            tick_seconds: self.settings.tick_seconds,
            rejected_bytes_max: self.settings.rejected_bytes_max,
            metrics: self.metrics,
        });
        let spec = SessionSpec {
            group: GROUP.to_owned(),
            topics: self.settings.topics,
            instance: self.deps.instance,
            worker: number,
        };
        let stopwatch = self.deps.stopwatch;
        let mut worker =
            Worker::new(self.deps.log, spec, service, Limits::default(), stopwatch, Box::new(watch));
        worker.run(&|| stop.is_set())
    }

    /// Partitions of the topics that are written to, where all topics of sites have as many; `None` where it was asked to
    /// stop before the log answered.
    fn partitions(&self, stop: &Stop, watch: &Watch) -> Result<Option<Partitions>, port::Error> {
        while !stop.is_set() {
            watch.pulse.beat();
            let counted = || {
                let log = &*self.deps.log;
                if !self.settings.http.listen.is_empty() {
                    sites::partitions_of(log, &self.settings.http.topic)?;
                }
                let events = sites::partitions(log)?;
                Ok(Partitions { events, rejected: sites::partitions_of(log, topics::REJECTED)? })
            };
            match counted() {
                Ok(partitions) => return Ok(Some(partitions)),
                Err(port::Error::Unavailable(cause)) => {
                    tracing::warn!(%cause, "log unavailable");
                    watch.metrics.retried();
                    stop.wait_for(RETRY);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// Passes on what a worker tells to metrics and probes.
struct Watch {
    worker: String,
    metrics: WorkerMetrics,
    ready: Flag,
    pulse: Pulse,
}

impl Observer for Watch {
    fn polled(&mut self, joined: bool) {
        self.pulse.beat();
        self.ready.set(joined);
    }

    fn processed(&mut self, records: u64, _: u64) {
        self.metrics.processed(records);
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
        let replaying = places.iter().filter(|place| !place.live).count();
        self.metrics.owned(&self.worker, places.len(), replaying);
    }
}
