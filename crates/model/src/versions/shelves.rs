//! A map in parts, so that it never grows all at once: a map of half a million entries takes 130 ms to move to a place twice
//! as large, and all other records of the partition would wait for it.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// A power of two.
const SHELVES: usize = 32;

/// Something that says its id by itself, so that it need not be kept beside it.
pub(super) trait Named {
    /// The id of the event it is about; always the same.
    fn id(&self) -> &Arc<str>;
}

/// What is known by the ids of events, on shelves by id.
#[derive(Debug)]
pub(super) struct Shelves<V> {
    shelves: [HashTable<V>; SHELVES],
    hashing: DefaultHashBuilder,
}

impl<V> Default for Shelves<V> {
    fn default() -> Self {
        Shelves { shelves: std::array::from_fn(|_| HashTable::new()), hashing: DefaultHashBuilder::default() }
    }
}

impl<V: Named> Shelves<V> {
    /// What is known by an id.
    pub fn get(&self, id: &str) -> Option<&V> {
        self.shelves[number(id)].find(self.hashing.hash_one(id), |known| **known.id() == *id)
    }

    /// The place of an id.
    pub fn entry(&mut self, id: &str) -> Entry<'_, V> {
        let Shelves { shelves, hashing } = self;
        let hash = |known: &V| hashing.hash_one(&**known.id());
        shelves[number(id)].entry(hashing.hash_one(id), |known| **known.id() == *id, hash)
    }

    /// Everything, in no order that means anything.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.shelves.iter().flat_map(HashTable::iter)
    }
}

/// By the last eight bytes: ids that are numbered differ there.
fn number(id: &str) -> usize {
    let last = id.bytes().rev().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(byte));
    // The golden ratio's bits spread what differs anywhere to the highest.
    (last.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SHELVES.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Named for Arc<str> {
        fn id(&self) -> &Arc<str> {
            self
        }
    }

    #[test]
    fn ids_that_are_numbered_or_hashes_stand_on_all_shelves_alike() {
        let hash = |n: u64| format!("{:016x}", n.wrapping_mul(0xd134_2543_de82_ef95));
        for name in [&|n: u64| format!("event-{n}"), &hash as &dyn Fn(u64) -> String] {
            let mut shelves: Shelves<Arc<str>> = Shelves::default();
            for n in 0..32_000 {
                let id: Arc<str> = name(n).into();
                shelves.entry(&id).or_insert_with(|| id.clone());
                assert_eq!(shelves.get(&id), Some(&id));
            }
            assert_eq!(shelves.values().count(), 32_000);
            let fullest = shelves.shelves.iter().map(HashTable::len).max();
            assert!(fullest < Some(2_000), "{fullest:?} of 1000 on average");
        }
    }
}
