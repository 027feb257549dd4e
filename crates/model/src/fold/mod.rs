//! The fold of a dyad's events in their order: model.md sections 3 and 4.
//!
//! [`Fold`] is the state after the last event. What time alone does after it ([`time`]) is applied before the next event,
//! or to a copy when somebody asks what holds at an instant; so asking never changes what a later event finds.

mod event;
mod facts;
mod stir;
mod time;

use std::borrow::Cow;
use std::sync::Arc;

use crate::alliance::Following;
use crate::event::{Body, Event};
use crate::params::{Params, Settings};
use crate::support::Standing;
use crate::time::{Day, Instant};
use crate::timeline::{Episode, Timeline};
use crate::words::*;

pub(crate) use facts::Facts;
pub(crate) use stir::Openings;
pub(crate) use time::{GIVEN_UP_DAYS, limit as pause_limit};

/// What a fold is given besides the event.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub params: &'a Params,
    /// The dyad's own events, sorted; those after the event at hand are not looked at.
    pub events: &'a [Arc<Event>],
}

impl<'a> Scene<'a> {
    pub fn settings(&self) -> &'a Settings {
        &self.params.settings
    }
}

/// What is counted along in the current episode, or was in the last one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Current {
    /// Attended contacts.
    sessions: u32,
    /// Day of the last of them.
    attended_on: Option<Day>,
    /// How the last contact went.
    last_contact: Option<Attendance>,
    /// Whether the client missed a contact since the last attended one.
    missed: bool,
    /// Types asked for again while unmet, and not delivered since.
    asked_again: Set<SupportType>,
    /// When a behaviour was last enacted with negative valence.
    harmed_at: Option<Instant>,
    /// The instrument followed, from the first rating on.
    following: Option<Box<Following>>,
}

/// A dyad's state after its last event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fold {
    /// The episodes so far; the last one is open where it has no end.
    episodes: Vec<Episode>,
    current: Current,
    standing: Standing,
    openings: Openings,
    /// Instant of the last event.
    at: Option<Instant>,
    /// Whether something happened since last asked that an alert, or when the dyad is open, may depend on.
    stirred: bool,
}

impl Fold {
    /// Folds `own` and `foreign` events, both sorted.
    pub fn of(scene: Scene<'_>, own: &[Arc<Event>], foreign: &[Arc<Event>]) -> Fold {
        let mut fold = Fold { stirred: true, ..Fold::default() };
        fold.go_on(scene, own, foreign, |_, _, _| {});
        fold
    }

    /// Folds `own` and `foreign` events after those folded, both sorted and of later instants; `visit` sees each event,
    /// whether it is an own one, and what was known at its place.
    pub fn go_on(
        &mut self,
        scene: Scene<'_>,
        own: &[Arc<Event>],
        foreign: &[Arc<Event>],
        mut visit: impl FnMut(&Arc<Event>, bool, Facts),
    ) {
        let (mut i, mut j) = (0, 0);
        let mut prevented = false;
        loop {
            let is_own = match (own.get(i), foreign.get(j)) {
                (Some(a), Some(b)) => a.order(b).is_lt(),
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return,
            };
            let event = if is_own { &own[i] } else { &foreign[j] };
            if self.at != Some(event.occurred_at) {
                let now = |event: &&Arc<Event>, at| event.occurred_at == at;
                let instant = own[i..].iter().take_while(|e| now(e, event.occurred_at));
                let mut instant =
                    instant.chain(foreign[j..].iter().take_while(|e| now(e, event.occurred_at)));
                prevented = instant.any(|event| prevents_loss(event));
            }
            let facts = self.apply(scene, event, is_own, prevented);
            visit(event, is_own, facts);
            if is_own {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    /// Whether `event`, which sorts last, can be applied to this state: its instant has not been judged without it.
    pub fn takes(&self, event: &Event) -> bool {
        let at = event.occurred_at;
        // A `started` of that instant may have followed the loss: hence two episodes.
        let mut judged = self.episodes.iter().rev().take(2).filter(|episode| {
            episode.presumed.is_some_and(|presumed| presumed.day.start() == at)
                || episode.breakdowns.last().is_some_and(|breakdown| breakdown.given_up_at == Some(at))
        });
        self.at != Some(at) || !prevents_loss(event) || judged.next().is_none()
    }

    /// Applies an event that sorts last and that this state [`takes`](Fold::takes).
    pub fn append(&mut self, scene: Scene<'_>, event: &Event, own: bool) -> Facts {
        self.apply(scene, event, own, prevents_loss(event))
    }

    /// Whether anything happened that an alert, or when the dyad is open, may depend on, since this was last asked.
    pub fn take_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred)
    }

    /// Of what alerts of support and of role modelling may have opened.
    pub fn openings(&self) -> Openings {
        self.openings
    }

    /// The episodes as of `at`, which is not before the last event: all but the last, and the last as it is then.
    pub fn episodes_at(&self, scene: Scene<'_>, at: Instant) -> (&[Episode], Option<Cow<'_, Episode>>) {
        let Some((last, before)) = self.episodes.split_last() else { return (&[], None) };
        if !time::may_advance(last, scene.settings(), at) {
            return (before, Some(Cow::Borrowed(last)));
        }
        let mut last = last.clone();
        let past = time::Past { current: &self.current, standing: &self.standing, scene };
        time::advance(&mut last, past, at, false);
        (before, Some(Cow::Owned(last)))
    }

    /// The 00:00 at which the open episode will be presumed lost if nothing happens.
    pub fn loss_ahead(&self, scene: Scene<'_>) -> Option<Instant> {
        let open = self.open().filter(|episode| episode.presumed.is_none())?;
        Some(time::day_of_loss(open, scene.settings()).start())
    }

    /// The timeline as of `at`, which is not before the last event.
    pub fn timeline(&self, scene: Scene<'_>, at: Instant) -> Timeline {
        let (before, last) = self.episodes_at(scene, at);
        let phase = last.as_deref().and_then(|episode| self.phase(episode, scene.settings(), at));
        let turns_at = last.as_deref().and_then(|episode| self.turn(episode, phase?, scene));
        let mut episodes = before.to_vec();
        episodes.extend(last.map(Cow::into_owned));
        Timeline { episodes, phase, turns_at }
    }

    /// When time alone next changes the phase or the days open of the dyad whose last episode is `episode`, in `phase`.
    fn turn(&self, episode: &Episode, phase: Phase, scene: Scene<'_>) -> Option<Instant> {
        let settings = scene.settings();
        let unmonitored = || {
            let rated = self.current.following.as_deref().map(|following| following.last_day);
            let since = rated.map_or(episode.opened_at.day(), |day| day.max(episode.opened_at.day()));
            since.plus(settings.unmonitored_days as i32 + 1).start()
        };
        let loss = time::day_of_loss(episode, settings).start();
        match phase {
            Phase::PresumedLost => None,
            Phase::Paused => episode.pauses.last().map(|pause| loss.min(time::limit(pause, settings))),
            Phase::Forming | Phase::Working => Some(loss.min(unmonitored())),
            Phase::Unmonitored | Phase::Watch | Phase::Breakdown => Some(loss),
        }
    }

    fn open(&self) -> Option<&Episode> {
        self.episodes.last().filter(|episode| episode.end.is_none())
    }

    fn open_mut(&mut self) -> Option<&mut Episode> {
        self.episodes.last_mut().filter(|episode| episode.end.is_none())
    }

    /// The phase at `at` of the dyad whose last episode is `episode`, advanced to `at`.
    fn phase(&self, episode: &Episode, settings: &Settings, at: Instant) -> Option<Phase> {
        if episode.end.is_some() {
            return None;
        }
        let unmonitored = |since: Day| at.day().passed(settings.unmonitored_days as i32, since);
        let following = self.current.following.as_deref();
        Some(if episode.presumed.is_some() {
            Phase::PresumedLost
        } else if episode.pauses.last().is_some_and(|pause| pause.to.is_none()) {
            Phase::Paused
        } else if episode.open_breakdown().is_some() {
            Phase::Breakdown
        } else if episode.open_watch().is_some() {
            Phase::Watch
        } else if unmonitored(episode.opened_at.day()) && following.is_none_or(|f| unmonitored(f.last_day)) {
            Phase::Unmonitored
        } else if following.is_none_or(|f| !f.has_baseline(settings)) {
            Phase::Forming
        } else {
            Phase::Working
        })
    }
}

/// Whether an event at the very instant of a presumed dropout prevents it: an attended contact or an end.
fn prevents_loss(event: &Event) -> bool {
    match &event.body {
        Body::Contact(contact) => contact.attended(),
        Body::Ended { .. } | Body::Left { .. } => true,
        _ => false,
    }
}
