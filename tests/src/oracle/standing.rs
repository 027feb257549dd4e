//! Standing: which support a dyad received, and which it asked for and did not get.

use std::collections::BTreeSet;

use rapport_proto::v1;

use super::days::{Day, Us};
use super::log;
use super::words::{SIX, delivered, requested};

/// The contacts of a dyad that are known, in order.
pub type Contacts<'a> = Vec<&'a v1::Event>;

fn contact(event: &v1::Event) -> &v1::Contact {
    match &event.body {
        Some(v1::event::Body::Contact(contact)) => contact,
        _ => panic!("only contacts are asked"),
    }
}

/// Types delivered on a day from `first` to `last`.
pub fn received_between(contacts: &Contacts<'_>, first: Day, last: Day) -> BTreeSet<&'static str> {
    let in_time = contacts.iter().filter(|event| (first..=last).contains(&log::day(event)));
    in_time.flat_map(|event| delivered(contact(event))).collect()
}

/// Types requested on a day from `first` to `last` and, by the end of `last`, not delivered at or after the latest
/// such request.
pub fn unmet_between(contacts: &Contacts<'_>, first: Day, last: Day) -> BTreeSet<&'static str> {
    let in_time: Contacts<'_> =
        contacts.iter().filter(|event| (first..=last).contains(&log::day(event))).copied().collect();
    let is_unmet = |kind: &str| {
        let asks = in_time.iter().filter(|event| requested(contact(event)).contains(&kind));
        let latest: Option<Us> = asks.map(|event| event.occurred_at_us).max();
        latest.is_some_and(|latest| {
            !in_time
                .iter()
                .any(|event| event.occurred_at_us >= latest && delivered(contact(event)).contains(&kind))
        })
    };
    SIX.into_iter().filter(|kind| is_unmet(kind)).collect()
}

/// What stands on a day, by the contacts up to its end: (received, unmet).
pub fn on_day(contacts: &Contacts<'_>, day: Day) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    (received_between(contacts, day - 27, day), unmet_between(contacts, day - 27, day))
}

/// What stands for an exit: on the day of an end; for a presumed dropout, received as on day c, unmet from c−27 up to
/// the day before.
pub fn at_exit(
    contacts: &Contacts<'_>,
    exit_day: Day,
    counted_from: Option<Day>,
) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    match counted_from {
        None => on_day(contacts, exit_day),
        Some(c) => (received_between(contacts, c - 27, c), unmet_between(contacts, c - 27, exit_day - 1)),
    }
}
