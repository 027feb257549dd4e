//! What happens around a contact: services used, advocacy that bears fruit, how the client does, the way to become a
//! peer.

use rapport_model::time::{Day, Instant};

use super::desk::Desk;
use super::dyad::Dyad;
use super::line::MINUTE_US;
use super::words;

/// Sessions from one occasion at which a client says how it goes to the next.
const MEASURED_EVERY: u32 = 6;
/// How often an appointment is kept because a peer spoke up for the client.
pub(super) const FOLLOWED: f64 = 0.5;

impl Dyad {
    /// What happens around a contact; `attended` is whether it took place.
    pub(super) fn around(&mut self, attended: bool, at: Instant, desk: &mut Desk) {
        if attended {
            self.modelling(at, desk);
        }
        if self.client.beside {
            return;
        }
        if desk.draws.chance(0.06) {
            self.uses_a_service(at, desk);
        }
        if attended && self.sessions % MEASURED_EVERY == 1 {
            self.client.measure(at, desk);
        }
    }

    fn uses_a_service(&self, at: Instant, desk: &mut Desk) {
        let kind = desk.draws.weighted(&words::SERVICES);
        let at = Instant(at.0 + desk.draws.whole(60, 300) * MINUTE_US);
        let days = desk.draws.whole(1, 12);
        let quantity = (kind == "substance_use_days").then_some(days);
        self.service(kind, quantity, at, desk);
        if kind == "admission" {
            self.service("bed_days", Some(days), at, desk);
        }
    }

    fn service(&self, kind: &'static str, quantity: Option<i64>, at: Instant, desk: &mut Desk) {
        *desk.truth.service_use.entry(kind).or_default() += quantity.unwrap_or(1).unsigned_abs();
        desk.note("service_use", at, self.client.about(), |line| {
            line.text("kind", kind);
            if let Some(quantity) = quantity {
                line.number("quantity", quantity);
            }
        });
    }

    /// The peer speaks up for the client's strengths: often an appointment comes of it.
    pub(super) fn advocated(&mut self, day: Day, desk: &mut Desk) {
        desk.truth.advocacy_contacts += 1;
        if self.appointment.is_none() && desk.draws.chance(FOLLOWED) {
            self.appointment = Some(day.plus(desk.draws.whole(2, 21) as i32));
        }
    }

    /// The appointment that came of it, once its day is there.
    pub(super) fn appointment(&mut self, day: Day, desk: &mut Desk) {
        if self.appointment.is_some_and(|appointment| appointment <= day) {
            self.appointment = None;
            desk.truth.advocacy_followed += 1;
            let at = Instant(desk.working_hours(day).0 + 30 * MINUTE_US);
            self.service("appointment_kept", None, at, desk);
        }
    }

    /// Whether the client leaves to become a peer.
    pub(super) fn leaves_as_a_peer(&mut self, at: Instant, desk: &mut Desk) -> bool {
        self.sessions > 12 && self.client.thinks_of_becoming_a_peer(at, desk)
    }
}
