//! The four services in one process, over one log.

use std::net::SocketAddr;
use std::time::Duration;

use rapport_model::raw::Rules;
use rapport_runtime::{Deps, Running};
use rapport_stream::port::Log;

use crate::failure::Failure;
use crate::settings::Config;

/// How long services have to end once they are asked to.
const GRACE: Duration = Duration::from_secs(9);

/// The services at work.
pub struct Together {
    running: Vec<Running>,
}

/// Starts all four. The clock of `deps` is what ingest writes into the log.
///
/// # Errors
/// Where one cannot start; those that had started are stopped.
pub fn start(config: &Config, rules: Rules, deps: &Deps<dyn Log>) -> Result<Together, Failure> {
    let mut together = Together { running: Vec::new() };
    match together.start_all(config, rules, deps) {
        Ok(()) => Ok(together),
        Err(failure) => {
            deps.stop.trigger();
            // What went wrong first is what matters.
            let _ = together.join();
            Err(failure)
        }
    }
}

impl Together {
    fn start_all(&mut self, config: &Config, rules: Rules, deps: &Deps<dyn Log>) -> Result<(), Failure> {
        const IN_USE: &str = "another process listens there: stop it, or set `listen` of that section";
        let failed = |service: &str, error: &dyn std::fmt::Display| {
            Failure::failed(format!("start {service}: {error}")).next(IN_USE)
        };
        let running = rapport_ingest::start(&config.ingest, rules, deps.clone());
        self.running.push(running.map_err(|error| failed("ingest", &error))?);
        let params = config.params()?;
        let (catalogue, releases) = (params.catalogue.clone(), params.settings.releases);
        let running = rapport_indicators::start(&config.indicators, params, deps.clone());
        self.running.push(running.map_err(|error| failed("indicators", &error))?);
        let running = rapport_exporter::start(&config.exporter, releases, &catalogue, deps.clone());
        self.running.push(running.map_err(|error| failed("exporter", &error))?);
        let running = rapport_alerts::start(&config.alerts, deps.clone());
        self.running.push(running.map_err(|error| failed("alerts", &error))?);
        Ok(())
    }

    /// Where the admin server of that service listens.
    pub fn admin(&self, service: &str) -> Option<SocketAddr> {
        self.running.iter().find(|running| running.service == service)?.admin
    }

    /// Where events can be posted.
    pub fn events(&self) -> Option<SocketAddr> {
        self.running.iter().find_map(|running| running.events)
    }

    /// Waits until all have ended.
    ///
    /// # Errors
    /// The first service's that failed.
    pub fn join(self) -> Result<(), Failure> {
        let mut first = Ok(());
        for running in self.running {
            first = first.and(running.join(GRACE).map_err(Failure::failed));
        }
        first
    }
}
