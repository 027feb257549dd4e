//! Statistical disclosure control: which numbers are shown, and as what (model.md section 5, "Disclosure").
//!
//! A count is withheld, rounded or shown as it is. A sum goes with a count, and with that of the persons or pairs it is of
//! where that is another one: withheld when either is withheld, else scaled by shown ÷ true count, so that a mean of shown
//! numbers is the true mean, and then rounded. Were it shown to the last digit, the true count would follow from it: of those
//! that may be shown so, one alone makes whole numbers of all sums that are scaled alike. Rounding moves a sum by one in a hundred at
//! most, or by half a step of what it is a sum of ([`Unit::step_micros`]). All of it in integers: values are millionths. A sum one of
//! whose counts the release lacks, as one of an earlier version may, is withheld: nobody knows of how few cases it is.
//!
//! Of a construct that no instrument measures nothing is shown: its 0 would say that nobody changed.

use std::collections::{BTreeMap, BTreeSet};

use rapport_model::catalogue::Catalogue;
use rapport_model::indicators::{self, Kind, Unit};
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

    /// What is shown of a sum, in millionths, that goes with `counts`, of which the first scales it; `None` where it is
    /// withheld.
    ///
    /// Something summed over no case (service use of clients whose dyads are all paused, say) has no count to go by and
    /// is withheld, but under [`Policy::Exact`].
    pub fn shown_sum(self, sum_micros: i128, counts: &[i128], unit: Unit) -> Option<i128> {
        if self == Policy::Exact {
            return Some(sum_micros);
        }
        let shown: Vec<i128> = counts.iter().map(|count| self.shown(*count)).collect::<Option<_>>()?;
        if counts.contains(&0) {
            return (sum_micros == 0).then_some(0);
        }
        Some(rounded(sum_micros * shown.first()?, *counts.first()?, unit))
    }
}

/// `of` ÷ `by`, millionths, rounded to a multiple of 1, 2 or 5 and zeros, a half upwards: of the largest that moves it by no
/// more than one in a hundred, but never of one below the unit's own step.
fn rounded(of: i128, by: i128, unit: Unit) -> i128 {
    let step = i128::from(unit.step_micros());
    let steps = (0..24).flat_map(|zeros| [1, 2, 5].map(|digit| digit * 10_i128.pow(zeros)));
    let step = steps.take_while(|larger| *larger <= step || 50 * larger <= of / by).last().unwrap_or(step);
    (2 * of + step * by).div_euclid(2 * step * by) * step
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
            Kind::Sum { unit, .. } => {
                let counts = indicator.goes_with(name, labels).into_iter();
                let counts: Option<Vec<i128>> = counts.map(|count| values.get(&count).copied()).collect();
                let counts = counts.map(|counts| counts.into_iter().map(whole).collect()).transpose()?;
                counts.and_then(|counts: Vec<i128>| rules.policy.shown_sum(*micros, &counts, unit))
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
mod tests;
