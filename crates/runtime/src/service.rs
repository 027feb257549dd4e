//! A running service: its threads, where it listens, how it ends.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::clock::{Clock, Stopwatch};
use crate::launch::Process;
use crate::stop::Stop;

/// What a service is handed; `L` is the log it stands on.
pub struct Deps<L: ?Sized> {
    /// The log.
    pub log: Arc<L>,
    /// The wall clock.
    pub clock: Clock,
    /// Time for back-off and intervals.
    pub stopwatch: Stopwatch,
    /// The request to stop.
    pub stop: Stop,
    /// Name of this instance, stable over restarts and unique among the instances of a service.
    pub instance: String,
}

impl<L: ?Sized> Deps<L> {
    /// What a process hands to the service it runs, and the log.
    pub fn new(log: Arc<L>, process: Process) -> Deps<L> {
        let Process { clock, stopwatch, stop, instance } = process;
        Deps { log, clock, stopwatch, stop, instance }
    }
}

impl<L: ?Sized> Clone for Deps<L> {
    fn clone(&self) -> Self {
        Deps {
            log: self.log.clone(),
            clock: self.clock.clone(),
            stopwatch: self.stopwatch.clone(),
            stop: self.stop.clone(),
            instance: self.instance.clone(),
        }
    }
}

/// Why a service ended before it was asked to, or did not end when it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A thread ended with an error.
    #[error("run {thread}: {reason}")]
    Thread {
        /// Name of the thread.
        thread: String,
        /// The error.
        reason: String,
    },
    /// Threads were still at work when the time for ending was over.
    #[error("stop within {0:?}: threads are still at work")]
    TooSlow(Duration),
}

type Outcome = Result<(), Failure>;

/// A service at work. Dropping it leaves its threads running; [`Running::join`] waits for them.
pub struct Running {
    /// Name of the service.
    pub service: &'static str,
    /// Where its admin server listens.
    pub admin: Option<SocketAddr>,
    /// Where it listens for events (ingest only).
    pub events: Option<SocketAddr>,
    stop: Stop,
    threads: usize,
    ended: (mpsc::Sender<Outcome>, mpsc::Receiver<Outcome>),
}

impl Running {
    /// A service without threads yet.
    pub fn new(service: &'static str, stop: Stop) -> Running {
        Running { service, admin: None, events: None, stop, threads: 0, ended: mpsc::channel() }
    }

    /// Adds a thread. When it ends with an error or a panic, the whole process is asked to stop: a service that does
    /// half its work is worse than one that is restarted.
    ///
    /// # Errors
    /// Where the machine gives no thread.
    pub fn spawn<E: std::fmt::Display>(
        &mut self,
        thread: &str,
        work: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> std::io::Result<()> {
        let (name, stop, ended) =
            (format!("{}-{thread}", self.service), self.stop.clone(), self.ended.0.clone());
        let body = {
            let name = name.clone();
            move || {
                let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                let reason = match result {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) => Some(error.to_string()),
                    Err(_) => Some("it panicked".to_owned()),
                };
                let outcome = match reason {
                    None => Ok(()),
                    Some(reason) => {
                        tracing::error!(thread = name, %reason, "thread failed, stopping");
                        stop.trigger();
                        Err(Failure::Thread { thread: name, reason })
                    }
                };
                // Nobody is waiting once `Running` was dropped.
                let _ = ended.send(outcome);
            }
        };
        std::thread::Builder::new().name(name).spawn(body)?;
        self.threads += 1;
        Ok(())
    }

    /// Waits until all threads have ended; from the request to stop on, at most `grace`.
    ///
    /// # Errors
    /// The first thread's that failed, or that some did not end in time.
    pub fn join(self, grace: Duration) -> Result<(), Failure> {
        let mut first = Ok(());
        let mut waited = Duration::ZERO;
        let mut left = self.threads;
        while left > 0 {
            match self.ended.1.recv_timeout(ROUND) {
                Ok(outcome) => {
                    left -= 1;
                    first = first.and(outcome);
                }
                Err(_) if self.stop.is_set() && waited >= grace => {
                    return first.and(Err(Failure::TooSlow(grace)));
                }
                Err(_) if self.stop.is_set() => waited += ROUND,
                Err(_) => {}
            }
        }
        first
    }
}

const ROUND: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_fails_stops_the_others_and_its_error_comes_out() {
        let stop = Stop::new();
        let mut running = Running::new("test", stop.clone());
        let other = stop.clone();
        running
            .spawn("patient", move || {
                other.wait_for(Duration::from_secs(60));
                Ok::<(), String>(())
            })
            .unwrap();
        running.spawn("broken", || Err("do its work")).unwrap();
        let failure = running.join(Duration::from_secs(10)).unwrap_err();
        assert_eq!(failure.to_string(), "run test-broken: do its work");
        assert!(stop.is_set());
    }

    #[test]
    fn a_thread_that_does_not_end_is_not_waited_for_for_ever() {
        let stop = Stop::new();
        let mut running = Running::new("test", stop.clone());
        let (_keep, never) = mpsc::channel::<()>();
        running.spawn("stubborn", move || never.recv().map_err(|_| "unreachable")).unwrap();
        stop.trigger();
        assert_eq!(
            running.join(Duration::from_millis(100)),
            Err(Failure::TooSlow(Duration::from_millis(100)))
        );
    }
}
