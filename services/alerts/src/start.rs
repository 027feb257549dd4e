//! Starts the service: admin server, reader, one deliverer per Alertmanager.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use rapport_runtime::{Health, Running, admin, config};
use rapport_stream::port::Log;
use reqwest::blocking::Client;
use reqwest::redirect;

use crate::deliver::{Board, Deliverer};
use crate::follow::Follower;
use crate::ledger::{Ledger, Rules};
use crate::metrics::Metrics;
use crate::settings::Settings;

/// What it is handed.
pub type Deps = rapport_runtime::Deps<dyn Log>;

/// A deliverer that stands still for so long is stalled; it may wait for an answer and pause between.
const STALLED: Duration = Duration::from_secs(300);

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The admin server.
    #[error(transparent)]
    Listen(#[from] admin::Error),
    /// The registry.
    #[error("register metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The HTTP client.
    #[error("make an http client: {0}")]
    Client(#[from] reqwest::Error),
    /// A thread.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the service.
///
/// # Errors
/// Where a setting cannot work or it cannot listen. A log or an Alertmanager that is away is waited for.
pub fn start(settings: &Settings, deps: Deps) -> Result<Running, Error> {
    let receivers = settings.receivers()?;
    let registry = rapport_runtime::metrics::registry()?;
    let metrics = Metrics::register(&registry)?;
    let health = Health::new(deps.stopwatch.clone());
    let rules = Rules::new(settings.resolved_seconds, settings.backfill_days);
    let board = Arc::new(Board::new(Ledger::new(rules)));
    let timeout = Duration::from_secs(u64::from(settings.timeout_seconds.max(1)));
    let mut running = Running::new("alerts", deps.stop.clone());
    for receiver in receivers {
        let name = format!("deliver-{}", receiver.name);
        let deliverer = Deliverer {
            url: receiver.url,
            client: Client::builder().timeout(timeout).redirect(redirect::Policy::none()).build()?,
            board: board.clone(),
            clock: deps.clock.clone(),
            stopwatch: deps.stopwatch.clone(),
            stop: deps.stop.clone(),
            resend: Duration::from_secs(u64::from(settings.resend_seconds.max(1))),
            metrics: metrics.receiver(&receiver.name),
            pulse: health.pulse(&name, STALLED),
        };
        running.spawn(&name, move || {
            deliverer.run();
            Ok::<(), Infallible>(())
        })?;
    }
    let follower = Follower::new(&deps, board, metrics, &health);
    running.spawn("follow", move || follower.run())?;
    let server = admin::serve("alerts", settings.listen, registry, health, deps.stop)?;
    running.admin = Some(server.address);
    running.spawn("admin", move || server.thread.join().map_err(|_| "serve the admin pages"))?;
    Ok(running)
}
