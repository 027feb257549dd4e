//! The one command people install, and what its parts offer to tests and benchmarks.
//!
//! Reading order: [`cli`] (arguments and help), [`failure`] (how a command ends badly), [`simulate`] (a charity that
//! does not exist, and the truth about it), [`commands`] (one module per command).

pub mod cli;
pub mod commands;
pub mod failure;
pub mod lines;
pub mod simulate;
pub mod view;
