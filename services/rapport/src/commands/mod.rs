//! One module per command: its arguments with their help, and what it does.

pub mod check_config;
pub mod completions;
pub mod demo;
pub mod instruments;
pub mod produce;
pub mod replay;
pub mod simulate;
pub mod tail;
pub mod tick;
pub mod topics;
pub mod up;

pub(crate) mod output;
pub(crate) mod progress;
