//! The records that a partition's fold holds: the newest of each key, from which it could be folded again.

use prost::Message as _;
use rapport_proto::{keys, v1};

use super::Partition;
use crate::versions::Version;

/// What is yet to be given of one site's records.
///
/// It was taken down at one moment; what changes in the fold afterwards does not change it.
pub struct Held {
    site: usize,
    versions: Vec<Version>,
    /// Where it begins.
    next: usize,
}

impl Partition {
    /// Takes down the records of the site of that number, from 0 on; `None` after the last. Sites are numbered in the order
    /// in which they were first heard of, so that one that is new comes last.
    pub fn hold(&self, site: usize) -> Option<Held> {
        let mut versions: Vec<Version> = self.sites.get(site)?.versions().cloned().collect();
        // What is of one history lies together: it is read faster so.
        versions.sort_unstable_by_key(|version| version.slot);
        Some(Held { site, versions, next: 0 })
    }

    /// Gives `each` the key and the value of at least `least` more records, or of all there are; whether there are more.
    pub fn give(&self, held: &mut Held, least: usize, each: &mut dyn FnMut(&[u8], &[u8])) -> bool {
        let Some(site) = self.sites.get(held.site) else { return false };
        let (mut value, until) = (Vec::new(), held.next.saturating_add(least));
        while held.next < held.versions.len().min(until) {
            let rest = &mut held.versions[held.next..];
            let slot = rest[0].slot;
            let history = rest.partition_point(|version| version.slot == slot);
            rest[..history]
                .sort_unstable_by(|a, b| a.event.order(&b.event).then_with(|| a.id().cmp(&b.id())));
            for version in &rest[..history] {
                let (name, persons) = site.describe(slot);
                let mut wire = version.event.to_proto(name, persons);
                wire.ingested_at_us = version.ingested_at.0;
                value.clear();
                // Encoding into memory cannot fail.
                wire.encode_raw(&mut value);
                let id = version.id();
                let version = format!("{:016x}{:016x}", id.recorded_at.0, id.hash);
                each(keys::event(name, &wire.event_id, &version).as_bytes(), &value);
            }
            held.next += history;
        }
        held.next < held.versions.len()
    }

    /// The record that carries its clock: key and value.
    pub fn clock_record(&self) -> (Vec<u8>, Vec<u8>) {
        let tick = v1::Event { ingested_at_us: self.clock.0, ..v1::Event::default() };
        (keys::TICK.as_bytes().to_vec(), tick.encode_to_vec())
    }
}
