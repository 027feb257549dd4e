//! What a site's members add to its releases.

use std::sync::Arc;

use crate::alert::{Acknowledgements as _, Stretch};
use crate::dyad::Context;
use crate::event::{Event, Persons};
use crate::params::Params;
use crate::partition::Output;
use crate::release::{Board, Entry, Layout, Tally};
use crate::time::{Day, Instant};
use crate::versions::Slot;
use crate::windows::{Trace, Windows};

use super::Site;
use super::acknowledgements::Register;
use super::slots::{History, Member, Slots};

/// Events whose entries are made at once: a whole backlog's would be many.
const AT_ONCE: usize = 256;

/// How many members can be looked at in the time in which one is counted.
const COUNTING: usize = 32;

/// How far the next release is counted ahead.
///
/// What a member adds is taken down as if nothing more happened to it until the end of the day, so it can be long before.
/// Where something does happen it is taken down again; the board only ever adds up what is on it. So the release is the same
/// however much was counted ahead, and whenever; only the less is left to count at its boundary.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// How many places of the way were looked at: along all members for dyads, then again for the others.
    looked: usize,
    /// Whether there may be something to count behind on the way.
    again: bool,
    /// Whether there is nothing to count.
    done: bool,
}

impl Ahead {
    /// Something changed.
    pub fn begin_again(&mut self) {
        (self.again, self.done) = (true, false);
    }

    /// The next of `members` to look at, and whether it is looked at as a dyad.
    fn next(&mut self, members: usize) -> Option<(Slot, bool)> {
        if self.looked >= 2 * members {
            *self = Ahead { looked: 0, again: false, done: !self.again };
        }
        if self.done {
            return None;
        }
        self.looked += 1;
        let place = self.looked - 1;
        Some((Slot((place % members) as u32), place < members))
    }
}

impl Site {
    /// Releases the site at the boundary `clock`, just before which it has been settled, if it has events by then.
    pub fn release(&mut self, clock: Instant, layout: &Layout, params: &Params) -> Option<Output> {
        let (first_day, _) = self.days.first_key_value()?;
        let first_day = *first_day;
        let count = Count::up_to(clock, layout, params);
        let mut board = self.board_on(count.at.day(), layout);
        count.count_events(&std::mem::take(&mut self.fresh), &mut board);
        // Dyads first: persons are counted by what their dyads say.
        for as_dyad in [true, false] {
            for slot in self.slots.all() {
                self.count_if_due(slot, as_dyad, &count, &mut board);
            }
        }
        let release = layout.release(&board, &self.name, first_day);
        self.board = Some(board);
        self.ahead = Ahead::default();
        Some(Output::Release(release))
    }

    /// Counts some of what the release at the boundary `next` will be made of; `last` is the boundary before. Of `effort`,
    /// members looked at, it gives back what it did not need.
    pub fn count_ahead(
        &mut self,
        (last, next): (Instant, Instant),
        layout: &Layout,
        params: &Params,
        effort: usize,
    ) -> usize {
        let mut left = effort.saturating_sub(1);
        if self.days.is_empty() || self.ahead.done {
            return left;
        }
        let mut board = self.board_on(last.just_before().day(), layout);
        let count = Count::up_to(next, layout, params);
        let fresh = self.fresh.split_off(self.fresh.len().saturating_sub(left));
        count.count_events(&fresh, &mut board);
        left -= fresh.len();
        while left > 0
            && let Some((slot, as_dyad)) = self.ahead.next(self.slots.len())
        {
            let is_counted = self.count_if_due(slot, as_dyad, &count, &mut board);
            left = left.saturating_sub(if is_counted { COUNTING } else { 1 });
        }
        self.board = Some(board);
        left
    }

    /// The board with windows that end on `day`.
    fn board_on(&mut self, day: Day, layout: &Layout) -> Board {
        let mut board = self.board.take().unwrap_or_else(|| Board::new(layout));
        board.advance(day);
        board
    }

    /// Counts a member that is a dyad, or one that is none, if something happened to it or time has turned it; whether it
    /// did.
    fn count_if_due(&mut self, slot: Slot, as_dyad: bool, count: &Count<'_>, board: &mut Board) -> bool {
        let member = self.slots.get(slot);
        if !is_due(member, count.at) || member.pair().is_some() != as_dyad {
            return false;
        }
        if as_dyad {
            self.count_dyad(slot, count, board)
        } else {
            self.count_other(slot, count, board)
        }
        true
    }

    /// How many members the release at the boundary `next` has yet to count.
    pub fn left_to_count(&self, next: Instant) -> usize {
        self.slots.all().filter(|slot| is_due(self.slots.get(*slot), next.just_before())).count()
    }

    fn count_dyad(&mut self, slot: Slot, count: &Count<'_>, board: &mut Board) {
        let Site { name, slots, acknowledgements, .. } = self;
        let member = slots.get_mut(slot);
        let mut tally = Tally::new(count.layout, count.at.day());
        let Member { persons, history: History::Dyad(pair), .. } = &mut *member else { return };
        let Persons { client: Some(client), peer: Some(peer) } = &*persons else { return };
        let cx =
            Context { params: count.params, site: name, client, peer, acknowledgements: &*acknowledgements };
        let timeline = pair.dyad.timeline(&cx, count.at);
        let (trace, turns_at) = count.windows.count(pair.dyad.events(), &timeline, &mut tally);
        let (before, day) = (std::mem::replace(&mut pair.trace, trace), count.at.day());
        let persons = [
            (pair.client, !trace.tells_client_nothing_new(&before, day)),
            (pair.peer, !trace.tells_peer_nothing_new(&before, day)),
        ];
        let alerts = count_alerts(member, None, name, acknowledgements, count);
        enter(member, tally, alerts, turns_at, board);
        for (person, differs) in persons {
            slots.get_mut(person).changed |= differs;
        }
    }

    /// Counts a person, or what has no dyad any more.
    fn count_other(&mut self, slot: Slot, count: &Count<'_>, board: &mut Board) {
        let mut tally = Tally::new(count.layout, count.at.day());
        let member = self.slots.get(slot);
        let mut turns_at = None;
        if let Some(person) = member.person() {
            let pairs = person.dyads().iter().filter_map(|dyad| self.slots.get(*dyad).pair());
            if member.persons.client.is_some() {
                let dyads: Vec<(&[Arc<Event>], &Trace)> =
                    pairs.map(|pair| (pair.dyad.events(), &pair.trace)).collect();
                // Time alone changes what they add where it turns a dyad, which is then counted again first.
                count.windows.count_client(person.events(), &dyads, &mut tally);
            } else {
                let dyads: Vec<&Trace> = pairs.map(|pair| &pair.trace).collect();
                turns_at = count.windows.count_peer(person.events(), &dyads, &mut tally);
            }
        }
        let silence = self.silence.alert.as_ref().filter(|_| slot == Slots::NOBODY);
        let alerts = count_alerts(member, silence, &self.name, &self.acknowledgements, count);
        enter(self.slots.get_mut(slot), tally, alerts, turns_at, board);
    }
}

/// Whether something happened to a member since it was counted, or time turns it up to `at`.
fn is_due(member: &Member, at: Instant) -> bool {
    member.changed || member.turns_at.is_some_and(|turns_at| turns_at <= at)
}

/// What every count of a release is given.
struct Count<'a> {
    at: Instant,
    layout: &'a Layout,
    params: &'a Params,
    windows: Windows<'a>,
}

impl<'a> Count<'a> {
    /// Up to the boundary `clock`.
    fn up_to(clock: Instant, layout: &'a Layout, params: &'a Params) -> Count<'a> {
        let at = clock.just_before();
        Count { at, layout, params, windows: Windows::ending_on(at.day(), params) }
    }

    /// Counts what came to stand, or no longer does, by itself.
    fn count_events(&self, events: &[(Arc<Event>, bool)], board: &mut Board) {
        for events in events.chunks(AT_ONCE) {
            let mut tallies = [false, true].map(|_| Tally::new(self.layout, self.at.day()));
            for (event, stands) in events {
                self.windows.count_event(event, &mut tallies[usize::from(*stands)]);
            }
            let [gone, come] = tallies.map(Tally::into_entries);
            board.strike(&gone);
            board.enter(&come);
        }
    }
}

/// Takes a member's entries off the board and puts those of the tallies there, of its alerts where there is one;
/// `turns_at` is when time alone changes them.
fn enter(
    member: &mut Member,
    history: Tally<'_>,
    alerts: Option<Tally<'_>>,
    turns_at: Option<Instant>,
    board: &mut Board,
) {
    let mut replace = |entries: &mut Vec<Entry>, tally: Tally<'_>| {
        let before = std::mem::replace(entries, tally.into_entries());
        // Most of it is as it was.
        let same = before.iter().zip(&*entries).take_while(|(before, now)| before == now).count();
        board.strike(&before[same..]);
        board.enter(&entries[same..]);
    };
    replace(&mut member.entries, history);
    if let Some(alerts) = alerts {
        replace(&mut member.alert_entries, alerts);
    }
    (member.changed, member.alerts_changed) = (false, false);
    // Where time changes nothing more, what is past all windows need not be kept.
    let gone_on = || Entry::gone_on(&member.entries).max(Entry::gone_on(&member.alert_entries));
    member.turns_at = turns_at.or_else(|| gone_on().map(Day::start));
}

/// Counts a member's alerts and `another`; nothing where they are as they were when last counted.
fn count_alerts<'a>(
    member: &Member,
    another: Option<&Stretch>,
    site: &str,
    acknowledgements: &Register,
    count: &Count<'a>,
) -> Option<Tally<'a>> {
    // Where nothing happened time has come, perhaps for them to leave the windows.
    if member.changed && !member.alerts_changed {
        return None;
    }
    let mut tally = Tally::new(count.layout, count.at.day());
    let concerns = member.concerns.iter().filter_map(|concern| concern.stretch.as_ref());
    let alerts = member.alerts().iter().chain(concerns).chain(another);
    for alert in alerts.filter(|alert| count.windows.reach(alert.since.day())) {
        // Few alerts are ever acknowledged: only where any is must this one's id be known.
        let (acknowledged, confirmed) = if acknowledgements.is_empty() {
            (false, false)
        } else {
            acknowledgements.of(&alert.id(member.about(site, count.params)))
        };
        count.windows.count_alert(alert.kind, alert.since, acknowledged, confirmed, &mut tally);
    }
    Some(tally)
}
