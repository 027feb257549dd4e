//! The ratings of one simulated pair.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{ChiSquared, Distribution as _, StandardNormal};

use crate::scenario::{BASELINE, SESSIONS, Scenario, Spread};

/// Ratings on a scale from 0 to 1: the baseline's, then one a session.
pub type Ratings = [f64; BASELINE + SESSIONS];

/// The ratings of pair `number`. The same pair meets every scenario with the same luck: it depends on seed and number alone.
pub fn ratings(scenario: &Scenario, assumed_sd: f64, seed: u64, number: u64) -> Ratings {
    let mut luck = ChaCha8Rng::seed_from_u64(seed);
    luck.set_stream(number);
    let own_sd = assumed_sd * own_times(scenario.spread, &mut luck);
    let kept = scenario.autocorrelation;
    let mut deviation: f64 = StandardNormal.sample(&mut luck);
    let mut ratings = [0.0; BASELINE + SESSIONS];
    for (at, rating) in ratings.iter_mut().enumerate() {
        if at > 0 {
            let fresh: f64 = StandardNormal.sample(&mut luck);
            deviation = kept * deviation + (1.0 - kept * kept).sqrt() * fresh;
        }
        let fallen = if at < BASELINE { 0.0 } else { scenario.shape.share(at + 1 - BASELINE) };
        *rating = (scenario.level + own_sd * (deviation - scenario.fall * fallen)).clamp(0.0, 1.0);
        if scenario.whole {
            *rating = (*rating * 10.0).round() / 10.0;
        }
    }
    ratings
}

fn own_times(spread: Spread, luck: &mut ChaCha8Rng) -> f64 {
    if let Spread::Times(times) = spread {
        return times;
    }
    // 8 degrees of freedom are a right number of them; were they not, all pairs would be alike.
    let variance = ChiSquared::new(8.0_f64).map_or(1.0, |chi| chi.sample(luck) / 8.0);
    let variance = if spread == Spread::SomeNoisier { variance.recip() } else { variance };
    variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{PASSING, SLOW, Shape};

    fn find(wanted: impl Fn(&Scenario) -> bool) -> Scenario {
        Scenario::all().into_iter().find(wanted).unwrap()
    }

    #[test]
    fn a_pair_meets_every_scenario_with_the_same_luck() {
        let stable = find(|s| s.shape == Shape::Stable);
        let of = |s: &Scenario| ratings(s, 0.1, 4, 17);
        for shape in [Shape::Sudden, Shape::Slow, Shape::Passing] {
            let fallen = of(&Scenario { shape, fall: 1.0, ..stable });
            let fall = |at: usize| ((of(&stable)[at] - fallen[at]) * 1e6).round() / 1e6;
            assert!((0..BASELINE).all(|at| fall(at) == 0.0));
            let [first, second, sixth, last] = [0, 1, SLOW - 1, SESSIONS - 1].map(|at| fall(BASELINE + at));
            match shape {
                Shape::Slow => assert_eq!([first, second, sixth, last], [0.016667, 0.033333, 0.1, 0.1]),
                Shape::Passing => assert_eq!([first, fall(BASELINE + PASSING - 1), sixth], [0.1, 0.1, 0.0]),
                _ => assert_eq!([first, second, sixth, last], [0.1; 4]),
            }
        }
        assert_ne!(of(&stable), ratings(&stable, 0.1, 4, 18));
        assert_ne!(of(&stable), ratings(&stable, 0.1, 5, 17));
    }

    #[test]
    fn ratings_vary_as_the_scenario_says() {
        let moments = |scenario: &Scenario| {
            let all: Vec<Ratings> = (0..4_000).map(|number| ratings(scenario, 0.1, 4, number)).collect();
            let n = (all.len() * (BASELINE + SESSIONS)) as f64;
            let mean = all.iter().flatten().sum::<f64>() / n;
            let deviations = |lag: usize| {
                let products = all.iter().flat_map(|one| {
                    one.iter().zip(&one[lag..]).map(|(a, b)| (a - mean) * (b - mean)).collect::<Vec<_>>()
                });
                let (sum, count) = products.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
                sum / count
            };
            (mean, deviations(0).sqrt(), deviations(1) / deviations(0))
        };
        let near = |a: f64, b: f64| (a - b).abs() < 0.01;
        let (mean, sd, lag) = moments(&find(|s| s.spread == Spread::Times(1.0)));
        assert!(near(mean, 0.7) && near(sd, 0.1) && near(lag, 0.0), "{mean} {sd} {lag}");
        let (_, sd, _) = moments(&find(|s| s.spread == Spread::Times(0.5)));
        assert!(near(sd, 0.05), "{sd}");
        let (_, sd, lag) = moments(&find(|s| s.autocorrelation > 0.0));
        assert!(near(sd, 0.1) && near(lag, 0.3), "{sd} {lag}");
        let (_, sd, _) = moments(&find(|s| s.spread == Spread::SomeSteadier));
        assert!(near(sd, 0.1), "{sd}");
    }
}
