//! One client and one peer at a site: their events, sorted, and everything that follows from them.
//!
//! An event that sorts last is folded into the state at once. Any other change folds the history again when it is settled,
//! and what differs from the history as last settled is what is given out. Either way the outputs are a function of the
//! set of events, the acknowledgements and the instant.

use std::sync::Arc;

use rapport_proto::v1;

use crate::alert::{self, About, Acknowledgements, OpenStretch, Story, Stretch};
use crate::enriched;
use crate::event::{Event, sorted};
use crate::fold::{Facts, Fold, Scene};
use crate::params::Params;
use crate::time::Instant;
use crate::timeline::{Episode, Timeline};

#[cfg(test)]
mod tests;

/// What a dyad is given with every call.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Settings and instruments; the same with every call.
    pub params: &'a Params,
    /// The site.
    pub site: &'a str,
    /// Pseudonym of the client.
    pub client: &'a Arc<str>,
    /// Pseudonym of the peer.
    pub peer: &'a Arc<str>,
    /// The acknowledgements of the site's alerts.
    pub acknowledgements: &'a dyn Acknowledgements,
}

impl<'a> Context<'a> {
    fn about(&self) -> About<'a> {
        About {
            site: self.site,
            client: Some(self.client),
            peer: Some(self.peer),
            link: &self.params.settings.alert_link,
        }
    }
}

/// What differs from what was last settled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Rows by event id, in the order of events, those withdrawn (`None`) first.
    pub rows: Vec<(Arc<str>, Option<v1::Enriched>)>,
    /// Events noted elsewhere that came to end an episode here (`Some`), or no longer do (`None`), by event id.
    pub endings: Vec<(Arc<str>, Option<v1::Ended>)>,
    /// Alerts that opened, changed, closed or were withdrawn.
    pub alerts: Vec<v1::Alert>,
    /// The ids of the events that opened them, in the same order.
    pub opened_by: Vec<Arc<str>>,
    /// Whether it is open at other times than was last settled.
    pub open: bool,
}

/// A change of the set of events since it was last settled.
#[derive(Debug, Clone)]
struct Pending {
    event: Arc<Event>,
    own: bool,
    added: bool,
    /// What was known at its place, if it was folded at once.
    facts: Facts,
}

/// One (client, peer) pair of a site.
#[derive(Debug, Clone, Default)]
pub struct Dyad {
    own: Vec<Arc<Event>>,
    /// Of these the ones that alerts of support and role modelling begin from.
    told: Vec<Arc<Event>>,
    /// Events noted elsewhere that end this dyad's episodes.
    foreign: Vec<Arc<Event>>,
    /// The state after the last event, unless `stale`.
    fold: Fold,
    /// Whether `fold` lacks changes that are pending.
    stale: bool,
    /// Whether nothing of it was ever folded, nor given out: then its first settling gives out no row.
    replayed: bool,
    pending: Vec<Pending>,
    /// Whether alerts must be looked at again although nothing else changed.
    reconsider: bool,
    /// The alerts as last settled.
    alerts: Box<[Stretch]>,
    /// When it was open, as last settled.
    open: Box<[OpenStretch]>,
    deadline: Option<Instant>,
}

impl Dyad {
    /// A dyad without events.
    pub fn new() -> Dyad {
        Dyad::default()
    }

    /// A dyad without events whose events, until it is first settled, were given out before: they are only noted, and
    /// folded once.
    pub(crate) fn replayed() -> Dyad {
        Dyad { stale: true, replayed: true, ..Dyad::default() }
    }

    /// Adds an event that stands and has occurred: the dyad's own, or (`own` = false) its peer's `left` or a `died` of its
    /// client that was noted in another dyad. The same event must not be added twice.
    pub fn insert(&mut self, cx: &Context<'_>, event: Arc<Event>, own: bool) {
        let follows = |events: &[Arc<Event>]| events.last().is_none_or(|last| last.order(&event).is_lt());
        let at_once = !self.stale && follows(&self.own) && follows(&self.foreign) && self.fold.takes(&event);
        if own && alert::is_told(&event.body) {
            sorted::insert(&mut self.told, event.clone());
        }
        let events = if own { &mut self.own } else { &mut self.foreign };
        if self.replayed {
            return sorted::insert(events, event);
        }
        sorted::insert(events, event.clone());
        let mut facts = Facts::default();
        if at_once {
            let scene = Scene { params: cx.params, events: &self.own };
            facts = self.fold.append(scene, &event, own);
            // A late one may undo what time alone was taken to have done since: a pause, for one.
            let turned_since =
                |since: Instant, until: Option<Instant>| until.unwrap_or(since) >= event.occurred_at;
            self.reconsider |= self.alerts.iter().any(|alert| turned_since(alert.since, alert.until))
                || self.open.last().is_some_and(|open| turned_since(open.from, open.until));
        } else {
            self.stale = true;
        }
        self.pending.push(Pending { event, own, added: true, facts });
    }

    /// Takes an event out that was added: another version of it stands now, or none. One that is not there changes nothing.
    pub fn remove(&mut self, _cx: &Context<'_>, event: &Event, own: bool) {
        let events = if own { &mut self.own } else { &mut self.foreign };
        if let Some(event) = sorted::remove(events, event) {
            if own {
                sorted::remove(&mut self.told, &event);
            }
            if self.replayed {
                return;
            }
            self.stale = true;
            self.pending.push(Pending { event, own, added: false, facts: Facts::default() });
        }
    }

    /// Says that acknowledgements of this dyad's alerts changed.
    pub fn reconsider(&mut self) {
        self.reconsider = true;
    }

    /// Brings everything up to `now`, which no event added is after, time applied inclusively, and returns what differs from
    /// what was last settled.
    pub fn settle(&mut self, cx: &Context<'_>, now: Instant) -> Changes {
        if std::mem::take(&mut self.replayed) {
            return self.settle_first(cx, now);
        }
        let refolded = self.stale;
        let pending = std::mem::take(&mut self.pending);
        let mut changes = if refolded { self.refold(cx, &pending) } else { hot_changes(cx, &pending) };
        let due = self.deadline.is_some_and(|deadline| deadline <= now);
        let stirred = self.fold.take_stirred();
        if stirred || refolded || due || self.reconsider {
            self.settle_alerts(cx, now, &mut changes);
        }
        changes
    }

    /// Folds what was replayed. Its rows are written already; its alerts are given out, so that it is known which there are.
    fn settle_first(&mut self, cx: &Context<'_>, now: Instant) -> Changes {
        let scene = Scene { params: cx.params, events: &self.own };
        let mut changes = Changes::default();
        let mut fold = Fold::default();
        fold.go_on(scene, &self.own, &self.foreign, |event, own, facts| {
            if !own && facts.ended.is_some() {
                give_out(cx, event, own, &facts, &mut changes);
            }
        });
        fold.take_stirred();
        (self.fold, self.stale) = (fold, false);
        self.settle_alerts(cx, now, &mut changes);
        changes
    }

    /// The earliest instant after that last settled at which time alone may change an output; it may be too early, never
    /// too late.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The timeline as of `at`, which no event added is after.
    pub fn timeline(&self, cx: &Context<'_>, at: Instant) -> Timeline {
        let scene = Scene { params: cx.params, events: &self.own };
        if self.stale {
            Fold::of(scene, &self.own, &self.foreign).timeline(scene, at)
        } else {
            self.fold.timeline(scene, at)
        }
    }

    /// Its alerts as last settled.
    pub(crate) fn alerts(&self) -> &[Stretch] {
        &self.alerts
    }

    /// When it was open, as last settled.
    pub(crate) fn open_stretches(&self) -> &[OpenStretch] {
        &self.open
    }

    /// Its own events, sorted.
    pub fn events(&self) -> &[Arc<Event>] {
        &self.own
    }

    /// The row of an event of its own, found by folding the history again.
    pub(crate) fn row(&self, cx: &Context<'_>, id: &str) -> Option<v1::Enriched> {
        let scene = Scene { params: cx.params, events: &self.own };
        let mut row = None;
        Fold::default().go_on(scene, &self.own, &self.foreign, |event, own, facts| {
            if own && *event.id == *id {
                row = Some(enriched::row(cx.params, cx.site, cx.client, cx.peer, event, &facts));
            }
        });
        row
    }

    /// Whether it has no events of its own.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// What its rules of alerts look at, given its episodes as they are at `now`.
    fn story<'a>(&'a self, cx: &Context<'a>, episodes: &'a [&'a Episode], now: Instant) -> Story<'a> {
        let (settings, openings) = (&cx.params.settings, self.fold.openings());
        Story { settings, episodes, events: &self.own, told: &self.told, openings, now }
    }

    fn settle_alerts(&mut self, cx: &Context<'_>, now: Instant, changes: &mut Changes) {
        let scene = Scene { params: cx.params, events: &self.own };
        let (before, last) = self.fold.episodes_at(scene, now);
        let episodes: Vec<_> = before.iter().chain(last.as_deref()).collect();
        let story = self.story(cx, &episodes, now);
        let loss = self.fold.loss_ahead(scene);
        let alerts = alert::stretches(&story, cx.about(), cx.acknowledgements);
        let (open, turns_at) = alert::open_stretches(&story, loss);
        let told = alert::differences(&self.alerts, &alerts, cx.about(), now);
        (changes.opened_by, changes.alerts) = told.into_iter().unzip();
        changes.open = *open != *self.open;
        self.deadline = alert::deadline(&story, loss).into_iter().chain(turns_at).min();
        (self.alerts, self.open) = (alerts.into_boxed_slice(), open.into_boxed_slice());
        self.reconsider = false;
    }

    /// Folds the history again, as it was and as it is, and returns what differs.
    fn refold(&mut self, cx: &Context<'_>, pending: &[Pending]) -> Changes {
        // What was known before the first instant that changed cannot differ.
        let Some(first) = pending.iter().map(|change| change.event.occurred_at).min() else {
            return Changes::default();
        };
        let earlier = |events: &[Arc<Event>]| events.partition_point(|event| event.occurred_at < first);
        let (n, m) = (earlier(&self.own), earlier(&self.foreign));
        let scene = Scene { params: cx.params, events: &self.own };
        let mut fold = Fold::of(scene, &self.own[..n], &self.foreign[..m]);
        let (own, foreign) = (undone(&self.own, pending, true), undone(&self.foreign, pending, false));
        let mut before: Vec<Known> = Vec::new();
        let old_scene = Scene { params: cx.params, events: &own };
        fold.clone().go_on(old_scene, &own[n..], &foreign[m..], |event, own, facts| {
            before.push(Known { event: event.clone(), own, facts });
        });
        before.sort_by(|a, b| a.key().cmp(&b.key()));
        let mut gone = vec![true; before.len()];
        let mut after = Vec::new();
        fold.go_on(scene, &self.own[n..], &self.foreign[m..], |event, own, facts| {
            let known = Known { event: event.clone(), own, facts };
            match before.binary_search_by(|old| old.key().cmp(&known.key())) {
                Ok(old) => {
                    gone[old] = false;
                    if before[old] != known {
                        after.push(known);
                    }
                }
                Err(_) => after.push(known),
            }
        });
        (self.fold, self.stale) = (fold, false);
        let mut changes = Changes::default();
        before.iter().zip(gone).filter(|(_, gone)| *gone).for_each(|(known, _)| known.withdraw(&mut changes));
        after.iter().for_each(|known| known.give_out(cx, &mut changes));
        changes
    }
}

/// An event with what was known at its place.
#[derive(PartialEq)]
struct Known {
    event: Arc<Event>,
    own: bool,
    facts: Facts,
}

impl Known {
    fn key(&self) -> (&str, bool) {
        (&self.event.id, self.own)
    }

    fn withdraw(&self, changes: &mut Changes) {
        let id = self.event.id.clone();
        if self.own {
            changes.rows.push((id, None));
        } else if self.facts.ended.is_some() {
            changes.endings.push((id, None));
        }
    }

    fn give_out(&self, cx: &Context<'_>, changes: &mut Changes) {
        give_out(cx, &self.event, self.own, &self.facts, changes);
    }
}

fn give_out(cx: &Context<'_>, event: &Event, own: bool, facts: &Facts, changes: &mut Changes) {
    if own {
        let row = enriched::row(cx.params, cx.site, cx.client, cx.peer, event, facts);
        changes.rows.push((event.id.clone(), Some(row)));
    } else {
        let ended = facts.ended.map(|ended| enriched::ended_row(ended.polarity, ended.mechanism));
        changes.endings.push((event.id.clone(), ended));
    }
}

/// `events` as they were before the `pending` changes of that kind.
fn undone(events: &[Arc<Event>], pending: &[Pending], own: bool) -> Vec<Arc<Event>> {
    let mut events = events.to_vec();
    for change in pending.iter().rev().filter(|change| change.own == own) {
        let place = events.partition_point(|event| event.order(&change.event).is_lt());
        if change.added {
            events.remove(place);
        } else {
            events.insert(place, change.event.clone());
        }
    }
    events
}

fn hot_changes(cx: &Context<'_>, pending: &[Pending]) -> Changes {
    let mut changes = Changes::default();
    for change in pending {
        give_out(cx, &change.event, change.own, &change.facts, &mut changes);
    }
    changes
}
