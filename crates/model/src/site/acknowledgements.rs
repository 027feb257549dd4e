//! The acknowledgements of a site's alerts, of unknown ids too: they take effect when the alert exists.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::alert::Acknowledgements;
use crate::event::{Body, Event};
use crate::time::Instant;
use crate::words::AcknowledgementState;

/// Active acknowledgements by alert, in their order.
#[derive(Debug, Default)]
pub(super) struct Register(HashMap<Box<str>, Vec<Arc<Event>>>);

impl Register {
    /// Notes that an acknowledgement of that alert became active, or ceased to be.
    pub fn note(&mut self, event: &Arc<Event>, alert_id: &str, added: bool) {
        let events = self.0.entry(alert_id.into()).or_default();
        let place = events.partition_point(|other| other.order(event).is_lt());
        if added {
            events.insert(place, event.clone());
        } else if events.get(place).is_some_and(|found| found.order(event).is_eq()) {
            events.remove(place);
        }
        if events.is_empty() {
            self.0.remove(alert_id);
        }
    }
}

impl Acknowledgements for Register {
    fn closed_at(&self, alert_id: &str) -> Option<Instant> {
        let closes = |event: &&Arc<Event>| matches!(&event.body, Body::Acknowledgement(it) if it.state == AcknowledgementState::Closed);
        self.0.get(alert_id)?.iter().find(closes).map(|event| event.occurred_at)
    }
}
