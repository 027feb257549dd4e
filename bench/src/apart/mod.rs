//! What is measured by itself: how soon a state is there again, how soon a row is there, and what dyads cost.

pub mod grow;
pub mod latency;
pub mod replay;
