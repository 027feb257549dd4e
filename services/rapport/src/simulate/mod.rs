//! A simulated charity: raw events as its sites' systems would send them, and the truth behind them.
//!
//! Weekly contacts of which three in four take place, alliances with a level and a spread of their own that fall slowly
//! or at once and recover or do not, support asked for and given or not, clients who stop coming and some who come
//! back, peers who join and leave; and what real sources do to such facts: recorded late, sent twice, out of order,
//! corrected, withdrawn. Ids are plainly artificial and there are no names.
//!
//! Everything is a pure function of the [`Plan`]: the same plan gives the same records in the same order on every
//! machine.

mod alliance;
mod around;
mod bad;
mod desk;
mod draws;
mod dyad;
mod ending;
mod line;
mod plan;
mod site;
mod table;
mod truth;
mod words;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rapport_model::time::{Day, Instant};

pub use plan::{Plan, site_name};
pub use table::table;
pub use truth::{Fall, Noted, Records, SiteTruth, Truth, Vanished};

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The first version of an event.
    Event,
    /// A later version of it.
    Correction,
    /// A retraction.
    Retraction,
    /// The same record once more.
    Duplicate,
    /// A record that is to be rejected.
    Bad,
}

/// A raw record that arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When it arrives.
    pub arrives_at: Instant,
    /// When what it says happened.
    pub occurred_at: Instant,
    /// When that was recorded.
    pub recorded_at: Instant,
    /// Number of its site, from 0; its name is [`site_name`] of that.
    pub site: u32,
    /// What it is.
    pub kind: Kind,
    /// The record: one JSON object without a line break.
    pub json: String,
}

/// Simulates a plan.
///
/// The iterator gives records in order of arrival; after the plan's last day it gives those that are still on their
/// way, then ends. Memory is bounded by the dyads and the records on their way, not by the days.
pub fn generate(plan: &Plan) -> Simulation {
    let sites = (0..plan.sites.max(1)).map(|number| site::Site::new(plan, number)).collect();
    let end = plan.start.plus(i32::try_from(plan.days).unwrap_or(i32::MAX / 2));
    Simulation {
        seed: plan.seed,
        sites,
        first: plan.start,
        day: plan.start,
        end,
        queue: BinaryHeap::new(),
        sent: 0,
    }
}

/// A simulation under way.
pub struct Simulation {
    seed: u64,
    sites: Vec<site::Site>,
    first: Day,
    /// The day to be simulated next.
    day: Day,
    end: Day,
    queue: BinaryHeap<Reverse<Queued>>,
    sent: u64,
}

/// A record on its way; of two that arrive at one instant the one sent first comes first.
struct Queued {
    at: Instant,
    number: u64,
    arrival: Arrival,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Queued) -> bool {
        self.number == other.number
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Queued) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Queued) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Simulation {
    /// What has been planted so far.
    pub fn truth(&self) -> Truth {
        let sites =
            self.sites.iter().map(|site| (site.desk.name.to_string(), site.desk.truth.clone())).collect();
        let last = self.day.plus(-1);
        Truth { seed: self.seed, first_day: self.first.to_string(), last_day: last.to_string(), sites }
    }

    fn simulate_day(&mut self) {
        for site in &mut self.sites {
            site.day(self.day);
            for arrival in site.desk.out.drain(..) {
                self.sent += 1;
                self.queue.push(Reverse(Queued { at: arrival.arrives_at, number: self.sent, arrival }));
            }
        }
        self.day = self.day.plus(1);
    }
}

impl Iterator for Simulation {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        // Nothing that happens on a day to come arrives before that day.
        while self.day < self.end
            && self.queue.peek().is_none_or(|Reverse(first)| first.at >= self.day.start())
        {
            self.simulate_day();
        }
        self.queue.pop().map(|Reverse(first)| first.arrival)
    }
}

#[cfg(test)]
mod tests;
