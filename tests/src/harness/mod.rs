//! Real servers as child processes: Kafka, Prometheus, Alertmanager, our own services.
//!
//! Every server listens on ports of 127.0.0.1 that are its own, writes into a directory of its own, and dies with
//! whoever holds its value; should the test process itself be killed, the kernel kills its children.

mod alertmanager;
mod kafka;
mod ports;
mod process;
mod prometheus;
mod proxy;
mod scratch;
mod tools;
mod wait;
mod webhook;

pub use alertmanager::Alertmanager;
pub use kafka::{Kafka, KafkaOptions, fresh_prefix};
pub use ports::Port;
pub use process::Process;
pub use prometheus::Prometheus;
pub use proxy::{END_TXN, INIT_PRODUCER_ID, LIST_OFFSETS, Proxy, Way};
pub use scratch::Scratch;
pub use tools::{amtool, binary, built, example, kcat, program, promtool, repository};
pub use wait::{stopwatch, wait_for, wait_until};
pub use webhook::Webhook;
