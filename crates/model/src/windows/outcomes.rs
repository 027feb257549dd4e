//! Scores of clients and peers: what they are, and how a person stands against the first of a series.

use std::sync::Arc;

use crate::catalogue::{CONSTRUCTS, Instrument, Target};
use crate::event::{Body, Event, Measure};
use crate::indicators::Id;
use crate::release::Tally;
use crate::scores;
use crate::time::Day;
use crate::words::{Rater, ScoreResult, Word};

use super::{LONGEST, Windows, position};

/// Whom an outcome is of; a number is its place in the label `person`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    Client = 0,
    Peer = 1,
}

const PERSONS: usize = 2;

impl Person {
    fn target(self) -> Target {
        match self {
            Person::Client => Target::Client,
            Person::Peer => Target::Peer,
        }
    }

    /// The rater who rates oneself.
    fn rater(self) -> Rater {
        match self {
            Person::Client => Rater::Client,
            Person::Peer => Rater::Peer,
        }
    }

    /// The name in the label `person` and in settings.
    fn as_str(self) -> &'static str {
        match self {
            Person::Client => "client",
            Person::Peer => "peer",
        }
    }
}

/// The first score of a series.
struct First<'a> {
    instrument: &'a str,
    rater: Rater,
    r_micros: i64,
}

/// How a person stands by the latest score of a construct that has one before it to compare with.
#[derive(Debug, Clone, Copy)]
struct Standing {
    day: Day,
    result: ScoreResult,
    has_recovered: bool,
}

impl Windows<'_> {
    /// Takes down the scores among the sorted `own` events of a person.
    pub(super) fn count_outcomes(&self, person: Person, own: &[Arc<Event>], tally: &mut Tally<'_>) {
        let mut firsts: Vec<First<'_>> = Vec::new();
        let mut standings: [Option<Standing>; CONSTRUCTS.len()] = [None; CONSTRUCTS.len()];
        let mut scored: [Option<Day>; CONSTRUCTS.len()] = [None; CONSTRUCTS.len()];
        for event in own {
            let Body::Measure(measure) = &event.body else { continue };
            let Some((instrument, construct)) = self.instrument(person, measure) else { continue };
            let Some(r_micros) = scores::given_total(measure) else { continue };
            let day = event.occurred_at.day();
            let cell = construct * PERSONS + person as usize;
            if self.day.since(day) < LONGEST && measure.rater == person.rater() {
                let is_counted = self.count_score(person, instrument, r_micros, cell, day, tally);
                scored[construct] = is_counted.then_some(day).or(scored[construct]);
            }
            let series = firsts
                .iter()
                .find(|first| first.rater == measure.rater && *first.instrument == *measure.instrument);
            match series {
                Some(first) => {
                    let standing = standing(instrument, first.r_micros, r_micros, day);
                    standings[construct] = standing.or(standings[construct]);
                }
                None => {
                    firsts.push(First { instrument: &measure.instrument, rater: measure.rater, r_micros })
                }
            }
        }
        for (construct, (standing, scored)) in standings.iter().zip(scored).enumerate() {
            let cell = construct * PERSONS + person as usize;
            scored.into_iter().for_each(|day| tally.on(Id::OutcomePersons, cell, day, 1));
            let Some(standing) = standing else { continue };
            let of_result = cell * ScoreResult::ALL.len() + position(standing.result);
            tally.on(Id::Outcomes, of_result, standing.day, 1);
            tally.on(Id::OutcomesRecovered, cell, standing.day, standing.has_recovered.into());
        }
    }

    /// The instrument of a measure and the place of its construct, if it is about such a person.
    fn instrument(&self, person: Person, measure: &Measure) -> Option<(&Instrument, usize)> {
        let instrument = self.params.catalogue.get(&measure.instrument)?;
        let construct = CONSTRUCTS.iter().position(|construct| *construct == instrument.construct)?;
        (instrument.target == person.target()).then_some((instrument, construct))
    }

    /// Takes down a score if it is of the primary instrument of its construct; whether it is.
    fn count_score(
        &self,
        person: Person,
        instrument: &Instrument,
        r_micros: i64,
        cell: usize,
        day: Day,
        tally: &mut Tally<'_>,
    ) -> bool {
        let Some(range) = instrument.total else { return false };
        let is_primary = self.primary_of(person, &instrument.construct) == Some(&instrument.id);
        if is_primary {
            tally.on(Id::OutcomeScores, cell, day, 1);
            let q = scores::normalise(r_micros, range, instrument.high_is_bad);
            tally.on(Id::OutcomeScorePoints, cell, day, q);
        }
        is_primary
    }

    /// The id of the primary instrument of a construct: the one set, else the catalogue's first of it.
    fn primary_of(&self, person: Person, construct: &str) -> Option<&String> {
        let is_it = |key: &str| key.split_once('/') == Some((construct, person.as_str()));
        let set = self.params.settings.primary_instruments.iter().find(|(key, _)| is_it(key));
        set.map(|(_, id)| id).or_else(|| {
            let mut all = self.params.catalogue.iter();
            all.find(|i| i.target == person.target() && i.construct == construct).map(|i| &i.id)
        })
    }
}

/// How a later score stands against the first of its series; `None` of an instrument without a reliable change.
fn standing(instrument: &Instrument, first: i64, last: i64, day: Day) -> Option<Standing> {
    let result = scores::result(instrument, last.saturating_sub(first))?;
    let is_clinical = |r_micros| scores::is_clinical(instrument, r_micros);
    let has_recovered = result == ScoreResult::Improved
        && is_clinical(first) == Some(true)
        && is_clinical(last) == Some(false);
    Some(Standing { day, result, has_recovered })
}
