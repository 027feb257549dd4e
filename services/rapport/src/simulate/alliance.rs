//! The alliance of a dyad as it truly is, and the ratings it is seen by.

use super::draws::Draws;

/// The three components in the order of the model.
pub(crate) const COMPONENTS: [&str; 3] = ["bond", "goal", "task"];

/// Mean and SD of alliances' usual levels, on the scale of ratings.
const USUAL: f64 = 4.0;
const USUAL_SD: f64 = 0.4;

/// What happened to an alliance at a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It began to fall.
    Falls { sudden: bool },
    /// It is back where it was.
    Recovered,
    /// It stayed low until one of the two gave up.
    GivenUp,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Course {
    Steady,
    /// On its way down.
    Falling {
        to: f64,
        step: f64,
    },
    /// Down for some more sessions.
    Low {
        sessions: u32,
    },
    /// On its way up.
    Rising {
        step: f64,
    },
}

/// The alliance of a dyad: its usual level, how much its ratings vary, and where it stands below its usual.
#[derive(Debug, Clone)]
pub(crate) struct Alliance {
    /// Usual rating, 1–5.
    level: f64,
    /// SD of its ratings within the dyad, on the same scale.
    sd: f64,
    /// How far below its usual it stands.
    below: f64,
    /// Where it stood in the session that was last, on the scale of ratings.
    now: f64,
    /// The component that falls most.
    leading: usize,
    course: Course,
    /// Chance per session that it begins to fall.
    risk: f64,
}

impl Alliance {
    /// The alliance with a peer whose supervision is so many SDs more reliable than most, where one SD of that makes
    /// alliances better by `effect` of theirs.
    pub(crate) fn new(supervision: f64, effect: f64, draws: &mut Draws) -> Alliance {
        let sd = (0.36 + 0.09 * draws.normal()).clamp(0.18, 0.7);
        let better = effect * supervision + (1.0 - effect * effect).max(0.0).sqrt() * draws.normal();
        let level = (USUAL + USUAL_SD * better).clamp(2.8, 4.9);
        // A few alliances are fragile, most are not.
        let risk = if draws.chance(0.3) { 0.035 } else { 0.011 };
        Alliance { level, sd, below: 0.0, now: level, leading: 0, course: Course::Steady, risk }
    }

    /// Its usual level against that of others, in SDs.
    pub(crate) fn usual(&self) -> f64 {
        (self.level - USUAL) / USUAL_SD
    }

    /// Where it stood in the session that was last, 1–5.
    pub(crate) fn now(&self) -> f64 {
        self.now
    }

    /// Whether it stands clearly below its usual.
    pub(crate) fn low(&self) -> bool {
        self.below > 1.5 * self.sd
    }

    /// The component that falls most.
    pub(crate) fn leading(&self) -> &'static str {
        COMPONENTS[self.leading]
    }

    /// The present fall, in tenths of the dyad's own SD.
    pub(crate) fn fall_tenths(&self) -> i64 {
        let depth = if let Course::Falling { to, .. } = self.course { to } else { self.below };
        (depth / self.sd * 10.0).round() as i64
    }

    /// One session passes.
    pub(crate) fn session(&mut self, number: u32, draws: &mut Draws) -> Option<Turn> {
        let turn = self.turn(number, draws);
        self.now = self.level - self.below + 0.8 * self.sd * draws.normal();
        turn
    }

    fn turn(&mut self, number: u32, draws: &mut Draws) -> Option<Turn> {
        match self.course {
            Course::Steady if number > 5 && draws.chance(self.risk) => {
                let sudden = draws.chance(0.5);
                self.fall(sudden, draws);
                Some(Turn::Falls { sudden })
            }
            Course::Steady => None,
            Course::Falling { to, step } => {
                self.below = (self.below + step).min(to);
                if self.below >= to {
                    self.course = Course::Low { sessions: draws.whole(3, 7) as u32 };
                }
                None
            }
            Course::Low { sessions: 0 } => {
                if draws.chance(0.4) {
                    return Some(Turn::GivenUp);
                }
                self.course = Course::Rising { step: self.below / draws.between(2.0, 5.0) };
                None
            }
            Course::Low { sessions } => {
                self.course = Course::Low { sessions: sessions - 1 };
                None
            }
            Course::Rising { step } => {
                self.below = (self.below - step).max(0.0);
                if self.below > 0.0 {
                    return None;
                }
                self.course = Course::Steady;
                Some(Turn::Recovered)
            }
        }
    }

    /// Begins to fall; a sudden fall is there at once.
    pub(crate) fn fall(&mut self, sudden: bool, draws: &mut Draws) {
        self.leading = draws.whole(0, 2) as usize;
        let to = (draws.between(2.5, 5.0) * self.sd).max(0.6);
        if sudden {
            self.below = to;
        }
        self.course = Course::Falling { to, step: if sudden { to } else { to / 8.0 } };
    }

    /// A rating of that session: bond, goal and task as sums of four items of 1–5 each.
    pub(crate) fn rate(&self, draws: &mut Draws) -> [i64; 3] {
        let mut sums = [0; 3];
        for (component, sum) in sums.iter_mut().enumerate() {
            let share = if component == self.leading { 1.4 } else { 0.8 };
            let own = 0.6 * self.sd * draws.normal();
            let score = self.now + (1.0 - share) * self.below + own;
            *sum = (score.clamp(1.0, 5.0) * 4.0).round() as i64;
        }
        sums
    }
}
