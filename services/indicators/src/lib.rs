//! rapport-indicators
