//! What happens around a contact.

use rapport_model::time::Instant;

use super::desk::{About, Desk};
use super::dyad::Dyad;
use super::line::MINUTE_US;
use super::words;

impl Dyad {
    /// What happens around a contact: modelling, comparison, services used, outcomes, a pause.
    pub(super) fn around(&mut self, at: Instant, desk: &mut Desk) {
        self.modelling(at, desk);
        let client = self.client.clone();
        let client = About { client: &client, peer: "" };
        if desk.draws.chance(0.09) {
            let kind = desk.draws.weighted(&words::SERVICES);
            let used_at = Instant(at.0 + desk.draws.whole(60, 300) * MINUTE_US);
            let days = desk.draws.whole(1, 12);
            desk.note("service_use", used_at, client, |line| {
                line.text("kind", kind);
                if kind == "substance_use_days" {
                    line.number("quantity", days);
                }
            });
            if kind == "admission" {
                desk.note("service_use", used_at, client, |line| {
                    line.text("kind", "bed_days").number("quantity", days);
                });
            }
        }
        if self.sessions % 12 == 1 && self.last_session == at.day() {
            let score = (self.distress + 2.0 * desk.draws.normal()).clamp(0.0, 40.0).round() as i64;
            self.distress -= desk.draws.between(-1.5, 3.5);
            desk.note("measure", Instant(at.0 + 10 * MINUTE_US), client, |line| {
                line.text("instrument", "core-10").text("rater", "client").scores(&[("total", score * 1000)]);
            });
        }
        if desk.draws.chance(0.002) {
            let step = desk.draws.weighted(&[("interested", 60), ("applied", 25), ("training", 15)]);
            desk.note("pathway", Instant(at.0 + 45 * MINUTE_US), client, |line| {
                line.text("step", step);
            });
        }
    }

    fn modelling(&mut self, at: Instant, desk: &mut Desk) {
        let draw = desk.draws.unit();
        let at = Instant(at.0 + 15 * MINUTE_US);
        if draw < 0.05 {
            let number = desk.draws.whole(0, words::BEHAVIOURS.len() as i64 - 1) as usize;
            self.modelled = Some(number);
            self.behaviour("modelled", number, at, desk);
        } else if draw < 0.08 {
            if let Some(number) = self.modelled {
                self.behaviour("enacted", number, at, desk);
            }
        } else if draw < 0.095 {
            let direction = desk.draws.weighted(&[("upward", 60), ("lateral", 25), ("downward", 15)]);
            let affect = desk.draws.weighted(&[("positive", 40), ("neutral", 25), ("negative", 35)]);
            let by = desk.draws.weighted(&[("client", 80), ("peer", 20)]);
            desk.note("modelling", at, self.about(), |line| {
                line.text("what", "comparison")
                    .text("direction", direction)
                    .text("affect", affect)
                    .text("by", by);
            });
        }
    }

    fn behaviour(&self, what: &str, number: usize, at: Instant, desk: &mut Desk) {
        let (code, valence) = words::BEHAVIOURS[number];
        desk.note("modelling", at, self.about(), |line| {
            line.text("what", what).text("behaviour", code).text("valence", valence);
        });
    }
}
