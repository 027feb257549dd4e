//! `indicators`: wraps the model's [`Partition`](rapport_model::partition::Partition) as a stream service.
//!
//! It decides nothing that the model decides. Each partition of `rapport.events` is folded in one place; what follows from
//! it goes to `rapport.enriched`, `rapport.indicators` and `rapport.alerts`, on the partition of the same number, in the
//! transaction that moves the group's position.
//!
//! Reading order: [`service`] (the stream service), [`outputs`] (how what follows is written), [`checkpoints`], [`settings`],
//! [`metrics`].

mod arrived;
pub mod checkpoints;
pub mod metrics;
pub mod outputs;
pub mod service;
pub mod settings;
mod start;

pub use service::{GROUP, Indicators};
pub use settings::{Config, Settings};
pub use start::{Deps, Error, start};
