//! Waiting for a condition, never for a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(20);

#[expect(clippy::disallowed_methods, reason = "deadlines of tests are measured on the real clock")]
fn now() -> Instant {
    Instant::now()
}

/// A stopwatch for what is under test.
pub fn stopwatch() -> Arc<dyn Fn() -> Duration + Send + Sync> {
    let started = now();
    Arc::new(move || now() - started)
}

/// Waits until there is something, and returns it. Panics, naming `what`, when there is nothing by the deadline.
#[expect(clippy::disallowed_methods, reason = "the pause between two looks at a condition")]
pub fn wait_for<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let started = now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(now() - started < deadline, "waited {deadline:?} in vain for {what}");
        std::thread::sleep(EVERY);
    }
}

/// Waits until the condition holds. Panics, naming `what`, when it does not by the deadline.
pub fn wait_until(what: &str, deadline: Duration, mut holds: impl FnMut() -> bool) {
    wait_for(what, deadline, || holds().then_some(()));
}
