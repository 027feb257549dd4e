//! A map in parts, so that it never grows all at once: a map of half a million entries takes 130 ms to move to a place twice
//! as large, and all other records of the partition would wait for it.

use std::sync::Arc;

use hashbrown::HashMap;

/// A power of two.
const SHELVES: usize = 32;

/// What is known by the ids of events, on shelves by id.
#[derive(Debug)]
pub(super) struct Shelves<V>([HashMap<Arc<str>, V>; SHELVES]);

impl<V> Default for Shelves<V> {
    fn default() -> Self {
        Shelves(std::array::from_fn(|_| HashMap::new()))
    }
}

impl<V> Shelves<V> {
    /// The shelf of an id.
    pub fn of(&self, id: &str) -> &HashMap<Arc<str>, V> {
        &self.0[number(id)]
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, id: &str) -> &mut HashMap<Arc<str>, V> {
        &mut self.0[number(id)]
    }

    /// Everything, in no order that means anything.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().flat_map(HashMap::values)
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

    #[test]
    fn ids_that_are_numbered_or_hashes_stand_on_all_shelves_alike() {
        let hash = |n: u64| format!("{:016x}", n.wrapping_mul(0xd134_2543_de82_ef95));
        for name in [&|n: u64| format!("event-{n}"), &hash as &dyn Fn(u64) -> String] {
            let mut shelves = Shelves::default();
            for n in 0..32_000 {
                let id = name(n);
                shelves.of_mut(&id).insert(id.as_str().into(), n);
                assert_eq!(shelves.of(&id).get(&*id), Some(&n));
            }
            assert_eq!(shelves.values().count(), 32_000);
            let fullest = shelves.0.iter().map(HashMap::len).max();
            assert!(fullest < Some(2_000), "{fullest:?} of 1000 on average");
        }
    }
}
