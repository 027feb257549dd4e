//! Whether a service is alive and ready. Neither asks anything of the log: a broker that is away is told by metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;

/// Health of one service: *live* while each of its loops makes progress, *ready* once each of its flags is set.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    stopwatch: Stopwatch,
    flags: Mutex<BTreeMap<String, Arc<AtomicBool>>>,
    loops: Mutex<BTreeMap<String, Loop>>,
}

#[derive(Clone)]
struct Loop {
    last_ms: Arc<AtomicU64>,
    longest: Duration,
}

/// A condition of readiness.
#[derive(Debug, Clone)]
pub struct Flag(Arc<AtomicBool>);

/// The pulse of a loop.
#[derive(Clone)]
pub struct Pulse {
    last_ms: Arc<AtomicU64>,
    stopwatch: Stopwatch,
}

impl Flag {
    /// Says whether the condition holds.
    pub fn set(&self, holds: bool) {
        self.0.store(holds, Ordering::SeqCst);
    }

    /// Whether the condition holds.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Pulse {
    /// Says that the loop went round once more.
    pub fn beat(&self) {
        self.last_ms.store(millis((self.stopwatch)()), Ordering::Relaxed);
    }
}

impl Health {
    /// A service without loops and conditions: alive and ready.
    pub fn new(stopwatch: Stopwatch) -> Health {
        Health(Arc::new(Inner { stopwatch, flags: Mutex::default(), loops: Mutex::default() }))
    }

    /// Adds a condition of readiness, which does not hold yet. A name used twice is the same condition.
    pub fn flag(&self, name: &str) -> Flag {
        let mut flags = self.0.flags.lock().unwrap_or_else(PoisonError::into_inner);
        Flag(flags.entry(name.to_owned()).or_default().clone())
    }

    /// Adds a loop that goes round at least once in `longest`, counted from now.
    pub fn pulse(&self, name: &str, longest: Duration) -> Pulse {
        let last_ms = Arc::new(AtomicU64::new(millis((self.0.stopwatch)())));
        let mut loops = self.0.loops.lock().unwrap_or_else(PoisonError::into_inner);
        loops.insert(name.to_owned(), Loop { last_ms: last_ms.clone(), longest });
        Pulse { last_ms, stopwatch: self.0.stopwatch.clone() }
    }

    /// Names of the conditions that do not hold; ready when empty.
    pub fn unready(&self) -> Vec<String> {
        let flags = self.0.flags.lock().unwrap_or_else(PoisonError::into_inner);
        flags.iter().filter(|(_, flag)| !flag.load(Ordering::SeqCst)).map(|(name, _)| name.clone()).collect()
    }

    /// Names of the loops that have stalled; alive when empty.
    pub fn stalled(&self) -> Vec<String> {
        let now = (self.0.stopwatch)();
        let late = |l: &Loop| {
            now.saturating_sub(Duration::from_millis(l.last_ms.load(Ordering::Relaxed))) > l.longest
        };
        let loops = self.0.loops.lock().unwrap_or_else(PoisonError::into_inner);
        loops.iter().filter(|(_, l)| late(l)).map(|(name, _)| name.clone()).collect()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_ready_when_every_flag_is_set_and_alive_while_every_loop_beats() {
        let seconds = Arc::new(AtomicU64::new(0));
        let hand = seconds.clone();
        let health = Health::new(Arc::new(move || Duration::from_secs(seconds.load(Ordering::SeqCst))));
        assert!(health.unready().is_empty() && health.stalled().is_empty());
        let flag = health.flag("caught_up");
        let pulse = health.pulse("worker-0", Duration::from_secs(60));
        assert_eq!(health.unready(), ["caught_up"]);
        flag.set(true);
        assert!(health.unready().is_empty());
        hand.store(61, Ordering::SeqCst);
        assert_eq!(health.stalled(), ["worker-0"]);
        pulse.beat();
        assert!(health.stalled().is_empty());
    }
}
