//! Alerts about peers: supervision overdue, training lapsed, overload, a fall of a score.

use std::collections::{BTreeMap, BTreeSet};

use rapport_proto::v1::{self, event::Body};

use super::{Alert, Subject};
use crate::oracle::days::{Day, Us, day_of, midnight};
use crate::oracle::given::{Settings, Target};
use crate::oracle::log;
use crate::oracle::series::{Score, scores};
use crate::oracle::words::is_supervision_held;

/// What is so of a peer after something happened.
#[derive(Debug, Clone, Default)]
struct State<'a> {
    today: Day,
    /// Of each dyad, whether it is open.
    open: Vec<bool>,
    /// The last supervision held.
    supervised: Option<&'a v1::Event>,
    /// The first day with an open dyad, and the event that opened it, or from which it was counted.
    first_open: Option<(Day, &'a v1::Event)>,
    /// The last training of each module.
    trained: BTreeMap<&'a str, &'a v1::Event>,
    /// The events that began the pauses which time ended at this very instant.
    resumed: Vec<&'a v1::Event>,
}

fn later<'a>(events: impl IntoIterator<Item = &'a v1::Event>) -> Option<&'a v1::Event> {
    events.into_iter().max_by(|a, b| log::order(a).cmp(&log::order(b)))
}

impl<'a> State<'a> {
    fn open_dyads(&self) -> i64 {
        self.open.iter().filter(|is_open| **is_open).count() as i64
    }

    /// How many of the dyads that were open before still are.
    fn still_open(&self, before: &State<'_>) -> i64 {
        let both = self.open.iter().zip(&before.open).filter(|(now, before)| **now && **before);
        both.count() as i64
    }

    /// The day from which supervision is counted, and the event: the later of the last held and the first open dyad.
    fn supervision_counted_from(&self) -> Option<(Day, &'a v1::Event)> {
        let (day, opening) = self.first_open?;
        match self.supervised {
            Some(held) if (log::day(held), log::order(held)) > (day, log::order(opening)) => {
                Some((log::day(held), held))
            }
            _ => Some((day, opening)),
        }
    }

    fn is_overdue(&self, settings: &Settings) -> bool {
        let counted = self.supervision_counted_from();
        counted.is_some_and(|(day, _)| self.today - day > settings.supervision_days)
    }

    /// Mandatory modules without a valid training, each with its last training.
    fn lacking(&self, settings: &Settings) -> BTreeMap<String, Option<&'a v1::Event>> {
        let modules = settings.mandatory_training.iter();
        let lacking = modules.filter_map(|(module, validity)| {
            let last = self.trained.get(module.as_str()).copied();
            let is_valid =
                last.is_some_and(|last| validity.is_none_or(|days| self.today - log::day(last) <= days));
            (!is_valid).then(|| (module.clone(), last))
        });
        lacking.collect()
    }
}

/// A condition on a peer, and the events from which time counted where it made it so just now.
struct Rule {
    alert: &'static str,
    component: Option<&'static str>,
    holds: fn(&Settings, &State<'_>) -> bool,
    counted_from: for<'a> fn(&Settings, &State<'a>, &State<'a>) -> Vec<&'a v1::Event>,
}

const RULES: [Rule; 3] = [
    Rule {
        alert: "supervision_overdue",
        component: Some("supervision"),
        holds: |settings, state| state.open_dyads() > 0 && state.is_overdue(settings),
        counted_from: |settings, before, now| {
            let mut from = Vec::new();
            if now.still_open(before) == 0 {
                from.extend(&now.resumed);
            }
            if !before.is_overdue(settings) {
                from.extend(now.supervision_counted_from().map(|(_, event)| event));
            }
            from
        },
    },
    Rule {
        alert: "training_lapsed",
        component: Some("training"),
        holds: |settings, state| state.open_dyads() > 0 && !state.lacking(settings).is_empty(),
        counted_from: |settings, before, now| {
            let mut from = Vec::new();
            if now.still_open(before) == 0 {
                from.extend(&now.resumed);
            }
            if before.lacking(settings).is_empty() {
                from.extend(now.lacking(settings).into_values().flatten());
            }
            from
        },
    },
    Rule {
        alert: "peer_overloaded",
        component: None,
        holds: |settings, state| state.open_dyads() > settings.overload_dyads,
        counted_from: |_, _, now| now.resumed.clone(),
    },
];

pub(super) fn alerts(subject: &Subject<'_, '_>, alerts: &mut Vec<Alert>) {
    let instants = instants(subject);
    for rule in &RULES {
        stretches(subject, rule, &instants, alerts);
    }
    wellbeing(subject, alerts);
}

/// What happens to a peer at an instant.
#[derive(Default)]
struct Instant<'a> {
    /// What time does: of which dyad, whether it is open afterwards, which event began a pause that is over.
    time: Vec<(usize, bool, Option<&'a v1::Event>)>,
    /// The events, in order.
    events: Vec<&'a v1::Event>,
    /// After which event which dyad is open or not.
    changes: Vec<(&'a str, usize, bool)>,
}

impl Instant<'_> {
    /// Which dyads are open before or after this instant: one that opens and closes at it was never open.
    fn lasting(&self, before: &State<'_>) -> Vec<bool> {
        let mut after = before.open.clone();
        self.time.iter().for_each(|(dyad, is_open, _)| after[*dyad] = *is_open);
        for event in &self.events {
            let changes = self.changes.iter().filter(|(event_id, _, _)| *event_id == event.event_id);
            changes.for_each(|(_, dyad, is_open)| after[*dyad] = *is_open);
        }
        before.open.iter().zip(after).map(|(before, after)| *before || after).collect()
    }
}

/// Every instant at which something happens, each midnight among them.
fn instants<'a>(subject: &Subject<'_, 'a>) -> BTreeMap<Us, Instant<'a>> {
    let site = subject.site;
    let peer = subject.peer.expect("the subject is a peer");
    let mut instants: BTreeMap<Us, Instant<'a>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut happens = |event: &'a v1::Event, instants: &mut BTreeMap<Us, Instant<'a>>| {
        if seen.insert(event.event_id.as_str()) {
            instants.entry(event.occurred_at_us).or_default().events.push(event);
        }
    };
    for event in site.events.iter().filter(|event| event.peer == peer) {
        happens(event, &mut instants);
    }
    for (dyad, walk) in site.walks_of_peer(peer).into_iter().enumerate() {
        for step in &walk.steps {
            if let Some(event) = step.event {
                happens(event, &mut instants);
            }
            let instant = instants.entry(step.at).or_default();
            match step.event {
                Some(event) => instant.changes.push((&event.event_id, dyad, step.is_open)),
                None => {
                    let pause = step.pause.as_ref().map(|event_id| site.event(event_id));
                    instant.time.push((dyad, step.is_open, pause));
                }
            }
        }
    }
    for instant in instants.values_mut() {
        instant.events.sort_by(|a, b| log::order(a).cmp(&log::order(b)));
    }
    if let Some(first) = instants.keys().next().copied() {
        for day in day_of(first) + 1..=day_of(site.now) {
            instants.entry(midnight(day)).or_default();
        }
    }
    instants
}

fn stretches<'a>(
    subject: &Subject<'_, 'a>,
    rule: &Rule,
    instants: &BTreeMap<Us, Instant<'a>>,
    alerts: &mut Vec<Alert>,
) {
    let settings = &subject.site.given.settings;
    let dyads = subject.site.walks_of_peer(subject.peer.expect("the subject is a peer")).len();
    let mut state = State { open: vec![false; dyads], ..State::default() };
    let mut open: Option<Alert> = None;
    for (at, instant) in instants {
        let before = state.clone();
        let mut opened_by = None;
        let mut first_opened_by = None;
        let lasting = instant.lasting(&before);
        pass(&mut state, *at, instant, &lasting);
        if (rule.holds)(settings, &state) {
            opened_by = later((rule.counted_from)(settings, &before, &state));
        }
        let is_by_time = opened_by.is_some();
        if state.open_dyads() > 0 {
            first_opened_by = state.resumed.iter().copied().min_by(|a, b| log::order(a).cmp(&log::order(b)));
        }
        for event in &instant.events {
            meet(&mut state, event, instant, &lasting);
            if (rule.holds)(settings, &state) {
                opened_by = opened_by.or(Some(*event));
            }
            if state.open_dyads() > 0 {
                first_opened_by = first_opened_by.or(Some(*event));
            }
        }
        if state.open_dyads() > 0 && state.first_open.is_none() {
            state.first_open = first_opened_by.map(|event| (state.today, event));
        }
        match (&mut open, (rule.holds)(settings, &state)) {
            (None, true) => {
                let by = opened_by.expect("something made it so");
                let alert = match is_by_time {
                    true => subject.opened_by_time(rule.alert, by, *at),
                    false => subject.opened(rule.alert, &[], by, *at),
                };
                let component = rule.component.map(str::to_owned);
                open = Some(Alert { mechanism: Some("peer_role"), component, ..alert });
            }
            (Some(alert), false) => {
                alert.until = Some(*at);
                alerts.extend(open.take());
            }
            _ => {}
        }
    }
    alerts.extend(open);
}

/// What time does at an instant.
fn pass<'a>(state: &mut State<'a>, at: Us, instant: &Instant<'a>, lasting: &[bool]) {
    state.today = day_of(at);
    state.resumed.clear();
    for (dyad, is_open, pause) in &instant.time {
        state.open[*dyad] = *is_open && lasting[*dyad];
        state.resumed.extend(pause.filter(|_| state.open[*dyad]));
    }
}

fn meet<'a>(state: &mut State<'a>, event: &'a v1::Event, instant: &Instant<'a>, lasting: &[bool]) {
    for (_, dyad, is_open) in instant.changes.iter().filter(|(event_id, _, _)| *event_id == event.event_id) {
        state.open[*dyad] = *is_open && lasting[*dyad];
    }
    let Some(Body::Development(development)) = &event.body else { return };
    if is_supervision_held(development) {
        state.supervised = Some(event);
    }
    if development.kind() == v1::DevelopmentKind::Training {
        state.trained.insert(&development.module, event);
    }
}

/// A fall of a peer's score, by instrument and rater.
fn wellbeing(subject: &Subject<'_, '_>, alerts: &mut Vec<Alert>) {
    let scores = scores(subject.site);
    let of_peer =
        |score: &&Score<'_>| score.instrument.target == Target::Peer && Some(score.person) == subject.peer;
    let mut open: BTreeMap<(&str, &str), Alert> = BTreeMap::new();
    for score in scores.iter().filter(of_peer) {
        let Some(first) = score.first(&scores) else { continue };
        let has_fallen = score.result(first) == Some("deteriorated");
        let series = (score.measure.instrument.as_str(), score.rater.as_str());
        let at = score.event.occurred_at_us;
        if !has_fallen {
            let closed = open.remove(&series);
            alerts.extend(closed.map(|alert| Alert { until: Some(at), ..alert }));
            continue;
        }
        open.entry(series).or_insert_with(|| {
            let alert = subject.opened("peer_wellbeing_fall", &[series.0, series.1], score.event, at);
            let component = score.instrument.construct.clone();
            Alert { mechanism: Some("peer_role"), component, ..alert }
        });
    }
    alerts.extend(open.into_values());
}
