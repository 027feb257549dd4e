//! A site: its events with all their versions, its dyads, and what passes between them.
//!
//! Which version of an event stands is the [`Ledger`]'s to say. What stands and has occurred is *active*: it is in a dyad,
//! with a person, or among the acknowledgements. Changes are made first and settled together, so that an event that moves
//! gives one row.

mod acknowledgements;
mod people;
mod slots;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;

use crate::dyad::{Context, Dyad};
use crate::event::{Body, Event, Persons};
use crate::params::Params;
use crate::partition::Output;
use crate::release::{Board, Entry, Layout, Tally};
use crate::time::{Day, Instant};
use crate::versions::{Ledger, Slot, Transition, Version, VersionId};
use crate::windows::Windows;

use acknowledgements::Register;
use people::People;
use slots::{Member, Slots};

/// What the partition lends a site while it changes.
pub(crate) struct Stage<'a> {
    pub params: &'a Params,
    /// Up to when events have occurred.
    pub now: Instant,
    /// This site's place in the partition.
    pub site: u32,
    /// When which dyad must be looked at again.
    pub schedule: &'a mut BTreeSet<(Instant, u32, Slot)>,
    /// Standing events of all sites that have not occurred yet.
    pub pending: &'a mut BTreeSet<(Instant, u32, Arc<str>)>,
    pub out: &'a mut Vec<Output>,
}

/// One site.
pub(crate) struct Site {
    name: Arc<str>,
    ledger: Ledger,
    slots: Slots,
    people: People,
    acknowledgements: Register,
    /// Which dyad an alert that was given out is about.
    alerts: HashMap<Box<str>, Slot>,
    /// How many active events there are of each day.
    days: BTreeMap<Day, u32>,
    /// What its dyads add to releases, from the first on.
    board: Option<Board>,
    /// Dyads to settle.
    stirred: Vec<Slot>,
    /// Events without a dyad whose row may differ.
    rows: BTreeSet<Arc<str>>,
}

impl Site {
    pub fn new(name: Arc<str>) -> Site {
        Site {
            name,
            ledger: Ledger::default(),
            slots: Slots::default(),
            people: People::default(),
            acknowledgements: Register::default(),
            alerts: HashMap::new(),
            days: BTreeMap::new(),
            board: None,
            stirred: Vec::new(),
            rows: BTreeSet::new(),
        }
    }

    /// How many event ids and how many dyads it has.
    pub fn size(&self) -> (usize, usize) {
        (self.ledger.len(), self.slots.dyads())
    }

    /// Adds a version of an event, or a retraction.
    pub fn add(&mut self, persons: Persons, event: Event, version: VersionId, stage: &mut Stage<'_>) {
        let Site { name, ledger, slots, .. } = self;
        let transition = if let Body::Retraction { retracts } = event.body {
            ledger.retract(event.id, version, retracts, &|version| encoding(name, slots, version))
        } else {
            let slot = slots.intern(persons);
            let version = Version::new(Arc::new(event), slot, version.hash);
            ledger.add(version, &|version| encoding(name, slots, version))
        };
        self.apply(transition, stage);
        self.settle(stage);
    }

    /// Forgets a version of an event, or a retraction.
    pub fn forget(&mut self, id: &str, version: VersionId, stage: &mut Stage<'_>) {
        let Site { name, ledger, slots, .. } = self;
        if let Some(transition) = ledger.forget(id, version, &|version| encoding(name, slots, version)) {
            self.apply(transition, stage);
            self.settle(stage);
        }
    }

    /// Makes a pending event active: the clock has reached it. [`Site::settle`] is to follow.
    pub fn reach(&mut self, id: &str, stage: &Stage<'_>) {
        if let Some(version) = self.standing(id).cloned() {
            self.activate(&version, stage);
        }
    }

    /// Looks at a dyad again if time alone may have changed it. [`Site::settle`] is to follow.
    pub fn wake(&mut self, slot: Slot, stage: &mut Stage<'_>) {
        let member = self.slots.get_mut(slot);
        member.scheduled = None;
        let Some(dyad) = &member.dyad else { return };
        match dyad.next_deadline() {
            Some(deadline) if deadline <= stage.now => self.stir(slot),
            deadline => member.schedule(deadline, slot, stage),
        }
    }

    /// Gives out what differs since the last time.
    pub fn settle(&mut self, stage: &mut Stage<'_>) {
        for slot in std::mem::take(&mut self.stirred) {
            self.settle_dyad(slot, stage);
        }
        for id in std::mem::take(&mut self.rows) {
            self.settle_row(id, stage);
        }
    }

    /// Releases the site at the boundary `clock`, just before which it has been settled, if it has events by then.
    pub fn release(&mut self, clock: Instant, layout: &Layout, params: &Params) -> Option<Output> {
        let Site { name, slots, acknowledgements, board, days, .. } = self;
        let (first_day, _) = days.first_key_value()?;
        let at = clock.just_before();
        let board = board.get_or_insert_with(|| Board::new(layout));
        board.advance(at.day());
        let windows = Windows::ending_on(at.day(), params);
        for member in slots.iter_mut() {
            if !member.changed && member.turns_at.is_none_or(|turns_at| turns_at > at) {
                continue;
            }
            board.strike(&std::mem::take(&mut member.entries));
            (member.changed, member.turns_at) = (false, None);
            let Member {
                persons: Persons { client: Some(client), peer: Some(peer) }, dyad: Some(dyad), ..
            } = member
            else {
                continue;
            };
            let cx = Context { params, site: name, client, peer, acknowledgements: &*acknowledgements };
            let timeline = dyad.timeline(&cx, at);
            let mut tally = Tally::new(layout, at.day());
            windows.count(dyad.events(), &timeline, &mut tally);
            member.entries = tally.into_entries();
            // Where time changes nothing more, what is past all windows need not be kept.
            member.turns_at = timeline.turns_at.or_else(|| Some(Entry::gone_on(&member.entries)?.start()));
            board.enter(&member.entries);
        }
        Some(Output::Release(layout.release(board, name, *first_day)))
    }

    fn standing(&self, id: &str) -> Option<&Version> {
        self.ledger.standing(id, &|version| encoding(&self.name, &self.slots, version))
    }

    fn apply(&mut self, transition: Transition, stage: &mut Stage<'_>) {
        if !transition.is_change() {
            return;
        }
        if let Some(before) = transition.before {
            if before.event.occurred_at <= stage.now {
                self.deactivate(&before, stage);
            } else {
                stage.pending.remove(&(before.event.occurred_at, stage.site, before.event.id.clone()));
            }
        }
        if let Some(after) = transition.after {
            if after.event.occurred_at <= stage.now {
                self.activate(&after, stage);
            } else {
                stage.pending.insert((after.event.occurred_at, stage.site, after.event.id.clone()));
            }
        }
    }

    fn activate(&mut self, version: &Version, stage: &Stage<'_>) {
        let Version { event, slot, .. } = version;
        *self.days.entry(event.occurred_at.day()).or_default() += 1;
        if self.slots.is_pair(*slot) {
            if self.slots.get(*slot).dyad.is_none() {
                self.found(*slot, stage.params);
            }
            self.with_dyad(*slot, stage.params, |dyad, cx| dyad.insert(cx, event.clone(), true));
        } else if *self.slots.persons(*slot) != Persons::default() {
            self.rows.insert(event.id.clone());
        }
        for passed_on in self.people.add(self.slots.persons(*slot), event, *slot) {
            self.with_dyad(passed_on, stage.params, |dyad, cx| dyad.insert(cx, event.clone(), false));
        }
        self.regard(version, true, stage.params);
    }

    fn deactivate(&mut self, version: &Version, stage: &Stage<'_>) {
        let Version { event, slot, .. } = version;
        let day = event.occurred_at.day();
        if let Some(number) = self.days.get_mut(&day) {
            *number -= 1;
            if *number == 0 {
                self.days.remove(&day);
            }
        }
        if self.slots.is_pair(*slot) {
            self.with_dyad(*slot, stage.params, |dyad, cx| dyad.remove(cx, event, true));
        } else if *self.slots.persons(*slot) != Persons::default() {
            self.rows.insert(event.id.clone());
        }
        for passed_on in self.people.remove(self.slots.persons(*slot), event, *slot) {
            self.with_dyad(passed_on, stage.params, |dyad, cx| dyad.remove(cx, event, false));
        }
        self.regard(version, false, stage.params);
    }

    /// What an event means beyond its dyad: an acknowledgement for an alert, a score for the scores after it.
    fn regard(&mut self, version: &Version, added: bool, params: &Params) {
        let event = &version.event;
        match &event.body {
            Body::Acknowledgement(acknowledgement) => {
                self.acknowledgements.note(event, &acknowledgement.alert_id, added);
                if let Some(slot) = self.alerts.get(&acknowledgement.alert_id).copied() {
                    self.with_dyad(slot, params, |dyad, _| dyad.reconsider());
                }
            }
            Body::Measure(measure) if !self.slots.is_pair(version.slot) => {
                let persons = self.slots.persons(version.slot);
                let differ = self.people.score(persons, event, measure, added);
                self.rows.extend(differ);
            }
            _ => {}
        }
    }

    /// Founds the dyad of a slot: what its peer and its client have passed on to their dyads holds for it too.
    fn found(&mut self, slot: Slot, params: &Params) {
        self.slots.found(slot);
        for event in self.people.join(self.slots.persons(slot), slot) {
            self.with_dyad(slot, params, |dyad, cx| dyad.insert(cx, event.clone(), false));
        }
    }

    /// Changes a dyad, which is then to be settled.
    fn with_dyad(&mut self, slot: Slot, params: &Params, change: impl FnOnce(&mut Dyad, &Context<'_>)) {
        let Site { name, slots, acknowledgements, .. } = self;
        let Member { persons, dyad, changed, .. } = slots.get_mut(slot);
        let (Some(dyad), Some(client), Some(peer)) = (dyad, &persons.client, &persons.peer) else { return };
        *changed = true;
        change(dyad, &Context { params, site: name, client, peer, acknowledgements: &*acknowledgements });
        self.stir(slot);
    }

    fn stir(&mut self, slot: Slot) {
        let member = self.slots.get_mut(slot);
        if !std::mem::replace(&mut member.stirred, true) {
            self.stirred.push(slot);
        }
    }

    fn settle_dyad(&mut self, slot: Slot, stage: &mut Stage<'_>) {
        let Site { name, slots, acknowledgements, .. } = self;
        let member = slots.get_mut(slot);
        member.stirred = false;
        let Member { persons, dyad: Some(dyad), .. } = member else { return };
        let (Some(client), Some(peer)) = (&persons.client, &persons.peer) else { return };
        let cx =
            Context { params: stage.params, site: name, client, peer, acknowledgements: &*acknowledgements };
        let changes = dyad.settle(&cx, stage.now);
        let (is_over, deadline) = (dyad.is_empty(), dyad.next_deadline());
        if is_over {
            self.people.part(&member.persons, slot);
            slots.dissolve(slot);
        } else {
            member.schedule(deadline, slot, stage);
        }
        for (event_id, row) in changes.rows {
            // The event may have moved: then the row under its key is another dyad's to give.
            if row.is_some() || !self.has_row(&event_id, stage.now) {
                stage.out.push(Output::Enriched { site: self.name.clone(), event_id, row });
            }
        }
        for alert in changes.alerts {
            self.alerts.insert(alert.alert_id.as_str().into(), slot);
            stage.out.push(Output::Alert(alert));
        }
        let Site { people, slots, rows, .. } = self;
        for (id, ended) in changes.endings {
            rows.extend(people.note_ending(slots.persons(slot), &id, slot, ended.is_some()));
        }
    }

    fn has_row(&self, id: &str, now: Instant) -> bool {
        let active = self.standing(id).filter(|version| version.event.occurred_at <= now);
        active.is_some_and(|version| *self.slots.persons(version.slot) != Persons::default())
    }

    fn settle_row(&self, event_id: Arc<str>, stage: &mut Stage<'_>) {
        let active = self.standing(&event_id).filter(|version| version.event.occurred_at <= stage.now);
        let row = match active {
            // An acknowledgement has no row; the row of what was something else before is gone.
            Some(version) if self.slots.is_pair(version.slot) => return,
            Some(version) if *self.slots.persons(version.slot) == Persons::default() => None,
            Some(version) => {
                let persons = self.slots.persons(version.slot);
                Some(self.people.row(stage.params, &self.name, persons, &version.event))
            }
            None => None,
        };
        stage.out.push(Output::Enriched { site: self.name.clone(), event_id, row });
    }
}

fn encoding(site: &str, slots: &Slots, version: &Version) -> Vec<u8> {
    version.event.canonical_bytes(site, slots.persons(version.slot))
}
