//! The worker over the embedded log, with and without seeded faults, against an oracle that shares nothing with it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod above;
mod embedded;
mod faults;
mod fold;
mod quiet;
mod slow;
mod worker;
mod wrong;
