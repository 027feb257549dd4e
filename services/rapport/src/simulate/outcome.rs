//! Outcomes: how a client or a peer is, and the scores that show it.

use rapport_model::time::Instant;

use super::Plan;
use super::desk::{About, Desk};
use super::draws::Draws;
use super::effects::Link;
use super::line::MINUTE_US;
use super::truth::count;

/// How much of an outcome is the person's own, the rest is the day's: variances, together 1.
const OWN: f64 = 0.75;
/// Who comes, comes when it is worst: so many SDs better from the second measure on, whatever the service does.
const COURSE: f64 = 0.3;

/// What a score may be.
#[derive(Debug, Clone, Copy)]
enum Scale {
    /// Whole numbers from … to.
    Whole(i64, i64),
    /// The metric scores of SWEMWBS.
    Metric,
}

/// An instrument as the simulator uses it: of a population that is neither well nor at its worst.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instrument {
    pub(crate) id: &'static str,
    mean: f64,
    sd: f64,
    /// Whether more is better.
    high_is_good: bool,
    scale: Scale,
}

const fn instrument(id: &'static str, mean: f64, sd: f64, high_is_good: bool, scale: Scale) -> Instrument {
    Instrument { id, mean, sd, high_is_good, scale }
}

/// What every client is asked.
pub(crate) const DISTRESS: Instrument = instrument("core-10", 18.0, 7.7, false, Scale::Whole(0, 40));
/// What clients are asked beside it, each site another one.
pub(crate) const BESIDE: [Instrument; 7] = [
    instrument("swemwbs", 20.0, 3.92, true, Scale::Metric),
    instrument("rses", 15.0, 5.8, true, Scale::Whole(0, 30)),
    instrument("gse", 26.0, 5.3, true, Scale::Whole(10, 40)),
    instrument("ucla-3", 6.0, 1.5, false, Scale::Whole(3, 9)),
    instrument("adult-hope-scale", 38.0, 10.0, true, Scale::Whole(8, 64)),
    instrument("isel-12", 19.0, 7.0, true, Scale::Whole(0, 36)),
    instrument("item-empowerment", 5.0, 2.0, true, Scale::Whole(0, 10)),
];
/// What every peer is asked.
pub(crate) const OF_PEERS: Instrument = instrument("swemwbs-peer", 24.5, 3.92, true, Scale::Metric);
/// What the peers of every other site are asked beside it.
pub(crate) const OF_PEERS_BESIDE: Instrument = instrument("rses-peer", 19.0, 5.0, true, Scale::Whole(0, 30));

/// Metric scores of raw sums 7–35, hundredths (Warwick Medical School's conversion table).
const METRIC: [i64; 29] = [
    700, 951, 1125, 1240, 1333, 1408, 1475, 1532, 1584, 1636, 1688, 1743, 1798, 1859, 1925, 1998, 2073, 2154,
    2235, 2321, 2411, 2503, 2602, 2703, 2813, 2931, 3070, 3255, 3500,
];

impl Instrument {
    /// The score, in thousandths, of somebody so many SDs better than most.
    fn score(&self, better: f64) -> i64 {
        let sign = if self.high_is_good { 1.0 } else { -1.0 };
        let score = self.mean + sign * self.sd * better;
        match self.scale {
            Scale::Whole(least, most) => (score.round() as i64).clamp(least, most) * 1000,
            Scale::Metric => {
                let wanted = (score * 100.0).round() as i64;
                let nearest = METRIC.iter().min_by_key(|metric| (**metric - wanted).abs());
                nearest.copied().unwrap_or(METRIC[0]) * 10
            }
        }
    }

    /// How many SDs better than most a score shows somebody to be.
    fn shows(&self, thousandths: i64) -> f64 {
        let sign = if self.high_is_good { 1.0 } else { -1.0 };
        sign * (thousandths as f64 / 1000.0 - self.mean) / self.sd
    }
}

/// What has happened to a person since the measure before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sessions {
    sessions: u32,
    /// Alliance, summed over sessions, thousandths of a point of 1–5.
    alliance: i64,
    /// Types of support given.
    support: u32,
    ratings: u32,
    /// Their totals, thousandths of a point.
    rated: i64,
}

/// Mean and SD of a cause, fixed, so that an effect means the same in every run.
struct Norm(f64, f64);

const CLIENT_ALLIANCE: Norm = Norm(3.92, 0.5);
const CLIENT_RATINGS: Norm = Norm(3.92, 0.5);
const CLIENT_SUPPORT: Norm = Norm(1.62, 0.48);
const PEER_ALLIANCE: Norm = Norm(3.92, 0.3);
const PEER_SUPPORT: Norm = Norm(1.62, 0.35);

impl Norm {
    /// The mean of a sum of thousandths, in SDs.
    fn of(&self, sum: i64, count: u32) -> Option<f64> {
        (count > 0).then(|| (sum as f64 / (1000.0 * f64::from(count)) - self.0) / self.1)
    }
}

impl Sessions {
    /// An attended session with the alliance as it was, and so many types of support given.
    pub(crate) fn attended(&mut self, alliance: f64, given: usize) {
        self.sessions += 1;
        self.alliance += (alliance * 1000.0).round() as i64;
        self.support += given as u32;
    }

    /// A rating's total, in thousandths.
    pub(crate) fn rated(&mut self, total: i64) {
        self.ratings += 1;
        self.rated += total;
    }

    /// The causes as they bear on a client.
    pub(crate) fn of_client(&self) -> Causes {
        Causes {
            alliance: CLIENT_ALLIANCE.of(self.alliance, self.sessions),
            ratings: CLIENT_RATINGS.of(self.rated, self.ratings),
            support: CLIENT_SUPPORT.of(i64::from(self.support) * 1000, self.sessions),
        }
    }

    /// The causes as they bear on a peer.
    pub(crate) fn of_peer(&self) -> Causes {
        Causes {
            alliance: PEER_ALLIANCE.of(self.alliance, self.sessions),
            ratings: None,
            support: PEER_SUPPORT.of(i64::from(self.support) * 1000, self.sessions),
        }
    }
}

/// Causes of outcomes in their SDs; absent where nothing has happened.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Causes {
    pub(crate) alliance: Option<f64>,
    pub(crate) ratings: Option<f64>,
    pub(crate) support: Option<f64>,
}

/// How a person is, apart from what the service does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Health {
    own: f64,
    measured: bool,
}

/// A score as it is sent, and what it shows, in SDs.
pub(crate) struct Scored {
    pub(crate) thousandths: i64,
    pub(crate) shows: f64,
    /// Whether it is one of those before which something could be done.
    pub(crate) later: bool,
}

/// What the service does to outcomes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strength {
    alliance: f64,
    support: f64,
    /// What is left for everything else, so that the outcome's SD stays 1.
    rest: f64,
}

impl Strength {
    pub(crate) fn of(plan: &Plan) -> Strength {
        let (alliance, support) = (plan.alliance_effect, plan.support_effect);
        let rest = (1.0 - alliance * alliance - support * support).max(0.0).sqrt();
        Strength { alliance, support, rest }
    }
}

impl Health {
    pub(crate) fn new(draws: &mut Draws) -> Health {
        Health { own: draws.normal(), measured: false }
    }

    /// Measures with all of these instruments at one occasion.
    pub(crate) fn measure(
        &mut self,
        with: &[Instrument],
        causes: &Causes,
        strength: Strength,
        draws: &mut Draws,
    ) -> Vec<Scored> {
        let later = std::mem::replace(&mut self.measured, true);
        let mut done = 0.0;
        if later {
            done = COURSE
                + strength.alliance * causes.alliance.unwrap_or_default()
                + strength.support * causes.support.unwrap_or_default();
        }
        let own = OWN.sqrt() * self.own;
        let of_day = (1.0 - OWN).sqrt();
        let mut score = |instrument: &Instrument| {
            let better = done + strength.rest * (own + of_day * draws.normal());
            let thousandths = instrument.score(better);
            Scored { thousandths, shows: instrument.shows(thousandths), later }
        };
        with.iter().map(&mut score).collect()
    }
}

/// Somebody who is asked how they are.
pub(crate) struct Asked<'a> {
    pub(crate) about: About<'a>,
    /// Number of the person at the site.
    pub(crate) person: u32,
    /// Who answers: the person.
    pub(crate) rater: &'static str,
    /// With what, one after the other.
    pub(crate) with: &'a [Instrument],
    /// What the answers are to show.
    pub(crate) links: &'a [(Link, Option<f64>)],
}

impl Desk {
    /// Asks, from that instant on, and notes the scores.
    pub(crate) fn ask(&mut self, asked: &Asked<'_>, health: &mut Health, causes: &Causes, at: Instant) {
        let scored = health.measure(asked.with, causes, self.strength, &mut self.draws);
        for (minute, (instrument, scored)) in (0..).zip(asked.with.iter().zip(scored)) {
            for &(link, cause) in asked.links {
                if let Some(cause) = cause.filter(|_| scored.later) {
                    self.truth.seen.add(link, asked.person, cause, scored.shows);
                }
            }
            count(&mut self.truth.outcome_measures, instrument.id);
            self.note("measure", Instant(at.0 + minute * MINUTE_US), asked.about, |line| {
                line.text("instrument", instrument.id)
                    .text("rater", asked.rater)
                    .scores(&[("total", scored.thousandths)]);
            });
        }
    }
}
