//! Section 4: what the ratings, ruptures and missed contacts of one episode say, taken in order.

use std::collections::BTreeMap;

use super::Given;
use super::days::{Us, day_of};
use super::scores::Baseline;

/// A client's rating with a total.
#[derive(Debug, Clone)]
pub struct Rating {
    /// The event.
    pub event_id: String,
    /// When.
    pub at: Us,
    /// With which instrument.
    pub instrument: String,
    /// Total and whatever components it has, normalised.
    pub scores: BTreeMap<String, i64>,
}

impl Rating {
    fn total(&self) -> i64 {
        self.scores["total"]
    }
}

/// A baseline that was filled.
#[derive(Debug, Clone)]
pub struct Filled {
    /// By which instrument.
    pub instrument: String,
    /// When.
    pub at: Us,
    /// It.
    pub baseline: Baseline,
}

/// A stretch of watch.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The event that opened it.
    pub event_id: String,
    /// When.
    pub opened: Us,
    /// What fell most.
    pub component: Option<&'static str>,
    /// When it closed.
    pub closed: Option<Us>,
}

/// A breakdown.
#[derive(Debug, Clone)]
pub struct Breakdown {
    /// The event that opened it.
    pub event_id: String,
    /// When.
    pub opened: Us,
    /// What showed it.
    pub detected_by: &'static str,
    /// Where.
    pub mechanism: &'static str,
    /// What fell most.
    pub component: Option<&'static str>,
    /// When it was repaired.
    pub repaired: Option<Us>,
    /// When it ended with the episode, not repaired.
    pub ended: Option<Us>,
}

/// What a rating was worth, if there was a baseline for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// How far below the mean.
    pub z: f64,
    /// The mean, in millionths.
    pub mean: f64,
    /// What fell most.
    pub component: Option<&'static str>,
}

/// The alliance of one episode so far.
#[derive(Debug, Clone, Default)]
pub struct Alliance {
    /// All ratings, whatever the instrument.
    pub ratings: Vec<Rating>,
    /// The instrument followed.
    pub followed: Option<String>,
    /// The last rating of the followed instrument.
    pub last_followed: Option<Us>,
    /// Ratings by other instruments since then.
    others: BTreeMap<String, Vec<Rating>>,
    /// Ratings of the baseline that is being filled.
    filling: Vec<Rating>,
    /// The baselines filled; the last one is in force if `is_full`.
    pub filled: Vec<Filled>,
    /// Whether the followed instrument's baseline is full.
    pub is_full: bool,
    /// Ratings of the followed instrument after its baseline.
    run: Vec<Rating>,
    /// How many of `run` lie before the last repair, the present watch, the present breakdown.
    repaired_at: usize,
    watched_at: usize,
    broken_at: usize,
    /// The watches, in order.
    pub watches: Vec<Watch>,
    /// The breakdowns, in order.
    pub breakdowns: Vec<Breakdown>,
}

impl Alliance {
    /// The watch that is open.
    pub fn watch(&self) -> Option<&Watch> {
        self.watches.iter().find(|watch| watch.closed.is_none())
    }

    /// The breakdown that is open.
    pub fn breakdown(&self) -> Option<&Breakdown> {
        self.breakdowns.iter().find(|one| one.repaired.is_none() && one.ended.is_none())
    }

    /// Closes the watch, if one is open.
    pub fn close_watch(&mut self, at: Us) {
        for watch in self.watches.iter_mut().filter(|watch| watch.closed.is_none()) {
            watch.closed = Some(at);
        }
    }

    /// Opens a breakdown, unless one is open: then this is further evidence of that one.
    pub fn break_down(
        &mut self,
        (event_id, at): (&str, Us),
        detected_by: &'static str,
        mechanism: &'static str,
        component: Option<&'static str>,
    ) {
        if self.breakdown().is_some() {
            return;
        }
        self.close_watch(at);
        self.broken_at = self.run.len();
        self.breakdowns.push(Breakdown {
            event_id: event_id.to_owned(),
            opened: at,
            detected_by,
            mechanism,
            component,
            repaired: None,
            ended: None,
        });
    }

    /// Repairs the breakdown, if one is open.
    pub fn repair(&mut self, at: Us) {
        let open = self.breakdowns.iter_mut().find(|one| one.repaired.is_none() && one.ended.is_none());
        if let Some(breakdown) = open {
            breakdown.repaired = Some(at);
            self.repaired_at = self.run.len();
        }
    }

    /// The episode ends: what is open ends with it.
    pub fn end(&mut self, at: Us) {
        self.close_watch(at);
        for breakdown in &mut self.breakdowns {
            if breakdown.repaired.is_none() && breakdown.ended.is_none() {
                breakdown.ended = Some(at);
            }
        }
    }

    /// Takes a rating in.
    pub fn rate(&mut self, given: &Given, rating: Rating) -> Option<Scored> {
        self.ratings.push(rating.clone());
        if self.followed.is_none() {
            self.followed = Some(rating.instrument.clone());
        }
        if self.followed.as_ref() != Some(&rating.instrument) {
            self.rate_by_another(given, rating);
            return None;
        }
        self.others.clear();
        self.last_followed = Some(rating.at);
        if !self.is_full {
            if self.breakdown().is_none() {
                self.filling.push(rating);
                if self.filling.len() as i64 == given.settings.baseline_ratings {
                    let ratings = std::mem::take(&mut self.filling);
                    self.fill(given, ratings);
                }
            }
            return None;
        }
        let baseline = self.filled.last().expect("a full baseline was filled").baseline.clone();
        let scored = Scored {
            z: baseline.z(rating.total()),
            mean: baseline.mean(),
            component: baseline.fallen_most(&rating.scores),
        };
        self.run.push(rating);
        self.judge(given, &baseline);
        Some(scored)
    }

    fn fill(&mut self, given: &Given, ratings: Vec<Rating>) {
        let last = ratings.last().expect("a baseline has ratings");
        let (instrument, at) = (last.instrument.clone(), last.at);
        let baseline = Baseline {
            totals: ratings.iter().map(Rating::total).collect(),
            components: ratings.iter().map(|rating| rating.scores.clone()).collect(),
            sd: given.instruments[&instrument].sd,
            prior_weight: given.settings.prior_weight,
        };
        self.filled.push(Filled { instrument, at, baseline });
        self.is_full = true;
    }

    fn rate_by_another(&mut self, given: &Given, rating: Rating) {
        let uses = self.others.entry(rating.instrument.clone()).or_default();
        uses.push(rating.clone());
        if uses.len() as i64 == given.settings.baseline_ratings {
            let ratings = uses.clone();
            self.followed = Some(rating.instrument);
            self.last_followed = Some(rating.at);
            self.others.clear();
            self.filling.clear();
            self.run.clear();
            (self.repaired_at, self.watched_at, self.broken_at) = (0, 0, 0);
            self.fill(given, ratings);
        }
    }

    /// What the last rating of the run means.
    fn judge(&mut self, given: &Given, baseline: &Baseline) {
        let now = self.run.last().expect("a rating is judged").clone();
        let q = now.total();
        if self.breakdown().is_some() {
            if self.two_good_in_a_row(given, baseline, self.broken_at) {
                self.repair(now.at);
            }
            return;
        }
        let two_before = self.two_before(given, self.repaired_at);
        let is_second =
            baseline.z_above(q, 2) && two_before.iter().any(|before| baseline.z_above(*before, 2));
        if baseline.z_above(q, 3) || is_second {
            let component = baseline.fallen_most(&now.scores);
            self.break_down((&now.event_id, now.at), "measured", "working_alliance", component);
        } else if self.watch().is_some() {
            if self.two_good_in_a_row(given, baseline, self.watched_at) {
                self.close_watch(now.at);
            }
        } else if baseline.z_above(q, 2) {
            self.watched_at = self.run.len();
            self.watches.push(Watch {
                event_id: now.event_id.clone(),
                opened: now.at,
                component: baseline.fallen_most(&now.scores),
                closed: None,
            });
        }
    }

    fn are_in_a_row(&self, given: &Given, first: usize) -> bool {
        day_of(self.run[first + 1].at) - day_of(self.run[first].at) <= given.settings.in_a_row_days
    }

    /// Totals of the at most two ratings before the last, in a row with it, from place `from` on.
    fn two_before(&self, given: &Given, from: usize) -> Vec<i64> {
        let mut totals = Vec::new();
        let mut place = self.run.len() - 1;
        while totals.len() < 2 && place > from && self.are_in_a_row(given, place - 1) {
            place -= 1;
            totals.push(self.run[place].total());
        }
        totals
    }

    /// Whether the last two ratings, both from place `from` on and in a row, have z < 1.
    fn two_good_in_a_row(&self, given: &Given, baseline: &Baseline, from: usize) -> bool {
        let last = self.run.len() - 1;
        last > from
            && self.are_in_a_row(given, last - 1)
            && baseline.z_below(self.run[last].total(), 1)
            && baseline.z_below(self.run[last - 1].total(), 1)
    }
}
