//! When dyads are open in the sense of the alerts: an episode covers the instant, not paused, not presumed lost.

use std::sync::Arc;

use super::Story;
use crate::event::{Body, Event};
use crate::fold::pause_limit;
use crate::time::Instant;
use crate::timeline::Episode;

/// A stretch in which a dyad is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenStretch {
    pub from: Instant,
    /// The event that opened it, or, before `from`, the one that time counted from.
    pub opener: Arc<Event>,
    /// The first instant after it.
    pub until: Option<Instant>,
    /// Whether a presumed dropout ended it: time, before the events of that instant.
    pub lost: bool,
}

/// All stretches in which a dyad is open, in order, and when time alone may change them, if the open episode is presumed lost
/// at `loss` at the earliest.
///
/// A presumed dropout that was taken back leaves a gap: before that was known, the dyad was not open.
pub(crate) fn open_stretches(
    story: &Story<'_>,
    loss: Option<Instant>,
) -> (Vec<OpenStretch>, Option<Instant>) {
    let mut stretches = Vec::new();
    story.episodes.iter().for_each(|episode| of_episode(story, episode, &mut stretches));
    let open = story.episodes.last().filter(|episode| episode.end.is_none());
    let pause = open.and_then(|episode| episode.pauses.last()).filter(|pause| pause.to.is_none());
    let limit = pause.map(|pause| pause_limit(pause, story.settings));
    (stretches, [loss, limit].into_iter().flatten().filter(|at| *at > story.now).min())
}

/// [from, to) in which an episode is paused or presumed lost.
struct Gap {
    from: Instant,
    to: Option<Instant>,
    lost: bool,
}

fn of_episode(story: &Story<'_>, episode: &Episode, stretches: &mut Vec<OpenStretch>) {
    let pauses = episode.pauses.iter().map(|pause| Gap { from: pause.from, to: pause.to, lost: false });
    let taken_back = episode.taken_back.iter().map(|loss| (loss.presumed, Some(loss.at)));
    let standing = episode.presumed.map(|presumed| (presumed, None));
    let losses = taken_back.chain(standing);
    let losses = losses.map(|(presumed, to)| Gap { from: presumed.day.start(), to, lost: true });
    let mut gaps: Vec<Gap> = pauses.chain(losses).collect();
    // What time does at an instant comes before its events.
    gaps.sort_by_key(|gap| (gap.from, !gap.lost));
    let mut push = |from: Instant, until: Option<Instant>, lost: bool| {
        if until.is_none_or(|until| from < until)
            && let Some(opener) = opener(story, episode, from)
        {
            stretches.push(OpenStretch { from, opener: opener.clone(), until, lost });
        }
    };
    let mut from = episode.opened_at;
    for gap in gaps {
        push(from, Some(gap.from), gap.lost);
        let Some(to) = gap.to else { return };
        from = from.max(to);
    }
    push(from, episode.end.as_ref().map(|end| end.at), false);
}

/// What opened the dyad at `from`: the event that opened the episode, the contact that took a presumed dropout back, or what
/// ended the pause.
fn opener<'a>(story: &Story<'a>, episode: &Episode, from: Instant) -> Option<&'a Arc<Event>> {
    if from == episode.opened_at {
        return story.event(from, &episode.opened_by);
    }
    if episode.taken_back.iter().any(|loss| loss.at == from) {
        let attended = |event: &&Arc<Event>| matches!(&event.body, Body::Contact(it) if it.attended());
        return story.events_at(from).find(attended);
    }
    let pause = episode.pauses.iter().rev().find(|pause| pause.to == Some(from))?;
    if pause_limit(pause, story.settings) == from {
        return story.events_at(pause.from).find(|event| event.body == Body::Paused);
    }
    story.events_at(from).find(|event| event.body == Body::Resumed)
}
