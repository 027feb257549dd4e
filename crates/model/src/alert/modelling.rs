//! What role modelling may do harm by: comparisons that feel bad, and unwanted behaviour that is passed on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Joined, Kind, Story, Stretch, Telling, earliest, stretch::Part};
use crate::event::{Body, Event};
use crate::time::Instant;
use crate::words::{Affect, Comparer, Component, Mechanism, Valence};

/// Days in which two comparisons are twice, and that must have passed since the last for the alert to close.
const DAYS: i32 = 28;

/// Whether the client compared, and it felt bad.
fn felt_bad(event: &Event) -> bool {
    matches!(event.body, Body::Comparison { by: Comparer::Client, affect: Affect::Negative, .. })
}

/// 00:00 of the day on which 28 days have passed since a comparison.
fn calm_at(event: &Event) -> Instant {
    event.occurred_at.day().plus(DAYS + 1).start()
}

/// Two comparisons by the client with negative affect in an episode, twice in 28 days.
pub(super) fn comparisons(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    let story = telling.story;
    let told = telling.told.iter().filter(|(_, event)| felt_bad(event));
    let told: Vec<(usize, &Arc<Event>)> =
        told.filter_map(|(episode, event)| Some(((*episode)?, *event))).collect();
    let mut is_open = false;
    for pair in told.windows(2) {
        let [(of_first, first), (episode, again)] = *pair else { continue };
        // What time does at an instant comes before its events.
        is_open &= of_first == episode && again.occurred_at < calm_at(first);
        let until = || {
            let ended = story.episodes[episode].end.as_ref().map(|end| end.at);
            earliest([Some(calm_at(again)), ended], story.now)
        };
        if is_open {
            if let Some(open) = stretches.last_mut() {
                open.until = until();
            }
        } else if of_first == episode && again.occurred_at.day().twice_in(DAYS, first.occurred_at.day()) {
            is_open = true;
            let part = Part::Component(Component::SocialComparison);
            let stretch = Stretch::opened(Kind::NegativeComparison, again, again.occurred_at);
            stretches.push(stretch.at(Mechanism::RoleModelling, part).until(until()));
        }
    }
}

/// When 28 days will have passed since a comparison.
pub(super) fn turns(story: &Story<'_>, instants: &mut Vec<Instant>) {
    let ahead = story.told.iter().rev().take_while(|event| calm_at(event) > story.now);
    instants.extend(ahead.filter(|event| felt_bad(event)).map(|event| calm_at(event)));
}

/// A behaviour enacted with negative valence, in an episode or in none, that was modelled before in the dyad.
pub(super) fn harmful(telling: &Telling<'_>, stretches: &mut Vec<Stretch>) {
    let mut open = Joined::default();
    let modelled = first_modelled(telling);
    for (episode, event) in telling.told {
        let (episode, event) = (*episode, *event);
        let Body::Behaviour(enacted) = &event.body else { continue };
        if !enacted.enacted
            || enacted.valence != Valence::Negative
            || modelled.get(&*enacted.code).is_none_or(|first| *first > event.occurred_at)
            || open.joins(telling, episode, event.occurred_at)
        {
            continue;
        }
        let part = Part::Component(Component::SocialLearning);
        let stretch = Stretch::opened(Kind::HarmfulBehaviour, event, event.occurred_at);
        let stretch = stretch.at(Mechanism::RoleModelling, part);
        open.note(episode, &stretch);
        stretches.push(stretch);
    }
}

/// When each code was first modelled.
fn first_modelled<'a>(telling: &Telling<'a>) -> BTreeMap<&'a str, Instant> {
    let mut first = BTreeMap::new();
    for (_, event) in telling.told {
        if let Body::Behaviour(behaviour) = &event.body
            && !behaviour.enacted
        {
            first.entry(&*behaviour.code).or_insert(event.occurred_at);
        }
    }
    first
}
