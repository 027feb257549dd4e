//! Outcomes: the series of a client's or a peer's scores, and what has changed since the first of them.

use rapport_proto::v1::{self, event::Body};

use super::given::{Instrument, Target};
use super::scores::instrument;
use super::site::Site;
use super::words::word;

/// A given total of an instrument that is about one person.
#[derive(Debug, Clone)]
pub struct Score<'a> {
    /// The event.
    pub event: &'a v1::Event,
    /// Its measure.
    pub measure: &'a v1::Measure,
    /// The instrument.
    pub instrument: &'a Instrument,
    /// The person it is about.
    pub person: &'a str,
    /// Who rated.
    pub rater: String,
    /// The total, in millionths of the instrument's own scale.
    pub total: i64,
}

/// Who rated a measure.
pub fn rater(measure: &v1::Measure) -> String {
    word(measure.rater().as_str_name(), "RATER_")
}

/// All scores of a site, in order.
pub fn scores<'a>(site: &Site<'a>) -> Vec<Score<'a>> {
    let score = |event: &&'a v1::Event| {
        let Some(Body::Measure(measure)) = &event.body else { return None };
        let instrument = instrument(site.given, measure);
        let person = match instrument.target {
            Target::Alliance => return None,
            Target::Client => &event.client,
            Target::Peer => &event.peer,
        };
        let total = measure.scores.iter().find(|score| score.name == "total")?.micros;
        Some(Score { event, measure, instrument, person, rater: rater(measure), total })
    };
    site.events.iter().filter_map(score).collect()
}

impl Score<'_> {
    /// Whether two scores are of one series.
    pub fn is_in_series_with(&self, other: &Score<'_>) -> bool {
        self.instrument.target == other.instrument.target
            && self.person == other.person
            && self.measure.instrument == other.measure.instrument
            && self.rater == other.rater
    }

    /// The first score of its series; `None` of the first itself.
    pub fn first<'b, 'a>(&self, scores: &'b [Score<'a>]) -> Option<&'b Score<'a>> {
        let first = scores.iter().find(|score| score.is_in_series_with(self))?;
        (first.event.event_id != self.event.event_id).then_some(first)
    }

    /// Improved, deteriorated or unchanged against the first score; `None` where no change is reliable.
    pub fn result(&self, first: &Score<'_>) -> Option<&'static str> {
        let reliable = self.instrument.reliable_change?;
        let risen = self.total - first.total;
        let better = if self.instrument.high_is_bad { -risen } else { risen };
        Some(match better {
            _ if better >= reliable => "improved",
            _ if -better >= reliable => "deteriorated",
            _ => "unchanged",
        })
    }

    /// Whether it lies on the clinical side of the cut-off, if there is one.
    pub fn is_clinical(&self) -> Option<bool> {
        let cut_off = self.instrument.cut_off?;
        Some(if self.instrument.high_is_bad { self.total >= cut_off } else { self.total < cut_off })
    }

    /// Whether it improved from a clinical score to one that is none.
    pub fn is_recovered(&self, first: &Score<'_>) -> bool {
        self.result(first) == Some("improved")
            && first.is_clinical() == Some(true)
            && self.is_clinical() == Some(false)
    }
}
