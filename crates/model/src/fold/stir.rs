//! Which events an alert may depend on beyond what they do to the episode; of the others alerts need not be looked at again.

use super::Fold;
use crate::event::{Body, Contact};
use crate::time::Instant;
use crate::words::*;

impl Fold {
    /// Whether a contact may open or close an alert of support.
    pub(super) fn is_for_alerts(&mut self, at: Instant, contact: &Contact) -> bool {
        let mut is_for_alerts = contact.requested.contains(SupportType::PsychologicalTherapy);
        if !contact.requested.is_empty() {
            let unmet = self.standing.unmet(at.day());
            for kind in contact.requested.iter().filter(|kind| unmet.contains(*kind)) {
                self.current.asked_again.insert(kind);
                is_for_alerts = true;
            }
        }
        for kind in contact.support.iter().filter(|kind| contact.delivered(*kind)) {
            is_for_alerts |= self.current.asked_again.contains(kind);
            self.current.asked_again.remove(kind);
        }
        is_for_alerts
    }

    /// Whether something of role modelling may open an alert, or keep one open.
    pub(super) fn models_for_alerts(&mut self, at: Instant, body: &Body) -> bool {
        match body {
            Body::Comparison { by, affect, .. } => *by == Comparer::Client && *affect == Affect::Negative,
            Body::Behaviour(behaviour) if behaviour.enacted => {
                let is_harmful = behaviour.valence == Valence::Negative;
                self.current.harmed_at = Some(at).filter(|_| is_harmful).or(self.current.harmed_at);
                is_harmful
            }
            // What is modelled at the very instant was modelled before.
            Body::Behaviour(_) => self.current.harmed_at == Some(at),
            _ => false,
        }
    }
}
