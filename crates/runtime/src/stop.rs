//! How a process ends: one flag, seen by threads and by futures alike.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// A request to stop; it is made once and never taken back. Clones are the same request.
#[derive(Debug, Clone)]
pub struct Stop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    flag: AtomicBool,
    futures: watch::Sender<bool>,
    gate: Mutex<()>,
    threads: Condvar,
}

impl Default for Stop {
    fn default() -> Self {
        Stop::new()
    }
}

impl Stop {
    /// A request nobody has made yet.
    pub fn new() -> Stop {
        let inner = Inner {
            flag: AtomicBool::new(false),
            futures: watch::Sender::new(false),
            gate: Mutex::new(()),
            threads: Condvar::new(),
        };
        Stop(Arc::new(inner))
    }

    /// Makes the request.
    pub fn trigger(&self) {
        let guard = self.0.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.flag.store(true, Ordering::SeqCst);
        drop(guard);
        self.0.threads.notify_all();
        self.0.futures.send_replace(true);
    }

    /// Whether the request was made.
    pub fn is_set(&self) -> bool {
        self.0.flag.load(Ordering::SeqCst)
    }

    /// The request as a plain flag, for loops that know nothing of this crate.
    pub fn flag(&self) -> &AtomicBool {
        &self.0.flag
    }

    /// Waits until the request is made.
    pub async fn wait(&self) {
        let mut seen = self.0.futures.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = seen.wait_for(|set| *set).await;
    }

    /// Blocks this thread until the request is made, at most `longest`; whether it was made.
    pub fn wait_for(&self, longest: Duration) -> bool {
        let guard = self.0.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.0.threads.wait_timeout_while(guard, longest, |()| !self.is_set());
        drop(wait);
        self.is_set()
    }
}

/// Makes the request on the first SIGTERM or SIGINT and exits at once on the second: somebody is impatient.
///
/// # Errors
/// Where the process may not listen to signals.
pub fn stop_on_signals(stop: &Stop) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut terminate, mut interrupt) = {
        let _context = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let watch = move || {
        runtime.block_on(async move {
            loop {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
                if stop.is_set() {
                    tracing::warn!("second signal, leaving at once");
                    std::process::exit(130);
                }
                tracing::info!("stopping; a second signal leaves at once");
                stop.trigger();
            }
        });
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watch).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_and_futures_both_learn_of_the_request() {
        let stop = Stop::new();
        assert!(!stop.wait_for(Duration::ZERO));
        let thread = std::thread::spawn({
            let stop = stop.clone();
            move || stop.wait_for(Duration::from_secs(60))
        });
        let future = std::thread::spawn({
            let stop = stop.clone();
            move || tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(stop.wait())
        });
        stop.trigger();
        assert!(thread.join().unwrap());
        future.join().unwrap();
        assert!(stop.is_set() && stop.flag().load(Ordering::SeqCst));
    }
}
