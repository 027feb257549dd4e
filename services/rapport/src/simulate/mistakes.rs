//! What goes wrong at a desk and is put right later: the wrong person, the wrong day, entered twice, withdrawn in error.

use rapport_model::time::{DAY_US, Instant};

use super::Kind;
use super::desk::{About, Desk, HOUR_US, Times};
use super::line::Line;

/// Pairs a desk has lately had before it, whose names stand next to the right one in a list.
const LATELY: usize = 16;
/// Longest a mistake goes unnoticed.
const NOTICED_US: i64 = 25 * DAY_US;

/// A mistake.
#[derive(Debug, Clone, Copy)]
enum Mistake {
    /// Entered under another pair's names, corrected later: the event moves.
    OtherPerson,
    /// The same, but withdrawn and entered anew.
    OtherPersonEnteredAnew,
    /// Dated some days too early, corrected later.
    OtherDay,
    /// Entered twice, one withdrawn.
    Twice,
    /// Withdrawn in error and recorded once more.
    WithdrawnInError,
}

/// How often each is made, in ten thousands of events.
const MISTAKES: [(Mistake, u32); 5] = [
    (Mistake::OtherPerson, 35),
    (Mistake::OtherPersonEnteredAnew, 10),
    (Mistake::OtherDay, 25),
    (Mistake::Twice, 15),
    (Mistake::WithdrawnInError, 5),
];
const ANY: f64 = 0.009;

impl Desk {
    /// Somebody of this pair has been here.
    pub(super) fn came(&mut self, client: &str, peer: &str) {
        if self.lately.len() == LATELY {
            self.lately.pop_front();
        }
        self.lately.push_back((client.to_owned(), peer.to_owned()));
    }

    /// Writes a new event, now and then with a mistake that is put right later; returns the id that stands.
    pub(super) fn enter(
        &mut self,
        kind: &str,
        times: Times,
        about: About<'_>,
        body: impl Fn(&mut Line),
    ) -> String {
        let id = self.new_id();
        if !self.draws.chance(ANY) {
            self.version(Kind::Event, &id, kind, times, about, body);
            return id;
        }
        match self.draws.weighted(&MISTAKES) {
            Mistake::OtherPerson => {
                let Some((client, peer)) = self.another(about) else {
                    self.version(Kind::Event, &id, kind, times, about, body);
                    return id;
                };
                let wrong = About { client: &client, peer: &peer };
                self.truth.records.moved += 1;
                self.version(Kind::Event, &id, kind, times, wrong, &body);
                let times = self.later(times);
                self.version(Kind::Correction, &id, kind, times, about, body);
            }
            Mistake::OtherPersonEnteredAnew => return self.entered_anew(id, kind, times, about, body),
            Mistake::OtherDay => {
                let days = self.draws.whole(1, 6);
                let occurred_at = Instant(times.occurred_at.0 - days * DAY_US);
                let wrong = if occurred_at.day() < self.first { times.occurred_at } else { occurred_at };
                self.version(Kind::Event, &id, kind, Times { occurred_at: wrong, ..times }, about, &body);
                let times = self.later(times);
                self.version(Kind::Correction, &id, kind, times, about, body);
            }
            Mistake::Twice => {
                self.version(Kind::Event, &id, kind, times, about, &body);
                let copy = self.new_id();
                let times = Times { recorded_at: Instant(times.recorded_at.0 + HOUR_US), ..times };
                self.version(Kind::Event, &copy, kind, times, about, body);
                self.withdraw(&copy, times);
            }
            Mistake::WithdrawnInError => {
                self.version(Kind::Event, &id, kind, times, about, &body);
                let noticed = self.withdraw(&id, times);
                let times = Times { recorded_at: Instant(noticed.0 + HOUR_US), ..times };
                self.version(Kind::Correction, &id, kind, times, about, body);
            }
        }
        id
    }

    /// Entered under another pair's names, withdrawn, and entered once more with the right ones under another id.
    fn entered_anew(
        &mut self,
        id: String,
        kind: &str,
        times: Times,
        about: About<'_>,
        body: impl Fn(&mut Line),
    ) -> String {
        let Some((client, peer)) = self.another(about) else {
            self.version(Kind::Event, &id, kind, times, about, body);
            return id;
        };
        self.truth.records.moved += 1;
        self.version(Kind::Event, &id, kind, times, About { client: &client, peer: &peer }, &body);
        let noticed = self.withdraw(&id, times);
        let id = self.new_id();
        let times = Times { recorded_at: Instant(noticed.0 + HOUR_US), ..times };
        self.version(Kind::Event, &id, kind, times, about, body);
        id
    }

    /// The names of others who have lately been here, where the event has such persons.
    fn another(&mut self, about: About<'_>) -> Option<(String, String)> {
        let number = self.draws.whole(0, LATELY as i64 - 1) as usize;
        // Mostly the other client of the same peer's list, sometimes the other peer, sometimes both.
        let (client_too, peer_too) =
            self.draws.weighted(&[((true, false), 5), ((false, true), 3), ((true, true), 2)]);
        let (client, peer) = self.lately.get(number)?;
        let other = |right: &str, wrong: &str, too: bool| {
            if right.is_empty() || !too { right.to_owned() } else { wrong.to_owned() }
        };
        let alone = about.client.is_empty() || about.peer.is_empty();
        let wrong =
            (other(about.client, client, client_too || alone), other(about.peer, peer, peer_too || alone));
        (wrong != (about.client.to_owned(), about.peer.to_owned())).then_some(wrong)
    }

    /// When a mistake made in a record of these times is put right.
    pub(super) fn later(&mut self, times: Times) -> Times {
        let later = DAY_US + (self.draws.exponential() * 4.0 * DAY_US as f64) as i64 / 1_000_000 * 1_000_000;
        Times { recorded_at: Instant(times.recorded_at.0 + later.min(NOTICED_US)), ..times }
    }

    /// Withdraws an event recorded at these times, some hours to days later; returns when.
    pub(super) fn withdraw(&mut self, id: &str, times: Times) -> Instant {
        let noticed = Instant(times.recorded_at.0 + self.draws.whole(1, 9 * 24) * HOUR_US);
        let retraction = self.new_id();
        let times = Times { occurred_at: noticed, recorded_at: noticed };
        self.version(Kind::Retraction, &retraction, "retraction", times, About::default(), |line| {
            line.text("retracts", id);
        });
        noticed
    }
}
