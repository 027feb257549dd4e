//! One thread per Alertmanager: tells it at once what is new, and again each interval what still holds or was over a short
//! while ago. One that is away keeps nobody else waiting, and is told what holds when it is back.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rapport_model::time::Instant;
use rapport_runtime::health::Pulse;
use rapport_runtime::{Clock, Stop, Stopwatch};
use reqwest::StatusCode;
use reqwest::blocking::Client;

use crate::ledger::{Alert, Ledger};
use crate::metrics::Receiver;
use crate::payload::{Payload, payload};

/// Most alerts of a request.
const BATCH_MAX: usize = 64;
/// Longest wait for something new; also how late a request to stop is seen.
const WAIT: Duration = Duration::from_millis(500);
/// Pauses after failures.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// An alert that fires is held for so many intervals when nobody sends it again.
const HOLD_INTERVALS: u32 = 4;

/// The ledger, as the reader and the deliverers share it.
pub struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ledger: Ledger,
    /// Whether everything was read that was there at the start: before that nothing is delivered.
    live: bool,
    /// Grows with each change.
    version: u64,
}

impl Board {
    /// A board nobody delivers from yet.
    pub fn new(ledger: Ledger) -> Board {
        Board { state: Mutex::new(State { ledger, live: false, version: 0 }), changed: Condvar::new() }
    }

    /// Changes the ledger; says whether there is something new to deliver.
    pub fn change(&self, live: bool, change: impl FnOnce(&mut Ledger) -> bool) {
        let mut state = self.lock();
        let new = change(&mut state.ledger);
        if new || live != state.live {
            state.live = live;
            state.version += 1;
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, seen: u64, longest: Duration) {
        let state = self.lock();
        drop(self.changed.wait_timeout_while(state, longest, |state| state.version == seen));
    }
}

/// Delivers to one Alertmanager.
pub struct Deliverer {
    /// `…/api/v2/alerts`.
    pub url: String,
    /// The client; its timeout bounds each request.
    pub client: Client,
    /// What is to be delivered.
    pub board: Arc<Board>,
    /// For `endsAt`.
    pub clock: Clock,
    /// For intervals.
    pub stopwatch: Stopwatch,
    /// The request to stop.
    pub stop: Stop,
    /// From sending to sending again.
    pub resend: Duration,
    /// Counters.
    pub metrics: Receiver,
    /// Beats once a round.
    pub pulse: Pulse,
}

/// What an Alertmanager was told of an alert.
#[derive(Debug, Clone, Copy)]
struct Told {
    version: u64,
    again: Duration,
}

struct Due {
    id: String,
    version: u64,
    alert: Arc<Alert>,
}

/// What an Alertmanager made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Taken,
    /// It does not like something in it; what it likes it may have taken.
    Refused,
    Away,
}

impl Deliverer {
    /// Delivers until it is asked to stop.
    pub fn run(self) {
        let mut told = BTreeMap::new();
        let mut pause = PAUSE_MIN;
        while !self.stop.is_set() {
            self.pulse.beat();
            let (due, seen) = self.due(&mut told);
            if due.is_empty() {
                self.board.wait(seen, WAIT);
            } else if self.deliver(&due, &mut told) {
                pause = PAUSE_MIN;
            } else {
                self.stop.wait_for(pause);
                pause = PAUSE_MAX.min(pause * 2);
            }
        }
    }

    /// What is new or due again, and the version of the board that says so.
    fn due(&self, told: &mut BTreeMap<String, Told>) -> (Vec<Due>, u64) {
        let (now, at) = (self.now(), (self.stopwatch)());
        let state = self.board.lock();
        if !state.live {
            return (Vec::new(), state.version);
        }
        let mut known = BTreeMap::new();
        let mut due = Vec::new();
        for (id, version, alert) in state.ledger.deliverable(now) {
            let before = told.remove_entry(id);
            if before.as_ref().is_none_or(|(_, told)| told.version != version || told.again <= at) {
                due.push(Due { id: id.to_owned(), version, alert: alert.clone() });
            }
            known.extend(before);
        }
        // What need not be delivered any more is forgotten here too.
        *told = known;
        (due, state.version)
    }

    /// Sends in batches; `false` where the Alertmanager is away, then the rest stays due.
    fn deliver(&self, due: &[Due], told: &mut BTreeMap<String, Told>) -> bool {
        for batch in due.chunks(BATCH_MAX) {
            let mut answer = self.post(batch);
            if answer == Answer::Refused && batch.len() > 1 {
                // Some of it was taken, nobody says which: one by one, what arrives twice is the same alert.
                for one in batch {
                    answer = self.post(std::slice::from_ref(one));
                    self.note(std::slice::from_ref(one), answer, told);
                    if answer == Answer::Away {
                        return false;
                    }
                }
                continue;
            }
            self.note(batch, answer, told);
            if answer == Answer::Away {
                return false;
            }
        }
        true
    }

    fn note(&self, batch: &[Due], answer: Answer, told: &mut BTreeMap<String, Told>) {
        let now = (self.stopwatch)();
        match answer {
            Answer::Away => return,
            Answer::Refused => {
                self.metrics.refused.inc_by(batch.len() as u64);
                for due in batch {
                    tracing::error!(alert_id = due.id, "alertmanager refused an alert");
                }
            }
            Answer::Taken => self.metrics.succeeded.set(self.now().0 as f64 / 1e6),
        }
        for due in batch {
            told.insert(
                due.id.clone(),
                Told { version: due.version, again: now.saturating_add(self.resend) },
            );
        }
    }

    fn post(&self, batch: &[Due]) -> Answer {
        let hold_us = i64::try_from((self.resend * HOLD_INTERVALS).as_micros()).unwrap_or(i64::MAX);
        let now = self.now();
        let payloads: Vec<Payload> = batch.iter().map(|due| payload(&due.alert, now, hold_us)).collect();
        self.metrics.posts.inc();
        let answer = match self.client.post(&self.url).json(&payloads).send() {
            Ok(response) => match response.status() {
                status if status.is_success() => return Answer::Taken,
                StatusCode::BAD_REQUEST
                | StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::PAYLOAD_TOO_LARGE => Answer::Refused,
                status => {
                    tracing::warn!(status = status.as_u16(), "alertmanager does not take alerts");
                    Answer::Away
                }
            },
            Err(error) => {
                // An address may hold a password.
                tracing::warn!(error = %error.without_url(), "alertmanager unavailable");
                Answer::Away
            }
        };
        self.metrics.failures.inc();
        answer
    }

    fn now(&self) -> Instant {
        Instant(self.clock.now_us())
    }
}

#[cfg(test)]
mod tests;
