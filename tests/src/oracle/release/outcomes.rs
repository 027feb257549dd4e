//! What is counted of outcomes.

use std::collections::BTreeSet;

use super::Window;
use crate::oracle::log;
use crate::oracle::scores::normalised;
use crate::oracle::series::{Score, scores};
use crate::oracle::site::Site;

/// What an outcome is of: construct and person.
fn of<'a>(score: &'a Score<'_>) -> (&'a str, &'static str) {
    let construct = score.instrument.construct.as_deref().expect("an instrument of a person has a construct");
    (construct, score.instrument.target.person().expect("a series is of one person"))
}

impl Window<'_> {
    /// Counts what concerns outcomes.
    pub(super) fn count_outcomes(&mut self, site: &Site<'_>) {
        let scores = scores(site);
        let span = self.span;
        let mut scored = BTreeSet::new();
        for (place, score) in
            scores.iter().enumerate().filter(|(_, score)| span.has(log::day(score.event), 0))
        {
            if self.count_score(score) {
                scored.insert((of(score), score.person));
            }
            let Some(first) = score.first(&scores) else { continue };
            let Some(result) = score.result(first) else { continue };
            let is_superseded = scores[place + 1..].iter().any(|later| {
                later.person == score.person
                    && of(later) == of(score)
                    && later.instrument.reliable_change.is_some()
                    && later.first(&scores).is_some()
                    && self.span.has(log::day(later.event), 0)
            });
            if is_superseded {
                continue;
            }
            let (construct, person) = of(score);
            let labels = [("construct", construct), ("person", person)];
            self.add("outcomes", &[labels[0], labels[1], ("result", result)], 1);
            if score.is_recovered(first) {
                self.add("outcomes_recovered", &labels, 1);
            }
        }
        for ((construct, person), _) in scored {
            self.add("outcome_persons", &[("construct", construct), ("person", person)], 1);
        }
    }

    /// Counts a score if it is of the primary instrument and the person's own; whether it is.
    fn count_score(&mut self, score: &Score<'_>) -> bool {
        let (construct, person) = of(score);
        let is_primary =
            self.given.primary(construct, score.instrument.target) == Some(&score.measure.instrument);
        if !is_primary || score.rater != person {
            return false;
        }
        let range = score.instrument.total.expect("a total was accepted, so there is a range for it");
        let q = normalised(score.total, range, score.instrument.high_is_bad);
        let labels = [("construct", construct), ("person", person)];
        self.add("outcome_scores", &labels, 1);
        self.add("outcome_score_points", &labels, i128::from(q));
        true
    }
}
