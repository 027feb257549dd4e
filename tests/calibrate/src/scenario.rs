//! What is simulated: pairs of several kinds, whose alliance is stable or falls.

/// Ratings that make a baseline, by the defaults of the model.
pub const BASELINE: usize = 4;
/// Sessions after the baseline in which a pair is watched, one rating each, a week apart.
pub const SESSIONS: usize = 12;
/// Sessions over which a slow fall goes down in equal steps.
pub const SLOW: usize = 6;
/// Sessions after which a fall that passes is over.
pub const PASSING: usize = 4;

/// What becomes of the alliance after the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing.
    Stable,
    /// It falls at once, and stays low.
    Sudden,
    /// It falls in [`SLOW`] equal steps, and stays low.
    Slow,
    /// It falls at once, and is as before after [`PASSING`] sessions.
    Passing,
}

impl Shape {
    /// The share of the fall that has come by session `number`, counted from 1 after the baseline.
    pub fn share(self, number: usize) -> f64 {
        match self {
            Shape::Stable => 0.0,
            Shape::Sudden => 1.0,
            Shape::Slow => number.min(SLOW) as f64 / SLOW as f64,
            Shape::Passing if number <= PASSING => 1.0,
            Shape::Passing => 0.0,
        }
    }

    /// The last session in which an alarm sees the fall.
    pub fn last(self) -> usize {
        if self == Shape::Passing { PASSING } else { SESSIONS }
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Shape::Stable => "stable",
            Shape::Sudden => "sudden",
            Shape::Slow => "slow",
            Shape::Passing => "passing",
        }
    }
}

/// How much the ratings of a pair vary around its usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// So many times the assumed SD within a pair, all pairs alike.
    Times(f64),
    /// Pairs differ, and some are far steadier: the assumed variance times a chi-squared of 8 degrees divided by 8.
    SomeSteadier,
    /// Pairs differ, and some are far noisier: the assumed variance divided by such a number, as the rule's weight of 8 expects.
    SomeNoisier,
}

/// What kind of pairs, and what becomes of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// What becomes of the alliance.
    pub shape: Shape,
    /// How far it falls, in SDs of the pair's own ratings.
    pub fall: f64,
    /// How much the ratings vary.
    pub spread: Spread,
    /// Correlation of a rating's deviation with that of the rating before.
    pub autocorrelation: f64,
    /// The usual level on a scale from 0 to 1; ratings end at its ends.
    pub level: f64,
    /// Whether ratings are whole numbers from 0 to 10 and not as fine as the mean of many items.
    pub whole: bool,
}

const USUAL: Scenario = Scenario {
    shape: Shape::Stable,
    fall: 0.0,
    spread: Spread::Times(1.0),
    autocorrelation: 0.0,
    level: 0.7,
    whole: false,
};

/// The kinds of pairs: as assumed, then what may differ from that.
const KINDS: [Scenario; 8] = [
    USUAL,
    Scenario { spread: Spread::Times(0.5), ..USUAL },
    Scenario { spread: Spread::Times(1.5), ..USUAL },
    Scenario { spread: Spread::SomeSteadier, ..USUAL },
    Scenario { spread: Spread::SomeNoisier, ..USUAL },
    Scenario { autocorrelation: 0.3, ..USUAL },
    Scenario { level: 0.9, ..USUAL },
    Scenario { whole: true, ..USUAL },
];

/// How many of the kinds meet every shape of fall; the others only a sudden one.
const MAIN_KINDS: usize = 3;

impl Scenario {
    /// Pairs as assumed, with that fate.
    pub fn usual(shape: Shape, fall: f64) -> Scenario {
        Scenario { shape, fall, ..USUAL }
    }

    /// All scenarios, in the order of the tables.
    pub fn all() -> Vec<Scenario> {
        let (main, others) = KINDS.split_at(MAIN_KINDS);
        let mut all = KINDS.to_vec();
        for fall in [1.5, 2.5] {
            for shape in [Shape::Sudden, Shape::Slow, Shape::Passing] {
                all.extend(main.iter().map(|kind| Scenario { shape, fall, ..*kind }));
            }
            all.extend(others.iter().map(|kind| Scenario { shape: Shape::Sudden, fall, ..*kind }));
        }
        // The same quarter of the scale that 2.5 assumed SDs are, for pairs that are steadier and noisier than assumed.
        for (times, fall) in [(0.5, 5.0), (1.5, 2.5 / 1.5)] {
            all.push(Scenario { spread: Spread::Times(times), ..Scenario::usual(Shape::Sudden, fall) });
        }
        all
    }

    /// The kind of pairs, in words.
    pub fn kind(&self) -> String {
        if self.autocorrelation > 0.0 {
            return format!("each rating like the one before (correlation {})", self.autocorrelation);
        }
        if self.level > USUAL.level {
            return "usual level near the top of the scale".to_owned();
        }
        if self.whole {
            return "one item, whole numbers from 0 to 10".to_owned();
        }
        match self.spread {
            Spread::Times(1.0) => "ratings vary as assumed".to_owned(),
            Spread::Times(times) => format!("ratings vary {times} times as much"),
            Spread::SomeSteadier => "pairs differ, some far steadier".to_owned(),
            Spread::SomeNoisier => "pairs differ, some far noisier".to_owned(),
        }
    }

    /// The fall in the pair's own SDs; empty of stable pairs.
    pub fn fall_text(&self) -> String {
        if self.shape == Shape::Stable { String::new() } else { format!("{:.1} SD", self.fall) }
    }

    /// A name that no other scenario has.
    pub fn name(&self) -> String {
        let parts = [self.shape.word().to_owned(), self.fall_text(), self.kind()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_a_name_of_its_own() {
        let mut names: Vec<_> = Scenario::all().iter().map(Scenario::name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
