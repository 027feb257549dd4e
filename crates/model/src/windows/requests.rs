//! Requests for support that were met.

use std::sync::Arc;

use crate::event::{Body, Event};
use crate::indicators::Id;
use crate::release::Tally;
use crate::words::SupportType;

use super::{REQUEST_DAYS, position};

/// Takes down the requests of the contacts among `events`, sorted, that were met in time, on the day they are due.
pub(super) fn count(events: &[Arc<Event>], tally: &mut Tally<'_>) {
    for (place, event) in events.iter().enumerate() {
        let Body::Contact(contact) = &event.body else { continue };
        if contact.requested.is_empty() {
            continue;
        }
        let due = event.occurred_at.day().plus(REQUEST_DAYS);
        for kind in contact.requested.iter() {
            tally.on(Id::SupportRequestsMet, position(kind), due, i64::from(is_met(events, place, kind)));
        }
    }
}

/// Whether what the contact at `place` requested was delivered at or after it, within 14 days.
fn is_met(events: &[Arc<Event>], place: usize, kind: SupportType) -> bool {
    let at = events[place].occurred_at;
    let same_instant = events[..place].iter().rev().take_while(|event| event.occurred_at == at).count();
    events[place - same_instant..]
        .iter()
        .take_while(|event| event.occurred_at.day().within(REQUEST_DAYS, at.day()))
        .any(|event| matches!(&event.body, Body::Contact(contact) if contact.delivered(kind)))
}
