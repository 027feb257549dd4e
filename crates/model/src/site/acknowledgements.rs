//! The acknowledgements of a site's alerts, of unknown ids too: they take effect when the alert exists.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::alert::Acknowledgements;
use crate::event::{Acknowledgement, Body, Event, sorted};
use crate::time::Instant;
use crate::words::AcknowledgementState;

/// Active acknowledgements by alert, in their order.
#[derive(Debug, Default)]
pub(super) struct Register(HashMap<Box<str>, Vec<Arc<Event>>>);

impl Register {
    /// Notes that an acknowledgement of that alert became active, or ceased to be.
    pub fn note(&mut self, event: &Arc<Event>, alert_id: &str, added: bool) {
        let events = self.0.entry(alert_id.into()).or_default();
        if added {
            sorted::insert(events, event.clone());
        } else {
            sorted::remove(events, event);
        }
        if events.is_empty() {
            self.0.remove(alert_id);
        }
    }

    /// Whether that alert was acknowledged, and whether the latest finding about it is that it was right.
    pub fn of(&self, alert_id: &str) -> (bool, bool) {
        let finding = self.all(alert_id).filter_map(|(_, acknowledgement)| acknowledgement.finding).last();
        (self.0.contains_key(alert_id), finding == Some(true))
    }

    fn all(&self, alert_id: &str) -> impl Iterator<Item = (Instant, &Acknowledgement)> {
        self.0.get(alert_id).into_iter().flatten().filter_map(|event| match &event.body {
            Body::Acknowledgement(acknowledgement) => Some((event.occurred_at, &**acknowledgement)),
            _ => None,
        })
    }
}

impl Acknowledgements for Register {
    fn first(&self, alert_id: &str, states: &[AcknowledgementState]) -> Option<Instant> {
        self.all(alert_id).find(|(_, it)| states.contains(&it.state)).map(|(at, _)| at)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
