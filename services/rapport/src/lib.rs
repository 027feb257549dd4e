//! The one command people install, and what its parts offer to tests and benchmarks.
//!
//! Reading order: [`cli`] (arguments and help), [`commands`] (one module per command), [`failure`] (how a command
//! ends badly), [`settings`] (the whole configuration), [`together`] (the four services in one process); then what the
//! larger commands stand on: [`simulate`] (a charity that does not exist, and the truth about it), [`mod@replay`] (the
//! whole way over a temporary log), [`demo`], [`lines`], [`view`], [`figures`].

pub mod cli;
pub mod commands;
pub mod demo;
pub mod failure;
pub mod figures;
pub mod lines;
pub mod replay;
pub mod settings;
pub mod simulate;
pub mod together;
pub mod view;
