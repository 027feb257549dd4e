//! Events kept sorted in their order.

use std::sync::Arc;

use super::Event;
use crate::room;

/// Adds an event at its place.
pub(crate) fn insert(events: &mut Vec<Arc<Event>>, event: Arc<Event>) {
    // Mostly it is the last.
    let place = match events.last() {
        Some(last) if last.order(&event).is_gt() => {
            events.partition_point(|other| other.order(&event).is_lt())
        }
        _ => events.len(),
    };
    room::for_one(events);
    events.insert(place, event);
}

/// Takes an event out, if it is there.
pub(crate) fn remove(events: &mut Vec<Arc<Event>>, event: &Event) -> Option<Arc<Event>> {
    let place = events.partition_point(|other| other.order(event).is_lt());
    let is_there = events.get(place).is_some_and(|found| found.order(event).is_eq());
    is_there.then(|| events.remove(place))
}
