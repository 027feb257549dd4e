//! What only the tests need: an independent recomputation of everything Rapport publishes, and the machinery that
//! drives the real services.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this crate holds nothing but tests: where something is not as it must be, they stop"
)]

pub mod harness;
pub mod oracle;
pub mod random;
pub mod story;
