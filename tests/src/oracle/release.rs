//! Section 5: the release of a site at a boundary.

use rapport_proto::v1::{self, event::Body};

use super::counts::{Counts, Sample};
use super::days::{Day, Us, boundary, day_of, text};
use super::log::{self, Known, Record};
use super::walk::{Dyad, Walk, dyads};
use super::words::{self, word};
use super::{Given, scores, standing};

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
    let events: Vec<v1::Event> =
        before.standing().into_iter().filter(|event| event.occurred_at_us < m).collect();
    let mut sites: Vec<&str> = events.iter().map(|event| event.site.as_str()).collect();
    sites.sort_unstable();
    sites.dedup();
    sites.into_iter().map(|site| release(given, &events, site, m)).collect()
}

/// The release of a site at `m`, from the standing events before `m`.
pub fn release(given: &Given, events: &[v1::Event], site: &str, m: Us) -> Release {
    let of_site: Vec<&v1::Event> = events.iter().filter(|event| event.site == site).collect();
    let last = day_of(m) - 1;
    let first_day = of_site.iter().map(|event| log::day(event)).min().expect("a site has an event");
    let mut counts = Counts::default();
    let histories: Vec<(Dyad<'_>, Walk<'_>)> = dyads(events, site)
        .into_iter()
        .map(|dyad| (dyad.clone(), Walk::up_to(given, &dyad, m - 1)))
        .collect();
    counts.declare_by("dyads", &[("phase", &words::PHASES)]);
    for (_, walk) in &histories {
        if let Some(phase) = walk.phase(m - 1) {
            counts.add("dyads", &[("phase", phase)], 1);
        }
    }
    for days in WINDOWS {
        let window = Window { given, days, last, counts: &mut counts };
        window.count(&of_site, &histories);
    }
    Release {
        site: site.to_owned(),
        day: text(last),
        first_day: text(first_day),
        boundary: m,
        samples: counts.samples(),
    }
}

/// A label and all its values.
type LabelSet<'a> = (&'a str, &'a [&'a str]);

/// The n days up to D.
struct Window<'a> {
    given: &'a Given,
    days: i64,
    last: Day,
    counts: &'a mut Counts,
}

impl Window<'_> {
    fn name(&self, name: &str) -> String {
        format!("{name}_{}d", self.days)
    }

    fn add(&mut self, name: &str, labels: &[(&str, &str)], amount: i128) {
        let name = self.name(name);
        self.counts.add(&name, labels, amount);
    }

    /// Whether a day is one of the n days up to D − `back`.
    fn has(&self, day: Day, back: i64) -> bool {
        let last = self.last - back;
        (last - self.days + 1..=last).contains(&day)
    }

    fn holds(&self, at: Us) -> bool {
        self.has(day_of(at), 0)
    }

    fn declare(&mut self) {
        let plain = [
            "dyads_open",
            "dyad_days",
            "dyads_rated",
            "dyads_contacted",
            "alliance_baseline_squares",
            "alliance_baseline_df",
            "breakdowns_due",
            "breakdowns_repaired",
            "repairs",
            "repair_days",
            "contact_minutes",
            "dropouts",
        ];
        for name in plain {
            self.counts.declare(&format!("{name}_{}d", self.days));
        }
        let reasons: Vec<&str> =
            words::REASONS.iter().map(|(reason, _, _)| *reason).chain(["presumed_lost"]).collect();
        let exit_mechanisms: Vec<&str> = words::MECHANISMS.iter().copied().chain(["none"]).collect();
        let basis: LabelSet<'_> = ("basis", &["received", "unmet"]);
        let sets: [(&str, &[LabelSet<'_>]); 17] = [
            ("alliance_ratings", &[("component", &words::COMPONENTS)]),
            ("alliance_score_points", &[("component", &words::COMPONENTS)]),
            ("breakdowns", &[("mechanism", &words::MECHANISMS)]),
            ("breakdowns_detected", &[("by", &words::DETECTED_BY)]),
            ("contacts", &[("attendance", &words::ATTENDANCE)]),
            ("contacts_practice", &[("practice", &words::PRACTICES)]),
            ("contacts_support", &[("support_type", &words::FIVE)]),
            ("dyads_supported", &[("support_type", &words::FIVE)]),
            ("support_requests_due", &[("support_type", &words::SIX)]),
            ("support_requests_met", &[("support_type", &words::SIX)]),
            ("dropouts_support", &[("support_type", &words::SIX), basis]),
            ("dyad_days_support", &[("support_type", &words::SIX), basis]),
            ("dropouts_matched", &[("matched_on", &words::MATCHED_ON)]),
            ("dyad_days_matched", &[("matched_on", &words::MATCHED_ON)]),
            ("exits", &[("reason", &reasons)]),
            ("exits_side", &[("side", &words::SIDES)]),
            ("exits_mechanism", &[("mechanism", &exit_mechanisms), ("polarity", &words::POLARITIES)]),
        ];
        for (name, labels) in sets {
            self.counts.declare_by(&format!("{name}_{}d", self.days), labels);
        }
        self.counts.are_points(&self.name("alliance_score_points"));
        self.counts.are_points(&self.name("alliance_baseline_squares"));
    }

    fn count(mut self, events: &[&v1::Event], histories: &[(Dyad<'_>, Walk<'_>)]) {
        self.declare();
        for event in events {
            match &event.body {
                Some(Body::Contact(contact)) if self.has(log::day(event), 0) => self.count_contact(contact),
                Some(Body::Measure(measure)) if self.has(log::day(event), 0) => self.count_measure(measure),
                _ => {}
            }
        }
        for (_, walk) in histories {
            self.count_open(walk);
            self.count_requests(walk);
            self.count_alliance(walk);
            self.count_exits(walk);
        }
    }

    fn count_contact(&mut self, contact: &v1::Contact) {
        self.add("contacts", &[("attendance", &words::attendance(contact))], 1);
        if !words::attended(contact) {
            return;
        }
        self.add("contact_minutes", &[], i128::from(contact.minutes.unwrap_or(0)));
        for kind in words::delivered(contact) {
            self.add("contacts_support", &[("support_type", &kind)], 1);
        }
        for practice in contact.practices() {
            let practice = word(practice.as_str_name(), "PRACTICE_");
            self.add("contacts_practice", &[("practice", &practice)], 1);
        }
    }

    fn count_measure(&mut self, measure: &v1::Measure) {
        let is_primary = measure.instrument == self.given.settings.alliance_instrument;
        if !is_primary || measure.rater() != v1::Rater::Client {
            return;
        }
        for (name, q) in scores::components(scores::instrument(self.given, measure), measure) {
            if words::COMPONENTS.contains(&name.as_str()) {
                self.add("alliance_ratings", &[("component", &name)], 1);
                self.add("alliance_score_points", &[("component", &name)], i128::from(q));
            }
        }
    }

    fn count_open(&mut self, walk: &Walk<'_>) {
        let days: Vec<Day> = (self.last - self.days + 1..=self.last)
            .filter(|day| walk.episodes.iter().any(|episode| episode.is_open_on(*day)))
            .collect();
        if days.is_empty() {
            return;
        }
        self.add("dyads_open", &[], 1);
        self.add("dyad_days", &[], days.len() as i128);
        let mut ratings = walk.episodes.iter().flat_map(|episode| &episode.alliance.ratings);
        if ratings.any(|rating| self.holds(rating.at)) {
            self.add("dyads_rated", &[], 1);
        }
        let in_window: Vec<&v1::Event> =
            walk.contacts.iter().filter(|event| self.has(log::day(event), 0)).copied().collect();
        if in_window.iter().any(|event| contact(event).is_some_and(words::attended)) {
            self.add("dyads_contacted", &[], 1);
        }
        for kind in standing::received_between(&walk.contacts, self.last - self.days + 1, self.last) {
            self.add("dyads_supported", &[("support_type", &kind)], 1);
        }
        for day in days {
            let (received, unmet) = standing::on_day(&walk.contacts, day);
            self.add_standing("dyad_days_support", &received, &unmet);
            let open = walk.episodes.iter().filter(|episode| episode.is_open_on(day));
            let matched: Vec<_> = open.map(|episode| &episode.matched_on).collect();
            for label in words::MATCHED_ON {
                let is_none = |one: &std::collections::BTreeSet<String>| label == "none" && one.is_empty();
                if matched.iter().any(|one| one.contains(label) || is_none(one)) {
                    self.add("dyad_days_matched", &[("matched_on", label)], 1);
                }
            }
        }
    }

    fn add_standing(
        &mut self,
        name: &str,
        received: &std::collections::BTreeSet<String>,
        unmet: &std::collections::BTreeSet<String>,
    ) {
        for (basis, kinds) in [("received", received), ("unmet", unmet)] {
            for kind in kinds {
                self.add(name, &[("support_type", kind), ("basis", basis)], 1);
            }
        }
    }

    fn count_requests(&mut self, walk: &Walk<'_>) {
        for request in &walk.contacts {
            if !self.has(log::day(request), 14) {
                continue;
            }
            for kind in contact(request).map(words::requested).unwrap_or_default() {
                self.add("support_requests_due", &[("support_type", &kind)], 1);
                let is_met = walk.contacts.iter().any(|event| {
                    event.occurred_at_us >= request.occurred_at_us
                        && log::day(event) - log::day(request) <= 14
                        && contact(event).is_some_and(|one| words::delivered(one).contains(&kind))
                });
                if is_met {
                    self.add("support_requests_met", &[("support_type", &kind)], 1);
                }
            }
        }
    }

    fn count_alliance(&mut self, walk: &Walk<'_>) {
        for episode in &walk.episodes {
            for filled in &episode.alliance.filled {
                let is_primary = filled.instrument == self.given.settings.alliance_instrument;
                if is_primary && self.holds(filled.at) {
                    self.add("alliance_baseline_squares", &[], filled.baseline.published_squares());
                    self.add("alliance_baseline_df", &[], filled.baseline.totals.len() as i128 - 1);
                }
            }
            for breakdown in &episode.alliance.breakdowns {
                let opened = day_of(breakdown.opened);
                let repaired_after = breakdown.repaired.map(|at| day_of(at) - opened);
                if self.has(opened, 0) {
                    self.add("breakdowns", &[("mechanism", breakdown.mechanism)], 1);
                    self.add("breakdowns_detected", &[("by", breakdown.detected_by)], 1);
                }
                if self.has(opened, 28) {
                    self.add("breakdowns_due", &[], 1);
                    if repaired_after.is_some_and(|days| days <= 28) {
                        self.add("breakdowns_repaired", &[], 1);
                    }
                }
                if let Some(days) = repaired_after.filter(|days| self.has(opened + days, 0)) {
                    self.add("repairs", &[], 1);
                    self.add("repair_days", &[], i128::from(days));
                }
            }
        }
    }

    fn count_exits(&mut self, walk: &Walk<'_>) {
        for episode in &walk.episodes {
            let Some(exit) = episode.exit().filter(|exit| self.has(exit.day, 0)) else { continue };
            let mechanism = walk.exit_mechanism(episode);
            self.add("exits", &[("reason", &exit.reason)], 1);
            self.add("exits_side", &[("side", &exit.side)], 1);
            self.add("exits_mechanism", &[("mechanism", mechanism), ("polarity", exit.polarity)], 1);
            if exit.polarity != "negative" {
                continue;
            }
            self.add("dropouts", &[], 1);
            let (received, unmet) = standing::at_exit(&walk.contacts, exit.day, exit.counted_from);
            self.add_standing("dropouts_support", &received, &unmet);
            for label in words::MATCHED_ON {
                let is_none = label == "none" && episode.matched_on.is_empty();
                if is_none || episode.matched_on.contains(label) {
                    self.add("dropouts_matched", &[("matched_on", label)], 1);
                }
            }
        }
    }
}

fn contact(event: &v1::Event) -> Option<&v1::Contact> {
    match &event.body {
        Some(Body::Contact(contact)) => Some(contact),
        _ => None,
    }
}
