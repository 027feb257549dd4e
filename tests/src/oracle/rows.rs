//! Section 7: what was known of each event at its place in the order.

use std::collections::{BTreeMap, BTreeSet};

use rapport_proto::v1;

use super::Given;
use super::alliance::Scored;
use super::days::{Us, day_of};
use super::walk::{Walk, dyads};
use super::words;
use super::{log, standing};

/// The fields of an enriched row that come from the history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Number of its episode, from 1.
    pub episode: Option<usize>,
    /// Days since the opening day.
    pub episode_day: Option<i64>,
    /// Attended contacts of the episode so far.
    pub session: Option<usize>,
    /// Days since the attended contact before.
    pub days_since_contact: Option<i64>,
    /// Phase before.
    pub phase_before: Option<&'static str>,
    /// Phase after.
    pub phase_after: Option<&'static str>,
    /// z and baseline mean of a rating with a baseline.
    pub scored: Option<Scored>,
    /// The breakdown open after it: since, mechanism, detected by.
    pub breakdown: Option<(Us, &'static str, &'static str)>,
    /// Types standing received.
    pub received: BTreeSet<String>,
    /// Types standing unmet.
    pub unmet: BTreeSet<String>,
    /// If it ended something: dropout, polarity, mechanism.
    pub ended: Option<(bool, &'static str, &'static str)>,
}

impl Row {
    /// Fills in what a dyad's own event met with; `walk` has come just past it.
    pub fn fill(
        &mut self,
        walk: &Walk<'_>,
        event: &v1::Event,
        episode: Option<usize>,
        scored: Option<Scored>,
    ) {
        self.phase_after = walk.phase(event.occurred_at_us);
        self.scored = scored;
        (self.received, self.unmet) = standing::on_day(&walk.contacts, log::day(event));
        let Some(place) = episode else { return };
        let episode = &walk.episodes[place];
        let is_attended = matches!(&event.body, Some(v1::event::Body::Contact(one)) if words::attended(one));
        let before = episode.attended.iter().rev().nth(usize::from(is_attended));
        self.episode = Some(place + 1);
        self.episode_day = Some(log::day(event) - day_of(episode.opened));
        self.session = Some(episode.attended.len());
        self.days_since_contact = before.map(|contact| log::day(event) - day_of(*contact));
        self.breakdown = episode.alliance.breakdown().map(|one| (one.opened, one.mechanism, one.detected_by));
    }
}

/// The rows of a site at T, by event id.
pub fn rows(given: &Given, events: &[v1::Event], site: &str, now: Us) -> BTreeMap<String, Row> {
    let has_person = |event: &&v1::Event| !(event.client.is_empty() && event.peer.is_empty());
    let happened = events.iter().filter(|event| event.site == site && event.occurred_at_us <= now);
    let mut rows: BTreeMap<String, Row> =
        happened.filter(has_person).map(|event| (event.event_id.clone(), Row::default())).collect();
    for dyad in dyads(events, site) {
        for (event, row) in Walk::with_rows(given, &dyad, now).rows {
            let is_own = event.client == dyad.client && event.peer == dyad.peer;
            let known = rows.get_mut(&event.event_id).expect("an event of a dyad has a person");
            if is_own {
                *known = row;
            } else if !log::of_dyad(event) {
                // A peer's leaving: what it ended, in whichever dyad.
                known.ended = known.ended.or(row.ended);
            }
        }
    }
    rows
}
