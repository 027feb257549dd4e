//! What was built.

use serde::Serialize;

/// Version, source revision and compiler of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BuildInfo {
    /// Version of the workspace.
    pub version: &'static str,
    /// Source revision, 12 hex digits; `unreleased` of a debug build.
    pub revision: &'static str,
    /// The compiler's own words.
    pub rustc: &'static str,
}

/// This build.
pub const BUILD: BuildInfo = BuildInfo {
    version: env!("CARGO_PKG_VERSION"),
    revision: env!("RAPPORT_REVISION"),
    rustc: env!("RAPPORT_RUSTC"),
};
