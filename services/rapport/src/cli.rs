//! The command line: arguments, and help that teaches.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{completions, simulate, topics};
use crate::failure::{EXIT_USAGE, Failure};

const ABOUT: &str = "Event-streaming outcome monitor for intentional, unidirectional peer support";

const FIRST_STEPS: &str = "\
First steps:
  rapport demo                            six simulated sites over a year, live in this terminal
  rapport simulate --days 90 > ev.jsonl   raw events as a charity's systems would send them
  rapport replay ev.jsonl --out said      what Rapport would have said about them
  rapport up                              the four services in one process, no Kafka needed
  rapport produce ev.jsonl                hand events to a running `rapport up`

Any key of the configuration can be set in the environment as RAPPORT_<SECTION>__<KEY>, for
example RAPPORT_LOG__DIR=/var/lib/rapport. `rapport check-config` prints the effective one.

Exit status: 0 done, 64 command line not understood, 78 configuration refused, 1 anything else.";

/// The `rapport` command.
#[derive(Debug, Parser)]
#[command(name = "rapport", version, about = ABOUT, after_help = FIRST_STEPS, max_term_width = 110)]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// Configuration file (TOML), one for all services; without one the defaults and the environment hold
    #[arg(short, long, global = true, env = "RAPPORT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a charity's raw events, and the truth behind them
    Simulate(Box<simulate::Args>),
    /// Create the topics with the settings Rapport needs
    Topics(topics::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// Runs a command line; the first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(help) => {
            // Help and version are no errors; when even printing fails there is nothing left to say.
            let _ = help.print();
            return if help.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("rapport: {failure}");
            ExitCode::from(failure.status)
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Simulate(args) => simulate::run(&args, cli.config.as_deref()),
        Command::Topics(args) => topics::run(&args, cli.config.as_deref()),
        Command::Completions(args) => completions::run(&args, Cli::command()),
    }
}
