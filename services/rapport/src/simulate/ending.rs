//! Whether a dyad goes on after a week, and how it ends.

use rapport_model::time::{Day, Instant};

use super::alliance::Turn;
use super::desk::Desk;
use super::dyad::{After, Dyad, Fate};
use super::line::MINUTE_US;
use super::outcome::Sessions;
use super::truth::{Fall, Noted, Vanished, count};
use super::words::{self, support};

impl Dyad {
    /// Whether the dyad goes on after this week.
    pub(super) fn week_ends(&mut self, turn: Option<Turn>, at: Instant, desk: &mut Desk) -> Fate {
        if turn == Some(Turn::GivenUp) {
            if desk.draws.chance(0.35) {
                return self.vanish(desk);
            }
            let reason = desk.draws.weighted(&words::ALLIANCE_ENDS);
            return self.end(reason, at, desk);
        }
        if self.leaves_as_a_peer(at, desk) {
            return self.end("became_peer", at, desk);
        }
        let weeks = at.day().since(self.started) / 7;
        let loss: f64 =
            (0..5).filter(|kind| !self.asked[*kind].is_empty()).map(|kind| words::LOSS[kind]).sum();
        let draw = desk.draws.unit();
        let mut edge = 0.002 + loss + if self.alliance.low() { 0.006 } else { 0.0 };
        if draw < edge {
            return self.vanish(desk);
        }
        for (chance, reasons) in [
            (if weeks > 10 { 0.011 } else { 0.0 }, &words::POSITIVE_ENDS[..]),
            (0.003, &words::NEUTRAL_ENDS[..]),
            (0.0025, &words::NEGATIVE_ENDS[..]),
        ] {
            edge += chance;
            if draw < edge {
                let reason = desk.draws.weighted(reasons);
                return self.end(reason, at, desk);
            }
        }
        if draw < edge + 0.003 {
            self.pause(at, desk);
        } else if draw < edge + 0.0035 && self.sessions > 5 && !self.ruptured {
            let cause = desk.draws.weighted(&words::CAUSES);
            self.quarrel(cause, at, desk);
        }
        Fate::On
    }

    /// A quarrel that nobody's rating foretold.
    pub(crate) fn quarrel(&mut self, cause: &'static str, at: Instant, desk: &mut Desk) {
        self.alliance.fall(true, &mut desk.draws);
        let Noted { client, peer, day } = self.noted(at.day());
        let (tenths_of_sd, component) = (self.alliance.fall_tenths(), self.alliance.leading());
        desk.truth.falls.push(Fall { client, peer, day, kind: "sudden", tenths_of_sd, component });
        self.rupture(cause, at, desk);
    }

    fn pause(&mut self, at: Instant, desk: &mut Desk) {
        // A few are never resumed; the model ends those pauses by itself.
        let days = if desk.draws.chance(0.9) { desk.draws.whole(14, 56) } else { 120 };
        self.paused_until = Some(at.day().plus(days as i32));
        desk.truth.pauses += 1;
        desk.note("relationship", Instant(at.0 + 60 * MINUTE_US), self.about(), |line| {
            line.text("action", "paused");
        });
    }

    /// Ends the relationship an hour after its last contact.
    pub(crate) fn end(&mut self, reason: &'static str, at: Instant, desk: &mut Desk) -> Fate {
        let by = match reason {
            "overwhelmed" | "unsupported" | "boundary_breach" | "inappropriate_relationship" => "peer",
            "died" | "service_closed" | "disengaged" => "service",
            _ => desk.draws.weighted(&words::ENDED_BY),
        };
        count(&mut desk.truth.ends, reason);
        count(&mut desk.truth.ends_by, by);
        self.forget_requests(desk);
        let at = Instant(at.0 + 60 * MINUTE_US);
        let id = desk.note("relationship", at, self.about(), |line| {
            line.text("action", "ended").text("ended_by", by).text("reason", reason);
        });
        if words::is_safeguarding(reason) {
            desk.answer("safeguarding", self.about(), &id, at);
        }
        if reason == "became_peer" {
            self.client.becomes_a_peer(Instant(at.0 - 40 * MINUTE_US), desk);
        }
        let again =
            ["transferred", "alliance_breakdown", "lack_of_trust", "gossip", "overwhelmed", "unsupported"];
        Fate::Ended(match reason {
            "died" => After::Died,
            "became_peer" => After::Peer,
            _ if again.contains(&reason) && desk.draws.chance(0.5) => After::Rematch,
            _ => After::Gone,
        })
    }

    fn vanish(&mut self, desk: &mut Desk) -> Fate {
        let unmet = (0..5).filter(|kind| !self.asked[*kind].is_empty()).map(support).collect();
        desk.truth.silent_dropouts.push(Vanished {
            client: self.client.id.clone(),
            peer: self.peer.clone(),
            last_contact: self.last_session.to_string(),
            unmet,
            returned: None,
        });
        self.forget_requests(desk);
        Fate::Vanished
    }

    /// The client is back.
    pub(crate) fn comes_back(&mut self, day: Day, peer: &mut Sessions, desk: &mut Desk) -> Fate {
        let mut lost = desk.truth.silent_dropouts.iter_mut().rev();
        let back = lost.find(|lost| lost.client == self.client.id && lost.peer == self.peer);
        if let Some(lost) = back {
            lost.returned = Some(day.to_string());
        }
        self.next_contact = day;
        // Whoever comes back after weeks does come.
        let usual = std::mem::replace(&mut self.attends, 2.0);
        let fate = self.day(day, peer, desk);
        self.attends = usual;
        fate
    }
}
