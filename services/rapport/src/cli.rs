//! The command line: arguments, and help that teaches.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    check_config, completions, demo, instruments, produce, replay, simulate, tail, tick, topics, up,
};
use crate::demo::processes;
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
#[command(name = "rapport", version, about = ABOUT, after_help = FIRST_STEPS, max_term_width = 100)]
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
    /// Run the four services in one process
    Up(up::Args),
    /// Watch simulated sites through a year, live in the terminal
    Demo(demo::Args),
    /// Simulate a charity's raw events, and the truth behind them
    Simulate(Box<simulate::Args>),
    /// Hand a file of raw events over to ingest
    Produce(produce::Args),
    /// Say what Rapport would have said about a file of raw events
    Replay(replay::Args),
    /// Print records of a topic as JSON
    Tail(tail::Args),
    /// Create the topics with the settings Rapport needs
    Topics(topics::Args),
    /// Move the clock that is in the log
    Tick(tick::Args),
    /// Check the configuration and print the effective one
    CheckConfig(check_config::Args),
    /// List the instruments that measures may use
    Instruments(instruments::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Run ingest with a clock that is read from a file
    #[command(hide = true)]
    DemoIngest(processes::IngestArgs),
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
    let config = cli.config.as_deref();
    match cli.command {
        Command::Up(args) => up::run(&args, config),
        Command::Demo(args) => demo::run(&args, config),
        Command::Simulate(args) => simulate::run(&args, config),
        Command::Produce(args) => produce::run(&args, config),
        Command::Replay(args) => replay::run(&args, config),
        Command::Tail(args) => tail::run(&args, config),
        Command::Topics(args) => topics::run(&args, config),
        Command::Tick(args) => tick::run(&args, config),
        Command::CheckConfig(args) => check_config::run(&args, config),
        Command::Instruments(args) => instruments::run(&args, config),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::DemoIngest(args) => processes::ingest(&args, config),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_teaches_by_examples_and_every_argument_says_what_it_is_for() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        command.build();
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("rapport {}", sub.get_name());
            assert!(help.contains("Examples:") && help.contains(&example), "{example}");
            // Wrapped by hand: what is wider is broken a second time in a terminal of 100 columns.
            for line in help.lines() {
                assert!(line.chars().count() <= 96, "{example}: too wide: {line}");
            }
            for argument in sub.get_arguments() {
                assert!(argument.get_help().is_some(), "{example}: {}", argument.get_id());
            }
        }
    }

    #[test]
    fn no_help_is_wider_than_100_columns() {
        let mut command = Cli::command();
        command.build();
        let mut all = vec![command.clone()];
        all.extend(command.get_subcommands().cloned());
        for mut command in all {
            for help in [command.render_help(), command.render_long_help()] {
                for line in help.to_string().lines() {
                    assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
                }
            }
        }
    }

    #[test]
    fn a_command_line_that_is_not_understood_is_told_from_help() {
        let status = |line: &[&str]| format!("{:?}", run(line.iter().map(OsString::from)));
        let is = |code: u8| format!("{:?}", ExitCode::from(code));
        assert_eq!(status(&["rapport", "--version"]), is(0));
        assert_eq!(status(&["rapport", "simulate", "--late", "7"]), is(EXIT_USAGE));
        let over_tls = ["rapport", "produce", "/nowhere.jsonl", "--url", "https://rapport.example.org"];
        assert_eq!(status(&over_tls), is(EXIT_USAGE));
        assert_eq!(status(&["rapport", "check-config", "-q", "-c", "/nowhere.toml"]), is(78));
        assert_eq!(status(&["rapport", "replay", "/nowhere.jsonl", "--out", "/tmp/nothing"]), is(1));
    }
}
