//! What concerns a person beyond one dyad: a peer that leaves all its dyads, a client's death, a series of scores.

use std::sync::Arc;

use hashbrown::HashMap;

use rapport_proto::v1;

use crate::enriched;
use crate::event::{Body, Event, Measure, Persons};
use crate::params::Params;
use crate::versions::Slot;
use crate::words::{EndReason, Rater, ScoreResult};

/// The persons of a site.
#[derive(Debug, Default)]
pub(super) struct People {
    /// The dyads of each client.
    clients: HashMap<Arc<str>, Vec<Slot>>,
    /// The dyads of each peer.
    peers: HashMap<Arc<str>, Vec<Slot>>,
    departures: HashMap<Arc<str>, Vec<Departure>>,
    /// Deaths of each client, with the dyad each was noted in.
    deaths: HashMap<Arc<str>, Vec<(Slot, Arc<Event>)>>,
    /// Scores with a given total, in their order.
    series: HashMap<Series, Vec<Arc<Event>>>,
}

/// A peer's `left`.
#[derive(Debug)]
struct Departure {
    event: Arc<Event>,
    /// The dyads it ended an episode of.
    ends: Vec<Slot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Series {
    persons: Persons,
    instrument: Box<str>,
    rater: Rater,
}

impl People {
    /// Notes an event; the dyads other than its own that it ends an episode of are given back.
    pub fn add(&mut self, persons: &Persons, event: &Arc<Event>, slot: Slot) -> Vec<Slot> {
        match (&event.body, persons) {
            (Body::Left { .. }, Persons { peer: Some(peer), .. }) => {
                self.departures
                    .entry_ref(peer)
                    .or_default()
                    .push(Departure { event: event.clone(), ends: Vec::new() });
            }
            (Body::Ended { reason: EndReason::Died, .. }, Persons { client: Some(client), .. }) => {
                self.deaths.entry_ref(client).or_default().push((slot, event.clone()));
            }
            _ => return Vec::new(),
        }
        self.concerned(persons, event, slot)
    }

    /// Takes an event out that was added; gives back the same dyads.
    pub fn remove(&mut self, persons: &Persons, event: &Arc<Event>, slot: Slot) -> Vec<Slot> {
        match (&event.body, persons) {
            (Body::Left { .. }, Persons { peer: Some(peer), .. }) => {
                take_out(&mut self.departures, peer, |departure| departure.event.id == event.id);
            }
            (Body::Ended { reason: EndReason::Died, .. }, Persons { client: Some(client), .. }) => {
                take_out(&mut self.deaths, client, |(_, death)| death.id == event.id);
            }
            _ => return Vec::new(),
        }
        self.concerned(persons, event, slot)
    }

    fn concerned(&self, persons: &Persons, event: &Event, own: Slot) -> Vec<Slot> {
        let (dyads, person) = match event.body {
            Body::Left { .. } => (&self.peers, &persons.peer),
            _ => (&self.clients, &persons.client),
        };
        let dyads = person.as_ref().and_then(|person| dyads.get(person));
        dyads.into_iter().flatten().copied().filter(|slot| *slot != own).collect()
    }

    /// Enters a new dyad; what its persons did before elsewhere and holds for it is given back.
    pub fn join(&mut self, persons: &Persons, slot: Slot) -> Vec<Arc<Event>> {
        let Persons { client: Some(client), peer: Some(peer) } = persons else { return Vec::new() };
        self.clients.entry_ref(client).or_default().push(slot);
        self.peers.entry_ref(peer).or_default().push(slot);
        let departures = self.departures.get(peer).into_iter().flatten().map(|departure| &departure.event);
        let deaths = self.deaths.get(client).into_iter().flatten();
        let deaths = deaths.filter(|(noted, _)| *noted != slot).map(|(_, event)| event);
        departures.chain(deaths).cloned().collect()
    }

    /// Takes a dyad out that has no events any more.
    pub fn part(&mut self, persons: &Persons, slot: Slot) {
        if let Persons { client: Some(client), peer: Some(peer) } = persons {
            take_out(&mut self.clients, client, |other| *other == slot);
            take_out(&mut self.peers, peer, |other| *other == slot);
        }
    }

    /// Notes that a peer's `left` ended an episode of a dyad, or does not; its id is given back where its row differs by it.
    pub fn note_ending(&mut self, persons: &Persons, id: &str, dyad: Slot, ends: bool) -> Option<Arc<str>> {
        let departures = self.departures.get_mut(persons.peer.as_ref()?)?;
        let departure = departures.iter_mut().find(|departure| &*departure.event.id == id)?;
        let before = departure.ends.is_empty();
        departure.ends.retain(|other| *other != dyad);
        departure.ends.extend(ends.then_some(dyad));
        (departure.ends.is_empty() != before).then(|| departure.event.id.clone())
    }

    /// Notes a score, or takes it out; the other scores whose change differs by it are given back.
    pub fn score(
        &mut self,
        persons: &Persons,
        event: &Arc<Event>,
        measure: &Measure,
        added: bool,
    ) -> Vec<Arc<str>> {
        if total(event).is_none() {
            return Vec::new();
        }
        let key =
            Series { persons: persons.clone(), instrument: measure.instrument.clone(), rater: measure.rater };
        let series = self.series.entry(key.clone()).or_default();
        let first = series.first().cloned();
        let place = series.partition_point(|other| other.order(event).is_lt());
        if added {
            series.insert(place, event.clone());
        } else if series.get(place).is_some_and(|found| found.order(event).is_eq()) {
            series.remove(place);
        }
        // All scores of a series are compared with its first: only where that is another one do others differ.
        let differ = if series.first().map(|event| &event.id) == first.as_ref().map(|event| &event.id) {
            Vec::new()
        } else {
            series.iter().map(|other| other.id.clone()).filter(|id| *id != event.id).collect()
        };
        if series.is_empty() {
            self.series.remove(&key);
        }
        differ
    }

    /// The row of an event of one person.
    pub fn row(&self, params: &Params, site: &str, persons: &Persons, event: &Event) -> v1::Enriched {
        let change = match &event.body {
            Body::Measure(measure) => self.change(params, persons, event, measure),
            _ => None,
        };
        let departures = persons.peer.as_ref().and_then(|peer| self.departures.get(peer));
        let ends = departures
            .into_iter()
            .flatten()
            .any(|departure| departure.event.id == event.id && !departure.ends.is_empty());
        enriched::plain_row(params, site, persons, event, change, ends)
    }

    /// Change from the first score of the series, of a later one; and what it means.
    fn change(
        &self,
        params: &Params,
        persons: &Persons,
        event: &Event,
        measure: &Measure,
    ) -> Option<(i64, Option<ScoreResult>)> {
        let key =
            Series { persons: persons.clone(), instrument: measure.instrument.clone(), rater: measure.rater };
        let first = self.series.get(&key)?.first().filter(|first| first.id != event.id)?;
        let change = total(event)?.saturating_sub(total(first)?);
        let result = params.catalogue.get(&measure.instrument).and_then(|instrument| {
            let reliable = instrument.reliable_change_micros?;
            let better = if instrument.high_is_bad { -change } else { change };
            Some(match better {
                better if better >= reliable => ScoreResult::Improved,
                better if -better >= reliable => ScoreResult::Deteriorated,
                _ => ScoreResult::Unchanged,
            })
        });
        Some((change, result))
    }
}

/// The given total of a measure.
fn total(event: &Event) -> Option<i64> {
    let Body::Measure(measure) = &event.body else { return None };
    measure.scores.iter().find(|(name, _)| &**name == "total").map(|(_, micros)| *micros)
}

/// Takes what `is_it` out of a list of `map`, and the list with its last.
fn take_out<T>(map: &mut HashMap<Arc<str>, Vec<T>>, key: &Arc<str>, is_it: impl Fn(&T) -> bool) {
    if let Some(list) = map.get_mut(key) {
        list.retain(|item| !is_it(item));
        if list.is_empty() {
            map.remove(key);
        }
    }
}
