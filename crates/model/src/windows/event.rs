//! What an event of a dyad adds by itself, whatever else happened.

use crate::catalogue::Instrument;
use crate::event::{Behaviour, Body, Contact, Event, Measure};
use crate::indicators::Id;
use crate::release::Tally;
use crate::scores;
use crate::time::Day;
use crate::words::*;

use super::{LONGEST, REQUEST_DAYS, Windows, position};

/// Components of an alliance measure that have a score: bond, goal, task, total.
pub(super) const COMPONENTS: usize = 4;

impl Windows<'_> {
    /// Takes down what an event of a dyad, up to the end of the day, adds by itself. It holds as long as the event stands:
    /// only what rests on the other events too is taken down again with its dyad, by [`Windows::count`].
    pub fn count_event(&self, event: &Event, tally: &mut Tally<'_>) {
        let day = event.occurred_at.day();
        match &event.body {
            Body::Contact(contact) => count_contact(contact, day, tally),
            Body::Measure(measure) => self.count_measure(measure, day, tally),
            Body::Behaviour(behaviour) => count_behaviour(behaviour, day, tally),
            Body::Comparison { by, direction, affect } => {
                let cell = position(*by) * Direction::ALL.len() + position(*direction);
                let cell = cell * Affect::ALL.len() + position(*affect);
                tally.on(Id::Comparisons, cell, day, 1);
            }
            _ => {}
        }
    }

    /// Whether nothing that an event of `day` adds by itself is in any window.
    pub fn is_past(day: Day, today: Day) -> bool {
        today.since(day) >= LONGEST + REQUEST_DAYS
    }

    /// The normalised scores of a client-rated measure of the primary alliance instrument, by component.
    pub(super) fn alliance_scores(&self, measure: &Measure) -> Option<[Option<i64>; COMPONENTS]> {
        let is_own =
            |primary: &&Instrument| measure.rater == Rater::Client && *measure.instrument == *primary.id;
        let q = scores::components(self.primary.filter(is_own)?, measure);
        Some([q.bond, q.goal, q.task, q.total])
    }

    fn count_measure(&self, measure: &Measure, day: Day, tally: &mut Tally<'_>) {
        if !self.reach(day) {
            return;
        }
        for (component, q) in self.alliance_scores(measure).into_iter().flatten().enumerate() {
            if let Some(q) = q {
                tally.on(Id::AllianceRatings, component, day, 1);
                tally.on(Id::AllianceScorePoints, component, day, q);
            }
        }
    }
}

fn count_contact(contact: &Contact, day: Day, tally: &mut Tally<'_>) {
    tally.on(Id::Contacts, position(contact.attendance), day, 1);
    // What is due counts on the day it is: the windows that ended 14 days earlier are those that end on it, moved.
    for kind in contact.requested.iter() {
        tally.on(Id::SupportRequestsDue, position(kind), day.plus(REQUEST_DAYS), 1);
    }
    if !contact.attended() {
        return;
    }
    tally.on(Id::ContactMinutes, 0, day, contact.minutes.unwrap_or(0).into());
    for practice in contact.practices.iter() {
        tally.on(Id::ContactsPractice, position(practice), day, 1);
    }
    for kind in SupportType::FIVE.iter().filter(|kind| contact.support.contains(**kind)) {
        tally.on(Id::ContactsSupport, position(*kind), day, 1);
    }
}

fn count_behaviour(behaviour: &Behaviour, day: Day, tally: &mut Tally<'_>) {
    let what = if behaviour.enacted { ModellingWhat::Enacted } else { ModellingWhat::Modelled };
    let cell = position(what) * Valence::ALL.len() + position(behaviour.valence);
    tally.on(Id::Behaviours, cell, day, 1);
}
