//! What a client adds: what it learned, where advocacy led, its use of other services, its way to becoming a peer.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{Body, Event};
use crate::indicators::Id;
use crate::release::Tally;
use crate::time::Instant;
use crate::words::*;

use super::days::Days;
use super::outcomes::Person;
use super::{Trace, Windows, position};

/// Days before an enactment within which its behaviour is to have been modelled.
const LEARNING_DAYS: i32 = 28;

/// Days after advocacy within which it is to be followed.
const ADVOCACY_DAYS: i32 = 28;

/// Days before the longest window that matter.
pub(super) const LOOK_BACK_DAYS: i32 =
    if LEARNING_DAYS > ADVOCACY_DAYS { LEARNING_DAYS } else { ADVOCACY_DAYS };

impl Windows<'_> {
    /// Takes down a client: its `own` events, those of no dyad, sorted, and of each of its dyads the sorted events and the
    /// trace that [`Windows::count`] gave; all of them up to the end of the day.
    ///
    /// Time alone changes nothing in it that it does not change in a dyad.
    pub fn count_client(&self, own: &[Arc<Event>], dyads: &[(&[Arc<Event>], &Trace)], tally: &mut Tally<'_>) {
        let mut open = Days::default();
        let mut in_episode = Days::default();
        for (_, trace) in dyads {
            open = open | trace.open_on(self.day);
            in_episode = in_episode | trace.in_episode_on(self.day);
        }
        open.runs(self.day, |from, to| tally.run(Id::ClientDays, 0, from, to));
        self.count_service_use(self.recent(own), in_episode, tally);
        count_pathway(own, tally);
        self.count_outcomes(Person::Client, own, tally);
        let told: Vec<&Arc<Event>> = dyads
            .iter()
            .filter(|(_, trace)| trace.tells_of_client)
            .flat_map(|(events, _)| self.recent(events))
            .collect();
        count_learning(&told, tally);
        count_advocacy(&told, self.recent(own), tally);
    }

    fn count_service_use(&self, own: &[Arc<Event>], in_episode: Days, tally: &mut Tally<'_>) {
        let mut last = [None; ServiceUseKind::ALL.len()];
        for event in own {
            let Body::ServiceUse { kind, quantity } = event.body else { continue };
            let day = event.occurred_at.day();
            if quantity > 0 && in_episode.contains(self.day.since(day)) {
                tally.on(Id::ServiceUse, position(kind), day, quantity.into());
                last[position(kind)] = Some(day);
            }
        }
        for (kind, day) in last.into_iter().enumerate() {
            day.into_iter().for_each(|day| tally.on(Id::ServiceClients, kind, day, 1));
        }
    }
}

/// Takes down the first of each step.
fn count_pathway(own: &[Arc<Event>], tally: &mut Tally<'_>) {
    let mut taken: Set<PathwayStep> = Set::default();
    for event in own {
        let Body::Pathway(step) = event.body else { continue };
        if !taken.contains(step) {
            taken.insert(step);
            tally.on(Id::Pathway, position(step), event.occurred_at.day(), 1);
        }
    }
}

/// Takes down what was enacted among `told`, the events of the client's dyads, and modelled by any peer in time before.
fn count_learning(told: &[&Arc<Event>], tally: &mut Tally<'_>) {
    let behaviours = |enacted: bool| {
        told.iter().filter_map(move |event| match &event.body {
            Body::Behaviour(behaviour) if behaviour.enacted == enacted => {
                Some((event.occurred_at, &**behaviour))
            }
            _ => None,
        })
    };
    let mut modelled: BTreeMap<&str, Vec<Instant>> = BTreeMap::new();
    for (at, behaviour) in behaviours(false) {
        modelled.entry(&behaviour.code).or_default().push(at);
    }
    modelled.values_mut().for_each(|times| times.sort_unstable());
    for (at, enacted) in behaviours(true) {
        let times = modelled.get(&*enacted.code).map_or(&[][..], Vec::as_slice);
        let latest = times[..times.partition_point(|time| *time <= at)].last();
        let is_learned = latest.is_some_and(|time| at.day().within(LEARNING_DAYS, time.day()));
        tally.on(Id::BehavioursLearned, position(enacted.valence), at.day(), is_learned.into());
    }
}

/// Takes down the advocacy among `told` on the day it is due to have been followed by an appointment among the client's
/// `own` events: the windows that ended 28 days earlier are those that end on it, moved.
fn count_advocacy(told: &[&Arc<Event>], own: &[Arc<Event>], tally: &mut Tally<'_>) {
    let is_kept = |event: &&Arc<Event>| {
        matches!(
            event.body,
            Body::ServiceUse { kind: ServiceUseKind::AppointmentKept, quantity } if quantity >= 1
        )
    };
    let kept: Vec<Instant> = own.iter().filter(is_kept).map(|event| event.occurred_at).collect();
    for event in told {
        let Body::Contact(contact) = &event.body else { continue };
        if !contact.attended() || !contact.practices.contains(Practice::StrengthsAdvocacy) {
            continue;
        }
        let (at, day) = (event.occurred_at, event.occurred_at.day());
        let next = kept.get(kept.partition_point(|time| *time < at));
        let is_followed = next.is_some_and(|time| time.day().within(ADVOCACY_DAYS, day));
        tally.on(Id::AdvocacyContacts, 0, day.plus(ADVOCACY_DAYS), 1);
        tally.on(Id::AdvocacyFollowed, 0, day.plus(ADVOCACY_DAYS), is_followed.into());
    }
}
