//! Everything of a site at an instant: its standing events that have happened, and the histories of its dyads.

use rapport_proto::v1;

use super::Given;
use super::days::Us;
use super::dyads::{Dyad, dyads};
use super::log::Known;
use super::walk::Walk;

/// A site at an instant.
#[derive(Debug)]
pub struct Site<'a> {
    /// Settings and instruments.
    pub given: &'a Given,
    /// Its name.
    pub name: &'a str,
    /// All that is known, whether it stands or not.
    pub known: &'a Known,
    /// The instant.
    pub now: Us,
    /// The standing events of all sites, those yet to happen included.
    pub standing: &'a [v1::Event],
    /// The standing events up to then, in order.
    pub events: Vec<&'a v1::Event>,
    /// The dyads and what became of them.
    pub dyads: Vec<(Dyad<'a>, Walk<'a>)>,
}

impl<'a> Site<'a> {
    /// A site at an instant; `standing` are the events that stand by what is known.
    pub fn at(
        given: &'a Given,
        known: &'a Known,
        standing: &'a [v1::Event],
        name: &'a str,
        now: Us,
    ) -> Site<'a> {
        let happened = standing.iter().filter(|event| event.site == name && event.occurred_at_us <= now);
        let events: Vec<&v1::Event> = happened.collect();
        let histories = dyads(&events).into_iter().map(|dyad| {
            let walk = Walk::up_to(given, &dyad, now);
            (dyad, walk)
        });
        let dyads = histories.collect();
        Site { given, name, known, now, standing, events, dyads }
    }

    /// A standing event.
    pub fn event(&self, event_id: &str) -> &'a v1::Event {
        let found = self.events.iter().find(|event| event.event_id == event_id);
        found.unwrap_or_else(|| panic!("{event_id} does not stand"))
    }

    /// All persons that a field of the events names, each once.
    fn persons(&self, field: impl Fn(&'a v1::Event) -> &'a str) -> Vec<&'a str> {
        let mut persons: Vec<&str> = self.events.iter().map(|event| field(event)).collect();
        persons.retain(|person| !person.is_empty());
        persons.sort_unstable();
        persons.dedup();
        persons
    }

    /// The clients.
    pub fn clients(&self) -> Vec<&'a str> {
        self.persons(|event| &event.client)
    }

    /// The peers.
    pub fn peers(&self) -> Vec<&'a str> {
        self.persons(|event| &event.peer)
    }

    /// The histories of a peer's dyads.
    pub fn walks_of_peer(&self, peer: &str) -> Vec<&Walk<'a>> {
        self.dyads.iter().filter(|(dyad, _)| dyad.peer == peer).map(|(_, walk)| walk).collect()
    }

    /// The histories of a client's dyads.
    pub fn walks_of_client(&self, client: &str) -> Vec<&Walk<'a>> {
        self.dyads.iter().filter(|(dyad, _)| dyad.client == client).map(|(_, walk)| walk).collect()
    }
}
