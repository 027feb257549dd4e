//! Requests for support that were due to be met, and those that were.

use std::sync::Arc;

use crate::event::{Body, Event};
use crate::indicators::Id;
use crate::release::{Counts, shortest_window};
use crate::time::Day;
use crate::words::SupportType;

use super::{REQUEST_DAYS, position};

/// Counts the requests of the contacts among `events`, sorted, made in the windows that end 14 days before `day`.
pub(super) fn count(day: Day, events: &[Arc<Event>], counts: &mut Counts<'_>) {
    for (place, event) in events.iter().enumerate() {
        let Body::Contact(contact) = &event.body else { continue };
        if contact.requested.is_empty() {
            continue;
        }
        let Some(window) = shortest_window(day.plus(-REQUEST_DAYS).since(event.occurred_at.day())) else {
            continue;
        };
        for kind in contact.requested.iter() {
            counts.add(Id::SupportRequestsDue, position(kind), window, 1);
            let met = i64::from(is_met(events, place, kind));
            counts.add(Id::SupportRequestsMet, position(kind), window, met);
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
