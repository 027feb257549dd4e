//! What a dyad's count keeps for its client and its peer.

use crate::time::Day;

use super::days::Days;

/// What a dyad's count keeps for the counts of its client and its peer: of which days it is open, on which it has an
/// episode, when its client and its peer last met.
///
/// It holds from the day it was taken down on until the dyad changes or time turns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    /// The day it was taken down on.
    pub(super) day: Day,
    /// The days on which the dyad is open.
    pub(super) open: Days,
    /// The days that an episode meets, paused and presumed-lost ones included.
    pub(super) in_episode: Days,
    /// The day of the last attended contact, in an episode or not, as far back as it can matter.
    pub(super) last_attended: Option<Day>,
    /// Whether it has events that its client's count looks at.
    pub(super) tells_of_client: bool,
}

impl Trace {
    /// The days on which the dyad is open, as of `day`.
    pub(super) fn open_on(&self, day: Day) -> Days {
        self.open.later(day.since(self.day))
    }

    /// The days that an episode meets, as of `day`.
    pub(super) fn in_episode_on(&self, day: Day) -> Days {
        self.in_episode.later(day.since(self.day))
    }

    /// Whether a client's count that knew `before` need not be made again, on `day` or after it.
    pub fn tells_client_nothing_new(&self, before: &Trace, day: Day) -> bool {
        // What it told of by its events may have changed with any of them.
        !self.tells_of_client
            && !before.tells_of_client
            && self.open_on(day) == before.open_on(day)
            && self.in_episode_on(day) == before.in_episode_on(day)
    }

    /// Whether a peer's count that knew `before` need not be made again, on `day` or after it.
    pub fn tells_peer_nothing_new(&self, before: &Trace, day: Day) -> bool {
        self.last_attended == before.last_attended && self.open_on(day) == before.open_on(day)
    }
}
