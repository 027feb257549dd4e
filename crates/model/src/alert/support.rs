//! Support that was asked for in vain, and professional help that was asked for.

use std::sync::Arc;

use super::{Joined, Kind, Story, Stretch, Telling, earliest, stretch::Part};
use crate::event::{Body, Contact, Event};
use crate::support::STANDING_DAYS;
use crate::time::Instant;
use crate::words::{Mechanism, SupportType};

/// Contacts in order that asked for support, each with its episode.
fn contacts<'a>(
    telling: &Telling<'a>,
) -> impl Iterator<Item = (Option<usize>, &'a Arc<Event>, &'a Contact)> + use<'a> {
    telling.told.iter().filter_map(|(episode, event)| match &event.body {
        Body::Contact(contact) => Some((*episode, *event, contact)),
        _ => None,
    })
}

/// The same type asked for in two contacts of an episode, twice in 28 days, and not given at or after the first.
pub(super) fn unmet(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    let story = telling.story;
    for kind in SupportType::FIVE.into_iter().filter(|kind| story.openings.support.contains(*kind)) {
        let requests = contacts(telling).filter(|(_, _, contact)| contact.requested.contains(kind));
        let requests: Vec<(usize, &Arc<Event>)> =
            requests.filter_map(|(episode, event, _)| Some((episode?, event))).collect();
        // When what is open closes; a request before that joins it.
        let mut open_until = None;
        for pair in requests.windows(2) {
            let [(of_first, first), (episode, again)] = *pair else { continue };
            let at = again.occurred_at;
            if of_first != episode {
                open_until = None;
                continue;
            }
            if open_until.is_some_and(|until| at < until) {
                continue;
            }
            if !at.day().twice_in(STANDING_DAYS, first.occurred_at.day()) {
                continue;
            }
            let delivered = delivered_from(story, first.occurred_at, kind);
            if delivered.is_some_and(|delivered| delivered <= at) {
                continue;
            }
            let lost = lost_after(story, episode, at);
            open_until = [delivered, lost].into_iter().flatten().min().or(Some(NEVER));
            let ended = story.episodes[episode].end.as_ref().map(|end| end.at);
            let stretch = Stretch::opened(Kind::SupportUnmet, again, at);
            let stretch = stretch.at(Mechanism::SocialSupport, Part::Support(kind));
            stretches.push(stretch.until(earliest([delivered, lost, ended], story.now)));
        }
    }
}

/// The first delivery of a type at or after `at`, in an episode or in none.
fn delivered_from(story: &Story<'_>, at: Instant, kind: SupportType) -> Option<Instant> {
    let from = story.events.partition_point(|event| event.occurred_at < at);
    let delivers =
        |event: &&Arc<Event>| matches!(&event.body, Body::Contact(contact) if contact.delivered(kind));
    story.events[from..].iter().find(delivers).map(|event| event.occurred_at)
}

/// After every event.
const NEVER: Instant = Instant(i64::MAX);

/// The first presumed dropout of an episode after what happened at `at`: time comes before the events of an instant.
fn lost_after(story: &Story<'_>, episode: usize, at: Instant) -> Option<Instant> {
    let episode = story.episodes[episode];
    let losses = episode.taken_back.iter().map(|loss| loss.presumed).chain(episode.presumed);
    losses.map(|loss| loss.day.start()).find(|lost| *lost > at)
}

/// Psychological therapy asked for, in an episode or in none.
pub(super) fn help_wanted(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    let story = telling.story;
    let mut open = Joined::default();
    for (episode, event, contact) in contacts(telling) {
        if !contact.requested.contains(SupportType::PsychologicalTherapy)
            || open.joins(telling, episode, event.occurred_at)
        {
            continue;
        }
        let ended = episode.and_then(|n| story.episodes[n].end.as_ref()).map(|end| end.at);
        let stretch = Stretch::opened(Kind::ProfessionalHelpWanted, event, event.occurred_at);
        let stretch = stretch.at(Mechanism::SocialSupport, Part::None).until(ended);
        open.note(episode, &stretch);
        stretches.push(stretch);
    }
}
