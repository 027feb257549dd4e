//! What was known at an event's place in the order: the row of the enriched stream, but for the event itself.

use crate::time::Instant;
use crate::timeline::Breakdown;
use crate::words::*;

/// Facts about one event at its place.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Facts {
    /// Number of its episode, from 1, with the day in it, attended contacts so far, and days since the one before.
    pub sitting: Option<Sitting>,
    pub phase_before: Option<Phase>,
    pub phase_after: Option<Phase>,
    /// Of a rating after the baseline: z, mean of the baseline in millionths.
    pub judged: Option<(f64, i64)>,
    pub breakdown: Option<OpenBreakdown>,
    pub received: Set<SupportType>,
    pub unmet: Set<SupportType>,
    pub mechanism: Option<Mechanism>,
    pub component: Option<Component>,
    pub ended: Option<Ended>,
}

/// An event's place in its episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sitting {
    pub episode: u32,
    pub day: u32,
    pub session: u32,
    pub days_since_contact: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenBreakdown {
    pub since: Instant,
    pub mechanism: Mechanism,
    pub detected_by: DetectedBy,
}

impl From<&Breakdown> for OpenBreakdown {
    fn from(b: &Breakdown) -> Self {
        OpenBreakdown { since: b.opened_at, mechanism: b.mechanism, detected_by: b.detected_by }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub polarity: Polarity,
    pub mechanism: Mechanism,
}
