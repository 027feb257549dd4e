//! rapport-tests
