//! The contract of Rapport: what is written on its topics, under which names and keys, on which partition.
//!
//! Reading order: [`v1`] (messages, generated from `rapport/v1/*.proto`), [`topics`] (names and settings), [`keys`]
//! (record keys), [`partition`] (which partition a site lives on), [`headers`] (record headers).
//! `examples/` holds golden messages, good and bad; `schema/` the JSON Schema of raw events.

pub mod examples;
pub mod headers;
pub mod keys;
mod number;
pub mod partition;
pub mod topics;

/// Messages, generated from `rapport/v1/*.proto`; their documentation is there.
#[allow(missing_docs, clippy::all, clippy::unwrap_used)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/rapport.v1.rs"));
}

/// The compiled `FileDescriptorSet` of all messages.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
