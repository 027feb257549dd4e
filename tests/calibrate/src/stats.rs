//! Shares and delays with what is not known of them.

/// The 97.5 per cent point of the normal distribution.
const Z: f64 = 1.959_963_985;

/// A share with Wilson's 95 % interval, all from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share itself.
    pub share: f64,
    /// Least share that the count is compatible with.
    pub low: f64,
    /// Greatest.
    pub high: f64,
}

/// The share of `some` in `all`; of nothing, anything.
pub fn share(some: u64, all: u64) -> Share {
    if all == 0 {
        return Share { share: 0.0, low: 0.0, high: 1.0 };
    }
    let (k, n) = (some as f64, all as f64);
    let p = k / n;
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Share { share: p, low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// Of a count by session, from session 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// Session by which a quarter had come.
    pub quarter: usize,
    /// Session by which half had come.
    pub median: usize,
    /// Session by which three quarters had come.
    pub three_quarters: usize,
    /// 95 % interval of the median, by ranks.
    pub median_low: usize,
    /// Its other end.
    pub median_high: usize,
}

/// The delay of those that came at all; `None` where none did.
pub fn delay(by_session: &[u64]) -> Option<Delay> {
    let all: u64 = by_session.iter().sum();
    if all == 0 {
        return None;
    }
    let at_rank = |rank: f64| {
        let rank = rank.clamp(1.0, all as f64);
        let mut seen = 0;
        let reached = by_session.iter().position(|count| {
            seen += count;
            seen as f64 >= rank
        });
        reached.map_or(by_session.len(), |at| at + 1)
    };
    let n = all as f64;
    let half = Z * n.sqrt() / 2.0;
    Some(Delay {
        quarter: at_rank((n * 0.25).ceil()),
        median: at_rank((n * 0.5).ceil()),
        three_quarters: at_rank((n * 0.75).ceil()),
        median_low: at_rank((n / 2.0 - half).floor()),
        median_high: at_rank((n / 2.0 + half).ceil() + 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_intervals_are_those_of_the_textbook() {
        let s = share(10, 100);
        assert_eq!(format!("{:.4} {:.4} {:.4}", s.share, s.low, s.high), "0.1000 0.0552 0.1744");
        let none = share(0, 10);
        assert_eq!(format!("{:.4} {:.4}", none.low, none.high), "0.0000 0.2775");
        assert_eq!(share(0, 0), Share { share: 0.0, low: 0.0, high: 1.0 });
    }

    #[test]
    fn a_delay_counts_sessions_from_one() {
        assert_eq!(delay(&[0, 0]), None);
        let d = delay(&[10, 20, 0, 70]).unwrap();
        assert_eq!((d.quarter, d.median, d.three_quarters), (2, 4, 4));
        let few = delay(&[1, 1, 1, 1]).unwrap();
        assert_eq!((few.median_low, few.median, few.median_high), (1, 2, 4));
    }
}
