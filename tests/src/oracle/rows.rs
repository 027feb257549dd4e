//! Section 7: what was known of each event at its place in the order.

use std::collections::{BTreeMap, BTreeSet};

use rapport_proto::v1::{self, event::Body};

use super::alliance::Scored;
use super::days::{Us, day_of};
use super::dyads::{is_death, left};
use super::given::Target;
use super::series::{Score, scores};
use super::site::Site;
use super::walk::Walk;
use super::words::{self, word};
use super::{log, scores as arithmetic, standing};

/// The fields of an enriched row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The canonical event.
    pub event: v1::Event,
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
    pub received: BTreeSet<&'static str>,
    /// Types standing unmet.
    pub unmet: BTreeSet<&'static str>,
    /// What it speaks to.
    pub mechanism: Option<&'static str>,
    /// What of that.
    pub component: Option<&'static str>,
    /// Of a measure: what it measures.
    pub construct: Option<String>,
    /// Change from the first score of its series.
    pub change: Option<i64>,
    /// What the change means.
    pub result: Option<&'static str>,
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
        let is_attended = matches!(&event.body, Some(Body::Contact(one)) if words::attended(one));
        let before = episode.attended.iter().rev().nth(usize::from(is_attended));
        self.episode = Some(place + 1);
        self.episode_day = Some(log::day(event) - day_of(episode.opened));
        self.session = Some(episode.attended.len());
        self.days_since_contact = before.map(|(contact, _)| log::day(event) - day_of(*contact));
        self.breakdown = episode.alliance.breakdown().map(|one| (one.opened, one.mechanism, one.detected_by));
    }

    /// Fills in the mechanism and component that the event speaks to.
    fn speak(&mut self, site: &Site<'_>) {
        let component = self.scored.and_then(|scored| scored.component);
        (self.mechanism, self.component) = match self.event.body.as_ref().expect("an event has a body") {
            Body::Contact(contact) if words::attended(contact) && !contact.support.is_empty() => {
                (Some("social_support"), None)
            }
            Body::Contact(_) | Body::Alliance(_) => (Some("working_alliance"), None),
            Body::Measure(measure) => match arithmetic::instrument(site.given, measure).target {
                Target::Alliance => (Some("working_alliance"), component),
                Target::Client => (None, None),
                Target::Peer => (Some("peer_role"), None),
            },
            Body::Modelling(modelling) if modelling.what() == v1::ModellingWhat::Comparison => {
                (Some("role_modelling"), Some("social_comparison"))
            }
            Body::Modelling(_) => (Some("role_modelling"), Some("social_learning")),
            Body::Development(development) => (
                Some("peer_role"),
                Some(match development.kind() {
                    v1::DevelopmentKind::Training => "training",
                    v1::DevelopmentKind::Supervision => "supervision",
                    v1::DevelopmentKind::Reflection => "self_reflection",
                    _ => "support",
                }),
            ),
            Body::PeerChange(_) => (Some("peer_role"), None),
            Body::Relationship(one) if one.action() == v1::RelationshipAction::Ended => {
                // The reason's word, which may be `none`.
                (Some(self.mechanism_of_end(one)), None)
            }
            _ => (None, None),
        };
    }

    fn mechanism_of_end(&self, relationship: &v1::Relationship) -> &'static str {
        let reason = word(relationship.reason().as_str_name(), "END_REASON_");
        let side = word(relationship.ended_by().as_str_name(), "SIDE_");
        let of_end = self.ended.map(|(_, _, mechanism)| mechanism);
        let by_table = words::mechanism_of_reason(&reason, &side).or(of_end);
        by_table.unwrap_or(if self.unmet.is_empty() { "unknown" } else { "social_support" })
    }

    /// Fills in what a measure says.
    fn measure(&mut self, site: &Site<'_>, scores: &[Score<'_>]) {
        let Some(Body::Measure(measure)) = &self.event.body else { return };
        self.construct = arithmetic::instrument(site.given, measure).construct.clone();
        let Some(score) = scores.iter().find(|one| one.event.event_id == self.event.event_id) else { return };
        let Some(first) = score.first(scores) else { return };
        self.change = Some(score.total - first.total);
        self.result = score.result(first);
    }
}

/// The rows of a site, by event id.
pub fn rows(site: &Site<'_>) -> BTreeMap<String, Row> {
    let has_person = |event: &&&v1::Event| !(event.client.is_empty() && event.peer.is_empty());
    let row =
        |event: &&v1::Event| (event.event_id.clone(), Row { event: (*event).clone(), ..Row::default() });
    let mut rows: BTreeMap<String, Row> = site.events.iter().filter(has_person).map(row).collect();
    for (dyad, _) in &site.dyads {
        for (event, found) in Walk::with_rows(site.given, dyad, site.now).rows {
            let row = rows.get_mut(&event.event_id).expect("an event of a dyad has a person");
            // A peer's leaving and a client's death end episodes in whichever dyads.
            let ended = row.ended.or(found.ended);
            if dyad.owns(event) {
                *row = Row { event: event.clone(), ..found };
            }
            let ends_in_other_dyads = left(event).is_some() || is_death(event);
            row.ended = if ends_in_other_dyads { ended } else { row.ended };
        }
    }
    let scores = scores(site);
    for row in rows.values_mut() {
        row.speak(site);
        row.measure(site, &scores);
    }
    rows
}
