//! What every service of Rapport is run with, and nothing of what it does.
//!
//! Reading order: [`clock`] (the only place that reads a clock), [`stop`] (how a process ends), [`config`] (strict and
//! layered), [`telemetry`] (log lines), [`metrics`] (what every registry starts with), [`health`] and [`admin`] (probes
//! and `/metrics`), [`service`] (threads of a running service), [`launch`] (the life of a process).

pub mod admin;
pub mod build;
pub mod clock;
pub mod config;
mod connections;
pub mod health;
pub mod launch;
pub mod metrics;
pub mod service;
pub mod stop;
pub mod telemetry;

/// What every process of Rapport allocates with. A fold makes and drops tens of small things per event: that costs a third
/// less with it than with the C library's, and what is kept takes less memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use clock::{Clock, ManualClock, Stopwatch, stopwatch};
pub use health::Health;
pub use service::{Deps, Running};
pub use stop::{Stop, stop_on_signals};
