//! rapport-runtime
