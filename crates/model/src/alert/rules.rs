//! The rules: one per kind of alert that a dyad's history opens.

use super::{Evidence, Kind, Story, Stretch};
use crate::fold::GIVEN_UP_DAYS;
use crate::time::Instant;
use crate::timeline::{Breakdown, Episode};
use crate::words::*;

/// Lists all stretches of one kind.
pub(super) type Stretches = fn(&Story<'_>, &mut Vec<Stretch>);

pub(super) const ALL: [Stretches; 2] = [breakdowns, watches];

/// Breakdown alerts: a breakdown opens only where none is open, so each has its own.
fn breakdowns(story: &Story<'_>, stretches: &mut Vec<Stretch>) {
    for episode in story.episodes {
        stretches.extend(episode.breakdowns.iter().map(|breakdown| Stretch {
            kind: Kind::AllianceBreakdown,
            opened_by: breakdown.opened_by.clone(),
            recorded_at: story.recorded_at(breakdown.opened_at, &breakdown.opened_by),
            since: breakdown.opened_at,
            until: closing(episode, breakdown).filter(|until| *until <= story.now),
            mechanism: breakdown.mechanism,
            component: breakdown.component,
            detected_by: Some(breakdown.detected_by),
            evidence: Evidence::Breakdown(breakdown.rule),
            ratings: breakdown.ratings,
        }));
    }
}

/// Repaired, or given up: 14 days after a loss or the end; where a `started` ended the episode, then.
fn closing(episode: &Episode, breakdown: &Breakdown) -> Option<Instant> {
    let ended = episode.end.as_ref().filter(|_| breakdown.ended_at.is_some()).map(|end| match end.reason {
        Some(_) => end.at.day().plus(GIVEN_UP_DAYS + 1).start(),
        None => end.at,
    });
    [breakdown.repaired_at, breakdown.given_up_at, ended].into_iter().flatten().min()
}

/// Watch alerts: one per watch.
fn watches(story: &Story<'_>, stretches: &mut Vec<Stretch>) {
    for episode in story.episodes {
        stretches.extend(episode.watches.iter().map(|watch| Stretch {
            kind: Kind::AllianceWatch,
            opened_by: watch.opened_by.clone(),
            recorded_at: story.recorded_at(watch.opened_at, &watch.opened_by),
            since: watch.opened_at,
            until: watch.closed_at,
            mechanism: Mechanism::WorkingAlliance,
            component: watch.component,
            detected_by: None,
            evidence: Evidence::Watch,
            ratings: watch.ratings,
        }));
    }
}

/// The earliest instant after `story.now` at which time alone may open or close an alert, if the open episode is presumed
/// lost at `loss` at the earliest.
pub(crate) fn deadline(story: &Story<'_>, loss: Option<Instant>) -> Option<Instant> {
    let mut earliest: Option<Instant> = None;
    let mut note = |at: Instant| {
        if at > story.now && earliest.is_none_or(|so_far| at < so_far) {
            earliest = Some(at);
        }
    };
    for episode in story.episodes {
        if episode.open_watch().is_some() {
            loss.into_iter().for_each(&mut note);
        }
        for breakdown in &episode.breakdowns {
            closing(episode, breakdown).into_iter().for_each(&mut note);
        }
        if episode.end.is_none() && episode.open_breakdown().is_some_and(|open| open.given_up_at.is_none()) {
            let lost = episode.presumed.map(|presumed| presumed.day).or(loss.map(Instant::day));
            lost.map(|day| day.plus(GIVEN_UP_DAYS + 1).start()).into_iter().for_each(&mut note);
        }
    }
    earliest
}
