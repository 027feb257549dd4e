//! rapport-model
