//! Section 4's integer arithmetic, written out again.

use std::collections::BTreeMap;

use rapport_proto::v1;

use super::words::COMPONENTS;
use super::{Given, Instrument};

/// A normalised score: 0 … 10⁶, high is good.
pub fn normalised(score: i64, (min, max): (i64, i64), high_is_bad: bool) -> i64 {
    let (score, min, max) = (i128::from(score), i128::from(min), i128::from(max));
    let q = (2_000_000 * (score - min) + (max - min)).div_euclid(2 * (max - min));
    i64::try_from(if high_is_bad { 1_000_000 - q } else { q }).expect("0 to a million")
}

/// The normalised scores a measure has, by name; `total` given or computed.
pub fn components(instrument: &Instrument, measure: &v1::Measure) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for score in &measure.scores {
        let range = if score.name == "total" {
            instrument.total.expect("a total was accepted, so there is a range for it")
        } else {
            instrument.subscales[&score.name]
        };
        found.insert(score.name.clone(), normalised(score.micros, range, instrument.high_is_bad));
    }
    let has_all = instrument.subscales.keys().all(|name| found.contains_key(name));
    if !found.contains_key("total") && has_all && !instrument.subscales.is_empty() {
        let sum: i64 = instrument.subscales.keys().map(|name| found[name]).sum();
        let k = i64::try_from(instrument.subscales.len()).expect("few subscales");
        found.insert("total".to_owned(), (2 * sum + k).div_euclid(2 * k));
    }
    found
}

/// A baseline that is full.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// Its ratings' totals.
    pub totals: Vec<i64>,
    /// What each of its ratings had.
    pub components: Vec<BTreeMap<String, i64>>,
    /// σ.
    pub sd: i64,
    /// ν₀.
    pub prior_weight: i64,
}

impl Baseline {
    fn n(&self) -> i128 {
        self.totals.len() as i128
    }

    fn sum(&self) -> i128 {
        self.totals.iter().map(|q| i128::from(*q)).sum()
    }

    fn squares(&self) -> i128 {
        self.totals.iter().map(|q| i128::from(*q) * i128::from(*q)).sum()
    }

    /// Both sides of z > c, squared and freed of fractions, for a rating below the mean.
    fn sides(&self, q: i64, c: i128) -> (i128, i128) {
        let (n, s, nu, sd) = (self.n(), self.sum(), i128::from(self.prior_weight), i128::from(self.sd));
        let fall = s - n * i128::from(q);
        (fall * fall * (nu + n - 1), c * c * (n + 1) * (n * nu * sd * sd + n * self.squares() - s * s))
    }

    fn is_below_mean(&self, q: i64) -> bool {
        self.sum() > self.n() * i128::from(q)
    }

    /// z > c.
    pub fn z_above(&self, q: i64, c: i128) -> bool {
        let (left, right) = self.sides(q, c);
        self.is_below_mean(q) && left > right
    }

    /// z < c, for a positive c.
    pub fn z_below(&self, q: i64, c: i128) -> bool {
        let (left, right) = self.sides(q, c);
        !self.is_below_mean(q) || left < right
    }

    /// z as it is shown, before it is cut to three decimals.
    pub fn z(&self, q: i64) -> f64 {
        let n = self.totals.len() as f64;
        let mean = self.totals.iter().map(|q| *q as f64).sum::<f64>() / n;
        let spread: f64 = self.totals.iter().map(|q| (*q as f64 - mean).powi(2)).sum();
        let nu = self.prior_weight as f64;
        let variance = (nu * (self.sd as f64).powi(2) + spread) / (nu + n - 1.0);
        (mean - q as f64) / (variance.sqrt() * (1.0 + 1.0 / n).sqrt())
    }

    /// m, before it is cut to a millionth.
    pub fn mean(&self) -> f64 {
        self.sum() as f64 / self.totals.len() as f64
    }

    /// ⌊(n₀Σqᵢ² − S²)/(n₀·10⁶)⌋.
    pub fn published_squares(&self) -> i128 {
        (self.n() * self.squares() - self.sum() * self.sum()).div_euclid(self.n() * 1_000_000)
    }

    /// Of bond, goal and task, the one that has fallen most from its baseline mean.
    pub fn fallen_most(&self, now: &BTreeMap<String, i64>) -> Option<&'static str> {
        // A fall is kept as a fraction: (numerator, denominator).
        let mut most: Option<(&'static str, i128, i128)> = None;
        for name in &COMPONENTS[..3] {
            let before: Vec<i64> = self.components.iter().filter_map(|one| one.get(*name).copied()).collect();
            let (Some(q), false) = (now.get(*name), before.is_empty()) else { continue };
            let count = before.len() as i128;
            let fall = before.iter().map(|q| i128::from(*q)).sum::<i128>() - count * i128::from(*q);
            let is_most = most.is_none_or(|(_, top, bottom)| fall * bottom > top * count);
            if fall > 0 && is_most {
                most = Some((name, fall, count));
            }
        }
        most.map(|(name, _, _)| name)
    }
}

/// The instrument of a measure.
pub fn instrument<'a>(given: &'a Given, measure: &v1::Measure) -> &'a Instrument {
    given.instruments.get(&measure.instrument).expect("an accepted measure's instrument is known")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_half_way_between_two_millionths_is_rounded_up() {
        // (2·10⁶·1 + 4·10⁶) / (2·4·10⁶) with range 0..4 millionths of… : 1/4 of the range is a quarter of a million.
        assert_eq!(normalised(1_000_000, (0, 4_000_000), false), 250_000);
        assert_eq!(normalised(1_000_000, (0, 4_000_000), true), 750_000);
        assert_eq!(normalised(1, (0, 16_000_000), false), 0);
        assert_eq!(normalised(8, (0, 16_000_000), false), 1, "half a millionth");
    }

    #[test]
    fn z_in_integers_agrees_with_z_in_floating_point() {
        let baseline = Baseline {
            totals: vec![800_000, 700_000, 750_000, 750_000],
            components: Vec::new(),
            sd: 100_000,
            prior_weight: 8,
        };
        for q in (0..=1_000_000).step_by(1_009) {
            for c in 1..=3 {
                assert_eq!(baseline.z_above(q, c), baseline.z(q) > c as f64, "q {q}, c {c}");
                assert_eq!(baseline.z_below(q, c), baseline.z(q) < c as f64, "q {q}, c {c}");
            }
        }
    }
}
