//! A client or a peer of a site: the events that are about that person alone, sorted, and what passes between the dyads
//! the person is in.

use std::collections::BTreeMap;
use std::sync::Arc;

use rapport_proto::v1;

use crate::alert::{self, Kind, Stretch};
use crate::enriched;
use crate::event::{Body, Event, Measure, Persons, sorted};
use crate::params::Params;
use crate::room;
use crate::scores;
use crate::time::Instant;
use crate::versions::Slot;
use crate::words::ScoreResult;

/// A client, or a peer.
#[derive(Debug, Default)]
pub(super) struct Person {
    events: Vec<Arc<Event>>,
    /// Of these the ones that a peer's alerts may depend on.
    told: Vec<Arc<Event>>,
    dyads: Vec<Slot>,
    /// Of a peer: the ids of the events that any version of says that it left, whether or not one stands.
    departures: Vec<Arc<str>>,
    /// Of a client: its deaths, with the dyad each was noted in.
    deaths: Vec<(Slot, Arc<Event>)>,
    /// By the id of a peer's `left`, or of a client's death, the dyads of which that ended an episode although it was not
    /// noted there.
    ends: BTreeMap<Arc<str>, Vec<Slot>>,
    /// Scores with a given total: those of each instrument and rater, in their order. There are few of either.
    series: Vec<Vec<Arc<Event>>>,
    /// Of a peer: whether anything happened that its alerts may depend on, since they were last settled.
    pub reconsider: bool,
    /// Of a peer: whether a score was added or taken out since.
    pub scored: bool,
    /// Of a peer: its alerts as last settled.
    pub alerts: Box<[Stretch]>,
    /// When time alone may change them.
    pub deadline: Option<Instant>,
}

impl Person {
    /// The events about the person alone, sorted.
    pub fn events(&self) -> &[Arc<Event>] {
        &self.events
    }

    /// Of these the ones that a peer's alerts may depend on.
    pub fn told(&self) -> &[Arc<Event>] {
        &self.told
    }

    /// Its alerts of wellbeing as last settled, if no score is another one since.
    pub fn wellbeing(&self) -> Option<&[Stretch]> {
        let others = self.alerts.partition_point(|alert| alert.kind != Kind::PeerWellbeingFall);
        (!self.scored).then(|| &self.alerts[others..])
    }

    /// The dyads the person is in.
    pub fn dyads(&self) -> &[Slot] {
        &self.dyads
    }

    /// Enters a dyad; what was noted elsewhere and ends its episodes too is given back.
    pub fn join(&mut self, dyad: Slot) -> Vec<Arc<Event>> {
        room::push(&mut self.dyads, dyad);
        let left = self.events.iter().filter(|event| matches!(event.body, Body::Left { .. }));
        let deaths = self.deaths.iter().filter(|(noted, _)| *noted != dyad).map(|(_, event)| event);
        left.chain(deaths).cloned().collect()
    }

    /// Takes a dyad out that has no events any more.
    pub fn part(&mut self, dyad: Slot) {
        self.dyads.retain(|other| *other != dyad);
    }

    /// Notes that a version of that event says that this peer left, or that none does any more.
    pub fn note_departure(&mut self, id: &Arc<str>, said: bool) {
        self.departures.retain(|known| known != id);
        self.departures.extend(said.then(|| id.clone()));
    }

    /// The ids of the events that any version of says that this peer left.
    pub fn departures(&self) -> &[Arc<str>] {
        &self.departures
    }

    /// Notes a death of this client in one of its dyads, or takes it out.
    pub fn note_death(&mut self, dyad: Slot, event: &Arc<Event>, added: bool) {
        if added {
            self.deaths.push((dyad, event.clone()));
        } else {
            self.deaths.retain(|(_, death)| death.id != event.id);
        }
    }

    /// Whether a `left` of this peer or a death of this client ended an episode of a dyad that it was not noted in.
    pub fn has_ended(&self, id: &str) -> bool {
        self.ends.contains_key(id)
    }

    /// Notes that such an event ended an episode of a dyad, or does not; whether its row differs by it.
    pub fn note_ending(&mut self, id: &Arc<str>, dyad: Slot, ends: bool) -> bool {
        let dyads = self.ends.entry(id.clone()).or_default();
        let before = dyads.is_empty();
        dyads.retain(|other| *other != dyad);
        dyads.extend(ends.then_some(dyad));
        let after = dyads.is_empty();
        if after {
            self.ends.remove(id);
        }
        before != after
    }

    /// Adds an event about the person alone; the other events whose rows differ by it are given back.
    pub fn insert(&mut self, event: &Arc<Event>) -> Vec<Arc<str>> {
        sorted::insert(&mut self.events, event.clone());
        if alert::is_told_of_peer(&event.body) {
            sorted::insert(&mut self.told, event.clone());
            self.note_told(event);
        }
        self.score(event, |series| sorted::insert(series, event.clone()))
    }

    /// Takes an event out; the other events whose rows differ by it are given back.
    pub fn remove(&mut self, event: &Arc<Event>) -> Vec<Arc<str>> {
        sorted::remove(&mut self.events, event);
        if alert::is_told_of_peer(&event.body) {
            sorted::remove(&mut self.told, event);
            self.note_told(event);
        }
        self.score(event, |series| drop(sorted::remove(series, event)))
    }

    fn note_told(&mut self, event: &Event) {
        self.reconsider = true;
        self.scored |= matches!(event.body, Body::Measure(_));
    }

    /// Changes the series of a score. All its scores are compared with the first: only where that is another one do others
    /// differ.
    fn score(&mut self, event: &Event, change: impl FnOnce(&mut Vec<Arc<Event>>)) -> Vec<Arc<str>> {
        let Body::Measure(measure) = &event.body else { return Vec::new() };
        if scores::given_total(measure).is_none() {
            return Vec::new();
        }
        let place = self.series_of(measure).unwrap_or_else(|| {
            room::push(&mut self.series, Vec::new());
            self.series.len() - 1
        });
        let series = &mut self.series[place];
        let first = series.first().map(|first| first.id.clone());
        change(series);
        let differ = match series.first() {
            Some(now) if Some(&now.id) != first.as_ref() => {
                series.iter().map(|other| other.id.clone()).filter(|id| *id != event.id).collect()
            }
            _ => Vec::new(),
        };
        if series.is_empty() {
            self.series.swap_remove(place);
        }
        differ
    }

    /// The place of the series that a score belongs to.
    fn series_of(&self, score: &Measure) -> Option<usize> {
        self.series.iter().position(|series| {
            let Some(Body::Measure(first)) = series.first().map(|first| &first.body) else { return false };
            (first.rater, &first.instrument) == (score.rater, &score.instrument)
        })
    }

    /// The row of an event about the person alone.
    pub fn row(&self, params: &Params, site: &str, persons: &Persons, event: &Event) -> v1::Enriched {
        let change = match &event.body {
            Body::Measure(measure) => self.change(params, event, measure),
            _ => None,
        };
        enriched::plain_row(params, site, persons, event, change, self.has_ended(&event.id))
    }

    /// Change from the first score of the series, of a later one; and what it means.
    fn change(
        &self,
        params: &Params,
        event: &Event,
        measure: &Measure,
    ) -> Option<(i64, Option<ScoreResult>)> {
        let total = scores::given_total(measure)?;
        let series = &self.series[self.series_of(measure)?];
        let first = series.first().filter(|first| first.id != event.id)?;
        let Body::Measure(first) = &first.body else { return None };
        let change = total.saturating_sub(scores::given_total(first)?);
        let instrument = params.catalogue.get(&measure.instrument);
        Some((change, instrument.and_then(|instrument| scores::result(instrument, change))))
    }
}
