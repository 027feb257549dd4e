//! Sets of days before the windows' end, as bits.

use std::ops::{BitAnd, BitOr};
use std::sync::Arc;

use crate::event::{Body, Event};
use crate::indicators::WINDOWS;
use crate::release::shortest_window;
use crate::support::STANDING_DAYS;
use crate::time::{Day, Instant};
use crate::timeline::Episode;
use crate::words::{SupportType, Word};

use super::{LONGEST, position};

/// Days of the longest window: bit *i* is the day *i* days before the windows' end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Days(u128);

const _: () = assert!(LONGEST < 128);

/// The lowest `n` bits, of at most 127.
const fn lowest(n: i32) -> u128 {
    (1 << n) - 1
}

impl Days {
    /// The days of ages `youngest` to `oldest` as far as they lie in the longest window.
    pub fn between(youngest: i32, oldest: i32) -> Days {
        let (youngest, oldest) = (youngest.max(0), oldest.min(LONGEST - 1));
        if youngest > oldest { Days(0) } else { Days(lowest(oldest + 1) & !lowest(youngest)) }
    }

    /// Adds the day of that age; one outside the longest window is none of these days.
    pub fn insert(&mut self, age: i32) {
        *self = *self | Days::between(age, age);
    }

    /// How many of them are in each window and in no shorter one.
    pub fn by_window(self) -> [i64; WINDOWS.len()] {
        let mut before = 0;
        WINDOWS.map(|window| {
            let within = i64::from((self.0 & lowest(window.days)).count_ones());
            within - std::mem::replace(&mut before, within)
        })
    }

    /// The shortest window that has one of them.
    pub fn shortest_window(self) -> Option<usize> {
        if self.0 == 0 { None } else { shortest_window(self.0.trailing_zeros() as i32) }
    }
}

impl BitOr for Days {
    type Output = Days;
    fn bitor(self, other: Days) -> Days {
        Days(self.0 | other.0)
    }
}

impl BitAnd for Days {
    type Output = Days;
    fn bitand(self, other: Days) -> Days {
        Days(self.0 & other.0)
    }
}

/// The days up to `day` on which a dyad is open by `episode`.
pub(super) fn open_days(episode: &Episode, day: Day) -> Days {
    let oldest = day.since(episode.opened_at.day());
    let youngest = episode.last_day().map_or(0, |last| day.since(last));
    let span = Days::between(youngest, oldest);
    if episode.pauses.is_empty() || span == Days::default() {
        return span;
    }
    let mut open = Days::default();
    (youngest.max(0)..=oldest.min(LONGEST - 1))
        .filter(|age| episode.open_on(day.plus(-age)))
        .for_each(|age| open.insert(age));
    open
}

/// The days on which one type of support stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StandingDays {
    /// Received.
    pub received: Days,
    /// Unmet.
    pub unmet: Days,
    /// The latest request, while nothing was delivered since.
    open: Option<Instant>,
    delivered: Option<Instant>,
}

impl StandingDays {
    /// Notes that the open request was met or followed by another on `until`, or that no more is known from then on.
    fn close(&mut self, day: Day, until: Day) {
        if let Some(requested) = self.open.take() {
            let last = requested.day().plus(STANDING_DAYS - 1).min(until.plus(-1));
            self.unmet = self.unmet | Days::between(day.since(last), day.since(requested.day()));
        }
    }
}

/// On which days up to `day` each type of support stood, by the contacts among `events` in order.
pub(super) fn standing(day: Day, events: &[Arc<Event>]) -> [StandingDays; SupportType::ALL.len()] {
    let mut standing = [StandingDays::default(); SupportType::ALL.len()];
    for event in events {
        let Body::Contact(contact) = &event.body else { continue };
        let at = event.occurred_at;
        if contact.attended() {
            for kind in contact.support.iter() {
                let kind = &mut standing[position(kind)];
                let oldest = day.since(at.day());
                kind.received = kind.received | Days::between(oldest - STANDING_DAYS + 1, oldest);
                kind.close(day, at.day());
                kind.delivered = Some(at);
            }
        }
        for kind in contact.requested.iter() {
            let kind = &mut standing[position(kind)];
            kind.close(day, at.day());
            // Delivered at the same instant is delivered at or after it.
            kind.open = (kind.delivered != Some(at)).then_some(at);
        }
    }
    standing.iter_mut().for_each(|kind| kind.close(day, day.plus(1)));
    standing
}
