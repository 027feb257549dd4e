//! The least that has to be kept of the records, and kept in the leanest way we know: what a replay and its memory cannot go
//! below, whatever is made of the events afterwards.

use std::hash::BuildHasher as _;

use anyhow::{Context as _, Result};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use rapport_model::event::{Body, Decoder, Names};
use rapport_proto::keys;

/// Events that memory is taken for at a time: a list that doubles would hold up to twice what is in it.
const SHELF: usize = 4_096;

/// An event, with which a later version of it can be told apart, put in its place among those of its dyad, and counted.
struct Kept {
    /// A digest of its site and id.
    id: u128,
    recorded_at: i64,
    hash: u64,
    occurred_at: i64,
    dyad: u32,
    /// What happened, as Rapport keeps it.
    _body: Body,
}

/// Keeps the newest version of each event, and looks no further: no history is put in order, no person looked up.
#[derive(Default)]
pub struct Least {
    decoder: Decoder,
    hashers: [DefaultHashBuilder; 2],
    dyads: HashMap<u64, u32>,
    places: HashTable<u32>,
    shelves: Vec<Vec<Kept>>,
    kept: u32,
}

impl Least {
    /// Takes a record apart and keeps it.
    ///
    /// # Errors
    /// Where it is no record of `rapport.events`: the bench writes none.
    pub fn keep(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let Some((site, names, event)) = self.decoder.decode(value)?.event else { return Ok(()) };
        let key = std::str::from_utf8(key)?;
        let (_, id, (recorded_at, hash)) = keys::parse_event(key).context("read a key")?;
        let [low, high] = [0, 1].map(|half: usize| u128::from(self.hashers[half].hash_one((site, id))));
        let id = high << 64 | low;
        let dyad = dyad(&self.hashers[0], &mut self.dyads, site, names);
        let kept = Kept { id, recorded_at, hash, occurred_at: event.occurred_at.0, dyad, _body: event.body };
        let Least { places, shelves, kept: count, .. } = self;
        let at =
            |shelves: &[Vec<Kept>], place: u32| shelves[place as usize / SHELF][place as usize % SHELF].id;
        match places.entry(low as u64, |place| at(shelves, *place) == id, |place| at(shelves, *place) as u64)
        {
            Entry::Occupied(place) => {
                let place = *place.get() as usize;
                let known = &mut shelves[place / SHELF][place % SHELF];
                if (known.recorded_at, known.hash, known.occurred_at, known.dyad)
                    < (kept.recorded_at, kept.hash, kept.occurred_at, kept.dyad)
                {
                    *known = kept;
                }
            }
            Entry::Vacant(place) => {
                place.insert(*count);
                if (*count as usize).is_multiple_of(SHELF) {
                    shelves.push(Vec::with_capacity(SHELF));
                }
                shelves.last_mut().context("find a shelf")?.push(kept);
                *count += 1;
            }
        }
        Ok(())
    }
}

fn dyad(hasher: &DefaultHashBuilder, dyads: &mut HashMap<u64, u32>, site: &str, names: Names<'_>) -> u32 {
    let next = u32::try_from(dyads.len()).unwrap_or(u32::MAX);
    *dyads.entry(hasher.hash_one((site, names.client, names.peer))).or_insert(next)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use rapport_model::event::{Event, Persons};
    use rapport_model::time::Instant;

    use super::*;

    #[test]
    fn a_later_version_of_an_event_takes_the_place_of_an_earlier_one_in_any_order() {
        let version = |recorded_at| {
            let event = Event {
                occurred_at: Instant(1),
                recorded_at: Instant(recorded_at),
                id: "e".into(),
                body: Body::Joined,
            };
            let persons = Persons { client: None, peer: Some("p".into()) };
            (
                keys::event("s", "e", &keys::version(recorded_at, &[7; 32])),
                event.to_proto("s", &persons).encode_to_vec(),
            )
        };
        let mut least = Least::default();
        for (key, value) in [version(2), version(3), version(1)] {
            least.keep(key.as_bytes(), &value).unwrap();
        }
        assert_eq!((least.kept, least.places.len(), least.dyads.len()), (1, 1, 1));
        assert_eq!(least.shelves[0][0].recorded_at, 3);
    }
}
