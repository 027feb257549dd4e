//! The combinations of persons that a site's events are about, and the dyads among them.

use hashbrown::HashMap;

use crate::dyad::Dyad;
use crate::event::Persons;
use crate::release::Entry;
use crate::time::Instant;
use crate::versions::Slot;

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
    /// What it adds to releases, as last taken down.
    pub entries: Vec<Entry>,
    /// When time alone changes what it adds.
    pub turns_at: Option<Instant>,
    /// Whether something happened to it since.
    pub changed: bool,
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
