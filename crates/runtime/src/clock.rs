//! The only place in Rapport that reads a clock. Everybody else is handed one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since some fixed moment, never going back; for back-off, commit intervals and histograms.
pub type Stopwatch = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A wall clock: the machine's, or one that is set by hand. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

/// Sets the [`Clock`] that came with it.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands at `start_us` (microseconds since 1970) until its other half moves it.
    pub fn manual(start_us: i64) -> (Clock, ManualClock) {
        let now = Arc::new(AtomicI64::new(start_us));
        (Clock(Source::Manual(now.clone())), ManualClock(now))
    }

    /// Microseconds since 1970-01-01T00:00:00Z; 0 where the machine's clock stands before that.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    pub fn now_us(&self) -> i64 {
        match &self.0 {
            Source::System => {
                let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
            }
            Source::Manual(now) => now.load(Ordering::SeqCst),
        }
    }
}

impl Clock {
    /// This clock in milliseconds since 1970, for those who know nothing of this crate.
    pub fn millis(&self) -> Arc<dyn Fn() -> i64 + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now_us().div_euclid(1000))
    }
}

impl ManualClock {
    /// Sets the clock, forward or back.
    pub fn set(&self, now_us: i64) {
        self.0.store(now_us, Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

/// A stopwatch that started just now.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the monotonic clock")]
pub fn stopwatch() -> Stopwatch {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let (clock, hand) = Clock::manual(5);
        let copy = clock.clone();
        assert_eq!(copy.now_us(), 5);
        hand.advance(Duration::from_millis(2));
        assert_eq!((clock.now_us(), copy.now_us()), (2_005, 2_005));
        hand.set(1);
        assert_eq!(clock.now_us(), 1);
    }

    #[test]
    fn the_system_clock_is_past_the_year_this_was_written_in() {
        assert!(Clock::system().now_us() > 1_767_225_600_000_000);
    }
}
