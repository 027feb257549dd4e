//! Statistical disclosure control: which numbers are shown, and as what (model.md section 5, "Disclosure").
//!
//! A count is withheld, rounded or shown as it is. A sum goes with a count: withheld when that is withheld, else scaled by
//! shown ÷ true count, so that a mean of shown numbers is the true mean. All of it in integers: values are millionths,
//! and a scaled sum is rounded to the nearest millionth, a half upwards. A sum whose count the release lacks, as one of an
//! earlier version may, is withheld: nobody knows how few cases it is of.
//!
//! Of a construct that no instrument measures nothing is shown: its 0 would say that nobody changed.

use std::collections::{BTreeMap, BTreeSet};

use rapport_model::catalogue::Catalogue;
use rapport_model::indicators::{self, Kind};
use rapport_proto::v1;
use serde::{Deserialize, Serialize};

/// One in millionths.
pub const ONE_MICROS: i128 = 1_000_000;

/// What small numbers become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// 1–7 withheld, others rounded to the nearest 5, 0 shown.
    Nhs,
    /// 1–9 withheld, others rounded to the nearest 5, 0 shown.
    Ons10,
    /// Everything as it is.
    Exact,
}

impl Policy {
    /// What is shown of a count; `None` where it is withheld.
    pub fn shown(self, count: i128) -> Option<i128> {
        let withheld_up_to = match self {
            Policy::Nhs => 7,
            Policy::Ons10 => 9,
            Policy::Exact => return Some(count),
        };
        match count {
            0 => Some(0),
            small if small <= withheld_up_to => None,
            large => Some((large + 2) / 5 * 5),
        }
    }

    /// What is shown of a sum, in millionths, that goes with `count`; `None` where it is withheld.
    ///
    /// Something summed over no case (service use of clients whose dyads are all paused, say) has no count to go by and
    /// is withheld, but under [`Policy::Exact`].
    pub fn shown_sum(self, sum_micros: i128, count: i128) -> Option<i128> {
        let shown = self.shown(count)?;
        if shown == count && (count != 0 || self == Policy::Exact) {
            return Some(sum_micros);
        }
        match count {
            0 => (sum_micros == 0).then_some(0),
            _ => Some((2 * sum_micros * shown + count).div_euclid(2 * count)),
        }
    }
}

/// What may be shown, and as what.
#[derive(Debug, Clone)]
pub struct Rules {
    policy: Policy,
    /// The constructs that some instrument measures.
    measured: BTreeSet<String>,
}

impl Rules {
    /// Those of `policy`, with the instruments of `catalogue`.
    pub fn new(policy: Policy, catalogue: &Catalogue) -> Rules {
        let measured = catalogue.iter().map(|instrument| instrument.construct.clone()).collect();
        Rules { policy, measured }
    }

    fn is_measured(&self, labels: &BTreeMap<String, String>) -> bool {
        labels.get("construct").is_none_or(|construct| self.measured.contains(construct))
    }
}

/// A sample as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The indicator's name with its window, without `rapport_`.
    pub name: String,
    /// The labels beside `site`.
    pub labels: BTreeMap<String, String>,
    /// Its value, millionths.
    pub micros: i128,
}

/// What became of the samples of a release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disclosed {
    /// Those that are shown, by name, then labels; each name and label set once.
    pub shown: Vec<Shown>,
    /// How many are withheld.
    pub withheld: u64,
    /// How many are of no indicator this version knows; how they may be shown is unknown, so they are not.
    pub unknown: u64,
}

/// Why a release cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A value is no number, or none that its sample can have.
    #[error("read a value of a sample")]
    Value,
    /// The same name and labels are there twice.
    #[error("tell two samples apart")]
    Twice,
}

type Series = (String, BTreeMap<String, String>);

/// Applies the rules to the samples of a release.
///
/// # Errors
/// Where the release is not whole: then nothing of it may be shown.
pub fn disclose(rules: &Rules, samples: &[v1::Sample]) -> Result<Disclosed, Unusable> {
    let mut values: BTreeMap<Series, i128> = BTreeMap::new();
    let mut disclosed = Disclosed::default();
    for sample in samples {
        let micros = micros(&sample.value).ok_or(Unusable::Value)?;
        if values.insert((sample.name.clone(), sample.labels.clone()), micros).is_some() {
            return Err(Unusable::Twice);
        }
    }
    for ((name, labels), micros) in &values {
        let Some((indicator, _)) = indicators::find(name) else {
            disclosed.unknown += 1;
            continue;
        };
        if !rules.is_measured(labels) {
            continue;
        }
        let shown = match indicator.kind {
            Kind::Count => rules.policy.shown(whole(*micros)?).map(|count| count * ONE_MICROS),
            Kind::Sum { .. } => {
                let count = indicator.goes_with(name, labels).and_then(|series| values.get(&series));
                let count = count.map(|count| whole(*count)).transpose()?;
                count.and_then(|count| rules.policy.shown_sum(*micros, count))
            }
        };
        match shown {
            Some(micros) => {
                disclosed.shown.push(Shown { name: name.clone(), labels: labels.clone(), micros });
            }
            None => disclosed.withheld += 1,
        }
    }
    Ok(disclosed)
}

fn whole(micros: i128) -> Result<i128, Unusable> {
    if micros % ONE_MICROS == 0 { Ok(micros / ONE_MICROS) } else { Err(Unusable::Value) }
}

/// A value of a release in millionths: digits, and at most six more after a point; never negative.
fn micros(value: &str) -> Option<i128> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str, longest: usize| {
        ((1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<i128>().ok())
            .flatten()
    };
    let scale = 10_i128.pow(u32::try_from(6_usize.checked_sub(fraction.len())?).ok()?);
    Some(digits(whole, 18)? * ONE_MICROS + digits(fraction, 6)? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, labels: &[(&str, &str)], value: &str) -> v1::Sample {
        let labels = labels.iter().map(|(label, word)| ((*label).to_owned(), (*word).to_owned())).collect();
        v1::Sample { name: name.to_owned(), labels, value: value.to_owned() }
    }

    fn rules(policy: Policy) -> Rules {
        Rules::new(policy, &Catalogue::embedded())
    }

    fn shown(policy: Policy, samples: &[v1::Sample]) -> Vec<(String, i128)> {
        let disclosed = disclose(&rules(policy), samples).unwrap();
        disclosed.shown.into_iter().map(|shown| (shown.name, shown.micros)).collect()
    }

    #[test]
    fn small_counts_are_withheld_and_others_rounded_to_the_nearest_five() {
        let nhs = |count| Policy::Nhs.shown(count);
        assert_eq!((nhs(0), nhs(1), nhs(7)), (Some(0), None, None));
        assert_eq!(
            (nhs(8), nhs(12), nhs(13), nhs(1_000_002)),
            (Some(10), Some(10), Some(15), Some(1_000_000))
        );
        let ons = |count| Policy::Ons10.shown(count);
        assert_eq!((ons(0), ons(9), ons(10), ons(13)), (Some(0), None, Some(10), Some(15)));
        assert_eq!(Policy::Exact.shown(3), Some(3));
    }

    #[test]
    fn a_mean_of_shown_numbers_is_the_true_mean() {
        // 13 contacts of 400 minutes: 15 are shown, of 400 * 15 / 13 minutes.
        let minutes = Policy::Nhs.shown_sum(400 * ONE_MICROS, 13).unwrap();
        assert_eq!(minutes, 461_538_462);
        assert_eq!((minutes / 15 + 1) / 2, 400 * ONE_MICROS / 13 / 2, "the same mean but for the last digit");
        assert_eq!(Policy::Nhs.shown_sum(400 * ONE_MICROS, 15), Some(400 * ONE_MICROS));
        assert_eq!(Policy::Nhs.shown_sum(400 * ONE_MICROS, 7), None);
        assert_eq!(Policy::Nhs.shown_sum(1, 10), Some(1));
        // Halves go up: 1 millionth over 12 cases shown as 10 is 0.83, over 8 shown as 10 is 1.25, 2 over 8 is 2.5.
        assert_eq!(Policy::Nhs.shown_sum(2, 8), Some(3));
    }

    #[test]
    fn a_sum_over_no_case_is_shown_only_where_it_is_nothing() {
        assert_eq!(Policy::Nhs.shown_sum(0, 0), Some(0));
        assert_eq!(Policy::Nhs.shown_sum(5 * ONE_MICROS, 0), None);
        assert_eq!(Policy::Exact.shown_sum(5 * ONE_MICROS, 0), Some(5 * ONE_MICROS));
    }

    #[test]
    fn a_sum_is_withheld_with_its_own_count_and_with_no_other() {
        let samples = [
            sample("contact_minutes_7d", &[], "300"),
            sample("contacts_7d", &[("attendance", "attended")], "6"),
            sample("contacts_7d", &[("attendance", "missed_by_peer")], "20"),
            sample("contact_minutes_28d", &[], "500"),
            sample("contacts_28d", &[("attendance", "attended")], "10"),
            sample("contacts_28d", &[("attendance", "missed_by_peer")], "1"),
        ];
        let expected = [("contact_minutes_28d", 500), ("contacts_28d", 10), ("contacts_7d", 20)];
        let expected = expected.map(|(name, value)| (name.to_owned(), value * ONE_MICROS));
        assert_eq!(shown(Policy::Nhs, &samples), expected);
        assert_eq!(disclose(&rules(Policy::Nhs), &samples).unwrap().withheld, 3);
        assert_eq!(shown(Policy::Exact, &samples).len(), 6);
    }

    #[test]
    fn points_go_with_the_ratings_of_their_component() {
        let samples = [
            sample("alliance_ratings_7d", &[("component", "bond")], "8"),
            sample("alliance_ratings_7d", &[("component", "goal")], "2"),
            sample("alliance_score_points_7d", &[("component", "bond")], "6.400000"),
            sample("alliance_score_points_7d", &[("component", "goal")], "1.500000"),
        ];
        assert_eq!(
            shown(Policy::Nhs, &samples),
            [
                ("alliance_ratings_7d".to_owned(), 10_000_000),
                ("alliance_score_points_7d".to_owned(), 8_000_000)
            ]
        );
    }

    #[test]
    fn three_baselines_are_withheld_with_their_sums_and_of_eight_the_variance_is_the_true_one() {
        let filled = |baselines: &str, df: &str, squares: &str| {
            let of = |name: &str, value: &str| sample(&format!("alliance_baseline{name}_90d"), &[], value);
            [of("s", baselines), of("_df", df), of("_squares", squares)]
        };
        // A baseline of four ratings has three degrees of freedom: of three baselines they are nine, which is no small number.
        assert_eq!(shown(Policy::Nhs, &filled("3", "9", "0.090000")), []);
        let expected = [("_df", 30_000_000), ("_squares", 300_000), ("s", 10_000_000)];
        let expected = expected.map(|(name, micros)| (format!("alliance_baseline{name}_90d"), micros));
        assert_eq!(shown(Policy::Nhs, &filled("8", "24", "0.240000")), expected);
    }

    #[test]
    fn a_sum_whose_count_an_earlier_version_did_not_release_is_withheld_and_the_others_are_shown() {
        let samples = [sample("alliance_baseline_df_7d", &[], "300"), sample("dropouts_7d", &[], "20")];
        for policy in [Policy::Nhs, Policy::Ons10, Policy::Exact] {
            assert_eq!(shown(policy, &samples), [("dropouts_7d".to_owned(), 20 * ONE_MICROS)]);
            assert_eq!(disclose(&rules(policy), &samples).unwrap().withheld, 1);
        }
    }

    #[test]
    fn every_sum_is_withheld_or_scaled_with_the_count_the_table_names() {
        for indicator in indicators::CATALOGUE {
            for name in indicator.sample_names() {
                for labels in indicator.series() {
                    let Some((count, its_labels)) = indicator.goes_with(&name, &labels) else { continue };
                    let with = |number: &str| {
                        let sum =
                            v1::Sample { name: name.clone(), labels: labels.clone(), value: "26".into() };
                        let count = v1::Sample {
                            name: count.clone(),
                            labels: its_labels.clone(),
                            value: number.into(),
                        };
                        let shown = disclose(&rules(Policy::Nhs), &[sum, count]).unwrap().shown;
                        shown.into_iter().find(|shown| shown.name == name).map(|shown| shown.micros)
                    };
                    assert_eq!(with("7"), None, "{name}");
                    assert_eq!(with("13"), Some(30 * ONE_MICROS), "{name}: twice the 15 shown");
                }
            }
        }
    }

    #[test]
    fn of_a_construct_that_no_instrument_measures_nothing_is_shown_nor_counted_as_withheld() {
        let only_hope = r#"
            [[instrument]]
            id = "hope"
            name = "Hope"
            target = "client"
            construct = "hope"
            direction = "high_is_good"
            scoring = "as is"
            licence = "none"
            total = { min = 0, max = 10 }
        "#;
        let labels = |construct| [("construct", construct), ("person", "client")];
        let samples = [
            sample("outcome_scores_7d", &labels("hope"), "0"),
            sample("outcome_scores_7d", &labels("meaning"), "0"),
            sample("outcome_scores_28d", &labels("meaning"), "3"),
            sample("dropouts_7d", &[], "0"),
        ];
        let rules = Rules::new(Policy::Nhs, &Catalogue::parse(only_hope).unwrap());
        let disclosed = disclose(&rules, &samples).unwrap();
        let names: Vec<_> = disclosed.shown.iter().map(|shown| (&*shown.name, shown.labels.len())).collect();
        assert_eq!(names, [("dropouts_7d", 0), ("outcome_scores_7d", 2)]);
        assert_eq!((disclosed.withheld, disclosed.unknown), (0, 0));
    }

    #[test]
    fn a_release_that_is_not_whole_is_not_shown_and_an_unknown_indicator_neither() {
        let error = |samples: &[v1::Sample]| disclose(&rules(Policy::Exact), samples).unwrap_err();
        assert_eq!(
            error(&[sample("dropouts_7d", &[], "3"), sample("dropouts_7d", &[], "3")]),
            Unusable::Twice
        );
        for value in ["-1", "1e3", "", ".5", "1.0000001", "1.5"] {
            assert_eq!(error(&[sample("dropouts_7d", &[], value)]), Unusable::Value, "{value:?}");
        }
        let disclosed = disclose(&rules(Policy::Exact), &[sample("invented_7d", &[], "3")]).unwrap();
        assert_eq!((disclosed.shown.len(), disclosed.withheld, disclosed.unknown), (0, 0, 1));
    }
}
