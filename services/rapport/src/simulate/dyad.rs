//! A dyad from its start to its end, week by week.

use std::collections::VecDeque;

use rapport_model::time::{Day, Instant};
use rapport_model::words::{Attendance, Practice, Word as _};

use super::Kind;
use super::alliance::{Alliance, COMPONENTS, Turn};
use super::client::Client;
use super::desk::{About, Desk};
use super::draws::Draws;
use super::line::{Line, MINUTE_US};
use super::outcome::Sessions;
use super::peer::Peer;
use super::truth::{Fall, Noted, count};
use super::words::{self, support};

/// A request is met if delivered within so many days.
const REQUEST_DAYS: i32 = 14;
/// Share of dyads whose form is replaced by another instrument's after so many sessions.
const CHANGES_FORM: (f64, u32) = (0.05, 16);

/// How a dyad's day ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes on.
    On,
    /// It ended.
    Ended(After),
    /// The client stopped coming without a word.
    Vanished,
}

/// What becomes of a client whose relationship ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// The client is gone.
    Gone,
    /// The client may be matched with another peer.
    Rematch,
    /// The client died, and with that every relationship ended.
    Died,
    /// The client becomes a peer.
    Peer,
}

/// A dyad.
pub(crate) struct Dyad {
    pub(crate) client: Client,
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
    changes_form: bool,
    pub(super) sessions: u32,
    pub(super) last_session: Day,
    asks: [f64; 5],
    gives: [f64; 5],
    /// Requests not met so far, by type: their days.
    pub(super) asked: [VecDeque<Day>; 5],
    /// When an appointment is kept that the peer spoke up for.
    pub(super) appointment: Option<Day>,
    /// Contacts for which a comparison that hurt is still on the client's mind.
    pub(super) stung: u32,
    /// Whether a rupture has not been mended.
    pub(super) ruptured: bool,
}

impl Dyad {
    /// Starts on that day.
    pub(crate) fn start(client: Client, peer: &Peer, number: usize, day: Day, desk: &mut Desk) -> Dyad {
        let effect = desk.supervision_effect;
        let draws = &mut desk.draws;
        let mut asks = [0.0; 5];
        let mut gives = [0.0; 5];
        for kind in 0..5 {
            asks[kind] = words::ASKED[kind] * draws.between(0.2, 1.8);
            gives[kind] = (words::GIVEN[kind] * peer.skill[kind]).min(0.95);
        }
        let dyad = Dyad {
            client,
            peer: peer.id.clone(),
            peer_number: number,
            started: day,
            next_contact: day.plus(draws.whole(0, 7) as i32),
            paused_until: None,
            alliance: Alliance::new(peer.supervision, effect, draws),
            attends: (0.775 + 0.07 * draws.normal()).clamp(0.5, 0.95),
            rating_every: draws.weighted(&[(1, 30), (2, 50), (4, 20)]),
            total_given: draws.chance(0.6),
            changes_form: draws.chance(CHANGES_FORM.0),
            sessions: 0,
            last_session: day,
            asks,
            gives,
            asked: Default::default(),
            appointment: None,
            stung: 0,
            ruptured: false,
        };
        peer.begins(dyad.alliance.usual(), desk);
        desk.truth.dyads_beside_another += u64::from(dyad.client.beside);
        dyad.begin(day, desk);
        dyad
    }

    /// Writes down that it started.
    fn begin(&self, day: Day, desk: &mut Desk) {
        let matched = if desk.draws.chance(0.85) { desk.draws.whole(1, 3) } else { 0 };
        let matched: Vec<_> = (0..matched).map(|_| desk.draws.pick(words::MATCHED_ON).as_str()).collect();
        let at = Instant(desk.working_hours(day).0 - 60 * MINUTE_US);
        desk.truth.starts += 1;
        desk.came(&self.client.id, &self.peer);
        desk.note("relationship", at, self.about(), |line| {
            line.text("action", "started").words("matched_on", matched.iter().copied());
        });
    }

    pub(super) fn about(&self) -> About<'_> {
        About { client: &self.client.id, peer: &self.peer }
    }

    /// Whether the two know each other and meet.
    pub(super) fn is_settled(&self) -> bool {
        self.sessions > 3 && self.paused_until.is_none()
    }

    pub(super) fn noted(&self, day: Day) -> Noted {
        Noted { client: self.client.id.clone(), peer: self.peer.clone(), day: day.to_string() }
    }

    /// A day passes.
    pub(crate) fn day(&mut self, day: Day, peer: &mut Sessions, desk: &mut Desk) -> Fate {
        self.appointment(day, desk);
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
        let before = self.sessions;
        let turn = self.contact(at, peer, desk);
        self.around(self.sessions > before, at, desk);
        self.week_ends(turn, at, desk)
    }

    /// The weekly contact, whatever becomes of it, and the rating after it.
    fn contact(&mut self, at: Instant, peer: &mut Sessions, desk: &mut Desk) -> Option<Turn> {
        let day = at.day();
        let attends = if self.alliance.low() { self.attends - 0.12 } else { self.attends };
        let attendance = if desk.draws.chance(attends) {
            Attendance::Attended
        } else {
            desk.draws.weighted(&words::NOT_ATTENDED)
        };
        let attended = attendance == Attendance::Attended;
        let (asked, given) = self.needs(day, attended, desk);
        let practices = practised(attended, &mut desk.draws);
        count(&mut desk.truth.contacts, attendance.as_str());
        self.write_contact(at, attendance, &[&given, &asked, &practices], desk);
        if !attended {
            return None;
        }
        self.sessions += 1;
        self.last_session = day;
        if practices.contains(&Practice::StrengthsAdvocacy.as_str()) {
            self.advocated(day, desk);
        }
        let turn = self.alliance.session(self.sessions, &mut desk.draws);
        for since in [&mut self.client.since, peer] {
            since.attended(self.alliance.now(), given.len());
        }
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

    /// Writes a contact with support, requests and practices; now and then it was written down wrongly first, or
    /// another one that never took place.
    fn write_contact(
        &self,
        at: Instant,
        attendance: Attendance,
        [given, asked, practices]: &[&Vec<&'static str>; 3],
        desk: &mut Desk,
    ) {
        let channel = desk.draws.weighted(&words::CHANNELS).as_str();
        let minutes = 15 * desk.draws.whole(1, 6) + 5 * desk.draws.whole(0, 2);
        let attended = attendance == Attendance::Attended;
        let body = |line: &mut Line| {
            line.text("attendance", attendance.as_str()).text("channel", channel);
            if attended {
                line.number("minutes", minutes);
            }
            line.words("support", given.iter().copied());
            line.words("requested", asked.iter().copied());
            line.words("practices", practices.iter().copied());
        };
        if desk.draws.chance(0.012) {
            let wrong = if attended { "cancelled_by_client" } else { "attended" };
            let id = desk.new_id();
            let times = desk.recorded(at);
            desk.version(Kind::Event, &id, "contact", times, self.about(), |line| {
                line.text("attendance", wrong).text("channel", channel).number("minutes", minutes * 2);
            });
            let times = desk.later(times);
            desk.version(Kind::Correction, &id, "contact", times, self.about(), body);
        } else {
            let id = desk.note("contact", at, self.about(), body);
            if asked.contains(&words::therapy()) {
                desk.answer("professional_help_wanted", self.about(), &id, at);
            }
        }
        if desk.draws.chance(0.004) {
            self.phantom(at, desk);
        }
    }

    /// A contact that never took place, withdrawn some days later.
    fn phantom(&self, at: Instant, desk: &mut Desk) {
        let id = desk.new_id();
        let times = desk.recorded(Instant(at.0 + 90 * MINUTE_US));
        desk.version(Kind::Event, &id, "contact", times, self.about(), |line| {
            line.text("attendance", "attended").text("channel", "phone").number("minutes", 20);
        });
        desk.withdraw(&id, times);
    }

    /// Five minutes after the contact: the client's rating, and now and then the peer's or a supervisor's.
    fn rate(&mut self, at: Instant, desk: &mut Desk) {
        let sums = self.alliance.rate(&mut desk.draws);
        let total = (sums.iter().sum::<i64>() * 1000 + 6) / 12;
        self.client.since.rated(total);
        desk.truth.ratings += 1;
        let at = Instant(at.0 + 5 * MINUTE_US);
        if self.changes_form && self.sessions > CHANGES_FORM.1 {
            // Forty points at best, and nobody is asked by component.
            let scores = [("total", (total - 1000) * 10)];
            self.write_rating("srs", "client", &scores, at, desk);
            return;
        }
        let mut scores: Vec<(&str, i64)> = Vec::with_capacity(4);
        for (component, sum) in COMPONENTS.iter().zip(sums) {
            scores.push((component, sum * 250));
        }
        if self.total_given {
            scores.push(("total", total));
        }
        self.write_rating("wai-sr", "client", &scores, at, desk);
        let other = desk.draws.weighted(&[(None, 94), (Some("peer"), 4), (Some("supervisor"), 2)]);
        if let Some(rater) = other {
            let seen = self.alliance.rate(&mut desk.draws);
            let scores = [("total", (seen.iter().sum::<i64>() * 1000 + 6) / 12)];
            self.write_rating("wai-sr", rater, &scores, Instant(at.0 + 20 * MINUTE_US), desk);
        }
    }

    fn write_rating(
        &self,
        instrument: &str,
        rater: &str,
        scores: &[(&str, i64)],
        at: Instant,
        desk: &mut Desk,
    ) {
        desk.note("measure", at, self.about(), |line| {
            line.text("instrument", instrument).text("rater", rater).scores(scores);
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
            let cause = desk.draws.weighted(&words::CAUSES);
            self.rupture(cause, at, desk);
        }
    }

    pub(super) fn rupture(&mut self, cause: &'static str, at: Instant, desk: &mut Desk) {
        let reporter = desk.draws.weighted(&words::REPORTERS);
        self.ruptured = true;
        desk.truth.ruptures.push(self.noted(at.day()));
        count(&mut desk.truth.rupture_causes, cause);
        let at = Instant(at.0 + 20 * MINUTE_US);
        let id = desk.note("alliance", at, self.about(), |line| {
            line.text("action", "ruptured").text("cause", cause).text("reported_by", reporter);
        });
        desk.answer("alliance_breakdown", self.about(), &id, at);
        if words::is_safeguarding(cause) {
            desk.answer("safeguarding", self.about(), &id, at);
        }
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
