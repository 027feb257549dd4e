//! Measures the alliance rule: how often it raises an alarm for a pair whose alliance is stable, and how often and how soon
//! it sees a fall. What judges the ratings is the product's own [`rapport_model::dyad::Dyad`]; what is simulated is only
//! the ratings. The textbook rule sees the very same ratings.

pub mod chart;
pub mod figures;
pub mod judge;
pub mod page;
pub mod pair;
pub mod scenario;
pub mod stats;
pub mod table;
