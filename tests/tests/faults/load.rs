//! What is sent: the records of a simulated charity.

use std::collections::VecDeque;

use rapport::simulate::{Arrival, Plan, generate};

use super::rounds;
use crate::end_to_end::charity::now;

/// Sites that send at first; when all of theirs is sent, as many others do.
const SITES: u32 = 3;

/// Days up to now of which there are records.
const DAYS: u32 = 120;

/// Records of some months up to now, of some sites after others, in the order in which they arrive; of more sites for more
/// rounds, so that what a row sends first is the same whatever the number of rounds.
pub fn load(seed: u64, bad: u32) -> VecDeque<Arrival> {
    let now = now();
    let times = u32::try_from(rounds().div_ceil(6)).expect("a small number");
    let plan = Plan {
        sites: SITES * times,
        peers: 10,
        dyads: 50,
        start: now.day().plus(-i32::try_from(DAYS).expect("a small number")),
        days: DAYS,
        seed,
        duplicates: 0.05,
        bad: f64::from(bad) / 100.0,
        ..Plan::default()
    };
    let mut arrivals: Vec<Arrival> =
        generate(&plan).take_while(|arrival| arrival.arrives_at <= now).collect();
    arrivals.sort_by_key(|arrival| arrival.site / SITES);
    arrivals.into()
}
