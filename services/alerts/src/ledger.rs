//! The last record of each alert, and which of them are to be delivered.

use std::collections::BTreeMap;
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

/// What is done with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// It is sent, and once it is over until that instant.
    Sent { until: Instant },
    /// It is only on the topic: what opened it was recorded too long ago.
    RecordedOnly,
}

#[derive(Debug)]
struct Entry {
    alert: Arc<Alert>,
    /// Grows with each record that is taken in, so that a deliverer sees what is new.
    version: u64,
    delivery: Delivery,
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

/// Rules of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long one that is over is sent, microseconds.
    pub resolved_us: i64,
    /// How long before it became an alert what opened it may have been recorded, microseconds.
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

    /// Takes in a record that was written at `written`.
    ///
    /// A tombstone takes an alert away: if it fired, it is over.
    pub fn apply(&mut self, key: Option<&[u8]>, value: Option<&[u8]>, written: Instant) -> Outcome {
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
        self.put(id, alert, written)
    }

    fn put(&mut self, id: &str, alert: Alert, written: Instant) -> Outcome {
        let before = self.entries.get(id).map(|entry| entry.delivery);
        let delivery = match (before, self.is_backfill(&alert, written)) {
            // What is being delivered stays delivered, however old it becomes.
            (Some(Delivery::Sent { .. }), _) | (_, false) => {
                Delivery::Sent { until: Instant(written.0.saturating_add(self.rules.resolved_us)) }
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

    fn is_backfill(&self, alert: &Alert, written: Instant) -> bool {
        let recorded = Instant::parse(&alert.record.recorded_at).unwrap_or(alert.since);
        alert.record.tier != SAFEGUARDING && written.0.saturating_sub(recorded.0) > self.rules.backfill_us
    }

    /// Forgets alerts that are over and need not be sent any more.
    pub fn forget(&mut self, now: Instant) {
        self.entries.retain(|_, entry| match (entry.alert.state, entry.delivery) {
            (State::Firing, _) => true,
            (State::Over(_), Delivery::Sent { until }) => now <= until,
            (State::Over(_), Delivery::RecordedOnly) => false,
        });
    }

    /// What is to be delivered at `now`, by alert id: the version of its last record, and the alert.
    pub fn deliverable(&self, now: Instant) -> impl Iterator<Item = (&str, u64, &Arc<Alert>)> {
        self.entries.iter().filter_map(move |(id, entry)| match (entry.alert.state, entry.delivery) {
            (_, Delivery::RecordedOnly) => None,
            (State::Over(_), Delivery::Sent { until }) if now > until => None,
            _ => Some((id.as_str(), entry.version, &entry.alert)),
        })
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
pub(crate) mod tests {
    use super::*;

    /// An alert's record.
    pub(crate) fn record(id: u8, state: &str, recorded_at: &str, until: Option<&str>) -> v1::Alert {
        v1::Alert {
            alert_id: format!("{id:032x}"),
            site: "leeds".to_owned(),
            alert: "alliance_breakdown".to_owned(),
            tier: "page".to_owned(),
            state: state.to_owned(),
            since: "2026-01-10T10:00:00Z".to_owned(),
            until: until.map(str::to_owned),
            recorded_at: recorded_at.to_owned(),
            subject: Some(v1::Subject {
                client: Some("k1:clientpseudonym".to_owned()),
                peer: Some("k1:peerpseudonym".to_owned()),
            }),
            mechanism: Some("working_alliance".to_owned()),
            component: Some("bond".to_owned()),
            detected_by: Some("measured".to_owned()),
            summary: Some(
                "two of the last three alliance ratings are well below this pair's usual".to_owned(),
            ),
            certainty: Some(v1::Certainty {
                rule: "z_above_3".to_owned(),
                ratings: Some(7),
                expected_false_alarms: Some("about 5 in 100".to_owned()),
            }),
            next_step: Some("raise in next supervision".to_owned()),
            link: format!("https://rapport.invalid/alerts/{id:032x}"),
            withdrawn_event: None,
        }
    }

    pub(crate) fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    const RULES: Rules = Rules { resolved_us: 600_000_000, backfill_us: 14 * DAY_US };

    fn apply(ledger: &mut Ledger, record: &v1::Alert, written: &str) -> Outcome {
        let value = serde_json::to_vec(record).unwrap();
        ledger.apply(Some(record.alert_id.as_bytes()), Some(&value), at(written))
    }

    fn deliverable(ledger: &Ledger, now: &str) -> Vec<(String, State)> {
        ledger.deliverable(at(now)).map(|(id, _, alert)| (id.to_owned(), alert.state)).collect()
    }

    #[test]
    fn a_firing_alert_is_delivered_until_ten_minutes_after_it_is_over() {
        let mut ledger = Ledger::new(RULES);
        let firing = record(1, "firing", "2026-01-10T10:00:00Z", None);
        assert_eq!(apply(&mut ledger, &firing, "2026-01-10T10:00:01Z"), Outcome::Deliver);
        assert_eq!(deliverable(&ledger, "2026-03-01T00:00:00Z"), [(firing.alert_id, State::Firing)]);
        let until = "2026-03-01T00:00:00Z";
        let resolved = record(1, "resolved", "2026-01-10T10:00:00Z", Some(until));
        assert_eq!(apply(&mut ledger, &resolved, "2026-03-01T00:00:01Z"), Outcome::Deliver);
        let over = [(resolved.alert_id, State::Over(at(until)))];
        assert_eq!(deliverable(&ledger, "2026-03-01T00:10:01Z"), over);
        assert_eq!(deliverable(&ledger, "2026-03-01T00:10:02Z"), []);
        ledger.forget(at("2026-03-01T00:10:02Z"));
        assert!(ledger.entries.is_empty());
    }

    #[test]
    fn what_was_recorded_long_before_it_became_an_alert_is_not_delivered_but_safeguarding_is() {
        let mut ledger = Ledger::new(RULES);
        let old = record(1, "firing", "2025-12-26T09:59:59Z", None);
        assert_eq!(apply(&mut ledger, &old, "2026-01-09T10:00:00Z"), Outcome::Backfill);
        assert_eq!(apply(&mut ledger, &old, "2026-01-09T10:00:01Z"), Outcome::Nothing);
        let young = record(2, "firing", "2025-12-26T10:00:00Z", None);
        assert_eq!(apply(&mut ledger, &young, "2026-01-09T10:00:00Z"), Outcome::Deliver);
        let safeguarding =
            v1::Alert { tier: SAFEGUARDING.to_owned(), ..record(3, "firing", "2020-01-01T00:00:00Z", None) };
        assert_eq!(apply(&mut ledger, &safeguarding, "2026-01-09T10:00:00Z"), Outcome::Deliver);
        let ids: Vec<_> =
            deliverable(&ledger, "2026-01-09T10:00:00Z").into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, [young.alert_id.clone(), safeguarding.alert_id]);
        assert_eq!(
            ledger.firing(),
            BTreeMap::from([(("alliance_breakdown", "page"), 2), (("alliance_breakdown", SAFEGUARDING), 1)])
        );
        // What is delivered already goes on being delivered when it is written again much later.
        assert_eq!(apply(&mut ledger, &young, "2026-02-01T10:00:00Z"), Outcome::Deliver);
    }

    #[test]
    fn a_safeguarding_alert_is_of_its_tier_whatever_its_record_says() {
        let mut ledger = Ledger::new(RULES);
        let old = record(1, "firing", "2020-01-01T00:00:00Z", None);
        let record = v1::Alert { alert: SAFEGUARDING.to_owned(), tier: "page".to_owned(), ..old };
        assert_eq!(apply(&mut ledger, &record, "2026-01-10T10:00:01Z"), Outcome::Deliver);
        assert_eq!(ledger.firing(), BTreeMap::from([((SAFEGUARDING, SAFEGUARDING), 1)]));
    }

    #[test]
    fn a_withdrawn_or_erased_alert_is_told_as_over() {
        let mut ledger = Ledger::new(RULES);
        let (written, later) = ("2026-01-10T10:00:01Z", "2026-01-10T11:00:00Z");
        for id in [1, 2] {
            apply(&mut ledger, &record(id, "firing", "2026-01-10T10:00:00Z", None), written);
        }
        let withdrawn = record(1, "withdrawn", "2026-01-10T10:00:00Z", None);
        assert_eq!(apply(&mut ledger, &withdrawn, later), Outcome::Deliver);
        let erased = record(2, "firing", "2026-01-10T10:00:00Z", None);
        assert_eq!(ledger.apply(Some(erased.alert_id.as_bytes()), None, at(later)), Outcome::Deliver);
        assert_eq!(ledger.apply(Some(erased.alert_id.as_bytes()), None, at(later)), Outcome::Nothing);
        let states: Vec<_> = deliverable(&ledger, later).into_iter().map(|(_, state)| state).collect();
        assert_eq!(states, [State::Over(at("2026-01-10T10:00:00Z")), State::Over(at(later))]);
        assert!(ledger.firing().is_empty());
    }

    #[test]
    fn an_end_is_never_before_the_beginning_and_what_cannot_be_read_changes_nothing() {
        let mut ledger = Ledger::new(RULES);
        let early = record(1, "resolved", "2026-01-10T10:00:00Z", Some("2026-01-01T00:00:00Z"));
        apply(&mut ledger, &early, "2026-01-10T10:00:01Z");
        assert_eq!(
            deliverable(&ledger, "2026-01-10T10:00:01Z")[0].1,
            State::Over(at("2026-01-10T10:00:00Z"))
        );
        let good = record(2, "firing", "2026-01-10T10:00:00Z", None);
        let value = serde_json::to_vec(&good).unwrap();
        let written = at("2026-01-10T10:00:01Z");
        assert_eq!(ledger.apply(None, Some(&value), written), Outcome::Unusable);
        assert_eq!(ledger.apply(Some(b"short"), Some(&value), written), Outcome::Unusable);
        assert_eq!(ledger.apply(Some(good.alert_id.as_bytes()), Some(b"{}"), written), Outcome::Unusable);
        let unknown = record(2, "acknowledged", "2026-01-10T10:00:00Z", None);
        assert_eq!(apply(&mut ledger, &unknown, "2026-01-10T10:00:01Z"), Outcome::Unusable);
        let endless = record(2, "resolved", "2026-01-10T10:00:00Z", None);
        assert_eq!(apply(&mut ledger, &endless, "2026-01-10T10:00:01Z"), Outcome::Unusable);
        assert_eq!(deliverable(&ledger, "2026-01-10T10:00:01Z").len(), 1);
    }
}
