//! What a supervisor should know of a peer: supervision, training, load, wellbeing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::presence::{NEVER, Presence, Span, shared, united};
use super::stretch::{Part, Series};
use super::{About, Acknowledgements, Kind, Stretch};
use crate::catalogue::{Instrument, Target};
use crate::event::{Body, Event};
use crate::params::Params;
use crate::scores;
use crate::time::{Day, Instant};
use crate::words::{Component, Mechanism, Rater, ScoreResult};

/// What a peer's rules look at: the peer as it is at an instant.
pub(crate) struct PeerStory<'a> {
    pub params: &'a Params,
    /// Of the peer's own events those that are [`told`](is_told_of_peer), sorted, none after the instant.
    pub told: &'a [Arc<Event>],
    /// When its dyads are open, as of the instant.
    pub presence: Presence<'a>,
    /// The alerts of its wellbeing as last found, where its scores have not changed since: they depend on nothing else.
    pub wellbeing: Option<&'a [Stretch]>,
    /// The instant.
    pub now: Instant,
}

/// Whether an alert of a peer may depend on such an event of its own.
pub(crate) fn is_told_of_peer(body: &Body) -> bool {
    matches!(body, Body::Supervision { held: true, .. } | Body::Training { .. } | Body::Measure(_))
}

/// All stretches ever, up to the instant of the story; those of wellbeing are the last.
pub(crate) fn peer_stretches(
    story: &PeerStory<'_>,
    about: About<'_>,
    acknowledgements: &dyn Acknowledgements,
) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    supervision_overdue(story, &mut stretches);
    training_lapsed(story, &mut stretches);
    overloaded(story, &mut stretches);
    match story.wellbeing {
        Some(known) => stretches.extend_from_slice(known),
        None => wellbeing_fallen(story, &mut stretches),
    }
    stretches.iter_mut().for_each(|stretch| stretch.acknowledge(about, acknowledgements));
    stretches
}

/// The earliest instant after `story.now` at which time alone may open or close an alert of the peer, as long as its dyads
/// stay open as they are. It may be too early, never too late.
pub(crate) fn peer_deadline(story: &PeerStory<'_>) -> Option<Instant> {
    let presence = &story.presence;
    if !presence.is_open(story.now) {
        return None;
    }
    let overdue = presence.first().map(|first| overdue_spans(story, first.from.day()));
    let lapses = story.params.settings.mandatory_training.iter();
    let lapses = lapses.flat_map(|(module, days)| lacking(story, module, *days)).map(|(span, _)| span);
    let starts = overdue.into_iter().flatten().map(|(span, _)| span).chain(lapses).map(|span| span.from);
    starts.filter(|at| *at > story.now).min()
}

/// Pushes a stretch for each span that has begun.
fn push<'a>(
    story: &PeerStory<'_>,
    kind: Kind,
    part: Part,
    spans: &[Span],
    opening: impl Fn(Instant) -> Option<&'a Arc<Event>>,
    stretches: &mut Vec<Stretch>,
) {
    for span in spans.iter().filter(|span| span.from <= story.now) {
        let Some(event) = opening(span.from) else { continue };
        let until = Some(span.until).filter(|until| *until <= story.now);
        let stretch = Stretch::opened(kind, event, span.from);
        stretches.push(stretch.at(Mechanism::PeerRole, part.clone()).until(until));
    }
}

/// Spans, dyads open or not, in which supervision is overdue, each with the supervision counted from; `None`: from the first
/// day with an open dyad.
fn overdue_spans<'a>(story: &PeerStory<'a>, first: Day) -> Vec<(Span, Option<&'a Arc<Event>>)> {
    let days = story.params.settings.supervision_days as i32;
    let held = |event: &&Arc<Event>| matches!(event.body, Body::Supervision { held: true, .. });
    let held: Vec<&Arc<Event>> = story.told.iter().filter(held).collect();
    let froms = std::iter::once(None).chain(held.iter().copied().map(Some));
    let untils = held.iter().map(|event| event.occurred_at).chain([NEVER]);
    froms
        .zip(untils)
        .map(|(event, until)| {
            let since = event.map_or(first, |event| event.occurred_at.day().max(first));
            (Span { from: since.plus(days + 1).start(), until }, event)
        })
        .filter(|(span, _)| span.from < span.until)
        .collect()
}

/// A peer has an open dyad, and 35 days have passed since supervision or since the first day with one.
fn supervision_overdue(story: &PeerStory<'_>, stretches: &mut Vec<Stretch>) {
    let presence = &story.presence;
    let Some(first) = presence.first() else { return };
    let overdue = overdue_spans(story, first.from.day());
    let spans: Vec<Span> = overdue.iter().map(|(span, _)| *span).collect();
    let opening = |at: Instant| {
        // Time counts from these only where the days are up at that very instant.
        let up = overdue.iter().find(|(span, _)| span.from == at);
        let counted = up.map(|(_, held)| {
            let of_first = held.is_none_or(|held| held.occurred_at.day() <= first.from.day());
            let of_held = held.filter(|held| held.occurred_at.day() >= first.from.day());
            [of_first.then_some(&first.opener), of_held]
        });
        presence.opening(at, 0, counted.into_iter().flatten().flatten())
    };
    let part = Part::Component(Component::Supervision);
    let spans = shared(&spans, presence.spans());
    push(story, Kind::SupervisionOverdue, part, &spans, opening, stretches);
}

/// More days than there are from the first event to the last: instants end with the year 9999.
const DAYS_MAX: u32 = 3_000_000;

/// Spans in which a module is lacking, each with the training that ran out; `None`: there was none yet.
fn lacking<'a>(story: &PeerStory<'a>, module: &str, days: u32) -> Vec<(Span, Option<&'a Arc<Event>>)> {
    let trained =
        |event: &&Arc<Event>| matches!(&event.body, Body::Training { module: of } if **of == *module);
    let trained: Vec<&Arc<Event>> = story.told.iter().filter(trained).collect();
    let froms = std::iter::once(None).chain(trained.iter().copied().map(Some));
    let untils = trained.iter().map(|event| event.occurred_at).chain([NEVER]);
    froms
        .zip(untils)
        .filter_map(|(event, until)| {
            let from = match event {
                None => Instant(i64::MIN),
                Some(_) if days == 0 || days > DAYS_MAX => return None,
                Some(event) => event.occurred_at.day().plus(days as i32 + 1).start(),
            };
            (from < until).then_some((Span { from, until }, event))
        })
        .collect()
}

/// A peer with an open dyad lacks an unexpired mandatory module.
fn training_lapsed(story: &PeerStory<'_>, stretches: &mut Vec<Stretch>) {
    let presence = &story.presence;
    let modules = &story.params.settings.mandatory_training;
    let lacks: Vec<_> = modules.iter().flat_map(|(module, days)| lacking(story, module, *days)).collect();
    let opening = |at: Instant| {
        let lacked_before = lacks.iter().any(|(span, _)| span.from < at && at <= span.until);
        let ran_out = lacks.iter().filter(|(span, _)| span.from == at && !lacked_before);
        presence.opening(at, 0, ran_out.filter_map(|(_, training)| *training))
    };
    let part = Part::Component(Component::Training);
    let spans = united(lacks.iter().map(|(span, _)| *span).collect());
    let spans = shared(&spans, presence.spans());
    push(story, Kind::TrainingLapsed, part, &spans, opening, stretches);
}

/// More open dyads than the service has set as a limit.
fn overloaded(story: &PeerStory<'_>, stretches: &mut Vec<Stretch>) {
    let presence = &story.presence;
    let limit = story.params.settings.overload_dyads as usize;
    let spans = presence.spans_above(limit);
    let opening = |at: Instant| presence.opening(at, limit, std::iter::empty());
    push(story, Kind::PeerOverloaded, Part::None, &spans, opening, stretches);
}

/// A score that has deteriorated reliably against the first of its series, until a later one has not.
fn wellbeing_fallen(story: &PeerStory<'_>, stretches: &mut Vec<Stretch>) {
    /// The first total, and the place of the alert that is open.
    type SoFar = (i64, Option<usize>);
    let mut series: BTreeMap<(&str, Rater), SoFar> = BTreeMap::new();
    for event in story.told {
        let Body::Measure(measure) = &event.body else { continue };
        let instrument = story.params.catalogue.get(&measure.instrument);
        // Without a reliable change nothing is ever known to have fallen.
        let is_judged = |instrument: &&Instrument| {
            instrument.target == Target::Peer && instrument.reliable_change_micros.is_some()
        };
        let Some(instrument) = instrument.filter(is_judged) else { continue };
        let Some(total) = scores::given_total(measure) else { continue };
        let (first, open) = series.entry((&measure.instrument, measure.rater)).or_insert((total, None));
        let fallen =
            scores::result(instrument, total.saturating_sub(*first)) == Some(ScoreResult::Deteriorated);
        match open {
            Some(place) if !fallen => {
                stretches[*place].until = Some(event.occurred_at);
                *open = None;
            }
            None if fallen => {
                *open = Some(stretches.len());
                let part = Part::Series(Box::new(Series {
                    instrument: measure.instrument.clone(),
                    rater: measure.rater,
                    construct: instrument.construct.as_str().into(),
                }));
                let stretch = Stretch::opened(Kind::PeerWellbeingFall, event, event.occurred_at);
                stretches.push(stretch.at(Mechanism::PeerRole, part));
            }
            _ => {}
        }
    }
}
