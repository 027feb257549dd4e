//! Indicators as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use rapport_indicators::settings::params;
use rapport_indicators::{Config, Deps, start};
use rapport_runtime::launch;
use rapport_stream::settings::open_log;

/// Folds rapport.events into enriched rows, releases and alerts, exactly once
///
/// Any number of instances share the partitions of rapport.events. One that is given a partition replays it first; see
/// rapport_indicators_replaying_partitions on [indicators] listen (default 127.0.0.1:9462).
#[derive(Parser)]
#[command(name = "rapport-indicators", version)]
struct Arguments {
    #[command(flatten)]
    common: launch::Args,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    launch::run(
        &arguments.common,
        Config::load,
        |config| params(&config.model).map(drop),
        |config, process| {
            let params = params(&config.model)?;
            let log = open_log(&config.log, &process.clock.millis(), &process.stopwatch)?;
            Ok(start(&config.indicators, params, Deps::new(log, process))?)
        },
    )
}
