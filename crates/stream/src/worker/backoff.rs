//! The pause between attempts.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// How soon a pause notices that it is time to stop.
const SLICE: Duration = Duration::from_millis(25);

/// A pause that doubles from 50 ms to 5 s.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

impl Backoff {
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "there is nothing to wait on while the log cannot be reached"
    )]
    pub(super) fn pause(&mut self, stop: &dyn Fn() -> bool) {
        let mut left = self.next();
        while !left.is_zero() && !stop() {
            let slice = left.min(SLICE);
            std::thread::sleep(slice);
            left -= slice;
        }
    }

    fn next(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.attempts.min(10)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_five_seconds_and_starts_over_after_success() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u128> = (0..9).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.next(), FIRST);
    }

    #[test]
    fn a_pause_ends_at_once_when_it_is_time_to_stop() {
        let mut backoff = Backoff { attempts: 20 };
        backoff.pause(&|| true);
    }
}
