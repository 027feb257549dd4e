//! Scores on one scale: every score of an instrument as millionths of 0..1, higher being better.

use crate::catalogue::{Instrument, Range};
use crate::event::Measure;
use crate::words::{Component, ScoreResult};

/// The normalised scores of one alliance measure, millionths 0 … 10⁶; `None` where the record lacks one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Qs {
    /// Bond.
    pub bond: Option<i64>,
    /// Agreement on goals.
    pub goal: Option<i64>,
    /// Agreement on tasks.
    pub task: Option<i64>,
    /// Total, given or computed.
    pub total: Option<i64>,
}

impl Qs {
    /// The subscales in the order in which ties are decided.
    pub fn subscales(&self) -> [(Component, Option<i64>); 3] {
        [(Component::Bond, self.bond), (Component::Goal, self.goal), (Component::Task, self.task)]
    }
}

/// A score of `r_micros` on a scale of `range` as q: 0 … 10⁶, turned round where high is bad.
///
/// A score outside the range (the catalogue changed since it was accepted) counts as the nearer end.
pub fn normalise(r_micros: i64, range: Range, high_is_bad: bool) -> i64 {
    let span = i128::from(range.max_micros) - i128::from(range.min_micros);
    if span <= 0 {
        return 0;
    }
    let above = i128::from(r_micros) - i128::from(range.min_micros);
    let q = (2_000_000 * above + span).div_euclid(2 * span).clamp(0, 1_000_000) as i64;
    if high_is_bad { 1_000_000 - q } else { q }
}

/// The normalised scores of `measure`: subscales it has, and its total, which if not given is the mean of *all*
/// subscales that the catalogue names.
pub fn components(instrument: &Instrument, measure: &Measure) -> Qs {
    let given = |name: &str| given(measure, name);
    let subscale = |name: &str| {
        let range = instrument.subscales.get(name)?;
        Some(normalise(given(name)?, *range, instrument.high_is_bad))
    };
    let total = match (given("total"), instrument.total) {
        (Some(r), Some(range)) => Some(normalise(r, range, instrument.high_is_bad)),
        _ => mean_of_all(instrument.subscales.keys().map(|name| subscale(name))),
    };
    Qs { bond: subscale("bond"), goal: subscale("goal"), task: subscale("task"), total }
}

/// The given total of `measure`, r in millionths of the instrument's own scale; a computed one is none.
pub fn given_total(measure: &Measure) -> Option<i64> {
    given(measure, "total")
}

fn given(measure: &Measure, name: &str) -> Option<i64> {
    measure.scores.iter().find(|(given, _)| &**given == name).map(|(_, micros)| *micros)
}

/// What a change of the total from the first score of a series says, in millionths of the instrument's own scale, later
/// score less first; `None` of an instrument whose reliable change is not known.
pub fn result(instrument: &Instrument, change_micros: i64) -> Option<ScoreResult> {
    let reliable = instrument.reliable_change_micros?;
    let better = if instrument.high_is_bad { change_micros.saturating_neg() } else { change_micros };
    Some(if better >= reliable {
        ScoreResult::Improved
    } else if better <= -reliable {
        ScoreResult::Deteriorated
    } else {
        ScoreResult::Unchanged
    })
}

/// Whether a total of `r_micros` is clinical; `None` of an instrument without a cut-off.
pub fn is_clinical(instrument: &Instrument, r_micros: i64) -> Option<bool> {
    let cut_off = instrument.cut_off_micros?;
    Some(if instrument.high_is_bad { r_micros >= cut_off } else { r_micros < cut_off })
}

fn mean_of_all(qs: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    let (mut sum, mut k) = (0, 0);
    for q in qs {
        sum += q?;
        k += 1;
    }
    rounded_mean(sum, k)
}

/// ⌊(2·sum + k)/(2k)⌋; `None` of nothing.
pub(crate) fn rounded_mean(sum: i64, k: i64) -> Option<i64> {
    (k > 0).then(|| (2 * sum + k).div_euclid(2 * k))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalogue::Target;
    use crate::words::Rater;

    fn range(min: i64, max: i64) -> Range {
        Range { min_micros: min * 1_000_000, max_micros: max * 1_000_000 }
    }

    fn instrument(high_is_bad: bool) -> Instrument {
        Instrument {
            id: "a".into(),
            name: "A".into(),
            target: Target::Alliance,
            construct: String::new(),
            subscales: ["bond", "goal", "task"]
                .map(|name| (name.to_owned(), range(1, 5)))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            total: Some(range(1, 5)),
            high_is_bad,
            within_dyad_sd_micros: Some(100_000),
            reliable_change_micros: None,
            cut_off_micros: None,
            licence: String::new(),
        }
    }

    fn scored(scores: &[(&str, i64)]) -> Measure {
        let scores = scores.iter().map(|(name, micros)| ((*name).into(), *micros)).collect();
        Measure { instrument: "a".into(), rater: Rater::Client, scores }
    }

    #[test]
    fn a_score_is_rounded_half_up_to_millionths_and_turned_round_where_high_is_bad() {
        assert_eq!(normalise(2_000_000, range(1, 4), false), 333_333);
        assert_eq!(normalise(3_000_000, range(1, 4), false), 666_667);
        assert_eq!(normalise(3_000_000, range(1, 4), true), 333_333);
        assert_eq!(normalise(3, Range { min_micros: 0, max_micros: 2_000_000 }, false), 2, "1.5 becomes 2");
        assert_eq!(normalise(9_000_000, range(1, 4), false), 1_000_000, "beyond the range is its end");
    }

    #[test]
    fn a_total_is_taken_as_given_or_is_the_mean_of_all_subscales() {
        let micros = |v: i64| v * 1_000_000;
        let all = [("bond", micros(5)), ("goal", micros(5)), ("task", micros(4))];
        assert_eq!(components(&instrument(false), &scored(&all)).total, Some(916_667));
        let two = components(&instrument(false), &scored(&all[..2]));
        assert_eq!((two.total, two.bond, two.task), (None, Some(1_000_000), None));
        let given = [all[0], ("total", micros(2))];
        assert_eq!(components(&instrument(false), &scored(&given)).total, Some(250_000));
        assert_eq!(components(&instrument(true), &scored(&given)).total, Some(750_000));
    }

    #[test]
    fn a_change_is_reliable_from_the_instruments_own_on_and_in_its_direction() {
        use ScoreResult::{Deteriorated, Improved, Unchanged};
        let good = Instrument { reliable_change_micros: Some(6_000_000), ..instrument(false) };
        let bad = Instrument { high_is_bad: true, ..good.clone() };
        for (change, of_good, of_bad) in [
            (6_000_000, Improved, Deteriorated),
            (5_999_999, Unchanged, Unchanged),
            (0, Unchanged, Unchanged),
            (-5_999_999, Unchanged, Unchanged),
            (-6_000_000, Deteriorated, Improved),
            (i64::MIN, Deteriorated, Improved),
            (i64::MAX, Improved, Deteriorated),
        ] {
            assert_eq!(
                (result(&good, change), result(&bad, change)),
                (Some(of_good), Some(of_bad)),
                "{change}"
            );
        }
        assert_eq!(
            result(&instrument(false), 6_000_000),
            None,
            "nothing is reliable without a reliable change"
        );
    }

    #[test]
    fn the_cut_off_itself_is_clinical_only_where_high_is_bad() {
        let good = Instrument { cut_off_micros: Some(11_000_000), ..instrument(false) };
        let bad = Instrument { high_is_bad: true, ..good.clone() };
        for (r, of_good, of_bad) in
            [(10_999_999, true, false), (11_000_000, false, true), (11_000_001, false, true)]
        {
            assert_eq!((is_clinical(&good, r), is_clinical(&bad, r)), (Some(of_good), Some(of_bad)), "{r}");
        }
        assert_eq!(is_clinical(&instrument(true), 11_000_000), None);
    }

    #[test]
    fn only_a_total_that_was_sent_is_a_given_one() {
        assert_eq!(given_total(&scored(&[("bond", 1), ("total", 7)])), Some(7));
        assert_eq!(given_total(&scored(&[("bond", 1), ("goal", 1), ("task", 1)])), None);
    }
}
