//! Presumed dropouts: those that stand, and those taken back.

use std::sync::Arc;

use super::{Kind, Stretch, Telling, stretch::Part};
use crate::event::{Body, Event};
use crate::time::Instant;
use crate::timeline::{Episode, Presumed};

/// One alert per presumed dropout, until an attended contact takes it back or the episode ends.
pub(super) fn presumed(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    for episode in telling.story.episodes {
        let mut push = |presumed: &Presumed, until: Option<Instant>| {
            // A `started` at that very midnight: with all its events known, nobody is lost.
            if until == Some(presumed.day.start()) {
                return;
            }
            let Some(event) = counted_from(telling, episode, presumed) else { return };
            let stretch = Stretch::opened(Kind::PresumedDropout, event, presumed.day.start());
            stretches.push(stretch.at(presumed.mechanism, Part::None).until(until));
        };
        episode.taken_back.iter().for_each(|loss| push(&loss.presumed, Some(loss.at)));
        if let Some(presumed) = &episode.presumed {
            push(presumed, episode.end.as_ref().map(|end| end.at));
        }
    }
}

/// The last attended contact of the episode's before the dropout; without one, the event that opened it.
fn counted_from<'a>(telling: &Telling<'a>, episode: &Episode, presumed: &Presumed) -> Option<&'a Arc<Event>> {
    let story = telling.story;
    let events = story.events;
    let before = events.partition_point(|event| event.occurred_at < presumed.day.start());
    let of_that_day = |event: &&Arc<Event>| {
        event.occurred_at >= episode.opened_at && event.occurred_at.day() >= presumed.counted_from
    };
    let attended = |event: &&Arc<Event>| matches!(&event.body, Body::Contact(it) if it.attended());
    let last = events[..before].iter().rev().take_while(of_that_day).find(attended);
    last.or_else(|| story.event(episode.opened_at, &episode.opened_by))
}
