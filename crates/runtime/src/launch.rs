//! The life of a service's process: arguments, configuration, logging, signals, work, end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use crate::build::BUILD;
use crate::clock::{Clock, Stopwatch, stopwatch};
use crate::config;
use crate::service::Running;
use crate::stop::{Stop, stop_on_signals};
use crate::telemetry::{self, Format};

/// Exit status of a configuration that was refused (`EX_CONFIG` of sysexits.h).
pub const EXIT_CONFIG: u8 = 78;

/// How long a service has to end once it is asked to.
pub const GRACE: Duration = Duration::from_secs(9);

/// Arguments that every service takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Configuration file (TOML). Without one, the defaults and the environment hold
    ///
    /// One file serves all services; each reads its own sections. Any key can be set in the environment as
    /// RAPPORT_<SECTION>__<KEY>, for example RAPPORT_LOG__DIR=/var/lib/rapport
    #[arg(short, long, env = "RAPPORT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Check the configuration and leave: 0 if it is good, 78 if it is not
    #[arg(long)]
    pub check_config: bool,

    /// Print the effective configuration as TOML and leave; run it without a file to see every key and its default
    #[arg(long)]
    pub print_config: bool,

    /// Name of this instance: stable over restarts, unique among the instances of a service [default: the host's name]
    #[arg(long, env = "RAPPORT_INSTANCE", value_name = "NAME")]
    pub instance: Option<String>,

    /// How log lines look [default: human on a terminal, else json]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<Format>,
}

/// What a process hands to the service it runs.
pub struct Process {
    /// The wall clock.
    pub clock: Clock,
    /// Time for back-off and intervals.
    pub stopwatch: Stopwatch,
    /// The request to stop.
    pub stop: Stop,
    /// Name of this instance.
    pub instance: String,
}

/// Runs a service from its arguments to its end.
///
/// `load` reads the configuration and `check` finds what would keep the service from starting; nothing is listened on and
/// no log is opened before it is good. It is printed whether it is good or not.
pub fn run<T: Serialize>(
    args: &Args,
    load: impl FnOnce(Option<&Path>) -> Result<T, config::Error>,
    check: impl FnOnce(&T) -> Result<(), config::Error>,
    start: impl FnOnce(T, Process) -> Result<Running, Box<dyn std::error::Error>>,
) -> ExitCode {
    let loaded = load(args.config.as_deref()).and_then(|config| Ok((config::print(&config)?, config)));
    let (printed, config) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            complain(&error);
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    if args.print_config {
        say(&printed);
    }
    if (args.check_config || !args.print_config)
        && let Err(error) = check(&config)
    {
        complain(&error);
        return ExitCode::from(EXIT_CONFIG);
    }
    if args.check_config && !args.print_config {
        say("the configuration is good\n");
    }
    if args.print_config || args.check_config {
        return ExitCode::SUCCESS;
    }
    telemetry::init(args.log_format.unwrap_or_else(Format::fitting));
    match live(args, config, start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "service failed");
            complain(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn live<T>(
    args: &Args,
    config: T,
    start: impl FnOnce(T, Process) -> Result<Running, Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let stop = Stop::new();
    stop_on_signals(&stop)?;
    let instance = args.instance.clone().unwrap_or_else(host);
    tracing::info!(version = BUILD.version, revision = BUILD.revision, instance, "starting");
    let process = Process { clock: Clock::system(), stopwatch: stopwatch(), stop, instance };
    let running = start(config, process)?;
    let address =
        |address: Option<SocketAddr>| address.map(|address| address.to_string()).unwrap_or_default();
    tracing::info!(
        service = running.service,
        admin = address(running.admin),
        events = address(running.events),
        "started"
    );
    running.join(GRACE)?;
    tracing::info!("stopped");
    Ok(())
}

/// The host's name; `rapport` where it has none.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "rapport".to_owned() } else { name.to_owned() }
}

#[expect(clippy::print_stdout, reason = "what was asked for goes to standard output")]
fn say(text: &str) {
    print!("{text}");
}

fn complain(error: &dyn std::error::Error) {
    eprintln!("rapport: failed to {error}");
}
