//! Which events an alert may depend on beyond what they do to the episode; of the others alerts need not be looked at again,
//! and of most dyads there is nothing that a rule of support or of role modelling could find.

use super::Fold;
use crate::event::{Body, Contact};
use crate::time::Instant;
use crate::words::*;

/// Of what alerts of support and of role modelling may have opened, ever; of anything else there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Openings {
    /// Types asked for again while they stood unmet; psychological therapy: asked for.
    pub support: Set<SupportType>,
    /// Whether a comparison felt bad to the client, or a behaviour was enacted with negative valence.
    pub modelling: bool,
}

impl Openings {
    /// Whether none can have opened.
    pub fn is_empty(self) -> bool {
        self.support.is_empty() && !self.modelling
    }
}

impl Fold {
    /// Whether a contact may open or close an alert of support.
    pub(super) fn is_for_alerts(&mut self, at: Instant, contact: &Contact) -> bool {
        let mut is_for_alerts = contact.requested.contains(SupportType::PsychologicalTherapy);
        if is_for_alerts {
            self.openings.support.insert(SupportType::PsychologicalTherapy);
        }
        if !contact.requested.is_empty() {
            let unmet = self.standing.unmet(at.day());
            for kind in contact.requested.iter().filter(|kind| unmet.contains(*kind)) {
                self.current.asked_again.insert(kind);
                self.openings.support.insert(kind);
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
        let models = match body {
            Body::Comparison { by, affect, .. } => *by == Comparer::Client && *affect == Affect::Negative,
            Body::Behaviour(behaviour) if behaviour.enacted => {
                let is_harmful = behaviour.valence == Valence::Negative;
                self.current.harmed_at = Some(at).filter(|_| is_harmful).or(self.current.harmed_at);
                is_harmful
            }
            // What is modelled at the very instant was modelled before.
            Body::Behaviour(_) => self.current.harmed_at == Some(at),
            _ => false,
        };
        self.openings.modelling |= models;
        models
    }
}
