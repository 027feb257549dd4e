//! Breakdowns and watches.

use super::{Kind, Story, Stretch, Telling, earliest, stretch::Part};
use crate::fold::GIVEN_UP_DAYS;
use crate::time::Instant;
use crate::timeline::{Breakdown, Episode};
use crate::words::Mechanism;

/// Days that a breakdown must have been open for `breakdown_unrepaired`.
const UNREPAIRED_DAYS: i32 = 28;

/// Breakdown alerts: a breakdown opens only where none is open, so each has its own.
pub(super) fn breakdowns(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    let story = telling.story;
    for episode in story.episodes {
        stretches.extend(episode.breakdowns.iter().map(|breakdown| {
            let until = earliest([closing(episode, breakdown)], story.now);
            stretch(story, Kind::AllianceBreakdown, breakdown, breakdown.opened_at).until(until)
        }));
    }
}

/// Breakdowns that are open when 28 days have passed; opened then or never.
pub(super) fn unrepaired(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    let story = telling.story;
    for episode in story.episodes {
        for breakdown in &episode.breakdowns {
            let since = unrepaired_at(breakdown);
            let over_by_then = [breakdown.repaired_at, breakdown.ended_at, breakdown.given_up_at];
            if since <= story.now && over_by_then.into_iter().flatten().all(|at| at > since) {
                let until = earliest([closing(episode, breakdown)], story.now);
                stretches.push(stretch(story, Kind::BreakdownUnrepaired, breakdown, since).until(until));
            }
        }
    }
}

fn unrepaired_at(breakdown: &Breakdown) -> Instant {
    breakdown.opened_at.day().plus(UNREPAIRED_DAYS + 1).start()
}

fn stretch(story: &Story<'_>, kind: Kind, breakdown: &Breakdown, since: Instant) -> Stretch {
    let part = breakdown.component.map_or(Part::None, Part::Component);
    let stretch = opened(story, kind, breakdown.opened_at, &breakdown.opened_by, since);
    Stretch {
        detected_by: Some(breakdown.detected_by),
        rule: Some(breakdown.rule),
        ratings: breakdown.ratings,
        ..stretch.at(breakdown.mechanism, part)
    }
}

fn opened(story: &Story<'_>, kind: Kind, at: Instant, by: &std::sync::Arc<str>, since: Instant) -> Stretch {
    let recorded_at = story.event(at, by).map_or(at, |event| event.recorded_at);
    Stretch::opened_by(kind, by.clone(), (at, recorded_at), since)
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
pub(super) fn watches(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    for episode in telling.story.episodes {
        stretches.extend(episode.watches.iter().map(|watch| {
            let part = watch.component.map_or(Part::None, Part::Component);
            let stretch = opened(
                telling.story,
                Kind::AllianceWatch,
                watch.opened_at,
                &watch.opened_by,
                watch.opened_at,
            );
            let stretch = stretch.at(Mechanism::WorkingAlliance, part).until(watch.closed_at);
            Stretch { ratings: watch.ratings, ..stretch }
        }));
    }
}

/// When time may give up a breakdown, or find it unrepaired.
pub(super) fn turns(story: &Story<'_>, loss: Option<Instant>, instants: &mut Vec<Instant>) {
    for episode in story.episodes {
        instants.extend(episode.breakdowns.iter().filter_map(|breakdown| closing(episode, breakdown)));
        let Some(open) = episode.open_breakdown().filter(|_| episode.end.is_none()) else { continue };
        instants.push(unrepaired_at(open));
        let lost = episode.presumed.map(|presumed| presumed.day).or(loss.map(Instant::day));
        instants.extend(lost.map(|day| day.plus(GIVEN_UP_DAYS + 1).start()));
    }
}
