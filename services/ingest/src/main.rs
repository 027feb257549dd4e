//! Ingest as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use rapport_ingest::{Config, Deps, start};
use rapport_runtime::launch;
use rapport_stream::settings::open_log;

/// Checks raw events and writes them, with pseudonyms, to rapport.events
///
/// Reads the raw topics of [ingest] topics and listens for POST /v1/events on [ingest.http] listen, by
/// default 127.0.0.1:9460. What is refused goes to rapport.rejected with the reason.
///
/// It needs a pseudonym key:
///
///   head -c 32 /dev/urandom | base64 > k1.key && chmod 600 k1.key
#[derive(Parser)]
#[command(name = "rapport-ingest", version, verbatim_doc_comment)]
struct Arguments {
    #[command(flatten)]
    common: launch::Args,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    launch::run(&arguments.common, Config::load, Config::check, |config, process| {
        let rules = config.ingest.rules(&config.model)?;
        let log = open_log(&config.log, &process.clock.millis(), &process.stopwatch)?;
        Ok(start(&config.ingest, rules, Deps::new(log, process))?)
    })
}
