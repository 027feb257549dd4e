//! A partition of `rapport.events`: the clock that is in its records, and the sites that live on it.
//!
//! A record may carry the clock T forward. Where it carries T across a release boundary, the sites are released as they
//! stand just before the boundary; then T is set; then the record itself is applied (model.md sections 3 and 5).

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use rapport_proto::{keys, v1};

use crate::event::{self, Body, Decoded, Decoder, Event, Names};
use crate::params::Params;
use crate::release::{Layout, Release};
use crate::site::{Site, Stage};
use crate::time::Instant;
use crate::versions::{Slot, VersionId};

mod held;
mod noted;
#[cfg(test)]
mod tests;

pub use held::Held;
use noted::Noted;

/// Something to write, each under a key of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A row of `rapport.enriched`.
    Enriched {
        /// The site.
        site: Arc<str>,
        /// The event's id.
        event_id: Arc<str>,
        /// The row; `None` withdraws it.
        row: Option<v1::Enriched>,
    },
    /// A record of `rapport.indicators`.
    Release(Release),
    /// A record of `rapport.alerts`.
    Alert(v1::Alert),
    /// A tombstone on `rapport.alerts`: the event that opened the alert was erased.
    NoAlert {
        /// The site.
        site: Arc<str>,
        /// The alert's id.
        alert_id: String,
    },
}

impl Output {
    /// The key it is written under.
    pub fn key(&self) -> String {
        let mut key = String::new();
        self.write_key(&mut key);
        key
    }

    /// Puts the key it is written under in place of what is in `key`.
    pub fn write_key(&self, key: &mut String) {
        key.clear();
        match self {
            Output::Enriched { site, event_id, .. } => keys::push_enriched(key, site, event_id),
            Output::Release(release) => *key = keys::release(&release.site, &release.day.to_string()),
            Output::Alert(v1::Alert { alert_id, .. }) | Output::NoAlert { alert_id, .. } => {
                key.push_str(alert_id);
            }
        }
    }
}

/// Takes what is to be written, one after another: of a large site, or of many, it is too much to be held at once.
pub trait Outputs {
    /// The clock of the partition once the record at hand is applied; told before the outputs of the record.
    fn clock(&mut self, _clock: Instant) {}

    /// Takes the next output.
    fn put(&mut self, output: Output);
}

impl Outputs for Vec<Output> {
    fn put(&mut self, output: Output) {
        self.push(output);
    }
}

/// Of what is written already.
impl Outputs for () {
    fn put(&mut self, _: Output) {}
}

/// Why a record of `rapport.events` was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The key is none of an event, or not of the event in the value.
    #[error("find the event's version in the record key")]
    Key,
    /// The value cannot be read.
    #[error(transparent)]
    Value(#[from] event::Malformed),
    /// The event lacks a person that its type has, or has one that its type lacks.
    #[error("find the persons that the event's type has")]
    Persons,
}

/// How much a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Sites.
    pub sites: usize,
    /// Dyads that have events.
    pub dyads: usize,
    /// Event ids.
    pub events: usize,
    /// Standing events that have not occurred yet.
    pub pending: usize,
}

/// The fold of a partition's records.
pub struct Partition {
    params: Arc<Params>,
    layout: Layout,
    clock: Instant,
    sites: Vec<Site>,
    /// The place of each among the sites.
    by_name: HashMap<Arc<str>, u32>,
    schedule: BTreeSet<(Instant, u32, Slot)>,
    pending: BTreeSet<(Instant, u32, Arc<str>)>,
    /// The site whose release was counted ahead last.
    counted_ahead: usize,
    /// Whether all records so far were replayed: what they say is noted, but nothing is folded yet.
    replaying: bool,
    /// Of these the ones that are not even looked at yet.
    noted: Noted,
    decoder: Decoder,
}

impl Partition {
    /// A partition without records.
    pub fn new(params: Arc<Params>) -> Partition {
        Partition {
            params,
            layout: Layout::new(),
            clock: Instant::default(),
            sites: Vec::new(),
            by_name: HashMap::new(),
            schedule: BTreeSet::new(),
            pending: BTreeSet::new(),
            counted_ahead: 0,
            replaying: true,
            noted: Noted::default(),
            decoder: Decoder::default(),
        }
    }

    /// Replays one record, that is, applies one that was applied before: what follows from it is written already. Until the
    /// first other one records only find their places, and what they say is folded once, by [`Partition::settle`].
    ///
    /// # Errors
    /// As [`Partition::apply`].
    pub fn replay(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<(), Malformed> {
        self.replay_all_noted();
        self.receive(key, value, &mut ())
    }

    /// Ends the replay: folds what it brought, once. [`Partition::apply`] does so by itself; where it was done before it does
    /// nothing.
    pub fn settle(&mut self) {
        if !self.replaying {
            return;
        }
        self.replay_all_noted();
        (self.replaying, self.noted) = (false, Noted::default());
        for site in self.in_order() {
            self.with_site(site, self.clock, &mut (), |site, stage| site.settle_replayed(stage));
        }
    }

    /// Applies one record of `rapport.events`; what is to be written is put to `out`, in an order that depends on
    /// nothing but the records.
    ///
    /// Without a value the record forgets the version that its key names.
    ///
    /// # Errors
    /// A malformed record changes nothing, the clock included.
    pub fn apply(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        out: &mut dyn Outputs,
    ) -> Result<(), Malformed> {
        self.settle();
        self.receive(key, value, out)
    }

    fn receive(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        out: &mut dyn Outputs,
    ) -> Result<(), Malformed> {
        let key = key.and_then(|key| std::str::from_utf8(key).ok());
        let Some(value) = value else { return self.forget(key, out) };
        let mut decoder = std::mem::take(&mut self.decoder);
        let received =
            decoder.decode(value).map_err(Malformed::from).and_then(|it| self.accept(key, it, out));
        self.decoder = decoder;
        received
    }

    fn accept(
        &mut self,
        key: Option<&str>,
        record: Decoded<'_>,
        out: &mut dyn Outputs,
    ) -> Result<(), Malformed> {
        let accepted = record.ingested_at;
        let Some((site, names, event)) = record.event else {
            self.advance(accepted, out);
            return Ok(());
        };
        let version = key.and_then(keys::parse_event).and_then(|(key_site, id, version)| {
            let version = VersionId::from(version);
            (key_site == site && id == &*event.id && version.recorded_at == event.recorded_at)
                .then_some(version)
        });
        let version = version.ok_or(Malformed::Key)?;
        if !fits(names, &event) {
            return Err(Malformed::Persons);
        }
        self.advance(accepted, out);
        let site = self.site(site);
        self.with_site(site, self.clock, out, |site, stage| site.add(names, event, version, accepted, stage));
        Ok(())
    }

    /// Counts ahead some of what the next releases will be made of, so that less is left to count at their boundary: looks at
    /// as many members of sites as `effort` says, or counts a few of them.
    ///
    /// What is given out is the same, byte for byte, whether and whenever this is called.
    pub fn count_ahead(&mut self, effort: usize) {
        if self.replaying {
            return;
        }
        let releases = self.params.settings.releases;
        let between = (releases.boundary(self.clock), releases.boundary_after(self.clock));
        let mut left = effort;
        for _ in 0..self.sites.len() {
            let site = &mut self.sites[self.counted_ahead];
            left = site.count_ahead(between, &self.layout, &self.params, left);
            if left == 0 {
                break;
            }
            self.counted_ahead = (self.counted_ahead + 1) % self.sites.len();
        }
    }

    /// How many members of sites the next releases have yet to count if nothing more happens. It looks at all of them.
    pub fn left_to_count(&self) -> usize {
        let next = self.params.settings.releases.boundary_after(self.clock);
        self.sites.iter().map(|site| site.left_to_count(next)).sum()
    }

    /// T: the greatest `ingested_at` of its records, those apart that are noted for later; 1970-01-01 before the first.
    pub fn clock(&self) -> Instant {
        self.clock
    }

    /// How much it holds.
    pub fn stats(&self) -> Stats {
        let sizes = self.sites.iter().map(Site::size);
        let (events, dyads) = sizes.fold((0, 0), |(events, dyads), (e, d)| (events + e, dyads + d));
        Stats { sites: self.sites.len(), dyads, events, pending: self.pending.len() }
    }

    fn forget(&mut self, key: Option<&str>, out: &mut dyn Outputs) -> Result<(), Malformed> {
        let Some((site, id, version)) = key.and_then(keys::parse_event) else {
            // The tombstone of a tick withdraws nothing: T does not go back.
            let tick = key.is_some_and(|key| key == keys::TICK || key.starts_with("day/"));
            return if tick { Ok(()) } else { Err(Malformed::Key) };
        };
        let version = VersionId::from(version);
        out.clock(self.clock);
        if let Some(site) = self.site_number(site) {
            self.with_site(site, self.clock, out, |site, stage| site.forget(id, version, stage));
        }
        Ok(())
    }

    /// Carries the clock to `to`, if that is later: over the last release boundary on the way there, if any. Tells it first.
    fn advance(&mut self, to: Instant, out: &mut dyn Outputs) {
        out.clock(self.clock.max(to));
        if to <= self.clock {
            return;
        }
        let boundary = self.params.settings.releases.boundary(to);
        if boundary > self.clock && !self.replaying {
            self.reach(boundary.just_before(), out);
            for site in self.in_order() {
                let release = self.sites[site as usize].release(boundary, &self.layout, &self.params);
                release.into_iter().for_each(|release| out.put(release));
            }
        }
        self.clock = to;
        self.reach(to, out);
    }

    /// Lets everything happen that time alone brings up to `now`.
    fn reach(&mut self, now: Instant, out: &mut dyn Outputs) {
        let mut changed = BTreeSet::new();
        while let Some((_, site, id)) = pop_up_to(&mut self.pending, now, |(at, ..)| *at) {
            self.with_site(site, now, out, |site, stage| site.reach(&id, stage));
            changed.insert(site);
        }
        while let Some((_, site, slot)) = pop_up_to(&mut self.schedule, now, |(at, ..)| *at) {
            self.with_site(site, now, out, |site, stage| site.wake(slot, stage));
            changed.insert(site);
        }
        for site in changed {
            self.with_site(site, now, out, |site, stage| site.settle(stage));
        }
    }

    fn site(&mut self, name: &str) -> u32 {
        if let Some(site) = self.site_number(name) {
            return site;
        }
        let name: Arc<str> = name.into();
        let site = self.sites.len() as u32;
        self.sites.push(Site::new(name.clone()));
        self.by_name.insert(name, site);
        site
    }

    fn site_number(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The sites in the order of their names.
    fn in_order(&self) -> Vec<u32> {
        let mut sites: Vec<(&str, u32)> = self.by_name.iter().map(|(name, site)| (&**name, *site)).collect();
        sites.sort_unstable();
        sites.into_iter().map(|(_, site)| site).collect()
    }

    fn with_site(
        &mut self,
        site: u32,
        now: Instant,
        out: &mut dyn Outputs,
        change: impl FnOnce(&mut Site, &mut Stage<'_>),
    ) {
        let Partition { params, sites, schedule, pending, replaying, .. } = self;
        let mut stage = Stage { params, now, replaying: *replaying, site, schedule, pending, out };
        change(&mut sites[site as usize], &mut stage);
    }
}

fn pop_up_to<T: Ord>(set: &mut BTreeSet<T>, now: Instant, at: impl Fn(&T) -> Instant) -> Option<T> {
    if at(set.first()?) <= now { set.pop_first() } else { None }
}

/// Whether an event has the persons of its type.
fn fits(persons: Names<'_>, event: &Event) -> bool {
    let (client, peer) = (persons.client.is_some(), persons.peer.is_some());
    match event.body {
        Body::Started { .. }
        | Body::Paused
        | Body::Resumed
        | Body::Ended { .. }
        | Body::Contact(_)
        | Body::Ruptured { .. }
        | Body::Repaired
        | Body::Behaviour(_)
        | Body::Comparison { .. } => client && peer,
        Body::Measure(_) => client || peer,
        Body::ServiceUse { .. } | Body::Pathway(_) => client && !peer,
        Body::Training { .. }
        | Body::Supervision { .. }
        | Body::Reflection
        | Body::PeerSupportReceived
        | Body::Joined
        | Body::Left { .. } => peer && !client,
        Body::Acknowledgement(_) | Body::Retraction { .. } => !client && !peer,
    }
}
