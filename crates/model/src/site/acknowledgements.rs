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
    fn first(&self, alert_id: &str, states: &[AcknowledgementState]) -> Option<Instant> {
        let is_one = |event: &&Arc<Event>| matches!(&event.body, Body::Acknowledgement(it) if states.contains(&it.state));
        self.0.get(alert_id)?.iter().find(is_one).map(|event| event.occurred_at)
    }
}
