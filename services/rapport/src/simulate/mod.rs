//! A simulated charity: raw events as its sites' systems would send them, and the truth behind them.
//!
//! Peers who are trained and supervised or not, and leave; weekly contacts of which three in four take place; alliances
//! with a level and a spread of their own that fall slowly or at once and recover or do not; support asked for and given
//! or not; behaviours modelled and copied, people who compare themselves, appointments that come of advocacy; outcomes of
//! clients and peers, which alliance and support move by as much as the plan says; clients who stop coming, some who come
//! back, some who become peers. And what real sources do to such facts: recorded late, sent twice, out of order, under
//! the wrong name, corrected, withdrawn. Ids are plainly artificial and there are no names.
//!
//! Reading order: [`site`] (peers and places for dyads), [`peer`], [`client`], [`dyad`] and what it is made of
//! ([`alliance`], [`modelling`], [`around`], [`ending`]), [`outcome`] and [`effects`]; then [`desk`], where what
//! happened becomes records, with its [`mistakes`].
//!
//! Everything is a pure function of the [`Plan`]: the same plan gives the same records in the same order on every
//! machine.

mod alliance;
mod answers;
mod around;
mod bad;
mod client;
mod desk;
mod draws;
mod dyad;
mod effects;
mod ending;
mod incidents;
mod line;
mod mistakes;
mod modelling;
mod outcome;
mod peer;
mod plan;
mod site;
mod table;
mod truth;
mod words;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rapport_model::time::{Day, Instant};

pub use effects::{Effect, Link};
pub use peer::MODULES;
pub use plan::{Plan, site_name};
pub use table::table;
pub use truth::{Fall, Learning, Noted, Records, SiteTruth, Truth, Vanished};

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
    Simulation { plan: plan.clone(), sites, day: plan.start, end, queue: BinaryHeap::new(), sent: 0 }
}

/// A simulation under way.
pub struct Simulation {
    plan: Plan,
    sites: Vec<site::Site>,
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
        let seen = || self.sites.iter().map(|site| &site.desk.truth.seen);
        let effect = |link: Link| Effect::of(link, link.planted(&self.plan), seen());
        let sites =
            self.sites.iter().map(|site| (site.desk.name.to_string(), site.desk.truth.clone())).collect();
        Truth {
            seed: self.plan.seed,
            first_day: self.plan.start.to_string(),
            last_day: self.day.plus(-1).to_string(),
            effects: Link::ALL.into_iter().map(effect).collect(),
            sites,
        }
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
#[cfg(test)]
mod vocabulary;
