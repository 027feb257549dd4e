//! rapport-stream
