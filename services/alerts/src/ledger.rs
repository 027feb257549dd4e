//! The last record of each alert, and which of them are to be delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rapport_model::time::{DAY_US, Instant};
use rapport_proto::v1;

/// State of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It holds.
    Firing,
    /// It held until then; withdrawn ones are told as resolved too.
    Over(Instant),
}

/// An alert as it may be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Its last record.
    pub record: v1::Alert,
    /// Since when it holds, or held.
    pub since: Instant,
    /// Whether it still does.
    pub state: State,
}

/// Site, client and peer.
type Pair<'a> = (&'a str, &'a str, &'a str);

impl Alert {
    /// Whether it is for the safeguarding lead alone.
    pub fn is_safeguarding(&self) -> bool {
        self.record.tier == SAFEGUARDING
    }

    /// The pair it is about; none where it is about one of them alone, or about nobody.
    fn pair(&self) -> Option<Pair<'_>> {
        let subject = self.record.subject.as_ref()?;
        Some((&self.record.site, subject.client.as_deref()?, subject.peer.as_deref()?))
    }

    fn is_held_back(&self, concerned: &BTreeSet<Pair<'_>>) -> bool {
        !self.is_safeguarding() && self.pair().is_some_and(|pair| concerned.contains(&pair))
    }
}

/// What is done with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// It is sent, and once it is over until that instant.
    Sent { until: Instant },
    /// It is only on the topic: all that it follows from was recorded too long ago.
    RecordedOnly,
}

#[derive(Debug)]
struct Entry {
    alert: Arc<Alert>,
    /// Grows with each record that is taken in, so that a deliverer sees what is new.
    version: u64,
    delivery: Delivery,
}

impl Entry {
    /// Whether it is to be sent at `now`, if nothing holds it back.
    fn is_due(&self, now: Instant) -> bool {
        self.delivery != Delivery::RecordedOnly && !self.is_done(now)
    }

    /// Whether it is over and need not be sent any more at `now`.
    fn is_done(&self, now: Instant) -> bool {
        match (self.alert.state, self.delivery) {
            (State::Firing, _) => false,
            (State::Over(_), Delivery::Sent { until }) => now > until,
            (State::Over(_), Delivery::RecordedOnly) => true,
        }
    }
}

/// What a record did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is something new to deliver.
    Deliver,
    /// There is not.
    Nothing,
    /// A new alert is recorded, not delivered.
    Backfill,
    /// It cannot be read; what was known stays.
    Unusable,
}

/// When a record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When it was written.
    pub written: Instant,
    /// What the clock of its partition said when it was derived. Where positions were set back, that is what it said the first
    /// time, and when it was written is not: an alert that was delivered does not turn into a backfill.
    pub derived: Instant,
    /// When the event was recorded of which it came; not known where it was time that brought it.
    pub recorded: Option<Instant>,
}

/// Rules of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long one that is over is sent, microseconds.
    pub resolved_us: i64,
    /// How long before it became an alert the newest that it follows from may have been recorded, microseconds.
    pub backfill_us: i64,
}

impl Rules {
    /// From settings.
    pub fn new(resolved_seconds: u32, backfill_days: u32) -> Rules {
        Rules {
            resolved_us: i64::from(resolved_seconds) * 1_000_000,
            backfill_us: i64::from(backfill_days) * DAY_US,
        }
    }
}

/// All alerts that fire or were over a short while ago.
#[derive(Debug)]
pub struct Ledger {
    rules: Rules,
    entries: BTreeMap<String, Entry>,
    version: u64,
}

impl Ledger {
    /// An empty one.
    pub fn new(rules: Rules) -> Ledger {
        Ledger { rules, entries: BTreeMap::new(), version: 0 }
    }

    /// Takes in a record.
    ///
    /// A tombstone takes an alert away: if it fired, it is over.
    pub fn apply(&mut self, key: Option<&[u8]>, value: Option<&[u8]>, times: Times) -> Outcome {
        let written = times.written;
        let Some(id) = key.and_then(|key| std::str::from_utf8(key).ok()) else { return Outcome::Unusable };
        let alert = match value {
            Some(value) => match read(id, value) {
                Some(alert) => alert,
                None => return Outcome::Unusable,
            },
            None => match self.entries.get(id).map(|entry| &entry.alert) {
                Some(alert) if alert.state == State::Firing => {
                    Alert { state: State::Over(written), ..Alert::clone(alert) }
                }
                _ => return Outcome::Nothing,
            },
        };
        self.put(id, alert, times)
    }

    fn put(&mut self, id: &str, alert: Alert, times: Times) -> Outcome {
        // One that would have been forgotten by then counts as such: while catching up, all is read at once.
        let before = self.entries.get(id).filter(|entry| !entry.is_done(times.written));
        let before = before.map(|entry| entry.delivery);
        let delivery = match (before, self.is_backfill(&alert, times)) {
            // What is being delivered stays delivered, however old it becomes.
            (Some(Delivery::Sent { .. }), _) | (_, false) => {
                Delivery::Sent { until: Instant(times.written.0.saturating_add(self.rules.resolved_us)) }
            }
            (_, true) => Delivery::RecordedOnly,
        };
        self.version += 1;
        let entry = Entry { alert: Arc::new(alert), version: self.version, delivery };
        self.entries.insert(id.to_owned(), entry);
        match (delivery, before) {
            (Delivery::Sent { .. }, _) => Outcome::Deliver,
            (Delivery::RecordedOnly, None) => Outcome::Backfill,
            (Delivery::RecordedOnly, Some(_)) => Outcome::Nothing,
        }
    }

    /// Whether all that an alert follows from was recorded long before: what opened it, and the event that made an alert of it, which
    /// may be another one, entered late. A clock of the log that is ahead makes nothing old: none is derived after it is written.
    fn is_backfill(&self, alert: &Alert, times: Times) -> bool {
        let opened = Instant::parse(&alert.record.recorded_at).unwrap_or(alert.since);
        let newest = times.recorded.map_or(opened, |recorded| recorded.max(opened));
        let became = times.derived.min(times.written);
        !alert.is_safeguarding() && became.0.saturating_sub(newest.0) > self.rules.backfill_us
    }

    /// Forgets alerts that are over and need not be sent any more.
    pub fn forget(&mut self, now: Instant) {
        self.entries.retain(|_, entry| !entry.is_done(now));
    }

    /// What is to be delivered at `now`, by alert id: the version of its last record, and the alert.
    ///
    /// Nothing is delivered of a pair while a safeguarding alert of it fires, but that: it would tell the wrong people.
    /// What was delivered before is not told as over, it is sent no more: Alertmanager lets go of it after some minutes and
    /// says so. To say so at once would tell the same, and the very minute of the concern too (decision 0014).
    pub fn deliverable(&self, now: Instant) -> impl Iterator<Item = (&str, u64, &Arc<Alert>)> {
        let concerned = self.concerned();
        let due = self.entries.iter().filter(move |(_, entry)| entry.is_due(now));
        let told = due.filter(move |(_, entry)| !entry.alert.is_held_back(&concerned));
        told.map(|(id, entry)| (id.as_str(), entry.version, &entry.alert))
    }

    /// How many alerts fire that are delivered only once no safeguarding alert of their pair fires any more.
    pub fn held_back(&self) -> usize {
        let concerned = self.concerned();
        let firing = self.entries.values().filter(|entry| entry.alert.state == State::Firing);
        let sent = firing.filter(|entry| entry.delivery != Delivery::RecordedOnly);
        sent.filter(|entry| entry.alert.is_held_back(&concerned)).count()
    }

    /// The pairs of which a safeguarding alert fires.
    fn concerned(&self) -> BTreeSet<Pair<'_>> {
        let alerts = self.entries.values().map(|entry| &entry.alert);
        let firing = alerts.filter(|alert| alert.is_safeguarding() && alert.state == State::Firing);
        firing.filter_map(|alert| alert.pair()).collect()
    }

    /// How many alerts fire, by name and tier, delivered or not.
    pub fn firing(&self) -> BTreeMap<(&str, &str), i64> {
        let mut firing = BTreeMap::new();
        for entry in self.entries.values().filter(|entry| entry.alert.state == State::Firing) {
            let record = &entry.alert.record;
            *firing.entry((record.alert.as_str(), record.tier.as_str())).or_default() += 1;
        }
        firing
    }
}

/// The tier that is always delivered, and to nobody but the safeguarding lead; and the alert of that tier.
pub const SAFEGUARDING: &str = "safeguarding";

fn read(id: &str, value: &[u8]) -> Option<Alert> {
    let mut record: v1::Alert = serde_json::from_slice(value).ok()?;
    let well_formed = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) && record.alert_id == id;
    if !well_formed || record.alert.is_empty() || record.site.is_empty() {
        return None;
    }
    if record.alert == SAFEGUARDING {
        // Whatever tier a record says: this one goes to the safeguarding lead alone.
        SAFEGUARDING.clone_into(&mut record.tier);
    }
    let since = Instant::parse(&record.since)?;
    let until = record.until.as_deref().map(Instant::parse);
    let state = match (record.state.as_str(), until) {
        ("firing", _) => State::Firing,
        ("resolved" | "withdrawn", Some(Some(until))) => State::Over(until.max(since)),
        // Withdrawn without an end: it never held, so it ended as it began.
        ("withdrawn", None) => State::Over(since),
        _ => return None,
    };
    Some(Alert { record, since, state })
}

#[cfg(test)]
pub(crate) mod tests;
