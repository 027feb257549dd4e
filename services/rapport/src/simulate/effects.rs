//! Planted effects: what one SD of a cause does, and what came of it in a run.
//!
//! Sums are integers, so that sites and persons can be added up in any order and give the same digits.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Plan;

/// An effect that is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Alliance since the measure before, on a client's outcomes.
    AllianceToClientOutcomes,
    /// The same, but the alliance as its ratings show it: ratings are noisy, so this is the weaker.
    AllianceRatingsToClientOutcomes,
    /// Alliance in all of a peer's contacts since the measure before, on that peer's outcomes.
    AllianceToPeerOutcomes,
    /// Types of support given per contact since the measure before, on a client's outcomes.
    SupportToClientOutcomes,
    /// Types of support a peer gave per contact since the measure before, on that peer's outcomes.
    SupportToPeerOutcomes,
    /// How reliably a peer is supervised, on the usual level of that peer's alliances.
    SupervisionToAlliances,
}

impl Link {
    /// All of them, in the order they are shown.
    pub const ALL: [Link; 6] = [
        Link::AllianceToClientOutcomes,
        Link::AllianceRatingsToClientOutcomes,
        Link::AllianceToPeerOutcomes,
        Link::SupportToClientOutcomes,
        Link::SupportToPeerOutcomes,
        Link::SupervisionToAlliances,
    ];

    /// What a plan wants of it.
    pub fn planted(self, plan: &Plan) -> f64 {
        match self {
            Link::AllianceToClientOutcomes
            | Link::AllianceRatingsToClientOutcomes
            | Link::AllianceToPeerOutcomes => plan.alliance_effect,
            Link::SupportToClientOutcomes | Link::SupportToPeerOutcomes => plan.support_effect,
            Link::SupervisionToAlliances => plan.supervision_effect,
        }
    }
}

/// Pairs of cause and outcome of one person, in thousandths of their SDs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    n: i64,
    x: i64,
    y: i64,
    xx: i64,
    xy: i64,
    yy: i64,
}

impl Pairs {
    fn add(&mut self, x: i64, y: i64) {
        self.plus(&Pairs { n: 1, x, y, xx: x * x, xy: x * y, yy: y * y });
    }

    fn plus(&mut self, other: &Pairs) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
        self.yy += other.yy;
    }
}

/// Pairs of cause and outcome at a site, by what they are to show and by person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen(BTreeMap<Link, BTreeMap<u32, Pairs>>);

impl Seen {
    /// One more pair of that person, in SDs.
    pub(crate) fn add(&mut self, link: Link, person: u32, cause: f64, outcome: f64) {
        let thousandths = |sds: f64| (sds * 1000.0).round() as i64;
        let pairs = self.0.entry(link).or_default().entry(person).or_default();
        pairs.add(thousandths(cause), thousandths(outcome));
    }
}

/// What came of an effect: the regression slope of the outcome on its cause over all sites, both in the fixed SDs of
/// the simulator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// Which effect.
    pub effect: Link,
    /// The slope that was planted.
    pub planted: f64,
    /// The slope realised; absent where there is too little to compute one.
    pub realised: Option<f64>,
    /// Lower and upper end of its 95 % interval; the pairs of a person are taken as one.
    pub interval: Option<(f64, f64)>,
    /// The correlation realised.
    pub correlation: Option<f64>,
    /// Pairs of cause and outcome.
    pub pairs: u64,
    /// Persons they are of.
    pub persons: u64,
}

impl Effect {
    /// What came of an effect at these sites.
    pub(crate) fn of<'a>(link: Link, planted: f64, sites: impl Iterator<Item = &'a Seen>) -> Effect {
        let persons: Vec<&Pairs> =
            sites.filter_map(|seen| seen.0.get(&link)).flat_map(BTreeMap::values).collect();
        let mut all = Pairs::default();
        for pairs in &persons {
            all.plus(pairs);
        }
        let fit = Fit::of(&all);
        Effect {
            effect: link,
            planted,
            realised: fit.as_ref().map(|fit| rounded(fit.slope)),
            interval: fit.as_ref().and_then(|fit| fit.interval(&persons)),
            correlation: fit.as_ref().map(|fit| rounded(fit.correlation)),
            pairs: all.n.unsigned_abs(),
            persons: persons.len() as u64,
        }
    }
}

/// A line through pairs.
struct Fit {
    slope: f64,
    correlation: f64,
    mean_x: f64,
    mean_y: f64,
    /// Sum of squares of the cause about its mean.
    spread: f64,
}

impl Fit {
    fn of(all: &Pairs) -> Option<Fit> {
        let [n, x, y] = [all.n, all.x, all.y].map(i128::from);
        let about = |sum: i64, a: i128, b: i128| (n * i128::from(sum) - a * b) as f64;
        let (xx, xy, yy) = (about(all.xx, x, x), about(all.xy, x, y), about(all.yy, y, y));
        if all.n < 3 || xx <= 0.0 || yy <= 0.0 {
            return None;
        }
        let n = all.n as f64;
        Some(Fit {
            slope: xy / xx,
            correlation: xy / (xx * yy).sqrt(),
            mean_x: all.x as f64 / n,
            mean_y: all.y as f64 / n,
            spread: xx / n,
        })
    }

    /// The sandwich with persons as clusters: what is of one person is not independent.
    fn interval(&self, persons: &[&Pairs]) -> Option<(f64, f64)> {
        let count = persons.len() as f64;
        if persons.len() < 3 {
            return None;
        }
        let score = |pairs: &&Pairs| {
            let n = pairs.n as f64;
            let (x, y) = (pairs.x as f64, pairs.y as f64);
            let xy = pairs.xy as f64 - self.mean_x * y - self.mean_y * x + n * self.mean_x * self.mean_y;
            let xx = pairs.xx as f64 - 2.0 * self.mean_x * x + n * self.mean_x * self.mean_x;
            let score = (xy - self.slope * xx).round() as i128;
            score * score
        };
        let squares: i128 = persons.iter().map(score).sum();
        let error = (squares as f64 * count / (count - 1.0)).sqrt() / self.spread;
        Some((rounded(self.slope - 1.96 * error), rounded(self.slope + 1.96 * error)))
    }
}

fn rounded(value: f64) -> f64 {
    // Adding zero turns −0 into 0.
    (value * 1000.0).round() / 1000.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_worked_out_by_hand_is_found_and_one_persons_pairs_count_as_one() {
        // x −1, 0, 1 and y −1, 0.5, 0.5: slope 1.5 / 2, correlation 1.5 / √(2 · 1.5).
        let mut one_each = Seen::default();
        let mut together = Seen::default();
        for (person, (x, y)) in [(-1.0, -1.0), (0.0, 0.5), (1.0, 0.5)].into_iter().enumerate() {
            for copy in 0..10 {
                one_each.add(Link::SupportToClientOutcomes, 10 * person as u32 + copy, x, y);
                together.add(Link::SupportToClientOutcomes, person as u32, x, y);
            }
        }
        let effect = |seen: &Seen| Effect::of(Link::SupportToClientOutcomes, 0.7, [seen].into_iter());
        let effects = [effect(&one_each), effect(&together)];
        for effect in &effects {
            assert_eq!((effect.realised, effect.correlation), (Some(0.75), Some(0.866)));
            assert_eq!((effect.planted, effect.pairs), (0.7, 30));
        }
        // Errors −0.25, 0.5, −0.25 (times x about its mean): scores 0.25, 0, −0.25, each ten times.
        let width = |effect: &Effect| effect.interval.map(|(low, high)| high - low).unwrap();
        // √(20 · 0.0625 · 30/29) / 20 = 0.05686; the persons of three tens: √(2 · 6.25 · 3/2) / 20 = 0.21651.
        assert!((width(&effects[0]) - 2.0 * 1.96 * 0.05686).abs() < 0.002, "{:?}", effects[0]);
        assert!((width(&effects[1]) - 2.0 * 1.96 * 0.21651).abs() < 0.002, "{:?}", effects[1]);
        assert_eq!((effects[0].persons, effects[1].persons), (30, 3));
    }
}
