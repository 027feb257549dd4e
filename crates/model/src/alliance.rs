//! The alliance of one episode as its ratings show it: which instrument is followed, its baseline, and how far a later
//! rating lies below it. Integer arithmetic; what follows for watch and breakdown is the fold's business.

use crate::catalogue::Instrument;
use crate::params::Settings;
use crate::scores::{Qs, rounded_mean};
use crate::time::{Day, Instant};
use crate::timeline::Baseline;
use crate::words::Component;

/// σ where the catalogue gives none, as section 8 assumes: 0.10.
const ASSUMED_SD_MICROS: i64 = 100_000;

/// Ratings of one instrument, summed: the making of a baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    ratings: u32,
    sum: i64,
    squares: i64,
    /// Number and sum of bond, goal and task in these ratings.
    subscales: [(i64, i64); 3],
}

impl Tally {
    fn add(&mut self, total: i64, scores: &Qs) {
        self.ratings += 1;
        self.sum += total;
        self.squares += total * total;
        for ((n, sum), (_, q)) in self.subscales.iter_mut().zip(scores.subscales()) {
            if let Some(q) = q {
                *n += 1;
                *sum += q;
            }
        }
    }

    fn filled(&self, instrument: &str, at: Instant) -> Baseline {
        let n = i128::from(self.ratings);
        let squares = (n * i128::from(self.squares) - square(self.sum)) / (n * 1_000_000);
        Baseline {
            instrument: instrument.into(),
            filled_at: at,
            squares: squares as i64,
            ratings: self.ratings,
        }
    }

    /// Of bond, goal and task present now and in the baseline the one with the greatest fall from its mean, if any fell.
    fn most_fallen(&self, scores: &Qs) -> Option<Component> {
        let mut most: Option<(Component, i64, i64)> = None;
        for ((n, sum), (component, q)) in self.subscales.iter().zip(scores.subscales()) {
            let Some(q) = q.filter(|_| *n > 0) else { continue };
            // The fall is (sum − n·q)/n; fractions are compared crosswise, so that ties are exact.
            let fall = sum - n * q;
            let greater = most.is_none_or(|(_, fall_so_far, n_so_far)| {
                i128::from(fall) * i128::from(n_so_far) > i128::from(fall_so_far) * i128::from(*n)
            });
            if fall > 0 && greater {
                most = Some((component, fall, *n));
            }
        }
        most.map(|(component, ..)| component)
    }
}

fn square(n: i64) -> i128 {
    i128::from(n) * i128::from(n)
}

/// How far a rating lies below a baseline: z as a fraction under a root, compared without taking it.
struct Fall {
    /// S − n₀q: positive where the rating is below the mean.
    below: i64,
    /// ν₀ + n₀ − 1.
    freedom: i128,
    /// (n₀ + 1)·(n₀ν₀σ² + n₀Σq² − S²).
    spread: i128,
}

impl Fall {
    fn new(baseline: &Tally, total: i64, sigma: i64, settings: &Settings) -> Fall {
        let (n, nu) = (i128::from(baseline.ratings), i128::from(settings.prior_weight));
        let below = baseline.sum - i64::from(baseline.ratings) * total;
        let spread =
            (n + 1) * (n * nu * square(sigma) + n * i128::from(baseline.squares) - square(baseline.sum));
        Fall { below, freedom: nu + n - 1, spread }
    }

    /// z > c.
    fn exceeds(&self, c: i128) -> bool {
        self.below > 0 && square(self.below) * self.freedom > c * c * self.spread
    }

    /// z < 1.
    fn is_below_one(&self) -> bool {
        self.below <= 0 || square(self.below) * self.freedom < self.spread
    }

    /// z for people, three decimals.
    fn z(&self) -> f64 {
        if self.below == 0 {
            return 0.0;
        }
        let z = self.below as f64 * (self.freedom as f64 / self.spread as f64).sqrt();
        let rounded = (z * 1000.0).round() / 1000.0;
        // Not −0, which is written with a sign.
        if rounded == 0.0 { 0.0 } else { rounded }
    }
}

/// A rating of the followed instrument after its baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judgement {
    /// Three decimals.
    pub z: f64,
    /// Of the baseline, millionths.
    pub mean: i64,
    /// The subscale that fell most.
    pub component: Option<Component>,
    /// z > 3.
    pub far_below: bool,
    /// z > 2.
    pub well_below: bool,
    /// z > 2 of one of the two ratings before, in a row with this one.
    pub well_below_before: bool,
    /// This is at least the second rating in a row with z < 1 since the last opening.
    pub calm: bool,
    /// How many ratings a rule on this one alone looks at, the baseline's included.
    pub ratings: u32,
    /// How many ratings in a row there are to look back on, at most two.
    pub before: u32,
}

/// What a rating is to the episode's detection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rated {
    /// It says nothing: another instrument, or made before the baseline is full while a breakdown is open.
    Passed,
    /// It is part of the baseline; of the one that filled it, the baseline.
    Baseline(Option<Baseline>),
    /// It is compared with the baseline.
    Judged(Judgement),
}

/// The instrument that an episode's detection follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Following {
    instrument: Box<str>,
    baseline: Tally,
    /// Day of its last rating.
    pub last_day: Day,
    /// Whether z > 2 in the last and the last but one rating, in a row, after the baseline and the last repair.
    recent: [Option<bool>; 2],
    /// Ratings in a row with z < 1 up to the last one, since the last opening.
    calm: u32,
    /// Other instruments used since the last use of this one.
    others: Vec<(Box<str>, Tally)>,
}

impl Following {
    /// Follows the instrument of an episode's first rating, made on `day`.
    pub fn new(instrument: &Instrument, day: Day) -> Following {
        Following {
            instrument: instrument.id.as_str().into(),
            baseline: Tally::default(),
            last_day: day,
            recent: [None; 2],
            calm: 0,
            others: Vec::new(),
        }
    }

    /// Whether the baseline is full.
    pub fn has_baseline(&self, settings: &Settings) -> bool {
        self.baseline.ratings >= settings.baseline_ratings
    }

    /// A watch or breakdown opened: ratings before it no longer speak for its end.
    pub fn opened(&mut self) {
        self.calm = 0;
    }

    /// A breakdown was repaired: ratings before that no longer speak for the next one.
    pub fn repaired(&mut self) {
        self.recent = [None; 2];
        self.calm = 0;
    }

    /// Takes in a rating of `total` made at `at`.
    pub fn rate(
        &mut self,
        instrument: &Instrument,
        total: i64,
        scores: &Qs,
        at: Instant,
        in_breakdown: bool,
        settings: &Settings,
    ) -> Rated {
        if *self.instrument != *instrument.id {
            return self.rate_other(instrument, total, scores, at, settings);
        }
        self.others.clear();
        let day = at.day();
        if day.since(self.last_day) > settings.ratings_in_a_row_days as i32 {
            self.recent = [None; 2];
            self.calm = 0;
        }
        self.last_day = day;
        if self.has_baseline(settings) {
            let sigma = instrument.within_dyad_sd_micros.unwrap_or(ASSUMED_SD_MICROS);
            return Rated::Judged(self.judge(total, scores, sigma, settings));
        }
        if in_breakdown {
            return Rated::Passed;
        }
        self.baseline.add(total, scores);
        Rated::Baseline(self.has_baseline(settings).then(|| self.baseline.filled(&self.instrument, at)))
    }

    fn rate_other(
        &mut self,
        instrument: &Instrument,
        total: i64,
        scores: &Qs,
        at: Instant,
        settings: &Settings,
    ) -> Rated {
        let found = self.others.iter().position(|(id, _)| **id == *instrument.id);
        let index = found.unwrap_or_else(|| {
            self.others.push((instrument.id.as_str().into(), Tally::default()));
            self.others.len() - 1
        });
        self.others[index].1.add(total, scores);
        if self.others[index].1.ratings < settings.baseline_ratings {
            return Rated::Passed;
        }
        let (instrument_id, baseline) = self.others.swap_remove(index);
        *self = Following { baseline, ..Following::new(instrument, at.day()) };
        Rated::Baseline(Some(self.baseline.filled(&instrument_id, at)))
    }

    fn judge(&mut self, total: i64, scores: &Qs, sigma: i64, settings: &Settings) -> Judgement {
        let fall = Fall::new(&self.baseline, total, sigma, settings);
        let well_below = fall.exceeds(2);
        self.calm = if fall.is_below_one() { self.calm + 1 } else { 0 };
        let judgement = Judgement {
            z: fall.z(),
            mean: rounded_mean(self.baseline.sum, i64::from(self.baseline.ratings)).unwrap_or_default(),
            component: self.baseline.most_fallen(scores),
            far_below: fall.exceeds(3),
            well_below,
            well_below_before: self.recent.contains(&Some(true)),
            calm: self.calm >= 2,
            ratings: self.baseline.ratings + 1,
            before: self.recent.iter().flatten().count() as u32,
        };
        self.recent = [Some(well_below), self.recent[0]];
        judgement
    }
}
