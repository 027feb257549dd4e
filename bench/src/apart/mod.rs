//! What is measured by itself: how soon a state is there again, how soon a row is there, what dyads cost, what is
//! far larger than it should be costs, and the fold without a log.

pub mod bounds;
pub mod fold;
pub mod grow;
pub mod latency;
pub mod loaded;
pub mod replay;
