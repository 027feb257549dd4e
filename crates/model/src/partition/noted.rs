//! Records of a replay that are yet to be applied: one site's after the other's.
//!
//! As they come, each would wait for memory at every step: its site was last looked at many records ago. Applied many at once,
//! what they need of the site is at hand for all of them, and a replay takes half as long.

use super::Partition;

/// Bytes of one site's records that are kept at most, those of the last one apart.
pub(super) const OF_A_SITE: usize = 1 << 18;
/// The same of all sites of a partition.
pub(super) const OF_ALL: usize = 1 << 25;

/// Records by the number of their site: of each the length of key and value, and both; no value has no length.
#[derive(Default)]
pub(super) struct Noted {
    sites: Vec<Vec<u8>>,
    pub(super) bytes: usize,
}

impl Noted {
    /// Keeps a record; whether there are many of that site now.
    fn keep(&mut self, site: u32, key: &[u8], value: Option<&[u8]>) -> bool {
        let place = site as usize;
        if place >= self.sites.len() {
            self.sites.resize_with(place + 1, Vec::new);
        }
        let records = &mut self.sites[place];
        let before = records.len();
        for part in [Some(key), value] {
            let length = part.map_or(u32::MAX, |part| part.len() as u32);
            records.extend_from_slice(&length.to_le_bytes());
            records.extend_from_slice(part.unwrap_or_default());
        }
        self.bytes += records.len() - before;
        records.len() >= OF_A_SITE
    }

    /// Takes a site's records.
    fn take(&mut self, site: usize) -> Vec<u8> {
        let records = self.sites.get_mut(site).map(std::mem::take).unwrap_or_default();
        self.bytes -= records.len();
        records
    }

    /// Gives the memory back that they were in.
    fn give_back(&mut self, site: usize, mut memory: Vec<u8>) {
        memory.clear();
        if let Some(records) = self.sites.get_mut(site) {
            *records = memory;
        }
    }
}

/// The next part of a record, if it has that one.
fn part<'a>(records: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = records.split_first_chunk()?;
    let length = u32::from_le_bytes(*length);
    *records = rest;
    if length == u32::MAX {
        return None;
    }
    let (part, rest) = rest.split_at_checked(length as usize)?;
    *records = rest;
    Some(part)
}

impl Partition {
    /// Replays a record ([`Partition::replay`]) with others of its site, some time before the replay ends; only then is its clock
    /// known. One that is malformed is passed over, as it was when it was applied.
    pub fn note(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) {
        let name = key.and_then(|key| key.split(|byte| *byte == b'/').next());
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        let known = name.and_then(|name| self.site_number(name)).filter(|_| self.replaying);
        let Some((site, key)) = known.zip(key) else {
            // Sites are numbered as they are first heard of, whatever is kept of others.
            self.receive(key, value, &mut ()).ok();
            return;
        };
        if self.noted.keep(site, key, value) {
            self.replay_noted(site as usize);
        }
        if self.noted.bytes >= OF_ALL {
            self.replay_all_noted();
        }
    }

    /// Replays everything that was noted.
    pub(super) fn replay_all_noted(&mut self) {
        (0..self.noted.sites.len()).for_each(|site| self.replay_noted(site));
    }

    fn replay_noted(&mut self, site: usize) {
        let records = self.noted.take(site);
        let mut rest = &*records;
        while let Some(key) = part(&mut rest) {
            let value = part(&mut rest);
            self.receive(Some(key), value, &mut ()).ok();
        }
        self.noted.give_back(site, records);
    }
}
