//! `alerts`: the last record of each alert, delivered to every Alertmanager.
//!
//! It reads `rapport.alerts` whole at start and follows it, without a group, and judges nothing. Nothing is delivered
//! before everything was read that was there at the start, so that an alert that is over is never fired again. Its state
//! is the ledger, which is also the queue: an Alertmanager that was away is told what holds when it is back.
//!
//! Reading order: [`ledger`] (what is to be delivered), [`payload`] (what an Alertmanager is told), [`deliver`] (one
//! thread per Alertmanager), [`settings`], [`metrics`].

pub mod deliver;
mod follow;
pub mod ledger;
pub mod metrics;
pub mod payload;
pub mod settings;
mod start;

pub use settings::{Config, Settings};
pub use start::{Deps, Error, start};
