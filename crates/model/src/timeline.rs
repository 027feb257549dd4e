//! What a dyad's history says when it is folded up to an instant: its episodes, and in each its pauses, watches,
//! breakdowns, baseline and end. Windows and releases are counted from this and from the events themselves.

use std::sync::Arc;

use crate::time::{Day, Instant};
use crate::words::*;

/// A dyad's history, folded up to an instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// Its episodes, in order.
    pub episodes: Vec<Episode>,
    /// The phase at the instant; `None` without an open episode.
    pub phase: Option<Phase>,
    /// The first instant after it at which time alone changes the phase or the days open; `None` where it never does.
    pub turns_at: Option<Instant>,
}

/// A stretch of a relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// When it opened.
    pub opened_at: Instant,
    /// The event that opened it.
    pub opened_by: Arc<str>,
    /// All that its `started` events said of matching.
    pub matched_on: Set<MatchedOn>,
    /// Its pauses, in order: [from, to); `to` is absent while the pause lasts.
    pub pauses: Vec<Pause>,
    /// Day of its last attended contact, or of its opening: c.
    pub last_contact_day: Day,
    /// Days on which a rating was made in it, in order, each once.
    pub rated_days: Vec<Day>,
    /// Its watches, in order.
    pub watches: Vec<Watch>,
    /// Its breakdowns, in order.
    pub breakdowns: Vec<Breakdown>,
    /// Its baselines that were filled, in order (a second one where another instrument took over).
    pub baselines: Vec<Baseline>,
    /// The presumed dropout that stands, ended since or not; absent if it was taken back.
    pub presumed: Option<Presumed>,
    /// The presumed dropouts that were taken back, in order.
    pub taken_back: Vec<TakenBack>,
    /// Its end.
    pub end: Option<End>,
}

/// [from, to) in which a relationship rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// First instant of the pause.
    pub from: Instant,
    /// First instant after it; `None` while it lasts.
    pub to: Option<Instant>,
}

/// A presumed dropout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presumed {
    /// Its day; it is at 00:00.
    pub day: Day,
    /// c: the day it was counted from.
    pub counted_from: Day,
    /// Its side; `None`: unknown.
    pub side: Option<Side>,
    /// Its mechanism.
    pub mechanism: Mechanism,
}

/// A presumed dropout that an attended contact took back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBack {
    /// The dropout, as it was presumed.
    pub presumed: Presumed,
    /// When it was taken back.
    pub at: Instant,
}

/// The end of an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Instant,
    /// Why; `None` where a `started` ended it after a presumed dropout: then that dropout is its exit.
    pub reason: Option<EndReason>,
    /// Whose; `None`: unknown.
    pub side: Option<Side>,
    /// Good, bad or neither.
    pub polarity: Polarity,
    /// At which mechanism.
    pub mechanism: Mechanism,
    /// Whether it ended a pause.
    pub ended_pause: bool,
    /// Id of the event that ended it.
    pub by: Arc<str>,
}

/// A stretch of watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// When it opened.
    pub opened_at: Instant,
    /// The event that opened it.
    pub opened_by: Arc<str>,
    /// The subscale that fell most.
    pub component: Option<Component>,
    /// How many ratings the rule looked at, the baseline's included.
    pub ratings: u32,
    /// When it closed.
    pub closed_at: Option<Instant>,
}

/// The rule that opened a breakdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A rating more than three SDs below the baseline mean.
    FarBelow,
    /// A rating more than two SDs below, and another among the two before it.
    TwoOfThree,
    /// A reported rupture.
    Reported,
    /// The client missed a contact in watch, not for the first time since they last met.
    MissedInWatch,
    /// The relationship ended for a reason of the alliance.
    Exit,
}

/// A breakdown of the alliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    /// When it opened.
    pub opened_at: Instant,
    /// The event that opened it.
    pub opened_by: Arc<str>,
    /// What showed it.
    pub detected_by: DetectedBy,
    /// The rule that opened it.
    pub rule: Rule,
    /// How many ratings a measured one's rule looked at, the baseline's included; else 0.
    pub ratings: u32,
    /// At which mechanism.
    pub mechanism: Mechanism,
    /// The subscale that fell most, of a measured one.
    pub component: Option<Component>,
    /// When it was repaired.
    pub repaired_at: Option<Instant>,
    /// When it ended with the episode, not repaired.
    pub ended_at: Option<Instant>,
    /// 00:00 of the day on which 14 days had passed since a presumed loss that still stood then: its alert closed.
    pub given_up_at: Option<Instant>,
}

/// A baseline that has been filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The instrument followed.
    pub instrument: Box<str>,
    /// The instant of the rating that filled it.
    pub filled_at: Instant,
    /// ⌊(n₀Σqᵢ² − S²)/(n₀·10⁶)⌋.
    pub squares: i64,
    /// n₀.
    pub ratings: u32,
}

/// How an episode was left, as `exits` counts it: an end, or a presumed dropout that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The day of either; of an end after a presumed dropout, that dropout's.
    pub day: Day,
    /// `None`: presumed lost.
    pub reason: Option<EndReason>,
    /// `None`: unknown.
    pub side: Option<Side>,
    /// Good, bad or neither.
    pub polarity: Polarity,
    /// At which mechanism.
    pub mechanism: Mechanism,
    /// Of a presumed dropout, ended since or not: the day c it was counted from.
    pub counted_from: Option<Day>,
}

impl Timeline {
    /// The episode that is open at the instant of the timeline.
    pub fn open(&self) -> Option<&Episode> {
        self.episodes.last().filter(|episode| episode.end.is_none())
    }
}

impl Episode {
    /// Whether the episode covers `t`: opening ≤ t < end.
    pub fn covers(&self, t: Instant) -> bool {
        self.opened_at <= t && self.end.as_ref().is_none_or(|end| t < end.at)
    }

    /// Whether a pause covers `t`.
    pub fn is_paused_at(&self, t: Instant) -> bool {
        self.pauses.iter().any(|pause| pause.from <= t && pause.to.is_none_or(|to| t < to))
    }

    /// Whether `day` is a *paused day*: one with an instant that the episode covers, all of which are paused; of the days
    /// from opening to end without such an instant, one if the end ended a pause.
    pub fn paused_day(&self, day: Day) -> bool {
        let end = self.end.as_ref();
        let mut from = self.opened_at.max(day.start());
        let to = end.map_or(day.plus(1).start(), |end| end.at.min(day.plus(1).start()));
        if from >= to {
            return self.meets(day) && end.is_some_and(|end| end.ended_pause);
        }
        // Pauses are in order and do not overlap, but one may begin where the one before ends.
        for pause in &self.pauses {
            if pause.from <= from && pause.to.is_none_or(|until| until > from) {
                from = pause.to.unwrap_or(to);
            }
        }
        from >= to
    }

    /// Whether the dyad is *open on* `day` by this episode: [opening, end] meets it, it is no paused day, and it is before
    /// the day of a standing presumed dropout.
    pub fn open_on(&self, day: Day) -> bool {
        self.meets(day) && self.presumed.is_none_or(|presumed| day < presumed.day) && !self.paused_day(day)
    }

    /// Whether [opening, end] meets `day`.
    pub fn meets(&self, day: Day) -> bool {
        self.opened_at.day() <= day && self.end.as_ref().is_none_or(|end| day <= end.at.day())
    }

    /// The last day on which it may be open: before a standing presumed dropout, else its end's; `None` while it goes on.
    pub fn last_day(&self) -> Option<Day> {
        let lost = self.presumed.map(|presumed| presumed.day.plus(-1));
        lost.or_else(|| self.end.as_ref().map(|end| end.at.day()))
    }

    /// How it was left: by its end, which takes the place of a presumed dropout but for the day; or by a presumed dropout
    /// that stands.
    pub fn exit(&self) -> Option<Exit> {
        let counted_from = self.presumed.map(|presumed| presumed.counted_from);
        match (&self.end, self.presumed) {
            (Some(end), presumed) => Some(Exit {
                day: presumed.map_or(end.at.day(), |presumed| presumed.day),
                reason: end.reason,
                side: end.side,
                polarity: end.polarity,
                mechanism: end.mechanism,
                counted_from,
            }),
            (None, Some(presumed)) => Some(Exit {
                day: presumed.day,
                reason: None,
                side: presumed.side,
                polarity: Polarity::Negative,
                mechanism: presumed.mechanism,
                counted_from,
            }),
            (None, None) => None,
        }
    }

    /// The breakdown that is open.
    pub fn open_breakdown(&self) -> Option<&Breakdown> {
        self.breakdowns.last().filter(|breakdown| breakdown.is_open())
    }

    /// The watch that is open.
    pub fn open_watch(&self) -> Option<&Watch> {
        self.watches.last().filter(|watch| watch.closed_at.is_none())
    }
}

impl Rule {
    /// What shows a breakdown that this rule opens.
    pub fn detected_by(self) -> DetectedBy {
        match self {
            Rule::FarBelow | Rule::TwoOfThree => DetectedBy::Measured,
            Rule::Reported => DetectedBy::Reported,
            Rule::MissedInWatch => DetectedBy::Behavioural,
            Rule::Exit => DetectedBy::Exit,
        }
    }
}

impl Breakdown {
    /// Whether it is neither repaired nor ended with the episode.
    pub fn is_open(&self) -> bool {
        self.repaired_at.is_none() && self.ended_at.is_none()
    }
}

impl Exit {
    /// Whether it is a dropout.
    pub fn is_dropout(&self) -> bool {
        self.polarity == Polarity::Negative
    }
}
