//! Role modelling: behaviours that are shown and copied, and people who compare themselves.

use rapport_model::time::{Day, Instant};

use super::client::Client;
use super::desk::{About, Desk};
use super::dyad::Dyad;
use super::line::MINUTE_US;
use super::truth::count;
use super::words::{self, BEHAVIOURS};

/// Days after being modelled on which a behaviour is copied more often.
const LEARNING_DAYS: i32 = 28;
/// Chance per attended contact that a client does what was shown within that time.
pub(super) const COPIED: f64 = 0.045;
/// Chance per attended contact that a client does any one of the behaviours by himself or herself.
pub(super) const BY_ONESELF: f64 = 0.003;

impl Dyad {
    /// What is modelled, enacted and compared around an attended contact.
    pub(super) fn modelling(&mut self, at: Instant, desk: &mut Desk) {
        let at = Instant(at.0 + 15 * MINUTE_US);
        // What is written of a client stands where the client is asked, so that what was learned is plain.
        if !self.client.beside {
            self.behaviours(at, desk);
        }
        let chance = if self.stung > 0 { 0.3 } else { 0.025 };
        self.stung = self.stung.saturating_sub(1);
        if desk.draws.chance(chance) {
            self.comparison(at, desk);
        }
    }

    fn behaviours(&mut self, at: Instant, desk: &mut Desk) {
        let day = at.day();
        let about = About { client: &self.client.id, peer: &self.peer };
        if desk.draws.chance(0.06) {
            let weighted: [(usize, u32); BEHAVIOURS.len()] =
                std::array::from_fn(|number| (number, BEHAVIOURS[number].2));
            let number = desk.draws.weighted(&weighted);
            self.client.shown[number] = Some(day);
            count(&mut desk.truth.modelled, BEHAVIOURS[number].1);
            behaviour("modelled", number, at, about, desk);
        }
        for (number, (_, valence, _)) in BEHAVIOURS.iter().enumerate() {
            let fresh = is_fresh(&self.client, number, day);
            let exposure = &mut desk.truth.learning;
            if fresh {
                exposure.contacts_after_modelling += 1;
            } else {
                exposure.contacts_otherwise += 1;
            }
            let chance = if fresh { COPIED + BY_ONESELF } else { BY_ONESELF };
            if !desk.draws.chance(chance) {
                continue;
            }
            count(&mut desk.truth.enacted, valence);
            if fresh {
                count(&mut desk.truth.learned, valence);
            }
            behaviour("enacted", number, Instant(at.0 + 2 * MINUTE_US), about, desk);
        }
    }

    fn comparison(&mut self, at: Instant, desk: &mut Desk) {
        let by = desk.draws.weighted(&[("client", 70), ("peer", 30)]);
        let direction = desk.draws.weighted(&words::DIRECTIONS);
        // A strong alliance softens what comparing oneself upward does.
        let affects = match (by, direction) {
            ("peer", _) => &words::AFFECTS_OF_PEERS,
            (_, "upward") if self.alliance.low() => &words::AFFECTS_OF_THE_WEAK,
            _ => &words::AFFECTS,
        };
        let affect = desk.draws.weighted(affects);
        if (by, affect) == ("client", "negative") {
            self.stung = 3;
        }
        let said = desk.truth.comparisons.entry(by).or_default().entry(direction).or_default();
        count(said, affect);
        // Systems that know clients only leave out who it was.
        let named = by == "peer" || desk.draws.chance(0.7);
        desk.note("modelling", at, self.about(), |line| {
            line.text("what", "comparison").text("direction", direction).text("affect", affect);
            if named {
                line.text("by", by);
            }
        });
    }
}

fn is_fresh(client: &Client, number: usize, day: Day) -> bool {
    client.shown[number].is_some_and(|shown| day.since(shown) <= LEARNING_DAYS)
}

fn behaviour(what: &str, number: usize, at: Instant, about: About<'_>, desk: &mut Desk) {
    let (code, valence, _) = BEHAVIOURS[number];
    desk.note("modelling", at, about, |line| {
        line.text("what", what).text("behaviour", code).text("valence", valence);
    });
}
