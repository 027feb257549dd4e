//! The exporter as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use rapport_exporter::{Config, Deps, start};
use rapport_runtime::launch;
use rapport_stream::settings::open_log;

/// Shows the newest release of each site on /metrics, with small numbers withheld
///
/// Reads rapport.indicators from its start; /readyz is 503 until everything has been read that was there. Point
/// Prometheus at [exporter] listen (default 127.0.0.1:9463).
#[derive(Parser)]
#[command(name = "rapport-exporter", version)]
struct Arguments {
    #[command(flatten)]
    common: launch::Args,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    launch::run(&arguments.common, Config::load, Config::check, |config, process| {
        let catalogue = config.catalogue()?;
        let log = open_log(&config.log, &process.clock.millis(), &process.stopwatch)?;
        Ok(start(&config.exporter, config.model.releases, &catalogue, Deps::new(log, process))?)
    })
}
