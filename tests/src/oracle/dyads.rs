//! The dyads of a site, and which events concern each.

use rapport_proto::v1::{self, event::Body};

use super::{log, words};

/// A (client, peer) pair of a site and the events that concern it.
#[derive(Debug, Clone)]
pub struct Dyad<'a> {
    /// The client.
    pub client: &'a str,
    /// The peer.
    pub peer: &'a str,
    /// Its own events, and those of others that end its episodes, in order.
    pub events: Vec<&'a v1::Event>,
}

impl Dyad<'_> {
    /// Whether an event is the dyad's own.
    pub fn owns(&self, event: &v1::Event) -> bool {
        event.client == self.client && event.peer == self.peer
    }
}

/// The dyads of a site, from its standing events in order.
pub fn dyads<'a>(events: &[&'a v1::Event]) -> Vec<Dyad<'a>> {
    let mut pairs: Vec<(&str, &str)> = events
        .iter()
        .filter(|event| log::of_dyad(event))
        .map(|event| (event.client.as_str(), event.peer.as_str()))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let dyad = |(client, peer): (&'a str, &'a str)| {
        let mut dyad = Dyad { client, peer, events: Vec::new() };
        let concerns = |event: &&&v1::Event| {
            let is_leaving = left(event).is_some() && event.peer == peer;
            dyad.owns(event) || is_leaving || (is_death(event) && event.client == client)
        };
        dyad.events = events.iter().filter(concerns).copied().collect();
        dyad
    };
    pairs.into_iter().map(dyad).collect()
}

/// The reason of a peer's leaving.
pub fn left(event: &v1::Event) -> Option<String> {
    match &event.body {
        Some(Body::PeerChange(change)) if change.action() == v1::PeerAction::Left => {
            Some(words::word(change.reason().as_str_name(), "LEFT_REASON_"))
        }
        _ => None,
    }
}

/// Whether a relationship ended because the client died.
pub fn is_death(event: &v1::Event) -> bool {
    matches!(&event.body, Some(Body::Relationship(relationship))
        if relationship.action() == v1::RelationshipAction::Ended && relationship.reason() == v1::EndReason::Died)
}

/// Whether an event is of a relationship and does that.
pub fn is_action(event: &v1::Event, action: v1::RelationshipAction) -> bool {
    matches!(&event.body, Some(Body::Relationship(relationship)) if relationship.action() == action)
}

/// The contact that an event is.
pub fn contact(event: &v1::Event) -> Option<&v1::Contact> {
    match &event.body {
        Some(Body::Contact(contact)) => Some(contact),
        _ => None,
    }
}

/// Whether an event is an attended contact.
pub fn is_attended(event: &v1::Event) -> bool {
    contact(event).is_some_and(words::attended)
}

/// Whether an event ends episodes.
pub fn is_end(event: &v1::Event) -> bool {
    is_action(event, v1::RelationshipAction::Ended) || left(event).is_some()
}
