//! Which types of support stand received, and which unmet: model.md section 3, *Standing*.

use std::sync::Arc;

use crate::event::{Body, Contact, Event};
use crate::time::{Day, Instant};
use crate::words::{Set, SupportType, Word};

/// Days that a delivery or a request stands.
pub const STANDING_DAYS: i32 = 28;

const KINDS: usize = SupportType::ALL.len();

/// The latest delivery and the latest request of each type, in the contacts noted so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    delivered: [Instant; KINDS],
    requested: [Instant; KINDS],
}

/// Before every event: instants begin in 1970.
const NEVER: Instant = Instant(i64::MIN);

impl Default for Standing {
    fn default() -> Self {
        Standing { delivered: [NEVER; KINDS], requested: [NEVER; KINDS] }
    }
}

impl Standing {
    /// Notes a contact; contacts are noted in order.
    pub fn note(&mut self, at: Instant, contact: &Contact) {
        if contact.attended() {
            contact.support.iter().for_each(|kind| self.delivered[index(kind)] = at);
        }
        contact.requested.iter().for_each(|kind| self.requested[index(kind)] = at);
    }

    /// The contacts among a dyad's sorted `events` from `first` to `last`, both included, noted.
    pub fn of(events: &[Arc<Event>], first: Day, last: Day) -> Standing {
        let mut standing = Standing::default();
        let (from, until) = (first.start(), last.plus(1).start());
        let from = events.partition_point(|event| event.occurred_at < from);
        for event in events[from..].iter().take_while(|event| event.occurred_at < until) {
            if let Body::Contact(contact) = &event.body {
                standing.note(event.occurred_at, contact);
            }
        }
        standing
    }

    /// Types received on `day`, which is not before any contact noted.
    pub fn received(&self, day: Day) -> Set<SupportType> {
        self.received_since(day.plus(1 - STANDING_DAYS))
    }

    /// Types unmet on `day`, which is not before any contact noted.
    pub fn unmet(&self, day: Day) -> Set<SupportType> {
        self.unmet_since(day.plus(1 - STANDING_DAYS))
    }

    /// What [`unmet_at_loss`] says of the dyad's `events`, of which all contacts before the day `dropout` are noted.
    ///
    /// Mostly nothing happened since then: what stands at the end is then what stood, and no event is looked at again.
    pub fn unmet_at_loss(&self, events: &[Arc<Event>], c: Day, dropout: Day) -> Set<SupportType> {
        let mut noted = self.delivered.iter().chain(&self.requested);
        if noted.all(|at| *at < dropout.start()) {
            self.unmet_since(c.plus(1 - STANDING_DAYS))
        } else {
            unmet_at_loss(events, c, dropout)
        }
    }

    fn received_since(&self, first: Day) -> Set<SupportType> {
        kinds(|k| self.delivered[k] >= first.start())
    }

    fn unmet_since(&self, first: Day) -> Set<SupportType> {
        kinds(|k| self.requested[k] >= first.start() && self.delivered[k] < self.requested[k])
    }
}

fn index(kind: SupportType) -> usize {
    kind.number() as usize - 1
}

fn kinds(holds: impl Fn(usize) -> bool) -> Set<SupportType> {
    SupportType::ALL.iter().copied().filter(|kind| holds(index(*kind))).collect()
}

/// What stands for a dyad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stands {
    /// Types received.
    pub received: Set<SupportType>,
    /// Types unmet.
    pub unmet: Set<SupportType>,
}

/// What stands on `day` by the dyad's sorted `events` up to its end, in any episode.
pub fn standing(events: &[Arc<Event>], day: Day) -> Stands {
    let standing = Standing::of(events, day.plus(1 - STANDING_DAYS), day);
    Stands { received: standing.received(day), unmet: standing.unmet(day) }
}

/// What stands for a presumed dropout on `dropout`, counted from the day `c`: received as on `c`; unmet what was
/// requested from c−27 up to the day before the dropout's and by its end not delivered at or after the latest such
/// request.
pub fn standing_at_loss(events: &[Arc<Event>], c: Day, dropout: Day) -> Stands {
    let first = c.plus(1 - STANDING_DAYS);
    let received = Standing::of(events, first, c).received_since(first);
    Stands { received, unmet: unmet_at_loss(events, c, dropout) }
}

/// What stands unmet for a presumed dropout: [`standing_at_loss`].
pub fn unmet_at_loss(events: &[Arc<Event>], c: Day, dropout: Day) -> Set<SupportType> {
    let first = c.plus(1 - STANDING_DAYS);
    Standing::of(events, first, dropout.plus(-1)).unmet_since(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_US;
    use crate::words::Attendance;

    fn contact(
        id: &str,
        at: Instant,
        attended: bool,
        support: &[SupportType],
        requested: &[SupportType],
    ) -> Arc<Event> {
        let attendance = if attended { Attendance::Attended } else { Attendance::MissedByClient };
        let body = Body::Contact(Contact {
            attendance,
            channel: None,
            minutes: None,
            support: support.iter().copied().collect(),
            requested: requested.iter().copied().collect(),
            practices: Set::default(),
        });
        Arc::new(Event { occurred_at: at, recorded_at: at, id: id.into(), body })
    }

    fn noon(day: i32) -> Instant {
        Instant(i64::from(day) * DAY_US + DAY_US / 2)
    }

    const E: SupportType = SupportType::Emotional;
    const P: SupportType = SupportType::PsychologicalTherapy;

    #[test]
    fn a_delivery_and_a_request_stand_on_28_days() {
        let events = [contact("a", noon(100), true, &[E], &[P])];
        for (day, stands) in [(99, false), (100, true), (127, true), (128, false)] {
            let found = standing(&events, Day(day));
            assert_eq!((found.received.contains(E), found.unmet.contains(P)), (stands, stands), "day {day}");
        }
    }

    #[test]
    fn a_request_is_met_by_a_delivery_at_its_instant_or_after_but_not_before_nor_by_a_missed_contact() {
        let unmet = |events: &[Arc<Event>]| standing(events, Day(101)).unmet.contains(E);
        assert!(!unmet(&[contact("a", noon(100), true, &[E], &[E])]));
        assert!(!unmet(&[
            contact("a", noon(100), false, &[], &[E]),
            contact("b", noon(100), true, &[E], &[])
        ]));
        assert!(!unmet(&[
            contact("a", noon(100), true, &[E], &[]),
            contact("b", noon(100), false, &[], &[E])
        ]));
        assert!(unmet(&[contact("a", noon(99), true, &[E], &[]), contact("b", noon(100), false, &[], &[E])]));
        assert!(unmet(&[
            contact("a", noon(100), false, &[], &[E]),
            contact("b", noon(101), false, &[E], &[])
        ]));
    }

    proptest::proptest! {
        #[test]
        fn what_is_noted_says_what_stands_unmet_at_a_loss(
            told in proptest::collection::vec((0..90_i32, 0..8_u8), 0..20),
            c in 20..60_i32,
            days in 1..50_i32,
        ) {
            let mut told = told;
            told.sort_unstable();
            let kinds = |is: u8| if is == 0 { &[][..] } else { &[E][..] };
            let contact = |(day, is): &(i32, u8)| {
                contact("e", noon(*day), is & 1 > 0, kinds(is & 2), kinds(is & 4))
            };
            let events: Vec<_> = told.iter().map(contact).collect();
            let noted = Standing::of(&events, Day(0), Day(90));
            let expected = unmet_at_loss(&events, Day(c), Day(c + days));
            proptest::prop_assert_eq!(noted.unmet_at_loss(&events, Day(c), Day(c + days)), expected);
        }
    }

    #[test]
    fn at_a_loss_support_stands_as_on_the_last_contact_and_requests_up_to_the_day_before_it() {
        let events = [
            contact("a", noon(72), false, &[], &[SupportType::Appraisal]),
            contact("b", noon(73), true, &[E], &[SupportType::Informational]),
            contact("c", noon(100), true, &[], &[]),
            contact("d", noon(142), false, &[], &[SupportType::Companionship]),
            contact("e", noon(143), false, &[], &[SupportType::Instrumental]),
        ];
        let found = standing_at_loss(&events, Day(100), Day(143));
        assert_eq!(found.received.iter().collect::<Vec<_>>(), [E]);
        assert_eq!(
            found.unmet.iter().collect::<Vec<_>>(),
            [SupportType::Informational, SupportType::Companionship]
        );
    }
}
