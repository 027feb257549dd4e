//! Alerts as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use rapport_alerts::{Config, Deps, start};
use rapport_runtime::launch;
use rapport_stream::settings::open_log;

/// Delivers alerts to every Alertmanager of [alerts] alertmanagers
///
/// Reads rapport.alerts from its start; /readyz is 503, and nothing is delivered, until everything has been read that
/// was there.
#[derive(Parser)]
#[command(name = "rapport-alerts", version)]
struct Arguments {
    #[command(flatten)]
    common: launch::Args,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    launch::run(
        &arguments.common,
        Config::load,
        |config| config.alerts.receivers().map(drop),
        |config, process| {
            let log = open_log(&config.log, &process.clock.millis(), &process.stopwatch)?;
            Ok(start(&config.alerts, Deps::new(log, process))?)
        },
    )
}
