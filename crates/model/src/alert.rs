//! Alerts: stretches of time in which something holds that a person should know: model.md section 6.
//!
//! Each kind is a rule that lists all its stretches ever from what a history says up to an instant ([`Story`] of a dyad,
//! [`PeerStory`] of a peer); what acknowledgements close, identity, state and wording are the same for all.
//!
//! Reading order: [`kind`], [`stretch`], then the rules: [`alliance`], [`loss`], [`support`], [`modelling`] of dyads;
//! [`open`], [`presence`], [`peer`] of peers; [`site`]; last [`wording`] and [`erased`].

mod alliance;
mod erased;
mod kind;
mod loss;
mod modelling;
mod open;
mod peer;
mod presence;
mod site;
mod stretch;
mod support;
mod wording;

use std::sync::Arc;

use rapport_proto::v1;

use crate::event::{Body, Event};
use crate::fold::Openings;
use crate::params::Settings;
use crate::time::Instant;
use crate::timeline::Episode;
use crate::words::AcknowledgementState;

pub use kind::Kind;
pub(crate) use stretch::{About, Id, Stretch, WITHDRAWN};
pub(crate) use {
    erased::{departure_opened_by, opened_by, silence_opened_by},
    open::{OpenStretch, open_stretches},
    peer::{PeerStory, is_told_of_peer, peer_deadline, peer_stretches},
    presence::Presence,
    site::{is_for_safeguarding, safeguarding, site_silent},
};

/// The standing acknowledgements of a site that have occurred up to its clock.
pub trait Acknowledgements {
    /// `occurred_at` of the first acknowledgement, in the order of events, of that alert (32 hex digits) in one of these
    /// states.
    fn first(&self, alert_id: &str, states: &[AcknowledgementState]) -> Option<Instant>;

    /// Whether it is known that there are none: then no alert's id need be worked out to ask.
    fn is_empty(&self) -> bool {
        false
    }
}

/// No acknowledgements.
impl Acknowledgements for () {
    fn first(&self, _: &str, _: &[AcknowledgementState]) -> Option<Instant> {
        None
    }

    fn is_empty(&self) -> bool {
        true
    }
}

/// What a dyad's rules look at: the dyad as it is at an instant.
pub(crate) struct Story<'a> {
    pub settings: &'a Settings,
    /// Its episodes, advanced to the instant.
    pub episodes: &'a [&'a Episode],
    /// Its own events, sorted, none after the instant.
    pub events: &'a [Arc<Event>],
    /// Of these the ones that are [`told`](is_told), sorted too.
    pub told: &'a [Arc<Event>],
    /// Of what anything told can have opened an alert.
    pub openings: Openings,
    /// The instant.
    pub now: Instant,
}

impl<'a> Story<'a> {
    /// Its own events of that instant, in order.
    fn events_at(&self, at: Instant) -> impl Iterator<Item = &'a Arc<Event>> + use<'a> {
        let from = self.events.partition_point(|event| event.occurred_at < at);
        self.events[from..].iter().take_while(move |event| event.occurred_at == at)
    }

    /// Its own event of that id and instant.
    fn event(&self, at: Instant, id: &str) -> Option<&'a Arc<Event>> {
        self.events_at(at).find(|event| *event.id == *id)
    }

    /// What is told in order, each with the number of the episode it belongs to, from 0; `None`: to none.
    fn told(&self) -> impl Iterator<Item = (Option<usize>, &'a Arc<Event>)> + use<'_, 'a> {
        let (episodes, mut opened) = (self.episodes, 0);
        self.told.iter().map(move |event| {
            while episodes.get(opened).is_some_and(|next| self.opens_by(next, event)) {
                opened += 1;
            }
            // The events of the very instant of its end belong to an episode.
            let goes_on = |n: &usize| episodes[*n].end.as_ref().is_none_or(|end| event.occurred_at <= end.at);
            (opened.checked_sub(1).filter(goes_on), event)
        })
    }

    /// Whether `event`, or one before it in the order, opened the episode.
    fn opens_by(&self, episode: &Episode, event: &Event) -> bool {
        let at = episode.opened_at;
        let opened_by = || self.event(at, &episode.opened_by);
        at < event.occurred_at
            || at == event.occurred_at && opened_by().is_some_and(|opener| opener.order(event).is_le())
    }
}

/// What a dyad's rules are given: the story, and what joins which alert depends on when that was closed.
struct Telling<'a> {
    story: &'a Story<'a>,
    /// What the rules of support and of role modelling begin from, each with the number of its episode: [`Story::told`].
    told: &'a [(Option<usize>, &'a Arc<Event>)],
    about: About<'a>,
    acknowledgements: &'a dyn Acknowledgements,
}

/// Lists all stretches of one kind.
type Rule = fn(&Telling<'_>, &mut Vec<Stretch>);

/// One per kind of alert that a dyad's history opens.
const RULES: [Rule; 8] = [
    alliance::breakdowns,
    alliance::unrepaired,
    alliance::watches,
    loss::presumed,
    support::unmet,
    support::help_wanted,
    modelling::comparisons,
    modelling::harmful,
];

/// All stretches ever, up to the instant of the story.
pub(crate) fn stretches(
    story: &Story<'_>,
    about: About<'_>,
    acknowledgements: &dyn Acknowledgements,
) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let told: Vec<_> = if story.openings.is_empty() { Vec::new() } else { story.told().collect() };
    let telling = Telling { story, told: &told, about, acknowledgements };
    RULES.iter().for_each(|rule| rule(&telling, &mut stretches));
    stretches.iter_mut().for_each(|stretch| stretch.acknowledge(about, acknowledgements));
    stretches
}

/// Whether it may open an alert of support or of role modelling, or help to; of most histories that is little.
pub(crate) fn is_told(body: &Body) -> bool {
    match body {
        Body::Contact(contact) => !contact.requested.is_empty(),
        Body::Behaviour(_) | Body::Comparison { .. } => true,
        _ => false,
    }
}

/// The earliest instant after `story.now` at which time alone may open or close an alert, if the open episode is presumed
/// lost at `loss` at the earliest. It may be too early, never too late.
pub(crate) fn deadline(story: &Story<'_>, loss: Option<Instant>) -> Option<Instant> {
    let mut instants: Vec<Instant> = loss.into_iter().collect();
    alliance::turns(story, loss, &mut instants);
    modelling::turns(story, &mut instants);
    instants.into_iter().filter(|at| *at > story.now).min()
}

/// What to write so that whoever knows `before` knows `after`: new and changed alerts, and those withdrawn at `now`; each
/// with the id of the event that opened it.
pub(crate) fn differences(
    before: &[Stretch],
    after: &[Stretch],
    about: About<'_>,
    now: Instant,
) -> Vec<(Arc<str>, v1::Alert)> {
    let told = |stretch: &Stretch, now| (stretch.opened_by.clone(), stretch.record(about, now));
    // What is equal at both ends neither went nor came: mostly that is everything.
    let equal = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let (old, new) = (&before[equal..], &after[equal..]);
    let equal = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - equal], &new[..new.len() - equal]);
    let (mut in_after, mut in_before) = (0, 0);
    let gone = old.iter().filter(|old| !finds(after, &mut in_after, |new| new.is_same(old)));
    let new = new.iter().filter(|new| !finds(before, &mut in_before, |old| old == *new));
    gone.map(|old| told(old, Some(now))).chain(new.map(|new| told(new, None))).collect()
}

/// Whether there is one like that, looked for first from `from`, the place after the one found last: both lists are in the
/// order of the rules, and mostly alike.
fn finds(stretches: &[Stretch], from: &mut usize, is_it: impl Fn(&Stretch) -> bool) -> bool {
    let (before, after) = stretches.split_at(*from);
    let place = after.iter().position(&is_it).map(|place| *from + place);
    let place = place.or_else(|| before.iter().position(&is_it));
    *from = place.map_or(*from, |place| place + 1);
    place.is_some()
}

/// The first of these closing moments, where `now` has come to it.
fn earliest(closings: impl IntoIterator<Item = Option<Instant>>, now: Instant) -> Option<Instant> {
    closings.into_iter().flatten().min().filter(|closing| *closing <= now)
}

/// The alerts of a kind that acknowledgements close, each with its episode: while one is open, more of the same joins it.
#[derive(Default)]
struct Joined(Vec<(Option<usize>, Stretch)>);

impl Joined {
    fn note(&mut self, episode: Option<usize>, stretch: &Stretch) {
        self.0.push((episode, stretch.clone()));
    }

    /// Whether what happens at `at` in `episode` joins an alert that is open there.
    fn joins(&self, telling: &Telling<'_>, episode: Option<usize>, at: Instant) -> bool {
        let Some((_, open)) = self.0.iter().rev().find(|(of, _)| *of == episode) else { return false };
        // In the order, contacts and modelling come before an acknowledgement of the same instant.
        open.acknowledged_at(telling.about, telling.acknowledgements).is_none_or(|closed| closed >= at)
    }
}

#[cfg(test)]
mod tests;
