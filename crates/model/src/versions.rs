//! Which version of each event of a site stands (model.md section 3, *Versions*): by what was recorded, never by the
//! order of arrival.

mod shelves;

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::{HashMap, hash_table};

use crate::event::Event;
use crate::time::Instant;

use shelves::{Named, Shelves};

/// What tells versions of one event apart: when it was recorded, and the start of the hash of its canonical encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId {
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The first eight bytes of the SHA-256 of its canonical encoding.
    pub hash: u64,
}

/// As a record key has it.
impl From<(i64, u64)> for VersionId {
    fn from((recorded_at, hash): (i64, u64)) -> VersionId {
        VersionId { recorded_at: Instant(recorded_at), hash }
    }
}

/// Whom an event of a site is about: an index into the site's list of combinations of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// A version of an event.
#[derive(Debug, Clone)]
pub struct Version {
    /// The event as this version has it.
    pub event: Arc<Event>,
    /// Whom it is about.
    pub slot: Slot,
    /// `ingested_at` of its last record: what was written before under its key is compacted away.
    pub ingested_at: Instant,
    hash: u64,
}

impl Version {
    /// A version.
    pub fn new(event: Arc<Event>, slot: Slot, ingested_at: Instant, hash: u64) -> Version {
        Version { event, slot, ingested_at, hash }
    }

    /// Which of two was accepted last; of those accepted at one instant, which is the last in the order.
    pub fn by_acceptance(&self, other: &Version) -> Ordering {
        let order = self.ingested_at.cmp(&other.ingested_at).then_with(|| self.event.order(&other.event));
        order.then_with(|| self.id().cmp(&other.id()))
    }

    /// What tells it apart.
    pub fn id(&self) -> VersionId {
        VersionId { recorded_at: self.event.recorded_at, hash: self.hash }
    }
}

/// The versions and retractions of all events of a site.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Shelves<Entry>,
    /// How many entries there are.
    known: usize,
    /// How many versions of events there are of each slot.
    of_slots: Vec<u32>,
    /// What retracts what, by the retraction's own id, so that one can be forgotten. That id identifies nothing else:
    /// an event may have it too.
    retractions: HashMap<Arc<str>, Vec<Retraction>>,
}

/// A version of a retraction.
#[derive(Debug)]
struct Retraction {
    version: Version,
    /// The id of what it retracts.
    target: Arc<str>,
}

/// What is known of one event id. Almost all events have one version and stay so: that case takes no allocation.
#[derive(Debug)]
enum Entry {
    One(Version),
    Many(Box<Many>),
}

#[derive(Debug)]
struct Many {
    id: Arc<str>,
    versions: Vec<Version>,
    /// The retractions of this id; each acts.
    retractions: Vec<VersionId>,
}

impl Named for Entry {
    fn id(&self) -> &Arc<str> {
        match self {
            Entry::One(version) => &version.event.id,
            Entry::Many(many) => &many.id,
        }
    }
}

impl Many {
    /// The version that stands; `bytes` gives canonical encodings, wanted only where two were recorded at one instant.
    fn standing(&self, bytes: &dyn Fn(&Version) -> Vec<u8>) -> Option<&Version> {
        let withdrawn = self.retractions.iter().map(|retraction| retraction.recorded_at).max();
        let latest = self.versions.iter().map(|version| version.event.recorded_at).max()?;
        if withdrawn.is_some_and(|withdrawn| latest <= withdrawn) {
            return None;
        }
        let mut candidates = self.versions.iter().filter(|version| version.event.recorded_at == latest);
        let first = candidates.next()?;
        let mut best = (first, None);
        for other in candidates {
            let best_bytes = best.1.unwrap_or_else(|| bytes(best.0));
            let other_bytes = bytes(other);
            best = if other_bytes > best_bytes {
                (other, Some(other_bytes))
            } else {
                (best.0, Some(best_bytes))
            };
        }
        Some(best.0)
    }
}

/// How a change altered which version of an event stands; both are the same where it did not.
#[derive(Debug)]
pub struct Transition {
    /// The version that stood before.
    pub before: Option<Version>,
    /// The version that stands now.
    pub after: Option<Version>,
}

impl Transition {
    /// Whether another version stands now.
    pub fn is_change(&self) -> bool {
        self.before.as_ref().map(Version::id) != self.after.as_ref().map(Version::id)
    }
}

impl Ledger {
    /// The version of the event `id` that stands. `bytes` gives canonical encodings.
    pub fn standing(&self, id: &str, bytes: &dyn Fn(&Version) -> Vec<u8>) -> Option<&Version> {
        match self.entries.get(id)? {
            Entry::One(version) => Some(version),
            Entry::Many(many) => many.standing(bytes),
        }
    }

    /// Whether any version of an event or of a retraction with that id is known.
    pub fn is_known(&self, id: &str) -> bool {
        !self.versions(id).is_empty() || self.retractions.contains_key(id)
    }

    /// Whether any version of an event is known that names the persons of that slot.
    pub fn names(&self, slot: Slot) -> bool {
        self.of_slots.get(slot.0 as usize).is_some_and(|versions| *versions > 0)
    }

    /// All versions of the event `id`, in no order that means anything.
    pub fn versions(&self, id: &str) -> &[Version] {
        match self.entries.get(id) {
            None => &[],
            Some(Entry::One(version)) => std::slice::from_ref(version),
            Some(Entry::Many(many)) => &many.versions,
        }
    }

    /// Of all records, retractions included, the one accepted last; of those accepted at one instant the last in the order.
    pub fn newest(&self) -> Option<&Version> {
        self.all().max_by(|a, b| a.by_acceptance(b))
    }

    /// All versions of all events and retractions, in no order that means anything.
    pub fn all(&self) -> impl Iterator<Item = &Version> {
        let events = self.entries.values().flat_map(|entry| match entry {
            Entry::One(version) => std::slice::from_ref(version),
            Entry::Many(many) => &many.versions,
        });
        let retractions = self.retractions.values().flatten().map(|retraction| &retraction.version);
        events.chain(retractions)
    }

    /// Adds a version of an event; one that is known changes nothing but when it was accepted last.
    pub fn add(&mut self, version: Version, bytes: &dyn Fn(&Version) -> Vec<u8>) -> Transition {
        match self.entries.entry(&version.event.id) {
            hash_table::Entry::Vacant(place) => {
                place.insert(Entry::One(version.clone()));
                self.known += 1;
                *of_slot(&mut self.of_slots, version.slot) += 1;
                return Transition { before: None, after: Some(version) };
            }
            hash_table::Entry::Occupied(mut place) => {
                if let Entry::One(known) = place.get_mut()
                    && known.id() == version.id()
                {
                    known.ingested_at = version.ingested_at;
                    return Transition { before: Some(known.clone()), after: Some(known.clone()) };
                }
            }
        }
        let id = version.event.id.clone();
        self.change(&id, bytes, |many| {
            match many.versions.iter_mut().find(|known| known.id() == version.id()) {
                Some(known) => known.ingested_at = version.ingested_at,
                None => many.versions.push(version),
            }
        })
    }

    /// Adds a retraction of `target`; one that is known changes nothing but when it was accepted last.
    pub fn retract(
        &mut self,
        retraction: Version,
        target: Arc<str>,
        bytes: &dyn Fn(&Version) -> Vec<u8>,
    ) -> Transition {
        let id = retraction.id();
        let known = self.retractions.entry(retraction.event.id.clone()).or_default();
        if let Some(known) = known.iter_mut().find(|known| known.version.id() == id) {
            known.version.ingested_at = retraction.ingested_at;
            return self.change(&target, bytes, |_| {});
        }
        known.push(Retraction { version: retraction, target: target.clone() });
        self.change(&target, bytes, |many| many.retractions.push(id))
    }

    /// Forgets exactly that version of that id, be it an event's or a retraction's.
    pub fn forget(
        &mut self,
        id: &str,
        version: VersionId,
        bytes: &dyn Fn(&Version) -> Vec<u8>,
    ) -> Option<Transition> {
        if let Some(known) = self.retractions.get_mut(id)
            && let Some(place) = known.iter().position(|known| known.version.id() == version)
        {
            let Retraction { target, .. } = known.swap_remove(place);
            if known.is_empty() {
                self.retractions.remove(id);
            }
            return Some(self.change(&target, bytes, |many| {
                if let Some(place) = many.retractions.iter().position(|known| *known == version) {
                    many.retractions.swap_remove(place);
                }
            }));
        }
        let id = self.entries.get(id)?.id().clone();
        Some(self.change(&id, bytes, |many| many.versions.retain(|known| known.id() != version)))
    }

    /// How many event ids are known.
    pub fn known(&self) -> usize {
        self.known
    }

    fn change(
        &mut self,
        id: &Arc<str>,
        bytes: &dyn Fn(&Version) -> Vec<u8>,
        alter: impl FnOnce(&mut Many),
    ) -> Transition {
        let Ledger { entries, known, of_slots, .. } = self;
        let (entry, place) = match entries.entry(id) {
            hash_table::Entry::Vacant(place) => (None, place),
            hash_table::Entry::Occupied(place) => {
                let (entry, place) = place.remove();
                (Some(entry), place)
            }
        };
        *known -= usize::from(entry.is_some());
        let (id, retractions) = (id.clone(), Vec::new());
        let mut many = match entry {
            None => Box::new(Many { id, versions: Vec::new(), retractions }),
            Some(Entry::Many(many)) => many,
            Some(Entry::One(version)) => Box::new(Many { id, versions: vec![version], retractions }),
        };
        let before = many.standing(bytes).cloned();
        many.versions.iter().for_each(|version| *of_slot(of_slots, version.slot) -= 1);
        alter(&mut many);
        many.versions.iter().for_each(|version| *of_slot(of_slots, version.slot) += 1);
        let after = many.standing(bytes).cloned();
        let entry = match (many.retractions.is_empty(), &*many.versions) {
            (true, []) => None,
            (true, [version]) => Some(Entry::One(version.clone())),
            _ => Some(Entry::Many(many)),
        };
        if let Some(entry) = entry {
            place.insert(entry);
            *known += 1;
        }
        Transition { before, after }
    }
}

fn of_slot(of_slots: &mut Vec<u32>, slot: Slot) -> &mut u32 {
    let place = slot.0 as usize;
    if place >= of_slots.len() {
        of_slots.resize(place + 1, 0);
    }
    &mut of_slots[place]
}

#[cfg(test)]
mod tests;
