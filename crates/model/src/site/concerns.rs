//! Safeguarding concerns: one alert per event and subject of any accepted version, ever (model.md section 6).

use std::sync::Arc;

use crate::alert::{self, Stretch};
use crate::event::Event;
use crate::time::Instant;
use crate::versions::{Ledger, Slot, Version};

/// An event that some version of raises a concern about the persons it is kept with.
#[derive(Debug)]
pub(super) struct Concern {
    /// The event's id.
    pub id: Arc<str>,
    /// The alert as last settled; none while it has not occurred yet.
    pub stretch: Option<Stretch>,
    /// When it will, if it has not.
    pub opens_at: Option<Instant>,
}

impl Concern {
    /// A concern that has not been looked at.
    pub fn new(id: Arc<str>) -> Concern {
        Concern { id, stretch: None, opens_at: None }
    }
}

/// What the versions of an event say of safeguarding about the persons of one slot.
pub(super) struct Versions<'a> {
    /// Those that do, in the order of versions.
    saying_so: Vec<&'a Event>,
    /// The version that stands, whatever it says, if it names these persons.
    standing: Option<&'a Event>,
}

impl<'a> Versions<'a> {
    /// What the ledger's versions of the event `id` say about `slot`.
    pub fn by(ledger: &'a Ledger, id: &str, slot: Slot, bytes: &dyn Fn(&Version) -> Vec<u8>) -> Versions<'a> {
        let mut versions: Vec<&Version> = ledger.versions(id).iter().collect();
        versions.retain(|version| version.slot == slot && alert::is_for_safeguarding(&version.event.body));
        if versions.len() > 1 {
            versions.sort_by_cached_key(|version| (version.event.recorded_at, bytes(version)));
        }
        let standing = ledger.standing(id, bytes).filter(|version| version.slot == slot);
        Versions {
            saying_so: versions.into_iter().map(|version| &*version.event).collect(),
            standing: standing.map(|version| &*version.event),
        }
    }

    /// Whether no version says so any more: all were erased.
    pub fn is_nothing(&self) -> bool {
        self.saying_so.is_empty()
    }

    /// The alert at `now`, if it has opened.
    pub fn stretch(&self, now: Instant) -> Option<Stretch> {
        alert::safeguarding(&self.saying_so, self.standing, now)
    }

    /// When it may open, if it has not at `now`.
    pub fn opens_at(&self, now: Instant) -> Option<Instant> {
        self.saying_so.iter().map(|event| event.occurred_at).filter(|at| *at > now).min()
    }
}
