//! Section 5: the release of a site at a boundary.

use rapport_proto::v1;

mod alerts;
mod declare;
mod dyads;
mod modelling;
mod outcomes;
mod persons;

use super::Given;
use super::counts::{Counts, Sample};
use super::days::{Day, Us, boundary, day_of, text};
use super::log::{Known, Record};
use super::site::Site;
use super::words::PHASES;

/// Windows, in days.
pub const WINDOWS: [i64; 3] = [7, 28, 90];

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The site.
    pub site: String,
    /// D.
    pub day: String,
    /// Day of the site's first standing event.
    pub first_day: String,
    /// M.
    pub boundary: Us,
    /// The samples, sorted.
    pub samples: Vec<Sample>,
}

/// All releases that a partition's records make, in the order in which they are made, sites of one in order.
pub fn releases(given: &Given, records: &[Record]) -> Vec<Release> {
    let mut known = Known::default();
    let mut made = Vec::new();
    for record in records {
        if let Some(m) = crossed(given, &known, record) {
            made.extend(releases_at(given, &known, m));
        }
        known.read(record);
    }
    made
}

/// The releases that the last crossing of a boundary in a partition makes.
pub fn last_releases(given: &Given, records: &[Record]) -> Vec<Release> {
    let mut known = Known::default();
    let mut last = None;
    for (place, record) in records.iter().enumerate() {
        last = crossed(given, &known, record).map(|m| (place, m)).or(last);
        known.read(record);
    }
    last.map(|(place, m)| releases_at(given, &Known::of(&records[..place]), m)).unwrap_or_default()
}

/// The boundary that a record carries T across, if any.
fn crossed(given: &Given, known: &Known, record: &Record) -> Option<Us> {
    let new = Known::of(std::slice::from_ref(record)).clock().max(known.clock())?;
    let new = boundary(new, given.settings.weekly);
    let old = known.clock().map(|at| boundary(at, given.settings.weekly));
    (old < Some(new)).then_some(new)
}

/// The releases made where T comes to or past the boundary `m`, from the records read before.
pub fn releases_at(given: &Given, before: &Known, m: Us) -> Vec<Release> {
    let standing: Vec<v1::Event> =
        before.standing().into_iter().filter(|event| event.occurred_at_us < m).collect();
    let mut sites: Vec<&str> = standing.iter().map(|event| event.site.as_str()).collect();
    sites.sort_unstable();
    sites.dedup();
    let site = |name| Site::at(given, before, &standing, name, m - 1);
    sites.into_iter().map(|name| release(&site(name), m)).collect()
}

/// The release of a site as it was just before `m`.
fn release(site: &Site<'_>, m: Us) -> Release {
    let last = day_of(m) - 1;
    let first_day = site.events.iter().map(|event| day_of(event.occurred_at_us)).min();
    let mut counts = Counts::default();
    counts.declare_by("dyads", &[("phase", &PHASES)]);
    for (_, walk) in &site.dyads {
        if let Some(phase) = walk.phase(m - 1) {
            counts.add("dyads", &[("phase", phase)], 1);
        }
    }
    let alerts = super::alerts::alerts(site);
    for days in WINDOWS {
        let mut window = Window { given: site.given, span: Span { days, last }, counts: &mut counts };
        window.declare();
        window.count_dyads(site);
        window.count_persons(site);
        window.count_modelling(site);
        window.count_outcomes(site);
        window.count_alerts(site, &alerts);
    }
    Release {
        site: site.name.to_owned(),
        day: text(last),
        first_day: text(first_day.expect("a released site has an event")),
        boundary: m,
        samples: counts.samples(),
    }
}

/// The n days up to D.
#[derive(Clone, Copy)]
struct Span {
    days: i64,
    last: Day,
}

impl Span {
    /// Whether a day is one of the n days up to D − `back`.
    fn has(self, day: Day, back: i64) -> bool {
        let last = self.last - back;
        (last - self.days + 1..=last).contains(&day)
    }

    fn holds(self, at: Us) -> bool {
        self.has(day_of(at), 0)
    }

    fn all_days(self) -> std::ops::RangeInclusive<Day> {
        self.last - self.days + 1..=self.last
    }
}

/// What is counted in a window.
struct Window<'a> {
    given: &'a Given,
    span: Span,
    counts: &'a mut Counts,
}

impl Window<'_> {
    fn name(&self, name: &str) -> String {
        format!("{name}_{}d", self.span.days)
    }

    fn add(&mut self, name: &str, labels: &[(&str, &str)], amount: i128) {
        let name = self.name(name);
        self.counts.add(&name, labels, amount);
    }
}
