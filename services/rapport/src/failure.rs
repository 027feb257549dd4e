//! How a command ends badly: what it failed to do, and what to do next.

use std::fmt;
use std::path::Path;

/// Exit status of a command line that was not understood (`EX_USAGE` of sysexits.h).
pub const EXIT_USAGE: u8 = 64;
/// Exit status of a configuration that was refused (`EX_CONFIG`).
pub const EXIT_CONFIG: u8 = 78;
/// Exit status of anything else that went wrong.
pub const EXIT_FAILED: u8 = 1;

/// Why a command did not do what it was asked to. Its text completes the sentence "failed to …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Exit status.
    pub status: u8,
    what: String,
    next: Option<String>,
}

impl Failure {
    /// Something went wrong.
    pub fn failed(what: impl fmt::Display) -> Failure {
        Failure { status: EXIT_FAILED, what: what.to_string(), next: None }
    }

    /// The command line makes no sense.
    pub fn usage(what: impl fmt::Display) -> Failure {
        Failure { status: EXIT_USAGE, what: what.to_string(), next: None }
    }

    /// The configuration was refused.
    pub fn config(what: impl fmt::Display) -> Failure {
        Failure { status: EXIT_CONFIG, what: what.to_string(), next: None }
    }

    /// A file could not be read or written.
    pub fn file(action: &str, path: &Path, error: &std::io::Error) -> Failure {
        let failure = Failure::failed(format!("{action} {}: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                failure.next("check the path; it is taken from the current directory")
            }
            std::io::ErrorKind::PermissionDenied => failure.next("check who may read and write there"),
            _ => failure,
        }
    }

    /// Adds what to do next.
    pub fn next(mut self, next: impl Into<String>) -> Failure {
        self.next = Some(next.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}", self.what)?;
        match &self.next {
            Some(next) => write!(f, "\n  next: {next}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
