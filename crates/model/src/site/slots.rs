//! The combinations of persons that a site's events are about, and the dyads among them.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::dyad::Dyad;
use crate::event::{Event, Persons};
use crate::time::{Day, Instant};
use crate::timeline::Timeline;
use crate::versions::Slot;
use crate::windows::REACH_DAYS;
use crate::words::Phase;

use super::Stage;

/// A combination of persons.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub persons: Persons,
    /// The dyad, where both persons are there and it has events.
    pub dyad: Option<Box<Dyad>>,
    /// For when it is scheduled; never later than its deadline.
    pub scheduled: Option<Instant>,
    /// Whether it is to be settled.
    pub stirred: bool,
    /// From when on little of it counts, as of its last release; absent where it has changed since.
    pub rest: Option<Rest>,
}

/// From a day on, nothing of a dyad counts in a release but its phase, unless something else happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    pub from: Day,
    pub phase: Option<Phase>,
}

impl Rest {
    /// The rest of a dyad with these events and that history; none while time goes on to change it.
    pub fn of(events: &[Arc<Event>], timeline: &Timeline) -> Option<Rest> {
        let last_event = events.last()?.occurred_at.day();
        let last_change = match timeline.episodes.last() {
            None => last_event,
            Some(episode) => {
                let end = episode.end.as_ref().map(|end| end.at.day());
                let lost = episode.presumed.map(|presumed| presumed.day);
                end.or(lost)?.max(last_event)
            }
        };
        Some(Rest { from: last_change.plus(REACH_DAYS), phase: timeline.phase })
    }
}

impl Member {
    /// Has it looked at again at its deadline. One that has moved to later is left: it is asked again when it is due.
    pub fn schedule(&mut self, deadline: Option<Instant>, slot: Slot, stage: &mut Stage<'_>) {
        let Some(deadline) = deadline else { return };
        if self.scheduled.is_some_and(|scheduled| scheduled <= deadline) {
            return;
        }
        if let Some(scheduled) = self.scheduled.replace(deadline) {
            stage.schedule.remove(&(scheduled, stage.site, slot));
        }
        stage.schedule.insert((deadline, stage.site, slot));
    }
}

/// All combinations of persons of a site.
#[derive(Debug, Default)]
pub(super) struct Slots {
    members: Vec<Member>,
    by_persons: HashMap<Persons, Slot>,
    dyads: usize,
}

impl Slots {
    /// The slot of `persons`.
    pub fn intern(&mut self, persons: Persons) -> Slot {
        if let Some(slot) = self.by_persons.get(&persons) {
            return *slot;
        }
        let slot = Slot(self.members.len() as u32);
        self.members.push(Member { persons: persons.clone(), ..Member::default() });
        self.by_persons.insert(persons, slot);
        slot
    }

    pub fn get(&self, slot: Slot) -> &Member {
        &self.members[slot.0 as usize]
    }

    pub fn get_mut(&mut self, slot: Slot) -> &mut Member {
        &mut self.members[slot.0 as usize]
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut()
    }

    pub fn persons(&self, slot: Slot) -> &Persons {
        &self.get(slot).persons
    }

    /// Whether both a client and a peer are there.
    pub fn is_pair(&self, slot: Slot) -> bool {
        let persons = self.persons(slot);
        persons.client.is_some() && persons.peer.is_some()
    }

    /// Gives a slot its dyad.
    pub fn found(&mut self, slot: Slot) {
        self.get_mut(slot).dyad = Some(Box::default());
        self.dyads += 1;
    }

    /// Takes a slot's dyad away: it has no events any more.
    pub fn dissolve(&mut self, slot: Slot) {
        if self.get_mut(slot).dyad.take().is_some() {
            self.dyads -= 1;
        }
    }

    /// How many dyads there are.
    pub fn dyads(&self) -> usize {
        self.dyads
    }
}
