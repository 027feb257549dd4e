//! The desk of a site: where what happened becomes records, recorded when somebody gets round to it.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

use rapport_model::time::{DAY_US, Day, Instant};

use super::answers::Answers;
use super::draws::Draws;
use super::line::{Line, MINUTE_US};
use super::outcome::{BESIDE, Instrument, Strength};
use super::truth::SiteTruth;
use super::{Arrival, Kind, Plan, bad};

pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;
/// Longest from an event to the record of it.
const LATEST_US: i64 = 55 * DAY_US;

/// Ids of those an event is about, empty where it has no such person.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) client: &'a str,
    pub(crate) peer: &'a str,
}

/// When a version of an event happened and was recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) occurred_at: Instant,
    pub(crate) recorded_at: Instant,
}

/// The desk of a site.
pub(crate) struct Desk {
    pub(crate) site: u32,
    pub(crate) name: Arc<str>,
    pub(crate) draws: Draws,
    pub(crate) truth: SiteTruth,
    offset_minutes: i64,
    events: u64,
    late: f64,
    duplicates: f64,
    bad: f64,
    /// First day there is.
    pub(super) first: Day,
    /// What the service does to outcomes.
    pub(super) strength: Strength,
    /// What a peer's supervision does to alliances.
    pub(super) supervision_effect: f64,
    /// What clients are asked with beside what all are asked with.
    pub(super) beside: Instrument,
    /// Clients and peers who have lately been here, the last one at the end.
    pub(super) lately: VecDeque<(String, String)>,
    pub(super) answers: Answers,
    /// Records not yet handed over.
    pub(crate) out: Vec<Arrival>,
}

impl Desk {
    pub(crate) fn new(plan: &Plan, site: u32, name: Arc<str>) -> Desk {
        Desk {
            site,
            name,
            draws: Draws::new(plan.seed, u64::from(site)),
            truth: SiteTruth::default(),
            // Some sites' systems write local time with its offset, some write UTC.
            offset_minutes: if site % 3 == 1 { 60 } else { 0 },
            events: 0,
            late: plan.late,
            duplicates: plan.duplicates,
            bad: plan.bad,
            first: plan.start,
            strength: Strength::of(plan),
            supervision_effect: plan.supervision_effect,
            beside: BESIDE[site as usize % BESIDE.len()],
            lately: VecDeque::new(),
            answers: Answers::new(),
            out: Vec::new(),
        }
    }

    /// An instant on that day in working hours, whole minutes.
    pub(crate) fn working_hours(&mut self, day: Day) -> Instant {
        Instant(day.start().0 + self.draws.whole(9 * 60, 17 * 60) * MINUTE_US)
    }

    /// The id of an event that has none yet.
    pub(crate) fn new_id(&mut self) -> String {
        self.events += 1;
        let mut id = String::with_capacity(16);
        // Writing to a String cannot fail.
        let _ = write!(id, "e{:02}-{:08}", self.site + 1, self.events);
        id
    }

    /// When something that happened then is recorded: most within hours, the plan's share days to weeks later.
    pub(crate) fn recorded(&mut self, occurred_at: Instant) -> Times {
        let delay = if self.draws.chance(self.late) {
            2 * DAY_US + (self.draws.exponential() * 6.0 * DAY_US as f64) as i64
        } else if self.draws.chance(0.2) {
            0
        } else {
            (self.draws.exponential() * 4.0 * HOUR_US as f64) as i64
        };
        let delay = delay.min(LATEST_US) / 1_000_000 * 1_000_000;
        if delay > 2 * DAY_US {
            self.truth.records.late += 1;
        }
        Times { occurred_at, recorded_at: Instant(occurred_at.0 + delay) }
    }

    /// Something happened: enters it; returns its id.
    pub(crate) fn note(
        &mut self,
        kind: &str,
        at: Instant,
        about: About<'_>,
        body: impl Fn(&mut Line),
    ) -> String {
        let times = self.recorded(at);
        self.enter(kind, times, about, body)
    }

    /// Writes a version of an event, and what goes wrong on its way.
    pub(crate) fn version(
        &mut self,
        arrival: Kind,
        id: &str,
        kind: &str,
        times: Times,
        about: About<'_>,
        body: impl FnOnce(&mut Line),
    ) {
        let mut line = Line::new(self.offset_minutes);
        line.text("event_id", id).text("type", kind).text("site", &self.name);
        line.instant("occurred_at", times.occurred_at);
        // An absent recorded_at means the same; many systems leave it out.
        if times.recorded_at != times.occurred_at || arrival == Kind::Correction {
            line.instant("recorded_at", times.recorded_at);
        }
        if !about.client.is_empty() {
            line.text("client", about.client);
        }
        if !about.peer.is_empty() {
            line.text("peer", about.peer);
        }
        body(&mut line);
        let json = line.end();
        match arrival {
            Kind::Correction => self.truth.records.corrections += 1,
            Kind::Retraction => self.truth.records.retractions += 1,
            _ => self.truth.records.events += 1,
        }
        if self.draws.chance(self.bad) {
            let at = self.underway(times.recorded_at);
            let json = bad::spoil(&json, &mut self.draws);
            self.truth.records.bad += 1;
            self.send(Kind::Bad, at, times, json);
        }
        let at = self.underway(times.recorded_at);
        if self.draws.chance(self.duplicates) {
            let again = Instant(at.0 + (self.draws.exponential() * DAY_US as f64) as i64);
            self.truth.records.duplicates += 1;
            self.send(Kind::Duplicate, again, times, json.clone());
        }
        self.send(arrival, at, times, json);
    }

    /// When a record made then arrives: seconds later, and with some sources in the night's batch, out of order.
    fn underway(&mut self, recorded_at: Instant) -> Instant {
        let mut at = recorded_at.0 + self.draws.whole(0, 20_000_000);
        if self.draws.chance(0.03) {
            at += self.draws.whole(0, DAY_US / 1000) * 1000;
        }
        Instant(at)
    }

    fn send(&mut self, kind: Kind, arrives_at: Instant, times: Times, json: String) {
        let Times { occurred_at, recorded_at } = times;
        self.out.push(Arrival { arrives_at, occurred_at, recorded_at, site: self.site, kind, json });
    }
}
