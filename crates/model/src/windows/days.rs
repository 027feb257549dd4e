//! Sets of days, as bits.

use std::ops::{BitAnd, BitOr};
use std::sync::Arc;

use crate::event::{Body, Event};
use crate::release::AHEAD;
use crate::support::STANDING_DAYS;
use crate::time::{Day, Instant};
use crate::timeline::Episode;
use crate::words::{SupportType, Word};

use super::{LONGEST, position};

/// Days of the longest window and those ahead: bit *i* is the day *i* days before the last day ahead. The last day ahead
/// stands for all after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Days(u128);

const _: () = assert!(LONGEST + AHEAD < 128);

/// The last of some days, as of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// There are none.
    None,
    /// That one.
    Day(Day),
    /// They go on to that one, which is ahead, if nothing happens.
    Until(Day),
    /// They go on until time or an event ends them.
    Ongoing,
}

/// The lowest `n` bits, of at most 127.
const fn lowest(n: i32) -> u128 {
    (1 << n) - 1
}

impl Days {
    /// The days of ages `youngest` to `oldest`, those ahead having ages below 0, as far as they are looked at.
    pub fn between(youngest: i32, oldest: i32) -> Days {
        let (youngest, oldest) = (youngest.max(-AHEAD), oldest.min(LONGEST - 1));
        if youngest > oldest { Days(0) } else { Days(lowest(oldest + AHEAD + 1) & !lowest(youngest + AHEAD)) }
    }

    /// Adds the day of that age; one that is not looked at is none of these days.
    pub fn insert(&mut self, age: i32) {
        *self = *self | Days::between(age, age);
    }

    /// Whether the day of that age is one of these.
    pub fn contains(self, age: i32) -> bool {
        self & Days::between(age, age) != Days::default()
    }

    /// The same days as of `days` days later, 0 or more.
    pub fn later(self, days: i32) -> Days {
        let days = days.clamp(0, LONGEST + AHEAD);
        let ahead = if self.0 & 1 == 1 { lowest(days) } else { 0 };
        Days((self.0 << days | ahead) & lowest(LONGEST + AHEAD))
    }

    /// The first and the last day of each run of these days, as of `day`; no last day of one that goes on.
    pub fn runs(self, day: Day, mut each: impl FnMut(Day, Option<Day>)) {
        let at = |bit: i32| day.plus(AHEAD - bit);
        let (mut bits, mut passed) = (self.0, 0);
        while bits != 0 {
            let low = bits.trailing_zeros() as i32;
            let length = (bits >> low).trailing_ones() as i32;
            let (last, first) = (passed + low, passed + low + length - 1);
            each(at(first), (last != 0).then(|| at(last)));
            (bits, passed) = (bits >> low >> length, first + 1);
        }
    }

    /// How many days ahead these go on without a gap.
    fn ahead(self) -> i32 {
        (self.0 << (u128::BITS as i32 - AHEAD)).leading_ones() as i32
    }

    /// The last of these days that has come by the last of the windows, `day`, or to which they go on from it.
    pub fn last(self, day: Day) -> Last {
        let come = self.0 & !lowest(AHEAD);
        match (self.0 & 1, come) {
            (1, _) => Last::Ongoing,
            (_, 0) => Last::None,
            _ => match (come.trailing_zeros() as i32 - AHEAD, self.ahead()) {
                (0, ahead @ 1..) => Last::Until(day.plus(ahead)),
                (age, _) => Last::Day(day.plus(-age)),
            },
        }
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

/// The days on which a dyad is open by `episode`, as far as is known on `day`: if nothing happens.
pub(super) fn open_days(episode: &Episode, day: Day) -> Days {
    let oldest = day.since(episode.opened_at.day());
    let youngest = episode.last_day().map_or(-AHEAD, |last| day.since(last));
    let span = Days::between(youngest, oldest);
    if episode.pauses.is_empty() || span == Days::default() {
        return span;
    }
    let mut open = Days::default();
    (youngest.max(-AHEAD)..=oldest.min(LONGEST - 1))
        .filter(|age| episode.open_on(day.plus(-age)))
        .for_each(|age| open.insert(age));
    open
}

/// The days that `episode` meets, paused and presumed-lost ones included, as far as is known on `day`.
pub(super) fn days_met(episode: &Episode, day: Day) -> Days {
    let youngest = episode.end.as_ref().map_or(-AHEAD, |end| day.since(end.at.day()));
    Days::between(youngest, day.since(episode.opened_at.day()))
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
    /// Received, then unmet.
    pub fn both(self) -> [Days; 2] {
        [self.received, self.unmet]
    }

    /// Notes that the open request was met or followed by another on `until`, or that no more is known from then on.
    fn close(&mut self, day: Day, until: Day) {
        if let Some(requested) = self.open.take() {
            let last = requested.day().plus(STANDING_DAYS - 1).min(until.plus(-1));
            self.unmet = self.unmet | Days::between(day.since(last), day.since(requested.day()));
        }
    }
}

/// On which days each type of support stands, by the contacts among `events` in order, as far as is known on `day`.
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
    standing.iter_mut().for_each(|kind| kind.close(day, day.plus(AHEAD + 1)));
    standing
}
