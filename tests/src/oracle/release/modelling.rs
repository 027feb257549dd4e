//! What is counted of role modelling: behaviours, comparisons, advocacy.

use rapport_proto::v1::{self, event::Body};

use super::Window;
use crate::oracle::dyads::contact;
use crate::oracle::log;
use crate::oracle::site::Site;
use crate::oracle::words::{self, word};

/// Days within which what was modelled is learned, and advocacy is followed.
const LATEST_DAYS: i64 = 28;

fn modelling(event: &v1::Event) -> Option<&v1::Modelling> {
    match &event.body {
        Some(Body::Modelling(modelling)) => Some(modelling),
        _ => None,
    }
}

/// Whether one event comes at or after another, within 28 days.
fn follows(later: &v1::Event, earlier: &v1::Event) -> bool {
    later.occurred_at_us >= earlier.occurred_at_us && log::day(later) - log::day(earlier) <= LATEST_DAYS
}

/// Whether an appointment was kept.
fn is_kept(event: &v1::Event) -> bool {
    matches!(&event.body, Some(Body::ServiceUse(one))
        if one.kind() == v1::ServiceUseKind::AppointmentKept && one.quantity.unwrap_or(1) >= 1)
}

impl Window<'_> {
    /// Counts what concerns role modelling.
    pub(super) fn count_modelling(&mut self, site: &Site<'_>) {
        for event in &site.events {
            let day = log::day(event);
            if let Some(modelling) = modelling(event).filter(|_| self.span.has(day, 0)) {
                self.count_model(site, event, modelling);
            }
            let is_advocacy = |contact: &v1::Contact| {
                words::attended(contact)
                    && contact.practices().any(|one| one == v1::Practice::StrengthsAdvocacy)
            };
            if contact(event).is_some_and(is_advocacy) && self.span.has(day, LATEST_DAYS) {
                self.add("advocacy_contacts", &[], 1);
                let follow =
                    |kept: &&v1::Event| is_kept(kept) && kept.client == event.client && follows(kept, event);
                if site.events.iter().copied().any(|kept| follow(&kept)) {
                    self.add("advocacy_followed", &[], 1);
                }
            }
        }
    }

    fn count_model(&mut self, site: &Site<'_>, event: &v1::Event, modelling_: &v1::Modelling) {
        let what = word(modelling_.what().as_str_name(), "MODELLING_WHAT_");
        if modelling_.what() == v1::ModellingWhat::Comparison {
            let by = if modelling_.by() == v1::Comparer::Peer { "peer" } else { "client" };
            let direction = word(modelling_.direction().as_str_name(), "DIRECTION_");
            let affect = word(modelling_.affect().as_str_name(), "AFFECT_");
            let labels = [("by", by), ("direction", direction.as_str()), ("affect", affect.as_str())];
            self.add("comparisons", &labels, 1);
            return;
        }
        let valence = word(modelling_.valence().as_str_name(), "VALENCE_");
        self.add("behaviours", &[("what", &what), ("valence", &valence)], 1);
        let taught = |earlier: &&&v1::Event| {
            earlier.client == event.client
                && follows(event, earlier)
                && modelling(earlier).is_some_and(|one| {
                    one.what() == v1::ModellingWhat::Modelled && one.behaviour == modelling_.behaviour
                })
        };
        let is_learned = site.events.iter().any(|earlier| taught(&earlier));
        if modelling_.what() == v1::ModellingWhat::Enacted && is_learned {
            self.add("behaviours_learned", &[("valence", &valence)], 1);
        }
    }
}
