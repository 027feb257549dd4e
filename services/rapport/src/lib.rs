//! The command line of Rapport.

pub mod simulate;
