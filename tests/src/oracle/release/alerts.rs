//! What is counted of alerts and of what people answered to them.

use rapport_proto::v1::{self, event::Body};

use super::Window;
use crate::oracle::alerts::Alert;
use crate::oracle::site::Site;

impl Window<'_> {
    /// Counts alerts by their beginnings.
    pub(super) fn count_alerts(&mut self, site: &Site<'_>, alerts: &[Alert]) {
        let span = self.span;
        for alert in alerts.iter().filter(|alert| span.holds(alert.since)) {
            let labels = [("alert", alert.alert)];
            self.add("alerts", &labels, 1);
            let acknowledgements: Vec<&v1::Acknowledgement> = site
                .events
                .iter()
                .filter_map(|event| match &event.body {
                    Some(Body::Acknowledgement(one)) if one.alert_id == alert.alert_id => Some(one),
                    _ => None,
                })
                .collect();
            if acknowledgements.is_empty() {
                continue;
            }
            self.add("alerts_acknowledged", &labels, 1);
            if acknowledgements.iter().rev().find_map(|one| one.finding) == Some(true) {
                self.add("alerts_confirmed", &labels, 1);
            }
        }
    }
}
