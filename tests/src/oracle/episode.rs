//! An episode: what section 3 says of its days, its silence and its end.

use std::collections::BTreeSet;

use super::alliance::Alliance;
use super::days::{Day, Us, day_of, midnight};
use super::{Given, Settings, words};

/// [from, to) in which an episode rests.
#[derive(Debug, Clone)]
pub struct Pause {
    /// The event that began it.
    pub event_id: String,
    /// First instant.
    pub from: Us,
    /// First instant after it, if it is over.
    pub to: Option<Us>,
}

/// A presumed dropout.
#[derive(Debug, Clone)]
pub struct Loss {
    /// Its day.
    pub day: Day,
    /// c.
    pub counted_from: Day,
    /// The last attended contact, or what opened the episode.
    pub counted_from_event: String,
    /// When it was taken back.
    pub taken_back: Option<Us>,
}

/// What ended an episode.
#[derive(Debug, Clone)]
pub struct End {
    /// When.
    pub at: Us,
    /// The event.
    pub event_id: String,
    /// The reason; `None` where a `started` ended it after a presumed dropout.
    pub reason: Option<String>,
    /// The side.
    pub side: String,
    /// Whether a pause lasted until then.
    pub ended_pause: bool,
}

/// A stretch of a relationship.
#[derive(Debug, Clone, Default)]
pub struct Episode {
    /// When it opened.
    pub opened: Us,
    /// The event that opened it.
    pub opened_by: String,
    /// What it was matched on.
    pub matched_on: BTreeSet<String>,
    /// Its attended contacts: when, and which event.
    pub attended: Vec<(Us, String)>,
    /// Attendance of its last contact.
    pub last_contact: Option<String>,
    /// Contacts missed by the client since the last attended one, or the opening.
    pub missed: u32,
    /// Its pauses, in order.
    pub pauses: Vec<Pause>,
    /// Its presumed dropouts, in order; only the last can stand.
    pub losses: Vec<Loss>,
    /// Its alliance.
    pub alliance: Alliance,
    /// Its end.
    pub end: Option<End>,
}

/// How an episode was left, as `exits` counts it.
#[derive(Debug, Clone)]
pub struct Exit {
    /// The day.
    pub day: Day,
    /// The reason, or `presumed_lost`.
    pub reason: String,
    /// The side.
    pub side: String,
    /// The polarity.
    pub polarity: &'static str,
    /// c, where a presumed dropout stands, ended since or not.
    pub counted_from: Option<Day>,
}

impl Episode {
    /// c: the day of the last attended contact, or of the opening.
    pub fn counted_from(&self) -> Day {
        day_of(self.attended.last().map_or(self.opened, |(at, _)| *at))
    }

    /// The event of that day.
    pub fn counted_from_event(&self) -> &str {
        self.attended.last().map_or(&self.opened_by, |(_, event_id)| event_id)
    }

    /// The presumed dropout that stands, ended since or not.
    pub fn loss(&self) -> Option<&Loss> {
        self.losses.last().filter(|loss| loss.taken_back.is_none())
    }

    /// The pause that lasts.
    pub fn pause(&self) -> Option<&Pause> {
        self.pauses.last().filter(|pause| pause.to.is_none())
    }

    /// Whether it is open in the sense of section 6, as far as is known: it covers the instant, is not paused and not
    /// presumed lost.
    pub fn is_open(&self) -> bool {
        self.end.is_none() && self.pause().is_none() && self.loss().is_none()
    }

    /// Whether it covers some instant of a day, paused and presumed-lost ones included.
    pub fn covers(&self, day: Day) -> bool {
        let ends_before = self.end.as_ref().is_some_and(|end| day_of(end.at) < day);
        day_of(self.opened) <= day && !ends_before
    }

    /// Whether every instant of the day that the episode covers is paused, as far as is known; a pause that lasts
    /// is taken to go on.
    pub fn is_paused_on(&self, day: Day) -> bool {
        let from = self.opened.max(midnight(day));
        let to = self.end.as_ref().map_or(i64::MAX, |end| end.at).min(midnight(day + 1));
        if from >= to {
            let ends_here = self.end.as_ref().filter(|end| day_of(end.at) == day);
            return ends_here.is_some_and(|end| end.ended_pause);
        }
        let mut paused_until = from;
        for pause in &self.pauses {
            if pause.from <= paused_until {
                paused_until = paused_until.max(pause.to.unwrap_or(i64::MAX));
            }
        }
        paused_until >= to
    }

    /// Whether `day` is the one, or lies after the one, at whose 00:00 the episode is presumed lost.
    pub fn is_silent_too_long(&self, settings: &Settings, day: Day) -> bool {
        let days = (self.counted_from() + 1)..=day;
        if days.clone().count() < settings.dropout_days as usize {
            return false;
        }
        days.filter(|day| !self.is_paused_on(*day)).count() as i64 >= settings.dropout_days
    }

    /// Whether the dyad is open on a day, through this episode.
    pub fn is_open_on(&self, day: Day) -> bool {
        let is_lost = self.loss().is_some_and(|loss| loss.day <= day);
        self.covers(day) && !self.is_paused_on(day) && !is_lost
    }

    /// How it was left, if it was.
    pub fn exit(&self) -> Option<Exit> {
        let loss = self.loss();
        let counted_from = loss.map(|loss| loss.counted_from);
        if let Some((end, reason)) = self.end.as_ref().and_then(|end| Some((end, end.reason.clone()?))) {
            let day = loss.map_or(day_of(end.at), |loss| loss.day);
            let polarity = words::polarity(&reason);
            return Some(Exit { day, polarity, side: end.side.clone(), reason, counted_from });
        }
        let side = match self.last_contact.as_deref() {
            Some("missed_by_peer" | "cancelled_by_peer") => "peer",
            Some("missed_by_client" | "cancelled_by_client") => "client",
            _ => "unknown",
        };
        loss.map(|loss| Exit {
            day: loss.day,
            reason: "presumed_lost".to_owned(),
            side: side.to_owned(),
            polarity: "negative",
            counted_from,
        })
    }

    /// The mechanism of the breakdown open just before an instant (or just before an event at that instant).
    pub fn broken_before(&self, at: Us, event_id: Option<&str>) -> Option<&'static str> {
        let breakdowns = self.alliance.breakdowns.iter();
        let open = breakdowns.rev().find(|one| {
            let opened = match event_id {
                Some(event_id) => one.event_id != event_id,
                None => one.opened < at,
            };
            let closed = one.repaired.or(one.ended);
            // Nothing of an episode sorts between its end and the end's own event.
            let is_still_open = match event_id {
                Some(_) => one.repaired.is_none(),
                None => closed.is_none_or(|closed| closed >= at),
            };
            opened && is_still_open
        });
        open.map(|one| one.mechanism)
    }

    /// The phase at an instant at which the episode is open.
    pub fn phase(&self, given: &Given, at: Us) -> &'static str {
        let alliance = &self.alliance;
        let have_passed = |since: Us| day_of(at) - day_of(since) > given.settings.unmonitored_days;
        if self.loss().is_some() {
            "presumed_lost"
        } else if self.pause().is_some() {
            "paused"
        } else if alliance.breakdown().is_some() {
            "breakdown"
        } else if alliance.watch().is_some() {
            "watch"
        } else if have_passed(self.opened) && alliance.last_followed.is_none_or(have_passed) {
            "unmonitored"
        } else if !alliance.is_full {
            "forming"
        } else {
            "working"
        }
    }
}
