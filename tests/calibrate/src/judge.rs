//! What the product says of a pair's ratings, and what the textbook rule says.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use rapport_model::catalogue::{Catalogue, Instrument, Range};
use rapport_model::dyad::{Context, Dyad};
use rapport_model::event::{Body, Contact, Event, Measure};
use rapport_model::params::{Params, Settings};
use rapport_model::time::{Day, Instant};
use rapport_model::words::{Attendance, Rater, Set};

use crate::pair::Ratings;
use crate::scenario::{BASELINE, SESSIONS, Scenario};

const DAYS_BETWEEN: i32 = 7;

/// What is said of one pair; sessions count from 1 after the baseline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Session in which the first breakdown opened.
    pub breakdown: Option<usize>,
    /// Session in which the first watch opened.
    pub watch: Option<usize>,
    /// Whether the first breakdown was repaired by the end, by the ratings alone.
    pub repaired: bool,
    /// How many breakdowns opened.
    pub breakdowns: u64,
    /// How many watches opened.
    pub watches: u64,
    /// Session of the textbook rule's first alarm.
    pub textbook: Option<usize>,
}

/// The product with its defaults, and the two instruments that pairs are rated with.
pub struct Judge {
    params: Params,
    fine: Scale,
    whole: Scale,
    client: Arc<str>,
    peer: Arc<str>,
    started: Arc<str>,
    contacts: Vec<Arc<str>>,
    measures: Vec<Arc<str>>,
}

struct Scale {
    instrument: Box<str>,
    total: Range,
    within_dyad_sd: f64,
}

impl Scale {
    fn of(instrument: &Instrument) -> Option<Scale> {
        Some(Scale {
            instrument: instrument.id.as_str().into(),
            total: instrument.total?,
            within_dyad_sd: instrument.within_dyad_sd_micros? as f64 / 1e6,
        })
    }
}

impl Judge {
    /// The product as it comes.
    ///
    /// # Errors
    /// Where the catalogue lacks one of the instruments.
    pub fn new() -> Result<Judge> {
        let catalogue = Catalogue::embedded();
        let scale = |id: &str| catalogue.get(id).and_then(Scale::of).with_context(|| format!("find {id}"));
        let (fine, whole) = (scale("wai-sr")?, scale("item-alliance")?);
        let ids = |kind: &str| (0..BASELINE + SESSIONS).map(|at| format!("{kind}-{at:02}").into()).collect();
        Ok(Judge {
            params: Params { settings: Settings::default(), catalogue },
            fine,
            whole,
            client: "client".into(),
            peer: "peer".into(),
            started: "started".into(),
            contacts: ids("contact"),
            measures: ids("measure"),
        })
    }

    fn scale(&self, scenario: &Scenario) -> &Scale {
        if scenario.whole { &self.whole } else { &self.fine }
    }

    /// The SD within a pair that the product assumes of that scenario's instrument, on a scale from 0 to 1.
    pub fn assumed_sd(&self, scenario: &Scenario) -> f64 {
        self.scale(scenario).within_dyad_sd
    }

    /// Judges a pair: one attended contact and one client's rating a week.
    pub fn judge(&self, scenario: &Scenario, ratings: &Ratings) -> Verdict {
        let scale = self.scale(scenario);
        let span = (scale.total.max_micros - scale.total.min_micros) as f64;
        let scores = ratings.map(|rating| scale.total.min_micros + (rating * span).round() as i64);
        Verdict { textbook: textbook(&scores), ..self.product(&scale.instrument, &scores) }
    }

    fn product(&self, instrument: &str, scores: &[i64; BASELINE + SESSIONS]) -> Verdict {
        let cx = Context {
            params: &self.params,
            site: "site",
            client: &self.client,
            peer: &self.peer,
            acknowledgements: &(),
        };
        let mut dyad = Dyad::new();
        let mut insert = |id: &Arc<str>, at, body| {
            let event = Event { occurred_at: at, recorded_at: at, id: id.clone(), body };
            dyad.insert(&cx, event.into(), true);
        };
        insert(&self.started, session(0), Body::Started { matched_on: Set::default() });
        for (at, score) in scores.iter().enumerate() {
            insert(&self.contacts[at], session(at), attended());
            insert(&self.measures[at], session(at), rated(instrument, *score));
        }
        let timeline = dyad.timeline(&cx, session(scores.len()));
        let Some(episode) = timeline.episodes.first() else { return Verdict::default() };
        Verdict {
            breakdown: episode.breakdowns.first().map(|breakdown| number(breakdown.opened_at)),
            watch: episode.watches.first().map(|watch| number(watch.opened_at)),
            repaired: episode.breakdowns.first().is_some_and(|breakdown| breakdown.repaired_at.is_some()),
            breakdowns: episode.breakdowns.len() as u64,
            watches: episode.watches.len() as u64,
            textbook: None,
        }
    }
}

fn session(at: usize) -> Instant {
    Day(at as i32 * DAYS_BETWEEN).start()
}

/// The number of a session after the baseline, counted from 1.
fn number(at: Instant) -> usize {
    (at.day().0 / DAYS_BETWEEN) as usize + 1 - BASELINE
}

fn attended() -> Body {
    Body::Contact(Contact {
        attendance: Attendance::Attended,
        channel: None,
        minutes: None,
        support: Set::default(),
        requested: Set::default(),
        practices: Set::default(),
    })
}

fn rated(instrument: &str, score: i64) -> Body {
    let scores = vec![("total".into(), score)];
    Body::Measure(Box::new(Measure {
        instrument: instrument.into(),
        rater: Rater::Client,
        scores: scores.into(),
    }))
}

/// The first session after the baseline whose rating is below the mean of the baseline less two of its own SDs.
fn textbook(scores: &[i64; BASELINE + SESSIONS]) -> Option<usize> {
    let (baseline, later) = scores.split_at(BASELINE);
    let mean = baseline.iter().sum::<i64>() as f64 / BASELINE as f64;
    let squares: f64 = baseline.iter().map(|score| (*score as f64 - mean).powi(2)).sum();
    let limit = mean - 2.0 * (squares / (BASELINE - 1) as f64).sqrt();
    later.iter().position(|score| (*score as f64) < limit).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Shape;

    fn judged(later: [f64; SESSIONS]) -> Verdict {
        let mut ratings = [0.7; BASELINE + SESSIONS];
        (ratings[0], ratings[1]) = (0.65, 0.75);
        ratings[BASELINE..].copy_from_slice(&later);
        let scenario = Scenario::all().into_iter().find(|s| s.shape == Shape::Stable).unwrap();
        Judge::new().unwrap().judge(&scenario, &ratings)
    }

    #[test]
    fn sessions_count_from_one_after_the_baseline_for_both_rules() {
        let mut later = [0.7; SESSIONS];
        assert_eq!(judged(later), Verdict::default());
        later[0] = 0.3;
        let first = judged(later);
        assert_eq!((first.breakdown, first.textbook, first.watch), (Some(1), Some(1), None));
        assert!(first.repaired, "two ratings as usual repair it");
        later = [0.7; SESSIONS];
        later[SESSIONS - 1] = 0.5;
        let last = judged(later);
        assert_eq!((last.watch, last.textbook, last.breakdown), (Some(12), Some(12), None));
        assert_eq!((last.watches, last.breakdowns), (1, 0));
    }

    #[test]
    fn the_textbook_limit_is_two_own_sds_below_the_own_mean() {
        // Own SD of 0.65, 0.75, 0.7, 0.7 is 0.0408: the limit is 0.6184.
        let mut later = [0.62; SESSIONS];
        assert_eq!(judged(later).textbook, None);
        later[2] = 0.618;
        assert_eq!(judged(later).textbook, Some(3));
    }
}
