//! A site: its events with all their versions, its dyads and persons, and what passes between them.
//!
//! Which version of an event stands is the [`Ledger`]'s to say. What stands and has occurred is *active*: it is in a dyad,
//! with a person, or among the acknowledgements. Changes are made first and settled together, so that an event that moves
//! gives one row: dyads first, then what rests on them.

mod acknowledgements;
mod concerns;
mod person;
mod releases;
mod settling;
mod silence;
mod slots;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;

use crate::alert;
use crate::dyad::{Context, Dyad};
use crate::event::{Body, Event, Names, Persons};
use crate::params::Params;
use crate::partition::Outputs;
use crate::release::Board;
use crate::time::{Day, Instant};
use crate::versions::{Ledger, Slot, Transition, Version, VersionId};
use crate::windows::Windows;
use crate::words::EndReason;

use acknowledgements::Register;
use concerns::Concern;
use releases::Ahead;
use silence::Silence;
use slots::{Member, Slots};

/// What the partition lends a site while it changes.
pub(crate) struct Stage<'a> {
    pub params: &'a Params,
    /// Up to when events have occurred.
    pub now: Instant,
    /// Whether what follows is written already: then changes are only noted, until [`Site::settle_replayed`].
    pub replaying: bool,
    /// This site's place in the partition.
    pub site: u32,
    /// When which member of which site must be looked at again.
    pub schedule: &'a mut BTreeSet<(Instant, u32, Slot)>,
    /// Standing events of all sites that have not occurred yet.
    pub pending: &'a mut BTreeSet<(Instant, u32, Arc<str>)>,
    pub out: &'a mut dyn Outputs,
}

/// One site.
pub(crate) struct Site {
    name: Arc<str>,
    ledger: Ledger,
    slots: Slots,
    acknowledgements: Register,
    /// Whom the alerts are about that were given out and not withdrawn, by id.
    alerts: HashMap<alert::Id, Slot>,
    silence: Silence,
    /// How many active events there are of each day.
    days: BTreeMap<Day, u32>,
    /// What its members add to releases, from the first on.
    board: Option<Board>,
    /// Events of dyads that came to stand (`true`) or no longer do since the last release, and were not counted ahead.
    fresh: Vec<(Arc<Event>, bool)>,
    /// How far the next release is counted.
    ahead: Ahead,
    /// Members to settle.
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
            acknowledgements: Register::default(),
            alerts: HashMap::new(),
            silence: Silence::default(),
            days: BTreeMap::new(),
            board: None,
            fresh: Vec::new(),
            ahead: Ahead::default(),
            stirred: Vec::new(),
            rows: BTreeSet::new(),
        }
    }

    /// How many event ids and how many dyads it has.
    pub fn size(&self) -> (usize, usize) {
        (self.ledger.known(), self.slots.dyads())
    }

    /// All versions of all events and retractions, in no order that means anything.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        self.ledger.all()
    }

    /// Its name, and the persons of one of its slots.
    pub fn describe(&self, slot: Slot) -> (&str, &Persons) {
        (&self.name, self.slots.persons(slot))
    }

    /// Adds a version of an event, or a retraction, that was accepted at `ingested_at`.
    pub fn add(
        &mut self,
        names: Names<'_>,
        event: Event,
        version: VersionId,
        ingested_at: Instant,
        stage: &mut Stage<'_>,
    ) {
        let slot = self.slots.intern(names);
        let version = Version::new(Arc::new(event), slot, ingested_at, version.hash);
        // After a replay the newest record is looked for once.
        let outdates = !stage.replaying && self.silence.is_outdated_by(&version);
        if !stage.replaying && self.silence.note(&version) {
            self.stir(Slots::NOBODY);
        }
        let Site { name, ledger, slots, .. } = self;
        let bytes = |version: &Version| encoding(name, slots, version);
        if let Body::Retraction { retracts } = &version.event.body {
            let target: Arc<str> = (**retracts).into();
            let transition = ledger.retract(version, target.clone(), &bytes);
            self.apply(transition, stage);
            self.touch_concerns(&target, stage);
        } else {
            let event = version.event.clone();
            let transition = ledger.add(version, &bytes);
            self.raise(&event, slot);
            self.note_departure(&event, slot);
            self.apply(transition, stage);
            self.touch_concerns(&event.id, stage);
        }
        if outdates {
            self.look_for_newest();
        }
        self.settle(stage);
    }

    /// Looks through all records again for the newest: the one known to be is no more.
    fn look_for_newest(&mut self) {
        self.silence.newest = self.ledger.newest().cloned();
        self.stir(Slots::NOBODY);
    }

    /// Forgets a version of an event, or a retraction.
    pub fn forget(&mut self, id: &str, version: VersionId, stage: &mut Stage<'_>) {
        self.touch_concerns(id, stage);
        let erased = self.ledger.versions(id).iter().find(|known| known.id() == version).cloned();
        let Site { name, ledger, slots, .. } = self;
        let Some(transition) = ledger.forget(id, version, &|version| encoding(name, slots, version)) else {
            return;
        };
        if self.silence.newest.as_ref().is_some_and(|newest| *newest.event.id == *id) {
            self.look_for_newest();
        }
        if let Some(erased) = &erased {
            self.note_departure(&erased.event, erased.slot);
        }
        let retracted = transition.before.iter().chain(&transition.after).next();
        if let Some(retracted) = retracted.map(|version| version.event.id.clone()) {
            self.touch_concerns(&retracted, stage);
        }
        self.apply(transition, stage);
        self.settle(stage);
        if !stage.replaying {
            self.take_back(id, erased.as_ref(), stage);
        }
    }

    /// Makes a pending event active: the clock has reached it. [`Site::settle`] is to follow.
    pub fn reach(&mut self, id: &str, stage: &Stage<'_>) {
        if let Some(version) = self.standing(id).cloned() {
            self.activate(&version, stage);
        }
    }

    /// Looks at a member again if time alone may have changed it. [`Site::settle`] is to follow.
    pub fn wake(&mut self, slot: Slot, stage: &mut Stage<'_>) {
        let silence = self.silence.deadline.filter(|_| slot == Slots::NOBODY);
        let member = self.slots.get_mut(slot);
        member.scheduled = None;
        match member.next_deadline().into_iter().chain(silence).min() {
            Some(deadline) if deadline <= stage.now => self.stir(slot),
            deadline => member.schedule(deadline, slot, stage),
        }
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
        if self.slots.is_pair(*slot) && self.slots.get(*slot).pair().is_none() {
            for noted in self.slots.found(*slot, stage.replaying) {
                self.with_dyad(*slot, stage.params, |dyad, cx| dyad.insert(cx, noted.clone(), false));
            }
        }
        self.enter(version, true, stage);
    }

    fn deactivate(&mut self, version: &Version, stage: &Stage<'_>) {
        let day = version.event.occurred_at.day();
        if let Some(number) = self.days.get_mut(&day) {
            *number -= 1;
            if *number == 0 {
                self.days.remove(&day);
            }
        }
        self.enter(version, false, stage);
    }

    /// Adds an event to what it is about, or takes it out; and to the dyads that it ends an episode of although it was
    /// noted elsewhere.
    fn enter(&mut self, version: &Version, added: bool, stage: &Stage<'_>) {
        let Version { event, slot, .. } = version;
        let params = stage.params;
        let change = |site: &mut Site, slot, own| {
            site.with_dyad(slot, params, |dyad, cx| {
                if added { dyad.insert(cx, event.clone(), own) } else { dyad.remove(cx, event, own) }
            });
        };
        if let Body::Acknowledgement(acknowledgement) = &event.body {
            self.acknowledgements.note(event, &acknowledgement.alert_id, added);
            let alert = alert::Id::parse(&acknowledgement.alert_id);
            if let Some(slot) = alert.and_then(|id| self.alerts.get(&id).copied()) {
                self.with_dyad(slot, params, |dyad, _| dyad.reconsider());
                let member = self.slots.get_mut(slot);
                member.alerts_changed = true;
                if let Some(person) = member.person_mut() {
                    person.reconsider = true;
                }
                self.stir_changed(slot);
            }
        } else if self.slots.is_pair(*slot) {
            if !stage.replaying {
                self.note_fresh(event, added, stage.now.day());
            }
            change(self, *slot, true);
            for dyad in self.note_death(*slot, event, added) {
                change(self, dyad, false);
            }
        } else if let Some(person) = self.slots.person_mut(*slot) {
            let differ = if added { person.insert(event) } else { person.remove(event) };
            let dyads =
                if matches!(event.body, Body::Left { .. }) { person.dyads().to_vec() } else { vec![] };
            if !stage.replaying {
                self.rows.extend(differ);
                self.rows.insert(event.id.clone());
            }
            self.stir_changed(*slot);
            for dyad in dyads {
                change(self, dyad, false);
            }
        }
    }

    /// Notes what the next release is to count by itself.
    fn note_fresh(&mut self, event: &Arc<Event>, added: bool, today: Day) {
        let is_past = |event: &Event| Windows::is_past(event.occurred_at.day(), today);
        if self.fresh.len() == self.fresh.capacity() {
            // Releases may be far apart.
            self.fresh.retain(|(event, _)| !is_past(event));
        }
        if !is_past(event) {
            self.fresh.push((event.clone(), added));
        }
    }

    /// Notes of a dyad that was replayed what the next release is to count by itself.
    fn note_all_fresh(&mut self, slot: Slot, today: Day) {
        let Some(pair) = self.slots.get(slot).pair() else { return };
        let fresh = pair.dyad.events().iter().rev();
        let fresh = fresh.take_while(|event| !Windows::is_past(event.occurred_at.day(), today));
        self.fresh.extend(fresh.map(|event| (event.clone(), true)));
    }

    /// Notes a death with its client, or takes it out; the client's other dyads are given back.
    fn note_death(&mut self, slot: Slot, event: &Arc<Event>, added: bool) -> Vec<Slot> {
        if !is_death(event) {
            return Vec::new();
        }
        let client = self.slots.get(slot).pair().map(|pair| pair.client);
        let Some(client) = client.and_then(|client| self.slots.person_mut(client)) else { return Vec::new() };
        client.note_death(slot, event, added);
        client.dyads().iter().copied().filter(|other| *other != slot).collect()
    }

    /// Notes that a version of an event raises a safeguarding concern about the persons of `slot`, if it does.
    fn raise(&mut self, event: &Event, slot: Slot) {
        if !alert::is_for_safeguarding(&event.body) {
            return;
        }
        let concerns = &mut self.slots.get_mut(slot).concerns;
        if concerns.iter().all(|concern| concern.id != event.id) {
            concerns.push(Concern::new(event.id.clone()));
        }
    }

    /// Notes whether a version of an event says that the peer of `slot` left, if this one does.
    fn note_departure(&mut self, event: &Event, slot: Slot) {
        let says_so = |event: &Event| matches!(event.body, Body::Left { .. });
        if !says_so(event) {
            return;
        }
        let mut versions = self.ledger.versions(&event.id).iter();
        let said = versions.any(|version| version.slot == slot && says_so(&version.event));
        if let Some(peer) = self.slots.person_mut(slot) {
            peer.note_departure(&event.id, said);
        }
    }

    /// Has everybody settled about whom a version of the event `id` raises a concern.
    fn touch_concerns(&mut self, id: &str, stage: &Stage<'_>) {
        if stage.replaying {
            return;
        }
        let raised = self.ledger.versions(id).iter();
        let raised = raised.filter(|version| alert::is_for_safeguarding(&version.event.body));
        let slots: Vec<Slot> = raised.map(|version| version.slot).collect();
        slots.into_iter().for_each(|slot| self.stir_changed(slot));
    }

    /// Changes a dyad, which is then to be settled.
    fn with_dyad(&mut self, slot: Slot, params: &Params, change: impl FnOnce(&mut Dyad, &Context<'_>)) {
        let Site { name, slots, acknowledgements, .. } = self;
        let Member { persons, history: slots::History::Dyad(pair), .. } = slots.get_mut(slot) else { return };
        let Persons { client: Some(client), peer: Some(peer) } = &*persons else { return };
        let cx = Context { params, site: name, client, peer, acknowledgements: &*acknowledgements };
        change(&mut pair.dyad, &cx);
        self.stir_changed(slot);
    }

    /// Has a member settled, and counted again for the next release.
    fn stir_changed(&mut self, slot: Slot) {
        self.slots.get_mut(slot).changed = true;
        self.stir(slot);
    }

    fn stir(&mut self, slot: Slot) {
        if !std::mem::replace(&mut self.slots.get_mut(slot).stirred, true) {
            self.stirred.push(slot);
            self.ahead.begin_again();
        }
    }
}

fn is_death(event: &Event) -> bool {
    matches!(event.body, Body::Ended { reason: EndReason::Died, .. })
}

fn encoding(site: &str, slots: &Slots, version: &Version) -> Vec<u8> {
    version.event.canonical_bytes(site, slots.persons(version.slot))
}
