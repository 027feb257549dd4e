//! Giving out what differs: a site's changes become rows and alerts.

use std::collections::BTreeSet;
use std::sync::Arc;

use rapport_proto::v1;

use crate::alert::{self, About, PeerStory, Presence, Stretch};
use crate::dyad::Context;
use crate::enriched;
use crate::event::{Body, Persons};
use crate::params::Params;
use crate::partition::Output;
use crate::time::Instant;
use crate::versions::{Slot, Version};
use crate::words::{Mechanism, Polarity};

use super::concerns::Versions;
use super::slots::{History, Member, Slots};
use super::{Site, Stage, encoding, is_death};

impl Site {
    /// Gives out what differs since the last time.
    pub fn settle(&mut self, stage: &mut Stage<'_>) {
        if stage.replaying {
            return self.dissolve_emptied();
        }
        let mut stirred = std::mem::take(&mut self.stirred);
        // Concerns first: who delivers alerts holds those of a pair back while a concern about it stands, and has to read of that
        // before it reads of what the same record opens beside it.
        stirred.iter().for_each(|slot| self.settle_concerns(*slot, stage));
        // Dyads next: whether they are open is what their peers' alerts are judged by.
        stirred.iter().for_each(|slot| self.settle_dyad(*slot, stage));
        stirred.append(&mut self.stirred);
        for slot in stirred {
            if slot == Slots::NOBODY {
                self.settle_silence(stage);
            }
            self.settle_peer(slot, stage);
            self.settle_member(slot, stage);
        }
        while let Some(id) = self.rows.pop_first() {
            self.settle_row(id, stage);
        }
    }

    /// Does once, after a replay, what settling would have done with each record; what is given out is written already.
    pub fn settle_replayed(&mut self, stage: &mut Stage<'_>) {
        self.silence.newest = self.ledger.newest().cloned();
        for slot in self.slots.all() {
            self.settle_dyad(slot, stage);
            self.note_all_fresh(slot, stage.now.day());
        }
        for slot in self.slots.all() {
            if slot == Slots::NOBODY {
                self.settle_silence(stage);
            }
            self.settle_concerns(slot, stage);
            self.settle_peer(slot, stage);
            self.settle_member(slot, stage);
        }
        self.stirred.clear();
        self.rows.clear();
    }

    /// Takes away the dyads that a replayed record left without events.
    fn dissolve_emptied(&mut self) {
        for slot in std::mem::take(&mut self.stirred) {
            let member = self.slots.get_mut(slot);
            member.stirred = false;
            if member.pair().is_some_and(|pair| pair.dyad.is_empty()) {
                self.slots.dissolve(slot);
            }
        }
    }

    fn settle_dyad(&mut self, slot: Slot, stage: &mut Stage<'_>) {
        let Site { name, slots, acknowledgements, .. } = self;
        let Member { persons, history: History::Dyad(pair), .. } = slots.get_mut(slot) else { return };
        let Persons { client: Some(client), peer: Some(peer) } = &*persons else { return };
        let cx =
            Context { params: stage.params, site: name, client, peer, acknowledgements: &*acknowledgements };
        let changes = pair.dyad.settle(&cx, stage.now);
        let (is_over, client, peer) = (pair.dyad.is_empty(), pair.client, pair.peer);
        if is_over {
            slots.dissolve(slot);
            self.stir_changed(client);
            self.stir_changed(peer);
        } else if changes.open {
            self.stir(peer);
        }
        if (is_over || changes.open)
            && let Some(peer) = self.slots.person_mut(peer)
        {
            peer.reconsider = true;
        }
        for (event_id, mut row) in changes.rows {
            self.note_other_ends(client, &event_id, &mut row);
            // The event may have moved: then the row under its key is another's to give.
            if row.is_some() || !self.has_row(&event_id, stage.now) {
                stage.out.put(Output::Enriched { site: self.name.clone(), event_id, row });
            }
        }
        for (id, ended) in changes.endings {
            // A `left` is its peer's, a death its client's; what it was before may have been the other's.
            let version = self.standing(&id);
            let is_death = version.is_some_and(|version| self.slots.is_pair(version.slot));
            for (person, is_its) in [(client, is_death), (peer, !is_death)] {
                let person = self.slots.person_mut(person);
                if person.is_some_and(|it| it.note_ending(&id, slot, ended.is_some() && is_its)) {
                    self.rows.insert(id.clone());
                }
            }
        }
        self.give_out(slot, changes.opened_by.into_iter().zip(changes.alerts).collect(), stage);
    }

    /// Settles the alerts of a peer, if that is what the slot is of.
    fn settle_peer(&mut self, slot: Slot, stage: &mut Stage<'_>) {
        let member = self.slots.get(slot);
        let Some(person) = member.person().filter(|_| member.persons.peer.is_some()) else { return };
        let is_due = person.deadline.is_some_and(|deadline| deadline <= stage.now);
        if !person.reconsider && !is_due {
            return;
        }
        let pairs = person.dyads().iter().filter_map(|dyad| self.slots.get(*dyad).pair());
        let presence = Presence::of(pairs.map(|pair| pair.dyad.open_stretches()));
        let (told, wellbeing) = (person.told(), person.wellbeing());
        let story = PeerStory { params: stage.params, told, presence, wellbeing, now: stage.now };
        let about = member.about(&self.name, stage.params);
        let alerts = alert::peer_stretches(&story, about, &self.acknowledgements);
        let changes = alert::differences(&person.alerts, &alerts, about, stage.now);
        let deadline = alert::peer_deadline(&story);
        if let Some(person) = self.slots.person_mut(slot) {
            (person.alerts, person.deadline) = (alerts.into_boxed_slice(), deadline);
            (person.reconsider, person.scored) = (false, false);
        }
        self.give_out(slot, changes, stage);
    }

    /// Settles what any member has, whatever else it is: when to look again.
    fn settle_member(&mut self, slot: Slot, stage: &mut Stage<'_>) {
        let silence = self.silence.deadline.filter(|_| slot == Slots::NOBODY);
        let member = self.slots.get_mut(slot);
        member.stirred = false;
        member.schedule(member.next_deadline().into_iter().chain(silence).min(), slot, stage);
    }

    /// Settles the concerns about a member's persons, which any member may have.
    fn settle_concerns(&mut self, slot: Slot, stage: &mut Stage<'_>) {
        if self.slots.get(slot).concerns.is_empty() {
            return;
        }
        let mut concerns = std::mem::take(&mut self.slots.get_mut(slot).concerns);
        let (mut before, mut after): (Vec<Stretch>, Vec<Stretch>) = Default::default();
        let Site { name, ledger, slots, acknowledgements, .. } = &*self;
        let about = slots.get(slot).about(name, stage.params);
        concerns.retain_mut(|concern| {
            let told = Versions::by(ledger, &concern.id, slot, &|version| encoding(name, slots, version));
            before.extend(concern.stretch.take());
            concern.stretch = told.stretch(stage.now);
            concern.opens_at = told.opens_at(stage.now);
            if let Some(stretch) = &mut concern.stretch {
                stretch.acknowledge(about, acknowledgements);
                after.push(stretch.clone());
            }
            !told.is_nothing()
        });
        let changes = alert::differences(&before, &after, about, stage.now);
        self.slots.get_mut(slot).concerns = concerns;
        self.give_out(slot, changes, stage);
    }

    fn settle_silence(&mut self, stage: &mut Stage<'_>) {
        let about = self.slots.get(Slots::NOBODY).about(&self.name, stage.params);
        let (mut alert, deadline) = match &self.silence.newest {
            Some(newest) => {
                let day = newest.ingested_at.day();
                alert::site_silent(day, &newest.event, &stage.params.settings, stage.now)
            }
            None => (None, None),
        };
        alert.iter_mut().for_each(|alert| alert.acknowledge(about, &self.acknowledgements));
        let before = std::mem::replace(&mut self.silence.alert, alert.clone());
        let changes = alert::differences(before.as_slice(), alert.as_slice(), about, stage.now);
        self.silence.deadline = deadline;
        self.give_out(Slots::NOBODY, changes, stage);
    }

    fn give_out(&mut self, slot: Slot, told: Vec<(Arc<str>, v1::Alert)>, stage: &mut Stage<'_>) {
        if !told.is_empty() {
            let member = self.slots.get_mut(slot);
            (member.changed, member.alerts_changed) = (true, true);
        }
        for (_, alert) in told {
            if let Some(id) = alert::Id::parse(&alert.alert_id) {
                // Nothing of a withdrawn one is left that an acknowledgement could change.
                if alert.state == alert::WITHDRAWN {
                    self.alerts.remove(&id);
                } else {
                    self.alerts.insert(id, slot);
                }
            }
            stage.out.put(Output::Alert(alert));
        }
    }

    /// Takes back the alerts that a version of the event `id` may have opened which was erased, but for those that another
    /// version of it may have opened too: an alert that is withdrawn would still say of whom it was. Of a dyad of which all
    /// is erased, those too that its peer's leaving may have opened, whose own event stays.
    pub(super) fn take_back(&mut self, id: &str, erased: Option<&Version>, stage: &mut Stage<'_>) {
        let opened = |version: &Version| self.may_have_opened(version, stage.params);
        let mut taken: BTreeSet<String> = erased.into_iter().flat_map(opened).collect();
        for kept in self.ledger.versions(id).iter().flat_map(opened) {
            taken.remove(&kept);
        }
        if let Some(erased) = erased.filter(|it| self.slots.is_pair(it.slot) && !self.ledger.names(it.slot)) {
            let about = self.slots.get(erased.slot).about(&self.name, stage.params);
            for left in self.slots.departures(about.peer) {
                taken.extend(alert::departure_opened_by(left, about));
            }
        }
        if !self.ledger.is_known(id) {
            let about = self.slots.get(Slots::NOBODY).about(&self.name, stage.params);
            taken.insert(alert::silence_opened_by(id, about));
        }
        for alert_id in taken {
            alert::Id::parse(&alert_id).and_then(|id| self.alerts.remove(&id));
            stage.out.put(Output::NoAlert { site: self.name.clone(), alert_id });
        }
    }

    /// The alerts of persons that a version may have opened, whatever else was known then.
    fn may_have_opened(&self, version: &Version, params: &Params) -> Vec<String> {
        let member = self.slots.get(version.slot);
        let about = member.about(&self.name, params);
        let mut alerts = alert::opened_by(&version.event, about);
        if self.slots.is_pair(version.slot) {
            alerts.extend(alert::opened_by(&version.event, About { client: None, ..about }));
        }
        if let Body::Left { .. } = version.event.body {
            // It ended episodes of all of the peer's dyads; those of which all was erased are taken back already.
            let slots = self.slots.all().filter(|slot| self.slots.is_pair(*slot) && self.ledger.names(*slot));
            let dyads = slots.map(|slot| self.slots.get(slot));
            for dyad in dyads.filter(|dyad| dyad.persons.peer == member.persons.peer) {
                let about = dyad.about(&self.name, params);
                alerts.extend(alert::departure_opened_by(&version.event.id, about));
            }
        }
        alerts
    }

    /// Says in the row of a death that it ended an episode, where that was one of another dyad of its client.
    fn note_other_ends(&self, client: Slot, id: &str, row: &mut Option<v1::Enriched>) {
        // What was a death until now may be something else: then what it ended is not settled yet.
        let is_noted = self.slots.get(client).person().is_some_and(|client| client.has_ended(id))
            && self.standing(id).is_some_and(|version| is_death(&version.event));
        if let Some(row) = row.as_mut().filter(|row| is_noted && row.ended.is_none()) {
            row.ended = Some(enriched::ended_row(Polarity::Neutral, Mechanism::None));
        }
    }

    /// Gives out the row of a death again that came to end an episode of another dyad, or no longer does.
    fn settle_death(&mut self, version: &Version, stage: &mut Stage<'_>) {
        let Member { persons, history: History::Dyad(pair), .. } = self.slots.get(version.slot) else {
            return;
        };
        let Persons { client: Some(client), peer: Some(peer) } = persons else { return };
        if !is_death(&version.event) {
            return;
        }
        let (params, acknowledgements) = (stage.params, &self.acknowledgements);
        let cx = Context { params, site: &self.name, client, peer, acknowledgements };
        let mut row = pair.dyad.row(&cx, &version.event.id);
        self.note_other_ends(pair.client, &version.event.id, &mut row);
        let (site, event_id) = (self.name.clone(), version.event.id.clone());
        stage.out.put(Output::Enriched { site, event_id, row });
    }

    fn has_row(&self, id: &str, now: Instant) -> bool {
        let active = self.standing(id).filter(|version| version.event.occurred_at <= now);
        active.is_some_and(|version| *self.slots.persons(version.slot) != Persons::default())
    }

    fn settle_row(&mut self, event_id: Arc<str>, stage: &mut Stage<'_>) {
        let active = self.standing(&event_id).filter(|version| version.event.occurred_at <= stage.now);
        let row = match active {
            Some(version) if self.slots.is_pair(version.slot) => {
                let version = version.clone();
                return self.settle_death(&version, stage);
            }
            // An acknowledgement has no row; the row of what was something else before is gone.
            Some(version) => {
                let member = self.slots.get(version.slot);
                let person = member.person();
                person.map(|it| it.row(stage.params, &self.name, &member.persons, &version.event))
            }
            None => None,
        };
        stage.out.put(Output::Enriched { site: self.name.clone(), event_id, row });
    }
}
