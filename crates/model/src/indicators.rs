//! The indicators: one table that releases are laid out by, the exporter discloses by and the documentation is made
//! from (model.md section 5).
//!
//! Every indicator is a count or a sum, never a ratio.

mod guide;
mod table;

use std::collections::BTreeMap;

use crate::alert;
use crate::catalogue::CONSTRUCTS;
use crate::words::*;

pub use guide::{Chapter, Guide};
pub use table::{CATALOGUE, Id};

/// A window of a release: its days, ending on the release's day, and its suffix in sample names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Days.
    pub days: i32,
    /// Suffix of sample names.
    pub suffix: &'static str,
}

/// All windows, the shortest first.
pub const WINDOWS: [Window; 3] = [
    Window { days: 7, suffix: "_7d" },
    Window { days: 28, suffix: "_28d" },
    Window { days: 90, suffix: "_90d" },
];

/// One indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicator {
    /// Which one it is; its place in [`CATALOGUE`] is `id as usize`.
    pub id: Id,
    /// Name of its samples, less the window's suffix; the Prometheus name less `rapport_`.
    pub name: &'static str,
    /// What it counts, in one line.
    pub help: &'static str,
    /// Its labels beside `site`, each with its closed set; every product of them is a sample.
    pub labels: &'static [(&'static str, LabelSet)],
    /// What time its samples are of.
    pub span: Span,
    /// Whether it is a count or a sum.
    pub kind: Kind,
}

/// What time the samples of an indicator are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// One sample per window.
    Windows,
    /// One sample per window: the sum over its days of what is counted on each, which comes in runs of days.
    Days,
    /// One sample, of the end of the release's day.
    Today,
}

/// Whether an indicator is a count or a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A count of cases: disclosed or not by its own size.
    Count,
    /// A sum over the cases of a count, disclosed with the counts it goes with.
    Sum {
        /// The count it is scaled by.
        with: With,
        /// The count of the persons or pairs it is of, where that is another one.
        of: Option<With>,
        /// What it is a sum of.
        unit: Unit,
    },
}

/// What a sum is a sum of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Days, minutes, uses: whole numbers.
    Whole,
    /// Scores from 0 to 1, published in points.
    Scores,
    /// Squared differences of scores, published in points.
    Squares,
}

/// A count a sum goes with, of the same site and window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct With {
    /// The indicator, a count.
    pub id: Id,
    /// Its labels that have the same value as the sum's label of that name.
    pub same: &'static [&'static str],
    /// Its labels that have this value whatever the sum's.
    pub fixed: &'static [(&'static str, &'static str)],
}

/// The closed set of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LabelSet {
    Attendance,
    /// The five types of support that can be delivered.
    SupportType,
    /// The five, and psychological therapy, which can be requested.
    RequestedType,
    Practice,
    /// `received`, `unmet`.
    Basis,
    Phase,
    /// bond, goal, task, total.
    ScoreComponent,
    /// The four mechanisms and `unknown`.
    Mechanism,
    /// The four mechanisms, `unknown` and `none`.
    ExitMechanism,
    DetectedBy,
    /// The six and `none`.
    MatchedOn,
    /// The reasons of an end and `presumed_lost`.
    ExitReason,
    /// client, peer, service, `unknown`.
    ExitSide,
    Polarity,
    /// The reasons of a peer's leaving.
    LeftReason,
    /// modelled, enacted.
    Behaviour,
    Valence,
    Comparer,
    Direction,
    Affect,
    /// What a client or peer instrument may measure, in the order of [`CONSTRUCTS`].
    Construct,
    /// client, peer.
    Person,
    Result,
    ServiceUseKind,
    PathwayStep,
    /// The kinds of alert.
    Alert,
}

fn all<T: Word>() -> Vec<&'static str> {
    T::ALL.iter().map(|word| word.as_str()).collect()
}

fn all_and<T: Word>(more: &'static str) -> Vec<&'static str> {
    T::ALL.iter().map(|word| word.as_str()).chain([more]).collect()
}

impl LabelSet {
    /// Its words. A word of the change model stands at its number less one; what is added to a set stands last.
    pub fn words(self) -> Vec<&'static str> {
        match self {
            LabelSet::Attendance => all::<Attendance>(),
            LabelSet::SupportType => SupportType::FIVE.iter().map(|word| word.as_str()).collect(),
            LabelSet::RequestedType => all::<SupportType>(),
            LabelSet::Practice => all::<Practice>(),
            LabelSet::Basis => vec!["received", "unmet"],
            LabelSet::Phase => all::<Phase>(),
            LabelSet::ScoreComponent => vec!["bond", "goal", "task", "total"],
            LabelSet::Mechanism => all::<Mechanism>().into_iter().filter(|word| *word != "none").collect(),
            LabelSet::ExitMechanism => all::<Mechanism>(),
            LabelSet::DetectedBy => all::<DetectedBy>(),
            LabelSet::MatchedOn => all_and::<MatchedOn>("none"),
            LabelSet::ExitReason => all_and::<EndReason>("presumed_lost"),
            LabelSet::ExitSide => all_and::<Side>("unknown"),
            LabelSet::Polarity => all::<Polarity>(),
            LabelSet::LeftReason => all::<LeftReason>(),
            LabelSet::Behaviour => {
                vec![ModellingWhat::Modelled.as_str(), ModellingWhat::Enacted.as_str()]
            }
            LabelSet::Valence => all::<Valence>(),
            LabelSet::Comparer => all::<Comparer>(),
            LabelSet::Direction => all::<Direction>(),
            LabelSet::Affect => all::<Affect>(),
            LabelSet::Construct => CONSTRUCTS.to_vec(),
            LabelSet::Person => vec!["client", "peer"],
            LabelSet::Result => all::<ScoreResult>(),
            LabelSet::ServiceUseKind => all::<ServiceUseKind>(),
            LabelSet::PathwayStep => all::<PathwayStep>(),
            LabelSet::Alert => alert::Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        }
    }
}

impl Id {
    /// The indicator's row of the table.
    pub fn indicator(self) -> &'static Indicator {
        &CATALOGUE[self as usize]
    }
}

impl Unit {
    /// Whether such a sum is published in points, as millionths with six decimals; otherwise it is an integer.
    pub fn in_points(self) -> bool {
        self != Unit::Whole
    }

    /// The smallest step between two sums, of what instruments usually score, in millionths: sums that are shown less
    /// exactly than that leave open of how many they are. A scale has six points or more, and the squares of four ratings
    /// on one of eleven lie 0.0025 apart; both are rounded up to 1, 2 or 5 and zeros.
    pub fn step_micros(self) -> i64 {
        match self {
            Unit::Whole => 1_000_000,
            Unit::Scores => 200_000,
            Unit::Squares => 5_000,
        }
    }
}

impl With {
    /// Name and labels of the sample of this count that the sample of a sum with these labels goes with; `suffix` is the
    /// window's.
    fn sample(&self, suffix: &str, labels: &BTreeMap<String, String>) -> (String, BTreeMap<String, String>) {
        let same = self.same.iter().filter_map(|label| labels.get_key_value(*label));
        let same = same.map(|(label, word)| (label.clone(), word.clone()));
        let fixed = self.fixed.iter().map(|(label, word)| ((*label).to_owned(), (*word).to_owned()));
        (format!("{}{suffix}", self.id.indicator().name), same.chain(fixed).collect())
    }
}

impl Indicator {
    /// All combinations of its labels, in the order of its cells: the last label runs fastest.
    pub fn series(&self) -> Vec<BTreeMap<String, String>> {
        let mut series = vec![BTreeMap::new()];
        for (label, set) in self.labels {
            let words = set.words();
            series = series
                .iter()
                .flat_map(|labels| {
                    words.iter().map(|word| {
                        let mut labels = labels.clone();
                        labels.insert((*label).to_owned(), (*word).to_owned());
                        labels
                    })
                })
                .collect();
        }
        series
    }

    /// Whether there is one sample per window; otherwise it is of the end of the release's day.
    pub fn is_windowed(&self) -> bool {
        self.span != Span::Today
    }

    /// Whether its samples are millionths with six decimals.
    pub fn in_points(&self) -> bool {
        matches!(self.kind, Kind::Sum { unit, .. } if unit.in_points())
    }

    /// The names of its samples: one per window, or its own.
    pub fn sample_names(&self) -> Vec<String> {
        if self.is_windowed() {
            WINDOWS.iter().map(|window| format!("{}{}", self.name, window.suffix)).collect()
        } else {
            vec![self.name.to_owned()]
        }
    }

    /// Name and labels of the samples that decide whether the sample `name{labels}` of this sum is disclosed, and first that
    /// which it is scaled by; none of a count.
    pub fn goes_with(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<(String, BTreeMap<String, String>)> {
        let Kind::Sum { with, of, .. } = self.kind else { return Vec::new() };
        let suffix = name.strip_prefix(self.name).unwrap_or_default();
        [Some(with), of].into_iter().flatten().map(|count| count.sample(suffix, labels)).collect()
    }
}

/// The indicator and the window of the sample `name`; `None` if there is none of that name.
pub fn find(name: &str) -> Option<(&'static Indicator, Option<Window>)> {
    let by_name = |wanted: &str, windowed: bool| {
        CATALOGUE.iter().find(|indicator| indicator.is_windowed() == windowed && indicator.name == wanted)
    };
    if let Some(indicator) = by_name(name, false) {
        return Some((indicator, None));
    }
    WINDOWS.iter().find_map(|window| {
        let indicator = by_name(name.strip_suffix(window.suffix)?, true)?;
        Some((indicator, Some(*window)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_indicator_stands_at_its_id_and_has_a_name_of_its_own() {
        for (place, indicator) in CATALOGUE.iter().enumerate() {
            assert_eq!(indicator.id as usize, place);
            assert_eq!(
                CATALOGUE.iter().filter(|other| other.name == indicator.name).count(),
                1,
                "{}",
                indicator.name
            );
            assert!(!indicator.help.is_empty() && !indicator.help.ends_with('.'), "{}", indicator.name);
            for name in indicator.sample_names() {
                assert_eq!(find(&name).map(|(found, _)| found), Some(indicator));
            }
        }
        assert_eq!(find("contacts"), None);
    }

    #[test]
    fn every_sum_goes_with_a_sample_that_exists_and_is_a_count() {
        for indicator in CATALOGUE {
            for name in indicator.sample_names() {
                for labels in indicator.series() {
                    for (count, its_labels) in indicator.goes_with(&name, &labels) {
                        let (count, _) = find(&count).unwrap();
                        assert_eq!(count.kind, Kind::Count);
                        assert!(
                            count.series().contains(&its_labels),
                            "{name}{labels:?} goes with {its_labels:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_sums_are_those_of_the_model_and_all_else_is_counts() {
        let sums = CATALOGUE.iter().filter_map(|indicator| match indicator.kind {
            Kind::Sum { with, of, unit } => {
                let of = of.map(|of| of.id.indicator().name);
                Some((indicator.name, with.id.indicator().name, of, unit))
            }
            Kind::Count => None,
        });
        use Unit::{Scores, Squares, Whole};
        assert_eq!(
            sums.collect::<Vec<_>>(),
            [
                ("alliance_baseline_df", "alliance_baselines", None, Whole),
                ("alliance_baseline_squares", "alliance_baselines", None, Squares),
                ("alliance_score_points", "alliance_ratings", Some("alliance_dyads"), Scores),
                ("client_days", "dyads_open", None, Whole),
                ("contact_minutes", "contacts", Some("dyads_contacted"), Whole),
                ("dyad_days", "dyads_open", None, Whole),
                ("dyad_days_matched", "dyads_open", Some("dyads_matched"), Whole),
                ("dyad_days_support", "dyads_open", Some("dyads_standing"), Whole),
                ("outcome_score_points", "outcome_scores", Some("outcome_persons"), Scores),
                ("repair_days", "repairs", None, Whole),
                ("service_use", "dyads_open", Some("service_clients"), Whole),
            ]
        );
    }

    #[test]
    fn the_minutes_of_contacts_go_with_those_attended_in_the_same_window_and_with_the_pairs_that_met() {
        let (minutes, _) = find("contact_minutes_28d").unwrap();
        let attended = BTreeMap::from([("attendance".to_owned(), "attended".to_owned())]);
        assert_eq!(
            minutes.goes_with("contact_minutes_28d", &BTreeMap::new()),
            [("contacts_28d".to_owned(), attended), ("dyads_contacted_28d".to_owned(), BTreeMap::new())]
        );
    }

    #[test]
    fn a_word_stands_at_its_number_less_one() {
        assert_eq!(LabelSet::ExitReason.words()[EndReason::Disengaged as usize - 1], "disengaged");
        assert_eq!(LabelSet::ExitReason.words().last(), Some(&"presumed_lost"));
        assert_eq!(LabelSet::Mechanism.words()[Mechanism::Unknown as usize - 1], "unknown");
        assert_eq!(LabelSet::Phase.words().len(), 7);
        assert_eq!(LabelSet::Behaviour.words()[ModellingWhat::Enacted as usize - 1], "enacted");
        for kind in alert::Kind::ALL {
            assert_eq!(LabelSet::Alert.words()[kind as usize], kind.as_str());
        }
    }
}
