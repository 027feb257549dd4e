//! What one dyad adds to the windows that end on a day (model.md section 5).
//!
//! A dyad's days are bits of a word: bit *i* is the day *i* days before the windows' end. Windows end on the same day,
//! so a shorter one is the low bits of a longer one.

mod days;
mod requests;

use std::sync::Arc;

use crate::catalogue::Instrument;
use crate::event::{Body, Contact, Event, Measure};
use crate::indicators::{Id, WINDOWS};
use crate::params::Params;
use crate::release::{Counts, shortest_window};
use crate::scores;
use crate::support::{self, STANDING_DAYS};
use crate::time::Day;
use crate::timeline::{Baseline, Breakdown, Episode, Exit, Timeline};
use crate::words::*;

use days::{Days, open_days};

/// Days after its opening within which a breakdown is to be repaired.
const REPAIR_DAYS: i32 = 28;

/// Days after it within which a request is to be met.
const REQUEST_DAYS: i32 = 14;

/// Days of the longest window.
const LONGEST: i32 = WINDOWS[WINDOWS.len() - 1].days;

/// Days before a release's that can matter to it: nothing before the longest window, by any of the looks back, counts.
pub const REACH_DAYS: i32 = LONGEST + REPAIR_DAYS + 2;

/// Counts dyads of one site into the windows that end on one day.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a> {
    day: Day,
    primary: Option<&'a Instrument>,
}

/// A cell among the types of support and the two bases.
fn support_cell(kind: SupportType, unmet: bool) -> usize {
    2 * position(kind) + usize::from(unmet)
}

/// Where a word stands in its label's set.
fn position<T: Word>(word: T) -> usize {
    word.number() as usize - 1
}

impl<'a> Windows<'a> {
    /// The windows that end on `day`.
    pub fn ending_on(day: Day, params: &'a Params) -> Windows<'a> {
        Windows { day, primary: params.catalogue.get(&params.settings.alliance_instrument) }
    }

    /// Counts a dyad of which nothing but its phase counts any more.
    pub fn count_phase(&self, phase: Option<Phase>, counts: &mut Counts<'_>) {
        if let Some(phase) = phase {
            counts.add(Id::Dyads, position(phase), 0, 1);
        }
    }

    /// Counts a dyad: its own sorted `events` up to the end of the day, and its history as of then.
    pub fn count(&self, events: &[Arc<Event>], timeline: &Timeline, counts: &mut Counts<'_>) {
        self.count_phase(timeline.phase, counts);
        let recent = events.partition_point(|event| event.occurred_at.day() <= self.day.plus(-REACH_DAYS));
        let recent = &events[recent..];
        let open = self.count_open_days(timeline, recent, counts);
        let mut attended = Days::default();
        let mut received = [Days::default(); SupportType::FIVE.len()];
        for event in recent {
            let age = self.day.since(event.occurred_at.day());
            match &event.body {
                Body::Contact(contact) => {
                    if contact.attended() {
                        attended.insert(age);
                        let delivered = SupportType::FIVE.iter().zip(&mut received);
                        delivered
                            .filter(|(kind, _)| contact.support.contains(**kind))
                            .for_each(|(_, days)| days.insert(age));
                    }
                    count_contact(contact, age, counts);
                }
                Body::Measure(measure) => self.count_measure(measure, age, counts),
                _ => {}
            }
        }
        requests::count(self.day, recent, counts);
        let mut rated = Days::default();
        for episode in &timeline.episodes {
            episode
                .rated_days
                .iter()
                .rev()
                .map(|day| self.day.since(*day))
                .take_while(|age| *age < LONGEST)
                .for_each(|age| rated.insert(age));
            self.count_episode(episode, events, counts);
        }
        count_dyad(Id::DyadsOpen, 0, open, open, counts);
        count_dyad(Id::DyadsRated, 0, open, rated, counts);
        count_dyad(Id::DyadsContacted, 0, open, attended, counts);
        for (kind, days) in SupportType::FIVE.iter().zip(received) {
            count_dyad(Id::DyadsSupported, position(*kind), open, days, counts);
        }
    }

    /// Counts the days the dyad was open, and by what; gives those days back.
    fn count_open_days(&self, timeline: &Timeline, recent: &[Arc<Event>], counts: &mut Counts<'_>) -> Days {
        let mut open = Days::default();
        let mut matched = [Days::default(); MatchedOn::ALL.len() + 1];
        for episode in &timeline.episodes {
            let days = open_days(episode, self.day);
            open = open | days;
            for cell in matched_cells(episode) {
                matched[cell] = matched[cell] | days;
            }
        }
        if open == Days::default() {
            return open;
        }
        add_days(Id::DyadDays, 0, open, counts);
        for (cell, days) in matched.into_iter().enumerate() {
            add_days(Id::DyadDaysMatched, cell, days, counts);
        }
        let standing = days::standing(self.day, recent);
        for kind in SupportType::ALL {
            let days = standing[position(*kind)];
            add_days(Id::DyadDaysSupport, support_cell(*kind, false), open & days.received, counts);
            add_days(Id::DyadDaysSupport, support_cell(*kind, true), open & days.unmet, counts);
        }
        open
    }

    fn count_measure(&self, measure: &Measure, age: i32, counts: &mut Counts<'_>) {
        let (Some(window), Some(primary)) = (shortest_window(age), self.primary) else { return };
        if measure.rater != Rater::Client || *measure.instrument != *primary.id {
            return;
        }
        let q = scores::components(primary, measure);
        for (component, q) in [q.bond, q.goal, q.task, q.total].into_iter().enumerate() {
            if let Some(q) = q {
                counts.add(Id::AllianceRatings, component, window, 1);
                counts.add(Id::AllianceScorePoints, component, window, q);
            }
        }
    }

    fn count_episode(&self, episode: &Episode, events: &[Arc<Event>], counts: &mut Counts<'_>) {
        for baseline in &episode.baselines {
            self.count_baseline(baseline, counts);
        }
        for breakdown in &episode.breakdowns {
            self.count_breakdown(breakdown, counts);
        }
        if let Some(exit) = episode.exit() {
            self.count_exit(&exit, episode, events, counts);
        }
    }

    fn count_baseline(&self, baseline: &Baseline, counts: &mut Counts<'_>) {
        let window = shortest_window(self.day.since(baseline.filled_at.day()));
        if let (Some(window), Some(primary)) = (window, self.primary)
            && *baseline.instrument == *primary.id
        {
            counts.add(Id::AllianceBaselineSquares, 0, window, baseline.squares);
            counts.add(Id::AllianceBaselineDf, 0, window, i64::from(baseline.ratings) - 1);
        }
    }

    fn count_breakdown(&self, breakdown: &Breakdown, counts: &mut Counts<'_>) {
        let opened = breakdown.opened_at.day();
        let repaired = breakdown.repaired_at.map(|at| at.day());
        if let Some(window) = shortest_window(self.day.since(opened)) {
            counts.add(Id::Breakdowns, position(breakdown.mechanism), window, 1);
            counts.add(Id::BreakdownsDetected, position(breakdown.detected_by), window, 1);
        }
        if let Some(window) = shortest_window(self.day.plus(-REPAIR_DAYS).since(opened)) {
            counts.add(Id::BreakdownsDue, 0, window, 1);
            let in_time = repaired.is_some_and(|day| day.within(REPAIR_DAYS, opened));
            counts.add(Id::BreakdownsRepaired, 0, window, i64::from(in_time));
        }
        if let Some(repaired) = repaired
            && let Some(window) = shortest_window(self.day.since(repaired))
        {
            counts.add(Id::Repairs, 0, window, 1);
            counts.add(Id::RepairDays, 0, window, i64::from(repaired.since(opened)));
        }
    }

    fn count_exit(&self, exit: &Exit, episode: &Episode, events: &[Arc<Event>], counts: &mut Counts<'_>) {
        let Some(window) = shortest_window(self.day.since(exit.day)) else { return };
        let presumed_lost = EndReason::ALL.len();
        let unknown = Side::ALL.len();
        counts.add(Id::Exits, exit.reason.map_or(presumed_lost, position), window, 1);
        counts.add(Id::ExitsSide, exit.side.map_or(unknown, position), window, 1);
        let cell = position(exit.mechanism) * Polarity::ALL.len() + position(exit.polarity);
        counts.add(Id::ExitsMechanism, cell, window, 1);
        if !exit.is_dropout() {
            return;
        }
        counts.add(Id::Dropouts, 0, window, 1);
        for cell in matched_cells(episode) {
            counts.add(Id::DropoutsMatched, cell, window, 1);
        }
        let stands = match exit.counted_from {
            Some(c) => support::standing_at_loss(events, c, exit.day),
            None => support::standing(events, exit.day),
        };
        for kind in stands.received.iter() {
            counts.add(Id::DropoutsSupport, support_cell(kind, false), window, 1);
        }
        for kind in stands.unmet.iter() {
            counts.add(Id::DropoutsSupport, support_cell(kind, true), window, 1);
        }
    }
}

fn count_contact(contact: &Contact, age: i32, counts: &mut Counts<'_>) {
    let Some(window) = shortest_window(age) else { return };
    counts.add(Id::Contacts, position(contact.attendance), window, 1);
    if !contact.attended() {
        return;
    }
    counts.add(Id::ContactMinutes, 0, window, contact.minutes.unwrap_or(0).into());
    for practice in contact.practices.iter() {
        counts.add(Id::ContactsPractice, position(practice), window, 1);
    }
    for kind in SupportType::FIVE.iter().filter(|kind| contact.support.contains(**kind)) {
        counts.add(Id::ContactsSupport, position(*kind), window, 1);
    }
}

/// The cells of what an episode was matched on; the last one where on nothing.
fn matched_cells(episode: &Episode) -> impl Iterator<Item = usize> {
    let none = episode.matched_on.is_empty().then_some(MatchedOn::ALL.len());
    episode.matched_on.iter().map(position).chain(none)
}

fn add_days(id: Id, series: usize, days: Days, counts: &mut Counts<'_>) {
    for (window, number) in days.by_window().into_iter().enumerate() {
        counts.add(id, series, window, number);
    }
}

/// Counts the dyad once in every window in which it was open and had one of `days`.
fn count_dyad(id: Id, series: usize, open: Days, days: Days, counts: &mut Counts<'_>) {
    if let (Some(open), Some(had)) = (open.shortest_window(), days.shortest_window()) {
        counts.add(id, series, open.max(had), 1);
    }
}

const _: () = assert!(REACH_DAYS >= LONGEST + STANDING_DAYS && REACH_DAYS >= LONGEST + REQUEST_DAYS);
