//! `rapport completions`.

use std::io::Write as _;

use crate::commands::output;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  rapport completions bash > ~/.local/share/bash-completion/completions/rapport
  rapport completions zsh > ~/.zfunc/_rapport
  rapport completions fish > ~/.config/fish/completions/rapport.fish";

/// Arguments of `rapport completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Prints the script.
///
/// # Errors
/// Where standard output cannot be written.
pub fn run(args: &Args, mut command: clap::Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "rapport", &mut script);
    output::written(std::io::stdout().lock().write_all(&script))
}
