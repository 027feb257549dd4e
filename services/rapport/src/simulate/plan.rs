//! What is to be simulated.

use rapport_model::time::Day;

/// What is to be simulated; the events and the order they arrive in are a pure function of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Number of sites, at least 1.
    pub sites: u32,
    /// Peers at work at each site at a time, at least 1.
    pub peers: u32,
    /// Places for dyads at each site: about this many are open at a time, and a place that falls empty is given to a
    /// new client some weeks later.
    pub dyads: u32,
    /// First day simulated.
    pub start: Day,
    /// Days simulated; events happen on these days, some arrive later.
    pub days: u32,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Share of events recorded days to weeks after they happened, 0–1. The others are recorded within two days.
    pub late: f64,
    /// Share of records that arrive a second time, 0–1.
    pub duplicates: f64,
    /// Bad records sent for each good one, 0–1.
    pub bad: f64,
    /// What the alliance does to outcomes of clients and peers: SD of the outcome, in the good direction, per SD of
    /// the alliance since the measure before; −0.7 to 0.7.
    pub alliance_effect: f64,
    /// The same of support: types given per contact since the measure before.
    pub support_effect: f64,
    /// The same of a peer's supervision on the usual level of that peer's alliances.
    pub supervision_effect: f64,
}

impl Default for Plan {
    /// Six sites over a year.
    fn default() -> Self {
        Plan {
            sites: 6,
            peers: 12,
            dyads: 60,
            // 2025-01-06, a Monday.
            start: Day(20_094),
            days: 365,
            seed: 1,
            late: 0.05,
            duplicates: 0.01,
            bad: 0.0,
            // About what is found in psychotherapy (Flückiger et al. 2018: r = 0.278).
            alliance_effect: 0.3,
            support_effect: 0.25,
            supervision_effect: 0.3,
        }
    }
}

const NAMES: [&str; 24] = [
    "leeds",
    "york",
    "hull",
    "bradford",
    "sheffield",
    "durham",
    "carlisle",
    "lancaster",
    "preston",
    "derby",
    "lincoln",
    "norwich",
    "exeter",
    "truro",
    "bath",
    "bristol",
    "swansea",
    "cardiff",
    "bangor",
    "dundee",
    "perth",
    "stirling",
    "derry",
    "belfast",
];

/// Name of the site with that number, from 0: a town, and with a number behind it once the towns have run out.
pub fn site_name(number: u32) -> String {
    let name = NAMES[number as usize % NAMES.len()];
    match number as usize / NAMES.len() {
        0 => name.to_owned(),
        round => format!("{name}-{}", round + 1),
    }
}
