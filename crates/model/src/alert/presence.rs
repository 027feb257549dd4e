//! When, over all dyads of a peer, how many are open; and what opens an alert that needs so many.

use std::sync::Arc;

use super::open::OpenStretch;
use crate::event::Event;
use crate::time::Instant;

/// After every instant.
pub(super) const NEVER: Instant = Instant(i64::MAX);

/// [from, until).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: Instant,
    pub until: Instant,
}

/// The instants of any of these: they are sorted, and those that touch become one.
pub(super) fn united(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.from);
    let mut united: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match united.last_mut().filter(|last| span.from <= last.until) {
            Some(last) => last.until = last.until.max(span.until),
            None => united.push(span),
        }
    }
    united
}

/// The instants of both, each sorted and of spans that do not overlap.
pub(super) fn shared(mut a: &[Span], mut b: &[Span]) -> Vec<Span> {
    let mut shared = Vec::new();
    while let ([first, after @ ..], [other, after_other @ ..]) = (a, b) {
        let both = Span { from: first.from.max(other.from), until: first.until.min(other.until) };
        shared.extend(Some(both).filter(|span| span.from < span.until));
        // Whichever ends first shares nothing with what follows in the other.
        if first.until <= other.until {
            a = after;
        } else {
            b = after_other;
        }
    }
    shared
}

/// All stretches in which a dyad of the peer is open, each dyad's own apart from one another.
pub(crate) struct Presence<'a> {
    stretches: Vec<&'a OpenStretch>,
    /// When any is open.
    spans: Vec<Span>,
}

impl<'a> Presence<'a> {
    pub fn of(dyads: impl Iterator<Item = &'a [OpenStretch]>) -> Presence<'a> {
        let stretches: Vec<&OpenStretch> = dyads.flatten().collect();
        let spans = united(stretches.iter().map(|open| span(open)).collect());
        Presence { stretches, spans }
    }

    /// The first of all; of those of one instant, the one whose event comes first in the order.
    pub fn first(&self) -> Option<&'a OpenStretch> {
        let order = |a: &&&OpenStretch, b: &&&OpenStretch| {
            a.from.cmp(&b.from).then_with(|| a.opener.order(&b.opener))
        };
        self.stretches.iter().min_by(|a, b| order(a, b)).copied()
    }

    /// Whether any is open at `at`.
    pub fn is_open(&self, at: Instant) -> bool {
        self.stretches.iter().any(|open| open.from <= at && open.until.is_none_or(|until| at < until))
    }

    /// When any is open.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// When more than `limit` are open.
    pub fn spans_above(&self, limit: usize) -> Vec<Span> {
        if self.stretches.len() <= limit {
            return Vec::new();
        }
        let mut steps: Vec<(Instant, bool)> = self
            .stretches
            .iter()
            .map(|open| span(open))
            .flat_map(|span| [(span.from, true), (span.until, false)])
            .collect();
        // What closes at an instant is closed there: it makes place for what opens.
        steps.sort_unstable();
        let (mut open, mut since, mut spans) = (0, None, Vec::new());
        for (at, opens) in steps {
            open = if opens { open + 1 } else { open - 1 };
            match since {
                None if open > limit => since = Some(at),
                Some(from) if open <= limit => {
                    spans.push(Span { from, until: at });
                    since = None;
                }
                _ => {}
            }
        }
        united(spans)
    }

    /// What opens, at `at`, an alert that needs more than `limit` open dyads: the first event in the order with which it
    /// holds; where time opened it, the last event counted from. `counted`: what time counted from for anything else the
    /// alert needs that came about at `at`.
    pub fn opening(
        &self,
        at: Instant,
        limit: usize,
        counted: impl Iterator<Item = &'a Arc<Event>>,
    ) -> Option<&'a Arc<Event>> {
        // As the instant begins, once time has acted.
        let still = |open: &&&OpenStretch| {
            open.from < at && open.until.is_none_or(|until| at < until || (until == at && !open.lost))
        };
        let before = self.stretches.iter().filter(still).count();
        let opened =
            || self.stretches.iter().copied().filter(|open| open.from == at).map(|open| &open.opener);
        let by_time = || opened().filter(|event| event.occurred_at < at);
        let last = |events: &mut dyn Iterator<Item = &'a Arc<Event>>| events.max_by(|a, b| a.order(b));
        if before > limit {
            return last(&mut { counted });
        }
        let open = before + by_time().count();
        if open > limit {
            return last(&mut counted.chain(by_time()));
        }
        let mut events: Vec<&Arc<Event>> = opened().filter(|event| event.occurred_at == at).collect();
        events.sort_by(|a, b| a.order(b));
        events.get(limit - open).copied()
    }
}

fn span(open: &OpenStretch) -> Span {
    Span { from: open.from, until: open.until.unwrap_or(NEVER) }
}
