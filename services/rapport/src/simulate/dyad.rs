//! A dyad from its start to its end, week by week.

use std::collections::VecDeque;

use rapport_model::time::{DAY_US, Day, Instant};
use rapport_model::words::{Attendance, Word as _};

use super::Kind;
use super::alliance::{Alliance, COMPONENTS, Turn};
use super::desk::{About, Desk, Times};
use super::draws::Draws;
use super::line::MINUTE_US;
use super::truth::{Fall, Noted, count};
use super::words::{self, support};

/// A request is met if delivered within so many days.
const REQUEST_DAYS: i32 = 14;

/// How a dyad's day ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes on.
    On,
    /// It ended, and the client may be matched with another peer.
    Ended { rematch: bool },
    /// The client stopped coming without a word.
    Vanished,
}

/// A dyad.
pub(crate) struct Dyad {
    pub(crate) client: String,
    pub(crate) peer: String,
    /// Number of the peer among the site's.
    pub(crate) peer_number: usize,
    pub(super) started: Day,
    pub(super) next_contact: Day,
    pub(super) paused_until: Option<Day>,
    pub(super) alliance: Alliance,
    pub(super) attends: f64,
    /// Sessions from one rating to the next.
    rating_every: u32,
    /// Whether its form sends a total or only the components.
    total_given: bool,
    pub(super) sessions: u32,
    pub(super) last_session: Day,
    asks: [f64; 5],
    gives: [f64; 5],
    /// Requests not met so far, by type: their days.
    pub(super) asked: [VecDeque<Day>; 5],
    /// Distress of the client, 0–40.
    pub(super) distress: f64,
    pub(super) modelled: Option<usize>,
    /// Day of the last rupture not yet mended.
    pub(super) ruptured: bool,
}

impl Dyad {
    /// Starts on that day.
    pub(crate) fn start(
        client: String,
        peer: String,
        number: usize,
        skill: &[f64; 5],
        day: Day,
        desk: &mut Desk,
    ) -> Dyad {
        let draws = &mut desk.draws;
        let mut asks = [0.0; 5];
        let mut gives = [0.0; 5];
        for kind in 0..5 {
            asks[kind] = words::ASKED[kind] * draws.between(0.2, 1.8);
            gives[kind] = (words::GIVEN[kind] * skill[kind]).min(0.95);
        }
        let dyad = Dyad {
            client,
            peer,
            peer_number: number,
            started: day,
            next_contact: day.plus(draws.whole(0, 7) as i32),
            paused_until: None,
            alliance: Alliance::new(draws),
            attends: (0.775 + 0.07 * draws.normal()).clamp(0.5, 0.95),
            rating_every: draws.weighted(&[(1, 30), (2, 50), (4, 20)]),
            total_given: draws.chance(0.6),
            sessions: 0,
            last_session: day,
            asks,
            gives,
            asked: Default::default(),
            distress: (17.0 + 6.0 * draws.normal()).clamp(3.0, 36.0),
            modelled: None,
            ruptured: false,
        };
        let matched = if draws.chance(0.85) { draws.whole(1, 3) } else { 0 };
        let matched: Vec<_> = (0..matched).map(|_| draws.pick(words::MATCHED_ON).as_str()).collect();
        let at = Instant(desk.working_hours(day).0 - 60 * MINUTE_US);
        desk.truth.starts += 1;
        desk.note("relationship", at, dyad.about(), |line| {
            line.text("action", "started").words("matched_on", matched);
        });
        dyad
    }

    pub(super) fn about(&self) -> About<'_> {
        About { client: &self.client, peer: &self.peer }
    }

    pub(super) fn noted(&self, day: Day) -> Noted {
        Noted { client: self.client.clone(), peer: self.peer.clone(), day: day.to_string() }
    }

    /// A day passes.
    pub(crate) fn day(&mut self, day: Day, desk: &mut Desk) -> Fate {
        if let Some(until) = self.paused_until {
            if day < until {
                return Fate::On;
            }
            self.paused_until = None;
            self.next_contact = day;
            let at = Instant(desk.working_hours(day).0 - 60 * MINUTE_US);
            desk.note("relationship", at, self.about(), |line| {
                line.text("action", "resumed");
            });
        }
        if day < self.next_contact {
            return Fate::On;
        }
        self.next_contact = day.plus(7 + desk.draws.weighted(&[(0, 80), (-1, 10), (1, 10)]));
        let at = desk.working_hours(day);
        let turn = self.contact(at, desk);
        self.around(at, desk);
        self.week_ends(turn, at, desk)
    }

    /// The weekly contact, whatever becomes of it, and the rating after it.
    fn contact(&mut self, at: Instant, desk: &mut Desk) -> Option<Turn> {
        let day = at.day();
        let attends = if self.alliance.low() { self.attends - 0.12 } else { self.attends };
        let attendance = if desk.draws.chance(attends) {
            Attendance::Attended
        } else {
            desk.draws.weighted(&words::NOT_ATTENDED)
        };
        let attended = attendance == Attendance::Attended;
        let (asked, given) = self.needs(day, attended, desk);
        count(&mut desk.truth.contacts, attendance.as_str());
        self.write_contact(at, attendance, &asked, &given, desk);
        if !attended {
            return None;
        }
        self.sessions += 1;
        self.last_session = day;
        let turn = self.alliance.session(self.sessions, &mut desk.draws);
        match turn {
            Some(Turn::Falls { sudden }) => self.fell(sudden, at, desk),
            Some(Turn::Recovered) => self.mended(at, desk),
            _ => {}
        }
        if self.sessions.is_multiple_of(self.rating_every) {
            self.rate(at, desk);
        }
        turn
    }

    /// What is asked for and given at a contact.
    fn needs(&mut self, day: Day, attended: bool, desk: &mut Desk) -> (Vec<&'static str>, Vec<&'static str>) {
        let (mut asked, mut given) = (Vec::new(), Vec::new());
        for kind in 0..5 {
            let waiting = &mut self.asked[kind];
            while waiting.front().is_some_and(|since| day.since(*since) > REQUEST_DAYS) {
                waiting.pop_front();
                count(&mut desk.truth.requests_unmet, support(kind));
            }
            let asks = desk.draws.chance(self.asks[kind]);
            if asks {
                waiting.push_back(day);
                asked.push(support(kind));
                count(&mut desk.truth.requests, support(kind));
            }
            let wanted = !waiting.is_empty();
            let chance = if wanted { (0.1 + 1.4 * self.gives[kind]).min(0.95) } else { self.gives[kind] };
            if attended && desk.draws.chance(chance) {
                waiting.clear();
                given.push(support(kind));
                count(&mut desk.truth.delivered, support(kind));
            }
        }
        if desk.draws.chance(0.008) {
            asked.push(words::therapy());
            count(&mut desk.truth.requests, words::therapy());
            count(&mut desk.truth.requests_unmet, words::therapy());
        }
        (asked, given)
    }

    /// Writes a contact; now and then it was written down wrongly first, or never took place at all.
    fn write_contact(
        &self,
        at: Instant,
        attendance: Attendance,
        asked: &[&'static str],
        given: &[&'static str],
        desk: &mut Desk,
    ) {
        let id = desk.new_id();
        let mut times = desk.recorded(at);
        let channel = desk.draws.weighted(&words::CHANNELS).as_str();
        let minutes = 15 * desk.draws.whole(1, 6) + 5 * desk.draws.whole(0, 2);
        let attended = attendance == Attendance::Attended;
        let practices: Vec<_> = practised(attended, &mut desk.draws);
        let mut arrival = Kind::Event;
        if desk.draws.chance(0.012) {
            let wrong = if attended { "cancelled_by_client" } else { "attended" };
            desk.version(Kind::Event, &id, "contact", times, self.about(), |line| {
                line.text("attendance", wrong).text("channel", channel).number("minutes", minutes * 2);
            });
            let later =
                DAY_US + (desk.draws.exponential() * 4.0 * DAY_US as f64) as i64 / 1_000_000 * 1_000_000;
            times = Times { recorded_at: Instant(times.recorded_at.0 + later), ..times };
            arrival = Kind::Correction;
        }
        desk.version(arrival, &id, "contact", times, self.about(), |line| {
            line.text("attendance", attendance.as_str()).text("channel", channel);
            if attended {
                line.number("minutes", minutes);
            }
            line.words("support", given.iter().copied());
            line.words("requested", asked.iter().copied());
            line.words("practices", practices);
        });
        if desk.draws.chance(0.004) {
            self.phantom(at, desk);
        }
    }

    /// A contact entered with the wrong client, withdrawn some days later.
    fn phantom(&self, at: Instant, desk: &mut Desk) {
        let id = desk.new_id();
        let times = desk.recorded(Instant(at.0 + 90 * MINUTE_US));
        desk.version(Kind::Event, &id, "contact", times, self.about(), |line| {
            line.text("attendance", "attended").text("channel", "phone").number("minutes", 20);
        });
        let noticed = Instant(times.recorded_at.0 + desk.draws.whole(1, 9 * 24) * 60 * MINUTE_US);
        let retraction = desk.new_id();
        let times = Times { occurred_at: noticed, recorded_at: noticed };
        desk.version(Kind::Retraction, &retraction, "retraction", times, About::default(), |line| {
            line.text("retracts", &id);
        });
    }

    /// The client's rating, five minutes after the contact.
    fn rate(&self, at: Instant, desk: &mut Desk) {
        let sums = self.alliance.rate(&mut desk.draws);
        let mut scores: Vec<(&str, i64)> = Vec::with_capacity(4);
        for (component, sum) in COMPONENTS.iter().zip(sums) {
            scores.push((component, sum * 250));
        }
        if self.total_given {
            scores.push(("total", (sums.iter().sum::<i64>() * 1000 + 6) / 12));
        }
        desk.truth.ratings += 1;
        desk.note("measure", Instant(at.0 + 5 * MINUTE_US), self.about(), |line| {
            line.text("instrument", "wai-sr").text("rater", "client").scores(&scores);
        });
    }

    fn fell(&mut self, sudden: bool, at: Instant, desk: &mut Desk) {
        let Noted { client, peer, day } = self.noted(at.day());
        desk.truth.falls.push(Fall {
            client,
            peer,
            day,
            kind: if sudden { "sudden" } else { "slow" },
            tenths_of_sd: self.alliance.fall_tenths(),
            component: self.alliance.leading(),
        });
        if sudden && desk.draws.chance(0.4) {
            self.rupture(at, desk);
        }
    }

    pub(super) fn rupture(&mut self, at: Instant, desk: &mut Desk) {
        let cause = desk.draws.weighted(&words::CAUSES);
        let reporter = desk.draws.weighted(&words::REPORTERS);
        self.ruptured = true;
        desk.truth.ruptures.push(self.noted(at.day()));
        desk.note("alliance", Instant(at.0 + 20 * MINUTE_US), self.about(), |line| {
            line.text("action", "ruptured").text("cause", cause).text("reported_by", reporter);
        });
    }

    fn mended(&mut self, at: Instant, desk: &mut Desk) {
        desk.truth.repairs.push(self.noted(at.day()));
        if self.ruptured || desk.draws.chance(0.3) {
            self.ruptured = false;
            desk.note("alliance", Instant(at.0 + 30 * MINUTE_US), self.about(), |line| {
                line.text("action", "repaired");
            });
        }
    }

    /// What nobody will meet any more is unmet.
    pub(crate) fn forget_requests(&mut self, desk: &mut Desk) {
        for (kind, waiting) in self.asked.iter_mut().enumerate() {
            for _ in waiting.drain(..) {
                count(&mut desk.truth.requests_unmet, support(kind));
            }
        }
    }
}

fn practised(attended: bool, draws: &mut Draws) -> Vec<&'static str> {
    if !attended {
        return Vec::new();
    }
    let chosen = words::PRACTICES.iter().zip(words::PRACTISED).filter(|(_, often)| draws.chance(*often));
    chosen.map(|(practice, _)| practice.as_str()).collect()
}
