//! One module per command: its arguments with their help, and what it does.

pub mod completions;
pub mod simulate;
pub mod topics;

mod output;
mod progress;
