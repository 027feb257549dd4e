//! `exporter`: the newest release of each site as Prometheus metrics.
//!
//! It reads `rapport.indicators` whole at start and follows it, without a group. A page shows a whole release of a site or
//! nothing of it, and nothing at all before everything was read that was there at the start. It counts nothing: it
//! withholds and rounds, as the [`disclosure`] policy says.
//!
//! Reading order: [`disclosure`] (what small numbers become), [`releases`] (the newest release of each site), [`page`]
//! (what is shown, and the collector that shows it), [`settings`], [`follow`] (the loop), [`metrics`] (its own metrics).

pub mod disclosure;
mod follow;
pub mod metrics;
pub mod page;
pub mod releases;
pub mod settings;

use std::sync::Arc;

use rapport_model::catalogue::Catalogue;
use rapport_model::params::Releases;
use rapport_runtime::{Health, Running, admin, config};
use rapport_stream::port::Log;

pub use settings::{Config, Settings};

/// What it is handed.
pub type Deps = rapport_runtime::Deps<dyn Log>;

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The admin server.
    #[error(transparent)]
    Admin(#[from] admin::Error),
    /// The registry.
    #[error("register metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The thread.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the service; of a construct that no instrument of `catalogue` measures it shows nothing. How often `releases`
/// come it shows and does not depend on.
///
/// # Errors
/// Where a setting cannot work, or it cannot listen. A log that is away is waited for.
pub fn start(
    settings: &Settings,
    releases: Releases,
    catalogue: &Catalogue,
    deps: Deps,
) -> Result<Running, Error> {
    let limits = page::Limits { series_max: settings.series_max, behind_days: settings.behind_days()? };
    let registry = rapport_runtime::metrics::registry()?;
    let metrics = metrics::Metrics::register(&registry)?;
    metrics.releases(releases);
    let page = Arc::new(page::Page::default());
    registry.register(Box::new(page::ReleaseCollector::new(page.clone())?))?;
    let health = Health::new(deps.stopwatch.clone());
    let rules = disclosure::Rules::new(settings.disclosure, catalogue);
    let follower = follow::Follower::new(limits, rules, &deps, page, metrics, &health);
    let mut running = Running::new("exporter", deps.stop.clone());
    let server = admin::serve("exporter", settings.listen, registry, health, deps.stop)?;
    running.admin = Some(server.address);
    running.spawn("admin", move || server.thread.join().map_err(|_| "serve the admin pages"))?;
    running.spawn("follow", move || follower.run())?;
    Ok(running)
}
