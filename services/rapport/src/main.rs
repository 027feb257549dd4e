//! The `rapport` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    rapport::cli::run(std::env::args_os())
}
