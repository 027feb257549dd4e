//! Tests that go through many seeds: on all processors, as many as the environment asks for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{available_parallelism, scope};

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Calls `check` with `count` seeds from `first` on, and panics as the first that does.
pub fn for_each(first: u64, count: u64, check: &(dyn Fn(u64) + Sync)) {
    let next = AtomicU64::new(first);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= first + count {
                return;
            }
            check(seed);
        }
    };
    scope(|scope| {
        let threads = available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}
