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
}

/// A stretch of a relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// When it opened.
    pub opened_at: Instant,
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
    /// When it closed.
    pub closed_at: Option<Instant>,
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
    /// At which mechanism.
    pub mechanism: Mechanism,
    /// The subscale that fell most, of a measured one.
    pub component: Option<Component>,
    /// When it was repaired.
    pub repaired_at: Option<Instant>,
    /// When it ended with the episode, not repaired.
    pub ended_at: Option<Instant>,
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

impl Exit {
    /// Whether it is a dropout.
    pub fn is_dropout(&self) -> bool {
        self.polarity == Polarity::Negative
    }
}
