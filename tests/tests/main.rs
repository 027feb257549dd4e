//! Everything that needs more than one crate, or a real server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests: where something is not as it must be, they stop"
)]

mod against_the_oracle;
mod cases;
mod coverage;
mod deploy_files;
mod end_to_end;
mod faults;
mod kafka_log;
mod product;
mod properties;
mod seeds;
mod servers;
mod shown;
mod simulation;
mod tidy;
