//! Everything that needs more than one crate, or a real server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests: where something is not as it must be, they stop"
)]

mod deploy_files;
mod end_to_end;
mod kafka_log;
mod servers;
