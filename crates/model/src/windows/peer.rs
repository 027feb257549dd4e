//! What a peer adds: whether it was active in a window and, if so, supervised, trained, reflecting, overloaded; its
//! leaving; its own outcomes.

use std::sync::Arc;

use crate::event::{Body, Event};
use crate::indicators::Id;
use crate::params::Settings;
use crate::release::{AHEAD, Tally};
use crate::time::{Day, Instant};

use super::outcomes::Person;
use super::{LONGEST, Trace, Windows, position};

impl Windows<'_> {
    /// Takes down a peer: its `own` events, those of no dyad, sorted and up to the end of the day, and the traces that
    /// [`Windows::count`] gave of its dyads. Gives back when time alone changes what it adds; it may be too early, never
    /// too late.
    pub fn count_peer(&self, own: &[Arc<Event>], dyads: &[&Trace], tally: &mut Tally<'_>) -> Option<Instant> {
        self.count_outcomes(Person::Peer, own, tally);
        let (mut supervised, mut reflected) = (None, None);
        for event in own {
            let day = event.occurred_at.day();
            match event.body {
                Body::Supervision { held: true, .. } => supervised = Some(day),
                Body::Reflection => reflected = Some(day),
                Body::Left { reason } => tally.on(Id::PeerExits, position(reason), day, 1),
                _ => {}
            }
        }
        let active = dyads.iter().filter_map(|trace| trace.last_attended).max()?;
        tally.on(Id::PeersActive, 0, active, 1);
        for (id, last) in [(Id::PeersSupervised, supervised), (Id::PeersReflecting, reflected)] {
            if let Some(last) = last {
                tally.on(id, 0, active.min(last), 1);
            }
        }
        let trained_to = trained_to(own, &self.params.settings);
        let is_trained = trained_to.is_some_and(|last| self.day <= last);
        tally.on(Id::PeersTrained, 0, active, is_trained.into());
        let is_overloaded = self.is_overloaded(dyads, 0);
        tally.on(Id::PeersOverloaded, 0, active, is_overloaded.into());
        let untrained = trained_to.filter(|_| is_trained).map(|last| Day(last.0.saturating_add(1)));
        let turned = (1..=AHEAD).find(|ahead| self.is_overloaded(dyads, *ahead) != is_overloaded);
        let turned = turned.map(|ahead| self.day.plus(ahead));
        // Once the last meeting is past all windows, neither matters.
        let turns_on = [untrained, turned].into_iter().flatten().min();
        turns_on.filter(|day| day.since(active) < LONGEST).map(Day::start)
    }

    /// Whether more dyads than a peer can carry are open `ahead` days after the day, if nothing happens.
    fn is_overloaded(&self, dyads: &[&Trace], ahead: i32) -> bool {
        let most = self.params.settings.overload_dyads as usize;
        dyads.len() > most
            && dyads.iter().filter(|trace| trace.open_on(self.day).contains(-ahead)).count() > most
    }
}

/// The last day on which every mandatory module is valid, by its latest training among `own`; `None` where one is lacking.
fn trained_to(own: &[Arc<Event>], settings: &Settings) -> Option<Day> {
    let mut last = Day(i32::MAX);
    for (module, valid_days) in &settings.mandatory_training {
        let of_module = |event: &Arc<Event>| match &event.body {
            Body::Training { module: trained } if **trained == **module => Some(event.occurred_at.day()),
            _ => None,
        };
        let trained = own.iter().rev().find_map(of_module)?;
        if *valid_days > 0 {
            last = last.min(Day(trained.0.saturating_add_unsigned(*valid_days)));
        }
    }
    Some(last)
}
