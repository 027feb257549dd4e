//! What the members of a site (a dyad, a client, a peer, an alert) add to its windows (model.md section 5), as of the end
//! of a day.
//!
//! All windows end on that day, so what is in one is in all longer ones: "of those with this in the window, the ones with
//! that in it too" counts once, on the earlier of the two last days. A dyad's days are bits of a word.

mod client;
mod days;
mod event;
mod outcomes;
mod peer;
mod requests;
mod trace;

use std::sync::Arc;

use crate::alert;
use crate::catalogue::Instrument;
use crate::event::{Body, Event};
use crate::indicators::{Id, WINDOWS};
use crate::params::Params;
use crate::release::Tally;
use crate::support::{self, STANDING_DAYS};
use crate::time::{Day, Instant};
use crate::timeline::{Baseline, Breakdown, Episode, Exit, Timeline};
use crate::words::*;

use days::{Days, Last, days_met, open_days};

pub use trace::Trace;

/// Days after its opening within which a breakdown is to be repaired.
const REPAIR_DAYS: i32 = 28;

/// Days after it within which a request is to be met.
const REQUEST_DAYS: i32 = 14;

/// Days of the longest window.
const LONGEST: i32 = WINDOWS[WINDOWS.len() - 1].days;

/// Days up to a release's that can matter to it: no event before them counts, by any of the looks back.
const REACH_DAYS: i32 = LONGEST + STANDING_DAYS;

/// Takes down what the members of one site add, as of the end of one day.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a> {
    day: Day,
    params: &'a Params,
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
        Windows { day, params, primary: params.catalogue.get(&params.settings.alliance_instrument) }
    }

    /// Takes down a dyad: its own sorted `events` up to the end of the day, and its history as of then; but for what
    /// [`Windows::count_event`] does. Gives back what the counts of its client and its peer are to know of it until it
    /// changes or `timeline` turns, and when time alone changes what it adds.
    pub fn count(
        &self,
        events: &[Arc<Event>],
        timeline: &Timeline,
        tally: &mut Tally<'_>,
    ) -> (Trace, Option<Instant>) {
        if let Some(phase) = timeline.phase {
            tally.now(Id::Dyads, position(phase));
        }
        let recent = self.recent(events);
        let (mut trace, lapses_at) = self.count_open_days(timeline, recent, tally);
        let open = trace.open.last(self.day);
        let mut received = [None; SupportType::FIVE.len()];
        let mut scored = [None; event::COMPONENTS];
        for event in recent {
            let day = event.occurred_at.day();
            match &event.body {
                Body::Contact(contact) if contact.attended() => {
                    trace.last_attended = Some(day);
                    trace.tells_of_client |= contact.practices.contains(Practice::StrengthsAdvocacy);
                    let delivered = SupportType::FIVE.iter().zip(&mut received);
                    delivered
                        .filter(|(kind, _)| contact.support.contains(**kind))
                        .for_each(|(_, last)| *last = Some(day));
                }
                Body::Measure(measure) => {
                    let qs = self.alliance_scores(measure).unwrap_or_default();
                    let with_score = qs.into_iter().zip(&mut scored).filter(|(q, _)| q.is_some());
                    with_score.for_each(|(_, last)| *last = Some(day));
                }
                Body::Behaviour(_) => trace.tells_of_client = true,
                _ => {}
            }
        }
        requests::count(recent, tally);
        for episode in &timeline.episodes {
            self.count_episode(episode, events, tally);
        }
        let rated = timeline.episodes.iter().filter_map(|episode| episode.rated_days.last().copied()).max();
        for (component, last) in scored.into_iter().enumerate() {
            last.into_iter().for_each(|day| tally.on(Id::AllianceDyads, component, day, 1));
        }
        count_dyad(Id::DyadsRated, 0, open, rated, tally);
        count_dyad(Id::DyadsContacted, 0, open, trace.last_attended, tally);
        for (kind, last) in SupportType::FIVE.iter().zip(received) {
            count_dyad(Id::DyadsSupported, position(*kind), open, last, tally);
        }
        (trace, [timeline.turns_at, lapses_at].into_iter().flatten().min())
    }

    /// Takes down an alert that opened at `since`, up to the end of the day; `acknowledged` whether by anything up to then,
    /// `confirmed` whether the latest finding up to then is that it was right.
    pub fn count_alert(
        &self,
        kind: alert::Kind,
        since: Instant,
        acknowledged: bool,
        confirmed: bool,
        tally: &mut Tally<'_>,
    ) {
        let (cell, day) = (kind as usize, since.day());
        tally.on(Id::Alerts, cell, day, 1);
        tally.on(Id::AlertsAcknowledged, cell, day, acknowledged.into());
        tally.on(Id::AlertsConfirmed, cell, day, (acknowledged && confirmed).into());
    }

    /// Whether the longest window holds `day`, or it is ahead.
    pub fn reach(&self, day: Day) -> bool {
        self.day.since(day) < LONGEST
    }

    /// Those of sorted `events` that can matter to the day.
    fn recent<'e>(&self, events: &'e [Arc<Event>]) -> &'e [Arc<Event>] {
        let from = events.partition_point(|event| event.occurred_at.day() <= self.day.plus(-REACH_DAYS));
        &events[from..]
    }

    /// Takes down the days the dyad is open, and by what, and of each that there are any; gives them back, those it has an
    /// episode on, and when time alone ends some of them.
    fn count_open_days(
        &self,
        timeline: &Timeline,
        recent: &[Arc<Event>],
        tally: &mut Tally<'_>,
    ) -> (Trace, Option<Instant>) {
        let mut trace = Trace { day: self.day, ..Trace::default() };
        let mut open = Days::default();
        let mut matched = [Days::default(); MatchedOn::ALL.len() + 1];
        for episode in &timeline.episodes {
            trace.in_episode = trace.in_episode | days_met(episode, self.day);
            let days = open_days(episode, self.day);
            open = open | days;
            for cell in matched_cells(episode) {
                matched[cell] = matched[cell] | days;
            }
        }
        trace.open = open;
        if open == Days::default() {
            return (trace, None);
        }
        let mut lapses_at: Option<Instant> = None;
        let mut count = |of_days, of_dyads, cell, days: Days| {
            days.runs(self.day, |from, to| tally.run(of_days, cell, from, to));
            let ends_at = count_once(of_dyads, cell, days.last(self.day), tally);
            lapses_at = [lapses_at, ends_at].into_iter().flatten().min();
        };
        count(Id::DyadDays, Id::DyadsOpen, 0, open);
        for (cell, days) in matched.into_iter().enumerate() {
            count(Id::DyadDaysMatched, Id::DyadsMatched, cell, days);
        }
        let standing = days::standing(self.day, recent);
        for kind in SupportType::ALL {
            for (unmet, days) in [false, true].into_iter().zip(standing[position(*kind)].both()) {
                let cell = support_cell(*kind, unmet);
                count(Id::DyadDaysSupport, Id::DyadsStanding, cell, open & days);
            }
        }
        (trace, lapses_at)
    }

    fn count_episode(&self, episode: &Episode, events: &[Arc<Event>], tally: &mut Tally<'_>) {
        for baseline in &episode.baselines {
            self.count_baseline(baseline, tally);
        }
        for breakdown in &episode.breakdowns {
            count_breakdown(breakdown, tally);
        }
        if let Some(exit) = episode.exit() {
            self.count_exit(&exit, episode, events, tally);
        }
    }

    fn count_baseline(&self, baseline: &Baseline, tally: &mut Tally<'_>) {
        if self.primary.is_some_and(|primary| *baseline.instrument == *primary.id) {
            let day = baseline.filled_at.day();
            tally.on(Id::AllianceBaselines, 0, day, 1);
            tally.on(Id::AllianceBaselineSquares, 0, day, baseline.squares);
            tally.on(Id::AllianceBaselineDf, 0, day, i64::from(baseline.ratings) - 1);
        }
    }

    fn count_exit(&self, exit: &Exit, episode: &Episode, events: &[Arc<Event>], tally: &mut Tally<'_>) {
        let day = exit.day;
        if !self.reach(day) {
            return;
        }
        let presumed_lost = EndReason::ALL.len();
        let unknown = Side::ALL.len();
        tally.on(Id::Exits, exit.reason.map_or(presumed_lost, position), day, 1);
        tally.on(Id::ExitsSide, exit.side.map_or(unknown, position), day, 1);
        let cell = position(exit.mechanism) * Polarity::ALL.len() + position(exit.polarity);
        tally.on(Id::ExitsMechanism, cell, day, 1);
        if !exit.is_dropout() {
            return;
        }
        tally.on(Id::Dropouts, 0, day, 1);
        for cell in matched_cells(episode) {
            tally.on(Id::DropoutsMatched, cell, day, 1);
        }
        let stands = match exit.counted_from {
            Some(c) => support::standing_at_loss(events, c, exit.day),
            None => support::standing(events, exit.day),
        };
        for kind in stands.received.iter() {
            tally.on(Id::DropoutsSupport, support_cell(kind, false), day, 1);
        }
        for kind in stands.unmet.iter() {
            tally.on(Id::DropoutsSupport, support_cell(kind, true), day, 1);
        }
    }
}

fn count_breakdown(breakdown: &Breakdown, tally: &mut Tally<'_>) {
    let opened = breakdown.opened_at.day();
    let repaired = breakdown.repaired_at.map(|at| at.day());
    tally.on(Id::Breakdowns, position(breakdown.mechanism), opened, 1);
    tally.on(Id::BreakdownsDetected, position(breakdown.detected_by), opened, 1);
    // What is due counts on the day it is: the windows that ended 28 days earlier are those that end on it, moved.
    let due = opened.plus(REPAIR_DAYS);
    tally.on(Id::BreakdownsDue, 0, due, 1);
    if let Some(repaired) = repaired {
        tally.on(Id::BreakdownsRepaired, 0, due, i64::from(repaired.within(REPAIR_DAYS, opened)));
        tally.on(Id::Repairs, 0, repaired, 1);
        tally.on(Id::RepairDays, 0, repaired, i64::from(repaired.since(opened)));
    }
}

/// The cells of what an episode was matched on; the last one where on nothing.
fn matched_cells(episode: &Episode) -> impl Iterator<Item = usize> {
    let none = episode.matched_on.is_empty().then_some(MatchedOn::ALL.len());
    episode.matched_on.iter().map(position).chain(none)
}

/// Counts the dyad once in every window that holds some of the days of which that is the last. Gives back when it is to be
/// counted again: where days that go on come to their end.
fn count_once(id: Id, series: usize, last: Last, tally: &mut Tally<'_>) -> Option<Instant> {
    match last {
        Last::None => {}
        Last::Day(day) => tally.on(id, series, day, 1),
        Last::Until(day) => {
            tally.now(id, series);
            return Some(day.plus(1).start());
        }
        Last::Ongoing => tally.now(id, series),
    }
    None
}

/// Counts the dyad once in every window in which it was open and had what it had last on a day: in those that reach back
/// to the earlier of that day and the last it was open.
fn count_dyad(id: Id, series: usize, open: Last, had: Option<Day>, tally: &mut Tally<'_>) {
    match (open, had) {
        (Last::Day(open), Some(had)) => tally.on(id, series, open.min(had), 1),
        (Last::Until(_) | Last::Ongoing, Some(had)) => tally.on(id, series, had, 1),
        _ => {}
    }
}

const _: () = assert!(REACH_DAYS >= LONGEST + REQUEST_DAYS);
const _: () = assert!(REACH_DAYS >= LONGEST + client::LOOK_BACK_DAYS);

#[cfg(test)]
mod tests;
