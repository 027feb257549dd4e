//! The Kafka backend on a real Kafka: what the port promises, and what only a cluster can do to it.

mod faults;
mod member;
mod promises;
mod storm;
mod topics;
mod torn;
