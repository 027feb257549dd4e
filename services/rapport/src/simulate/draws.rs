//! Random draws that are the same on every machine: integers, comparisons and exact arithmetic, no libm.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of draws.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream with that number of a seed; streams are independent of each other.
    pub(crate) fn new(seed: u64, stream: u64) -> Draws {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Draws(rng)
    }

    /// Uniform in 0 ≤ x < 1, a multiple of 2⁻³².
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// True with that probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in from ≤ x < to.
    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + self.unit() * (to - from)
    }

    /// Uniform in from ≤ n ≤ to.
    pub(crate) fn whole(&mut self, from: i64, to: i64) -> i64 {
        let span = (to - from + 1).max(1) as u64;
        from + ((u64::from(self.0.next_u32()) * span) >> 32) as i64
    }

    /// One of the words, equally likely.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.whole(0, of.len() as i64 - 1) as usize]
    }

    /// One of the words, in proportion to its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(T, u32)]) -> T {
        let total: u32 = of.iter().map(|(_, weight)| weight).sum();
        let mut left = self.whole(0, i64::from(total) - 1);
        for (word, weight) in of {
            left -= i64::from(*weight);
            if left < 0 {
                return *word;
            }
        }
        of[0].0
    }

    /// Near normal with mean 0 and SD 1: the sum of twelve uniforms less six, so within ±6.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut sum = 0_u32;
        for _ in 0..3 {
            let word = self.0.next_u64();
            sum += (0..4).map(|part| ((word >> (16 * part)) & 0xffff) as u32).sum::<u32>();
        }
        f64::from(sum) / 65_536.0 - 6.0
    }

    /// Exponential with mean 1, by von Neumann's comparisons.
    pub(crate) fn exponential(&mut self) -> f64 {
        let mut whole = 0.0;
        loop {
            let first = self.unit();
            let mut last = first;
            let mut odd = true;
            loop {
                let next = self.unit();
                if next >= last {
                    break;
                }
                last = next;
                odd = !odd;
            }
            if odd {
                return whole + first;
            }
            whole += 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_means_they_promise() {
        let mut draws = Draws::new(7, 0);
        let mean = |draw: &mut dyn FnMut() -> f64| (0..20_000).map(|_| draw()).sum::<f64>() / 20_000.0;
        let exponential = mean(&mut || draws.exponential());
        let normal = mean(&mut || draws.normal());
        let square = mean(&mut || draws.normal().powi(2));
        assert!((exponential - 1.0).abs() < 0.03, "{exponential}");
        assert!(normal.abs() < 0.03 && (square - 1.0).abs() < 0.05, "{normal} {square}");
    }
}
