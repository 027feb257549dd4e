//! What members add to windows that end on a day, told in small histories. `T` is that day.

mod alerts;
mod clients;
mod keeping;
mod outcomes;
mod peers;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::*;
use crate::catalogue::Catalogue;
use crate::event::{Behaviour, Contact, Measure};
use crate::fold::{Fold, Scene};
use crate::indicators::Span;
use crate::params::Settings;
use crate::release::{Entry, Layout};
use crate::time::DAY_US;

/// The day that windows end on.
const T: i32 = 20_000;

static LAYOUT: LazyLock<Layout> = LazyLock::new(Layout::new);

/// Instruments of one client construct (`distress`, the first without a reliable change) and one of a peer.
const CATALOGUE: &str = r#"
[[instrument]]
id = "plain"
name = "Plain"
target = "client"
construct = "distress"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 0, max = 10 }

[[instrument]]
id = "core"
name = "Core"
target = "client"
construct = "distress"
direction = "high_is_bad"
scoring = "as is"
licence = "none"
total = { min = 0, max = 40 }
subscales = { risk = { min = 0, max = 4 } }
reliable_change = { value = 6, source = "a test" }
cut_off = { value = 11, source = "a test" }

[[instrument]]
id = "well"
name = "Well"
target = "client"
construct = "wellbeing"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 7, max = 35 }
reliable_change = { value = 3, source = "a test" }
cut_off = { value = 20, source = "a test" }

[[instrument]]
id = "well-peer"
name = "Well"
target = "peer"
construct = "wellbeing"
direction = "high_is_good"
scoring = "as is"
licence = "none"
total = { min = 7, max = 35 }
reliable_change = { value = 3, source = "a test" }
"#;

fn params() -> Params {
    let settings = Settings { overload_dyads: 2, ..Settings::default() };
    Params { settings, catalogue: Arc::new(Catalogue::parse(CATALOGUE).unwrap()) }
}

/// An instant so many days before `T`, at that hour.
fn at(age: i32, hour: i64) -> Instant {
    Instant(Day(T - age).start().0 + hour * (DAY_US / 24))
}

/// Events as (days before `T`, hour, what), in their order; of equal ones, that told first comes first.
fn history(told: impl IntoIterator<Item = (i32, i64, Body)>) -> Vec<Arc<Event>> {
    let event = |(n, (age, hour, body)): (usize, (i32, i64, Body))| {
        let at = at(age, hour);
        Arc::new(Event { occurred_at: at, recorded_at: at, id: format!("e{n:04}").into(), body })
    };
    let mut events: Vec<_> = told.into_iter().enumerate().map(event).collect();
    events.sort_by(|a, b| a.order(b));
    events
}

fn contact(attendance: Attendance, practices: &[Practice]) -> Body {
    Body::Contact(Contact {
        attendance,
        channel: None,
        minutes: None,
        support: Set::default(),
        requested: Set::default(),
        practices: practices.iter().copied().collect(),
    })
}

fn met() -> Body {
    contact(Attendance::Attended, &[])
}

fn ended() -> Body {
    Body::Ended { by: Side::Service, reason: EndReason::GoalsMet }
}

/// A given total, in units of the instrument's scale.
fn score(instrument: &str, rater: Rater, total: i64) -> Body {
    let scores = vec![("total".into(), total * 1_000_000)];
    Body::Measure(Box::new(Measure { instrument: instrument.into(), rater, scores: scores.into() }))
}

/// A dyad's events and what its count at the end of `T + later` keeps.
fn dyad(
    params: &Params,
    later: i32,
    told: impl IntoIterator<Item = (i32, i64, Body)>,
) -> (Vec<Arc<Event>>, Trace) {
    let mut events = history(told);
    events.retain(|event| event.occurred_at < Day(T + later + 1).start());
    let mut tally = Tally::new(&LAYOUT, Day(T + later));
    let scene = Scene { params, events: &events };
    let timeline = Fold::of(scene, &events, &[]).timeline(scene, Day(T + later + 1).start().just_before());
    let (trace, _) = Windows::ending_on(Day(T + later), params).count(&events, &timeline, &mut tally);
    (events, trace)
}

/// What was taken down.
struct Taken(Vec<Entry>);

/// What `take` takes down at the end of `T + later`, and what it gives back.
fn take<R>(params: &Params, later: i32, take: impl FnOnce(Windows<'_>, &mut Tally<'_>) -> R) -> (Taken, R) {
    let mut tally = Tally::new(&LAYOUT, Day(T + later));
    let given = take(Windows::ending_on(Day(T + later), params), &mut tally);
    (Taken(tally.into_entries()), given)
}

/// The cell of an indicator with these words, in the order of its labels.
fn cell(id: Id, words: &[&str]) -> u16 {
    let indicator = id.indicator();
    let is_it = |labels: &BTreeMap<String, String>| {
        indicator.labels.iter().zip(words).all(|((label, _), word)| labels[*label] == **word)
    };
    let series = indicator.series().iter().position(is_it).unwrap();
    let mut tally = Tally::new(&LAYOUT, Day(T));
    match indicator.span {
        Span::Windows => tally.on(id, series, Day(T), 1),
        Span::Days => tally.run(id, series, Day(T), None),
        Span::Today => tally.now(id, series),
    }
    match tally.into_entries()[..] {
        [Entry::On { cell, .. } | Entry::Run { cell, .. } | Entry::Now { cell }] => cell,
        _ => panic!("one entry was made"),
    }
}

impl Taken {
    /// Its sums in the windows of 7, 28 and 90 days that end on `T`.
    fn of(&self, id: Id, words: &[&str]) -> [i64; 3] {
        self.later(0, id, words)
    }

    /// Its sums in the windows that end on `T + later`.
    fn later(&self, later: i32, id: Id, words: &[&str]) -> [i64; 3] {
        assert_eq!(id.indicator().labels.len(), words.len());
        self.sums(later, cell(id, words))
    }

    fn sums(&self, later: i32, wanted: u16) -> [i64; 3] {
        let last = Day(T + later);
        WINDOWS.map(|window| {
            let days = (0..window.days).map(|age| last.plus(-age));
            let of_entry = |entry: &Entry| match *entry {
                Entry::On { cell, day, value } if cell == wanted => {
                    value * days.clone().filter(|other| *other == day).count() as i64
                }
                Entry::Run { cell, from, to } if cell == wanted => {
                    days.clone().filter(|day| from <= *day && to.is_none_or(|to| *day <= to)).count() as i64
                }
                Entry::Now { cell } if cell == wanted => 1,
                _ => 0,
            };
            self.0.iter().map(of_entry).sum()
        })
    }
}
