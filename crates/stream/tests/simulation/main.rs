//! The worker over the embedded log, with and without seeded faults, against an oracle that shares nothing with it.

mod embedded;
mod fold;
mod worker;
