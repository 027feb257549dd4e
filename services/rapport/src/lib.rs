//! rapport
