//! The clock that ingest is handed: the machine's, or one that `replay` and `demo` set.

use rapport_model::time::Instant;
use rapport_stream::failpoint;

/// Says when a record is accepted and what is written about it.
pub trait IngestClock: Send + Sync {
    /// The instant that `in_future` is judged by, and that ticks carry.
    fn now(&self) -> Instant;

    /// `ingested_at` of a record that is accepted now.
    fn ingested_at(&self, _recorded_at: Instant) -> Instant {
        self.now()
    }

    /// Whether ticks are written; `replay` writes its own.
    fn ticks(&self) -> bool {
        true
    }
}

impl IngestClock for rapport_runtime::Clock {
    fn now(&self) -> Instant {
        Instant(self.now_us().saturating_add(failpoint::clock_error_us()))
    }
}
