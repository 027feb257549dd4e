//! What is counted of dyads: contacts, support, the alliance, exits.

use std::collections::BTreeSet;

use rapport_proto::v1::{self, event::Body};

use super::Window;
use crate::oracle::days::{Day, day_of};
use crate::oracle::dyads::{contact, is_attended};
use crate::oracle::site::Site;
use crate::oracle::walk::Walk;
use crate::oracle::words::{self, word};
use crate::oracle::{log, scores, standing};

impl Window<'_> {
    /// Counts what concerns dyads.
    pub(super) fn count_dyads(&mut self, site: &Site<'_>) {
        let span = self.span;
        let mut scored: BTreeSet<(&str, &str, String)> = BTreeSet::new();
        for event in site.events.iter().filter(|event| span.has(log::day(event), 0)) {
            match &event.body {
                Some(Body::Contact(contact)) => self.count_contact(contact),
                Some(Body::Measure(measure)) => {
                    let components = self.count_measure(measure).into_iter();
                    scored.extend(components.map(|name| (&*event.client, &*event.peer, name)));
                }
                _ => {}
            }
        }
        for (_, _, component) in &scored {
            self.add("alliance_dyads", &[("component", component)], 1);
        }
        for (_, walk) in &site.dyads {
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
            self.add("contacts_support", &[("support_type", kind)], 1);
        }
        for practice in contact.practices() {
            let practice = word(practice.as_str_name(), "PRACTICE_");
            self.add("contacts_practice", &[("practice", &practice)], 1);
        }
    }

    /// Counts a measure of the alliance; the components it counts for.
    fn count_measure(&mut self, measure: &v1::Measure) -> Vec<String> {
        let mut counted = Vec::new();
        let is_primary = measure.instrument == self.given.settings.alliance_instrument;
        if !is_primary || measure.rater() != v1::Rater::Client {
            return counted;
        }
        for (name, q) in scores::components(scores::instrument(self.given, measure), measure) {
            if words::COMPONENTS.contains(&name.as_str()) {
                self.add("alliance_ratings", &[("component", &name)], 1);
                self.add("alliance_score_points", &[("component", &name)], i128::from(q));
                counted.push(name);
            }
        }
        counted
    }

    fn count_open(&mut self, walk: &Walk<'_>) {
        let days: Vec<Day> = self.span.all_days().filter(|day| walk.is_open_on(*day)).collect();
        if days.is_empty() {
            return;
        }
        self.add("dyads_open", &[], 1);
        self.add("dyad_days", &[], days.len() as i128);
        let mut ratings = walk.episodes.iter().flat_map(|episode| &episode.alliance.ratings);
        if ratings.any(|rating| self.span.holds(rating.at)) {
            self.add("dyads_rated", &[], 1);
        }
        let in_window: Vec<&v1::Event> =
            walk.contacts.iter().filter(|event| self.span.has(log::day(event), 0)).copied().collect();
        if in_window.iter().any(|event| is_attended(event)) {
            self.add("dyads_contacted", &[], 1);
        }
        for kind in
            standing::received_between(&walk.contacts, self.span.last - self.span.days + 1, self.span.last)
        {
            self.add("dyads_supported", &[("support_type", kind)], 1);
        }
        let mut stood = [BTreeSet::new(), BTreeSet::new()];
        let mut matched_on = BTreeSet::new();
        for day in days {
            let (received, unmet) = standing::on_day(&walk.contacts, day);
            self.add_standing("dyad_days_support", &received, &unmet);
            stood[0].extend(received);
            stood[1].extend(unmet);
            let open = walk.episodes.iter().filter(|episode| episode.is_open_on(day));
            let matched: Vec<_> = open.map(|episode| &episode.matched_on).collect();
            for label in words::MATCHED_ON {
                let is_none = |one: &BTreeSet<String>| label == "none" && one.is_empty();
                if matched.iter().any(|one| one.contains(label) || is_none(one)) {
                    self.add("dyad_days_matched", &[("matched_on", label)], 1);
                    matched_on.insert(label);
                }
            }
        }
        self.add_standing("dyads_standing", &stood[0], &stood[1]);
        for label in matched_on {
            self.add("dyads_matched", &[("matched_on", label)], 1);
        }
    }

    fn add_standing(&mut self, name: &str, received: &BTreeSet<&str>, unmet: &BTreeSet<&str>) {
        for (basis, kinds) in [("received", received), ("unmet", unmet)] {
            for kind in kinds {
                self.add(name, &[("support_type", kind), ("basis", basis)], 1);
            }
        }
    }

    fn count_requests(&mut self, walk: &Walk<'_>) {
        for request in &walk.contacts {
            if !self.span.has(log::day(request), 14) {
                continue;
            }
            for kind in contact(request).map(words::requested).unwrap_or_default() {
                self.add("support_requests_due", &[("support_type", kind)], 1);
                let is_met = walk.contacts.iter().any(|event| {
                    event.occurred_at_us >= request.occurred_at_us
                        && log::day(event) - log::day(request) <= 14
                        && contact(event).is_some_and(|one| words::delivered(one).contains(&kind))
                });
                if is_met {
                    self.add("support_requests_met", &[("support_type", kind)], 1);
                }
            }
        }
    }

    fn count_alliance(&mut self, walk: &Walk<'_>) {
        for episode in &walk.episodes {
            for filled in &episode.alliance.filled {
                let is_primary = filled.instrument == self.given.settings.alliance_instrument;
                if is_primary && self.span.holds(filled.at) {
                    self.add("alliance_baselines", &[], 1);
                    self.add("alliance_baseline_squares", &[], filled.baseline.published_squares());
                    self.add("alliance_baseline_df", &[], filled.baseline.totals.len() as i128 - 1);
                }
            }
            for breakdown in &episode.alliance.breakdowns {
                let opened = day_of(breakdown.opened);
                let repaired_after = breakdown.repaired.map(|at| day_of(at) - opened);
                if self.span.has(opened, 0) {
                    self.add("breakdowns", &[("mechanism", breakdown.mechanism)], 1);
                    self.add("breakdowns_detected", &[("by", breakdown.detected_by)], 1);
                }
                if self.span.has(opened, 28) {
                    self.add("breakdowns_due", &[], 1);
                    if repaired_after.is_some_and(|days| days <= 28) {
                        self.add("breakdowns_repaired", &[], 1);
                    }
                }
                if let Some(days) = repaired_after.filter(|days| self.span.has(opened + days, 0)) {
                    self.add("repairs", &[], 1);
                    self.add("repair_days", &[], i128::from(days));
                }
            }
        }
    }

    fn count_exits(&mut self, walk: &Walk<'_>) {
        for episode in &walk.episodes {
            let Some(exit) = episode.exit().filter(|exit| self.span.has(exit.day, 0)) else { continue };
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
