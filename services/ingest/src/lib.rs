//! `ingest`: raw events in, canonical events out.
//!
//! It judges each raw record by the model's rules and writes it, with pseudonyms and the ingest clock, to
//! `rapport.events`, or with the reason to `rapport.rejected`; and it writes ticks, so that time is in the log. It keeps no
//! state. A raw id never leaves it but to `rapport.rejected`.
//!
//! Reading order: [`judge`] (one record's verdict, for topics and HTTP alike), [`clock`] (the clock it is handed),
//! [`ticks`], [`rejected`] (how a bad record is kept), [`service`] (the stream service), [`http`] (`POST /v1/events`),
//! [`settings`], [`metrics`].

pub mod clock;
pub mod http;
pub mod judge;
pub mod metrics;
pub mod rejected;
pub mod service;
pub mod settings;
mod start;
pub mod ticks;

pub use clock::IngestClock;
pub use service::{GROUP, Ingest};
pub use settings::{Config, Settings};
pub use start::{Deps, Error, start, start_with};
