//! A bound on records a second: a bucket that fills at a rate and holds a second's worth, or one request's.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rapport_runtime::Stopwatch;

/// Micro-records, so that a slow rate loses nothing to rounding.
const ONE: u128 = 1_000_000;

/// The bucket.
pub struct Bucket {
    per_second: u128,
    full: u128,
    stopwatch: Stopwatch,
    state: Mutex<State>,
}

struct State {
    held: u128,
    at: Duration,
}

impl Bucket {
    /// A full bucket. A request of `request_records_max` is never too large for it.
    pub fn new(records_per_second: u32, request_records_max: usize, stopwatch: Stopwatch) -> Bucket {
        let per_second = u128::from(records_per_second.max(1));
        let full = per_second.max(request_records_max as u128) * ONE;
        let state = Mutex::new(State { held: full, at: stopwatch() });
        Bucket { per_second, full, stopwatch, state }
    }

    /// Takes `records` out of it.
    ///
    /// # Errors
    /// How long to wait until there are so many, and takes none.
    pub fn take(&self, records: usize) -> Result<(), Duration> {
        let now = (self.stopwatch)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_sub(state.at).as_micros();
        state.held = self.full.min(state.held.saturating_add(passed.saturating_mul(self.per_second)));
        state.at = now.max(state.at);
        let wanted = records as u128 * ONE;
        if wanted <= state.held {
            state.held -= wanted;
            return Ok(());
        }
        let wait_us = (wanted - state.held).div_ceil(self.per_second);
        Err(Duration::from_micros(u64::try_from(wait_us).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_bucket_gives_what_it_holds_and_says_how_long_until_there_is_more() {
        let ms = Arc::new(AtomicU64::new(0));
        let hand = ms.clone();
        let bucket = Bucket::new(10, 5, Arc::new(move || Duration::from_millis(ms.load(Ordering::SeqCst))));
        assert_eq!(bucket.take(8), Ok(()));
        assert_eq!(bucket.take(4), Err(Duration::from_millis(200)));
        assert_eq!(bucket.take(2), Ok(()));
        hand.store(200, Ordering::SeqCst);
        assert_eq!(bucket.take(2), Ok(()));
        hand.store(3_600_000, Ordering::SeqCst);
        assert_eq!(bucket.take(11), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take(10), Ok(()));
    }
}
