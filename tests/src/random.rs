//! Random worlds: a few dyads that share clients and peers, with everything the model tells apart happening often and at
//! awkward instants: at midnight, at one and the same instant, after weeks of silence, corrected, withdrawn, late.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rapport_proto::v1::{self, event::Body};

use crate::oracle::Given;
use crate::oracle::alerts::alerts;
use crate::oracle::days::{DAY_US, Us};
use crate::oracle::log::{Known, Record};
use crate::story::{Story, record, start_of, tick};

/// A seeded source of choices.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The choices of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 to `below` − 1.
    pub fn below(&mut self, below: usize) -> usize {
        (self.0.next_u64() % below as u64) as usize
    }

    /// True that often in a hundred.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Puts them in another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

const TIMES: [&str; 5] = ["00:00", "00:00", "09:00", "12:00", "23:59"];
const REASONS: [v1::EndReason; 12] = [
    v1::EndReason::GoalsMet,
    v1::EndReason::NewJob,
    v1::EndReason::Died,
    v1::EndReason::WantedProfessionalHelp,
    v1::EndReason::LackOfTrust,
    v1::EndReason::AllianceBreakdown,
    v1::EndReason::UnmetSupport,
    v1::EndReason::HarmfulBehaviour,
    v1::EndReason::Overwhelmed,
    v1::EndReason::Relapse,
    v1::EndReason::Disengaged,
    v1::EndReason::Disengaged,
];
const SUPPORT: [v1::SupportType; 3] =
    [v1::SupportType::Emotional, v1::SupportType::Informational, v1::SupportType::Appraisal];
const REQUESTS: [v1::SupportType; 3] =
    [v1::SupportType::Emotional, v1::SupportType::Appraisal, v1::SupportType::PsychologicalTherapy];
const ATTENDANCE: [v1::Attendance; 8] = [
    v1::Attendance::Attended,
    v1::Attendance::Attended,
    v1::Attendance::Attended,
    v1::Attendance::MissedByClient,
    v1::Attendance::MissedByClient,
    v1::Attendance::MissedByPeer,
    v1::Attendance::CancelledByClient,
    v1::Attendance::CancelledByPeer,
];
const CAUSES: [v1::RuptureCause; 5] = [
    v1::RuptureCause::Gossip,
    v1::RuptureCause::BoundaryBreach,
    v1::RuptureCause::UnmetSupport,
    v1::RuptureCause::DisagreementOnGoals,
    v1::RuptureCause::Other,
];

/// The records of a world, in the order of one partition, the last of which carries T to its greatest.
pub fn world(given: &Given, seed: u64) -> Vec<Record> {
    let mut dice = Dice::new(seed);
    let mut story = Story::new();
    let pairs = [("ca", "pa"), ("ca", "pb"), ("cb", "pa")];
    for (client, peer) in &pairs[..1 + dice.below(3)] {
        story.of(client, peer);
        tell_dyad(&mut story, &mut dice);
    }
    for event in &mut story.events {
        event.recorded_at_us += dice.below(3) as i64 * DAY_US;
    }
    meddle(&mut story, &mut dice);
    let last = story.events.iter().map(|event| event.occurred_at_us).max().unwrap_or(0);
    let until = match dice.below(4) {
        0 => last,
        1 => last - 20 * DAY_US,
        2 => last.div_euclid(DAY_US) * DAY_US + 15 * DAY_US,
        _ => last + dice.below(60) as i64 * DAY_US,
    };
    let until = until.max(start_of(1));
    acknowledge(given, &mut story, &mut dice, until);
    in_some_order(&story, &mut dice, until)
}

/// What befalls one pair.
fn tell_dyad(story: &mut Story, dice: &mut Dice) {
    let instrument = dice.pick(&["item-alliance", "wai-sr", "srs"]);
    let mut day = dice.below(10) as i64;
    let mut time = dice.pick(&TIMES);
    if dice.percent(40) {
        day = tell_watch(story, dice, instrument, day);
    }
    for _ in 0..dice.below(70) {
        match dice.below(20) {
            0..4 => {}
            4..8 => time = dice.pick(&TIMES),
            8..17 => (day, time) = (day + 1 + dice.below(8) as i64, dice.pick(&TIMES)),
            17..19 => (day, time) = (day + 8 + dice.below(30) as i64, dice.pick(&TIMES)),
            _ => (day, time) = (day + 40 + dice.below(60) as i64, "00:00"),
        }
        story.at(day, time);
        tell_one(story, dice, instrument);
    }
}

/// A baseline, a rating between two and three SD below it, and perhaps a contact or two missed: by chance alone that
/// seldom happens. Returns the last day.
fn tell_watch(story: &mut Story, dice: &mut Dice, instrument: &str, mut day: i64) -> i64 {
    for level in [8.0, 8.0, 8.0, 8.0, 5.8] {
        story.on(day);
        rate_at(story, dice, instrument, level);
        day += 1;
    }
    for _ in 0..dice.below(4) {
        story.on(day).missed();
        day += dice.below(3) as i64;
    }
    day
}

fn some(dice: &mut Dice, kinds: &[v1::SupportType]) -> Vec<v1::SupportType> {
    kinds.iter().filter(|_| dice.percent(25)).copied().collect()
}

fn tell_one(story: &mut Story, dice: &mut Dice, instrument: &str) {
    match dice.below(40) {
        0..2 => {
            let on: &[v1::MatchedOn] = if dice.percent(50) { &[v1::MatchedOn::Age] } else { &[] };
            story.started(on)
        }
        2..5 => story.paused(),
        5..8 => story.resumed(),
        8 => story
            .ended(dice.pick(&[v1::Side::Client, v1::Side::Peer, v1::Side::Service]), dice.pick(&REASONS)),
        9 if dice.percent(40) => story.left(dice.pick(&[
            v1::LeftReason::Overwhelmed,
            v1::LeftReason::Personal,
            v1::LeftReason::NewJob,
        ])),
        10..21 => {
            let (support, requested) = (some(dice, &SUPPORT), some(dice, &REQUESTS));
            story.contact_that_was(dice.pick(&ATTENDANCE), &support, &requested)
        }
        21..36 => rate(story, dice, instrument),
        36 => story.ruptured(dice.pick(&CAUSES)),
        37 => story.repaired(),
        38 => story.tell(Body::Modelling(v1::Modelling {
            what: v1::ModellingWhat::Modelled.into(),
            behaviour: "calls_back".to_owned(),
            valence: v1::Valence::Positive.into(),
            ..v1::Modelling::default()
        })),
        _ => story.tell(Body::ServiceUse(v1::ServiceUse {
            kind: v1::ServiceUseKind::AppointmentKept.into(),
            quantity: Some(1),
        })),
    };
}

fn rate<'a>(story: &'a mut Story, dice: &mut Dice, instrument: &str) -> &'a mut Story {
    // Of ten: mostly well, sometimes low, sometimes very low.
    let level = dice.pick(&[8.0, 8.0, 8.0, 8.5, 7.5, 7.0, 9.0, 6.0, 5.5, 5.0, 3.0]);
    let instrument =
        if dice.percent(12) { dice.pick(&["item-alliance", "wai-sr", "srs"]) } else { instrument };
    rate_at(story, dice, instrument, level)
}

fn rate_at<'a>(story: &'a mut Story, dice: &mut Dice, instrument: &str, level: f64) -> &'a mut Story {
    match instrument {
        "wai-sr" => {
            let of_five = 1.0 + level * 0.4;
            let mut scores: Vec<(&str, f64)> = Vec::new();
            for name in ["bond", "goal", "task"] {
                if !dice.percent(5) {
                    scores.push((name, of_five - dice.pick(&[0.0, 0.0, 0.0, 0.0, 0.25, 0.3])));
                }
            }
            if scores.is_empty() || dice.percent(20) {
                scores.push(("total", of_five));
            }
            story.measured(instrument, &scores)
        }
        "srs" => story.measured(instrument, &[("total", level * 4.0)]),
        _ => story.measured(instrument, &[("total", level)]),
    };
    let last = story.events.last_mut().expect("it was just told");
    if let Some(Body::Measure(measure)) = &mut last.body
        && dice.percent(5)
    {
        measure.rater = v1::Rater::Peer.into();
    }
    story
}

/// Corrections and retractions of some of what was told.
fn meddle(story: &mut Story, dice: &mut Dice) {
    let told = story.events.clone();
    for event in &told {
        if dice.percent(8) {
            let other = dice.pick(&told);
            let mut version = event.clone();
            let is_same_kind = (other.client.is_empty(), other.peer.is_empty())
                == (event.client.is_empty(), event.peer.is_empty());
            if is_same_kind && dice.percent(50) {
                version.body = other.body;
                (version.client, version.peer) = (other.client, other.peer);
            }
            version.occurred_at_us += (dice.below(5) as i64 - 2) * DAY_US / 2;
            version.recorded_at_us += dice.below(4) as i64 * DAY_US;
            story.events.push(version);
        }
        if dice.percent(5) {
            story
                .at_instant(event.recorded_at_us + (dice.below(4) as i64 - 1) * DAY_US)
                .retracts(&event.event_id);
        }
    }
    story.events.retain(|event| event.occurred_at_us >= start_of(0));
}

/// Acknowledgements of some of the alerts there would be.
fn acknowledge(given: &Given, story: &mut Story, dice: &mut Dice, until: Us) {
    let known = Known::of(&story.records(until));
    for alert in alerts(given, &known.standing(), "leeds", until) {
        if dice.percent(20) {
            let day = dice.below(20) as i64 - 3;
            story.at_instant(alert.since + day * DAY_US).closed(&alert.alert_id);
        }
    }
}

/// The events in another order, some twice, with a clock that goes on by fits and starts, sometimes jumping to its end
/// at once.
fn in_some_order(story: &Story, dice: &mut Dice, until: Us) -> Vec<Record> {
    let mut events = story.events.clone();
    let mut again: Vec<v1::Event> = events.iter().filter(|_| dice.percent(10)).cloned().collect();
    events.append(&mut again);
    if dice.percent(70) {
        dice.shuffle(&mut events);
    }
    let runs_early = dice.percent(30);
    let count = events.len().max(1) as i64;
    let mut records = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let share = (until - start_of(0)) / count * place as i64;
        let clock = if runs_early { start_of(0) } else { start_of(0) + share };
        records.push(record(event, clock.min(until - 1)));
        if dice.percent(5) {
            records.push(tick(clock.min(until - 1)));
        }
    }
    records.push(tick(until));
    records
}
