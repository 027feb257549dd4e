//! What the demo shows: filled by those who read the log, drawn by the screen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rapport_model::time::Instant;
use rapport_proto::{keys, topics, v1};
use rapport_stream::port::RecordRef;

use crate::figures::Figures;

/// Tiers of alerts, the most urgent first.
pub const TIERS: [&str; 4] = ["safeguarding", "page", "digest", "operations"];
/// Alerts that an answer closes.
const ANSWERED: [&str; 5] = [
    "alliance_breakdown",
    "breakdown_unrepaired",
    "professional_help_wanted",
    "harmful_behaviour",
    "safeguarding",
];
/// Alert transitions kept for the screen.
const TRANSITIONS: usize = 200;

/// A transition of an alert of which people are told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Its number, from 1.
    pub number: u64,
    /// When the alert opened or ended, as it says itself.
    pub at: String,
    /// `opened`, `closed` or `withdrawn`.
    pub what: &'static str,
    /// Which alert.
    pub alert: String,
    /// Where.
    pub site: String,
    /// The alert's own line.
    pub summary: String,
}

/// A firing alert that somebody can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToAnswer {
    /// Where.
    pub site: String,
    /// When it opened.
    pub since: Instant,
    /// Whether an answer is on its way.
    pub answered: bool,
}

/// What there is to show.
#[derive(Debug, Default)]
pub struct Seen {
    /// Figures of the newest release of each site.
    pub sites: BTreeMap<String, Figures>,
    /// Canonical events seen.
    pub events: u64,
    /// Records rejected.
    pub rejected: u64,
    /// Last transitions of alerts of which people are told at once, the newest last.
    pub transitions: VecDeque<Transition>,
    /// Number of firing alerts by tier and name.
    pub firing: BTreeMap<(String, String), u64>,
    /// Firing alerts that somebody can answer, by id.
    pub to_answer: BTreeMap<String, ToAnswer>,
    /// Such transitions ever.
    pub transitions_ever: u64,
    /// The simulated clock.
    pub clock: Instant,
    /// Whether the first year is over and the demo goes on live.
    pub live: bool,
    /// State of every alert by id.
    states: BTreeMap<String, String>,
    /// `site/event_id` that somebody waits for.
    awaited: BTreeSet<String>,
}

/// Shared by the thread that reads, the one that drives and the one that draws.
#[derive(Debug, Default)]
pub struct Board {
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// Topics the board is filled from.
pub const TOPICS: [&str; 4] = [topics::EVENTS, topics::REJECTED, topics::INDICATORS, topics::ALERTS];

impl Board {
    /// What has been seen so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        // Whoever panicked while holding it left plain counts behind.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record in.
    pub fn record(&self, record: &RecordRef<'_>) {
        self.seen().take(record);
    }

    /// Wakes those who wait for something to be seen.
    pub fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits until the event is on `rapport.events`, at most `longest`; whether it is. To be asked for before it is
    /// sent: [`Board::expect`].
    pub fn await_event(&self, site: &str, event_id: &str, longest: Duration) -> bool {
        let awaited = keys::enriched(site, event_id);
        self.await_that(longest, |seen| !seen.awaited.contains(&awaited))
    }

    /// Says that an event will be waited for.
    pub fn expect(&self, site: &str, event_id: &str) {
        let mut seen = self.seen();
        seen.awaited.clear();
        seen.awaited.insert(keys::enriched(site, event_id));
    }

    /// Waits until `that` holds, at most `longest`; whether it does.
    pub fn await_that(&self, longest: Duration, that: impl Fn(&Seen) -> bool) -> bool {
        let seen = self.seen();
        let waited = self.changed.wait_timeout_while(seen, longest, |seen| !that(seen));
        let (seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        that(&seen)
    }
}

impl Seen {
    fn take(&mut self, record: &RecordRef<'_>) {
        match (record.topic, record.value) {
            (topics::EVENTS, Some(_)) => {
                let key = record.key.and_then(|key| std::str::from_utf8(key).ok());
                if let Some((site, event_id, _)) = key.and_then(keys::parse_event) {
                    self.events += 1;
                    self.awaited.remove(&keys::enriched(site, event_id));
                }
            }
            (topics::REJECTED, Some(_)) => self.rejected += 1,
            (topics::INDICATORS, Some(value)) => {
                if let Ok(release) = serde_json::from_slice::<v1::Release>(value) {
                    self.sites.insert(release.site.clone(), Figures::of(&release));
                }
            }
            (topics::ALERTS, Some(value)) => {
                if let Ok(alert) = serde_json::from_slice::<v1::Alert>(value) {
                    self.alert(alert);
                }
            }
            _ => {}
        }
    }

    fn alert(&mut self, alert: v1::Alert) {
        let before = self.states.insert(alert.alert_id.clone(), alert.state.clone());
        if before.as_deref() == Some(alert.state.as_str()) {
            return;
        }
        let firing = self.firing.entry((alert.tier.clone(), alert.alert.clone())).or_default();
        if alert.state == "firing" {
            *firing += 1;
            if ANSWERED.contains(&alert.alert.as_str()) {
                let since = Instant::parse(&alert.since).unwrap_or(self.clock);
                let to_answer = ToAnswer { site: alert.site.clone(), since, answered: false };
                self.to_answer.insert(alert.alert_id.clone(), to_answer);
            }
        } else if before.as_deref() == Some("firing") {
            *firing = firing.saturating_sub(1);
            self.to_answer.remove(&alert.alert_id);
        }
        if alert.tier == "digest" {
            // A digest is read once a week; what comes of hundreds of them is no news.
            return;
        }
        let (what, at) = match alert.state.as_str() {
            "firing" => ("opened", alert.since),
            "resolved" => ("closed", alert.until.unwrap_or(alert.since)),
            _ => ("withdrawn", alert.until.unwrap_or(alert.since)),
        };
        self.transitions_ever += 1;
        if self.transitions.len() == TRANSITIONS {
            self.transitions.pop_front();
        }
        self.transitions.push_back(Transition {
            number: self.transitions_ever,
            at,
            what,
            alert: alert.alert,
            site: alert.site,
            summary: alert.summary.unwrap_or_default(),
        });
    }
}
