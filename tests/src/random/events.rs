//! What befalls a pair, a client and a peer, at random.

use rapport_proto::v1::{self, event::Body};

use super::Dice;
use super::given::MODULES;
use crate::oracle::Given;
use crate::oracle::given::Target;
use crate::story::Story;

const TIMES: [&str; 5] = ["00:00", "00:00", "09:00", "12:00", "23:59"];
/// Reasons that ask for something of their own; one in two ends is for any reason at all.
const REASONS: [v1::EndReason; 6] = [
    v1::EndReason::Died,
    v1::EndReason::LackOfTrust,
    v1::EndReason::HarmfulBehaviour,
    v1::EndReason::Relapse,
    v1::EndReason::Disengaged,
    v1::EndReason::Disengaged,
];
const SUPPORT: [v1::SupportType; 5] = [
    v1::SupportType::Emotional,
    v1::SupportType::Informational,
    v1::SupportType::Appraisal,
    v1::SupportType::Companionship,
    v1::SupportType::Instrumental,
];
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
const SIDES: [v1::Side; 3] = [v1::Side::Client, v1::Side::Peer, v1::Side::Service];
const BEHAVIOURS: [&str; 2] = ["calls_back", "drinks"];
const VALENCES: [v1::Valence; 2] = [v1::Valence::Positive, v1::Valence::Negative];

/// Any value of an enum whose values are 1 to `last`.
fn any<T: TryFrom<i32>>(dice: &mut Dice, last: usize) -> T {
    let number = i32::try_from(1 + dice.below(last)).expect("few values");
    T::try_from(number).unwrap_or_else(|_| panic!("the enum has no value {number}"))
}

/// Any of them, or nothing.
fn maybe<T: TryFrom<i32> + Into<i32>>(dice: &mut Dice, last: usize) -> i32 {
    if dice.percent(50) { 0 } else { any::<T>(dice, last).into() }
}

fn some<T: Clone + Into<i32>>(dice: &mut Dice, kinds: &[T], percent: usize) -> Vec<T> {
    kinds.iter().filter(|_| dice.percent(percent)).cloned().collect()
}

/// A day and a time of day that go on by fits and starts.
struct Calendar {
    day: i64,
    time: &'static str,
    /// Whether days follow close on one another, so that much falls on one instant.
    is_dense: bool,
}

impl Calendar {
    fn new(dice: &mut Dice, first: usize) -> Calendar {
        let day = dice.below(first) as i64;
        Calendar { day, time: dice.pick(&TIMES), is_dense: dice.percent(25) }
    }

    fn go_on(&mut self, dice: &mut Dice) {
        if self.is_dense {
            (self.day, self.time) = (self.day + dice.pick(&[0, 0, 1, 1, 2, 3]), dice.pick(&TIMES[..3]));
            return;
        }
        match dice.below(20) {
            0..4 => {}
            4..8 => self.time = dice.pick(&TIMES),
            8..17 => (self.day, self.time) = (self.day + 1 + dice.below(8) as i64, dice.pick(&TIMES)),
            17..19 => (self.day, self.time) = (self.day + 8 + dice.below(30) as i64, dice.pick(&TIMES)),
            _ => (self.day, self.time) = (self.day + 40 + dice.below(60) as i64, "00:00"),
        }
    }
}

/// What befalls one pair.
pub fn tell_dyad(story: &mut Story, dice: &mut Dice, most: usize) {
    let instrument = dice.pick(&["item-alliance", "wai-sr", "srs"]);
    let mut calendar = Calendar::new(dice, 10);
    if dice.percent(40) && most > 20 {
        calendar.day = tell_watch(story, dice, instrument, calendar.day);
    }
    for _ in 0..dice.below(most) {
        calendar.go_on(dice);
        story.at(calendar.day, calendar.time);
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

fn tell_one(story: &mut Story, dice: &mut Dice, instrument: &str) {
    match dice.below(46) {
        0..2 => {
            let all = [1, 2, 3, 4, 5, 6].map(|one| v1::MatchedOn::try_from(one).expect("there are six"));
            story.started(&some(dice, &all, 15))
        }
        2..5 => story.paused(),
        5..8 => story.resumed(),
        8 => {
            let reason = if dice.percent(50) { dice.pick(&REASONS) } else { any(dice, 27) };
            story.ended(dice.pick(&SIDES), reason)
        }
        9..22 => tell_contact(story, dice),
        22..36 => rate(story, dice, instrument),
        36 => {
            let cause = any::<v1::RuptureCause>(dice, 12);
            let reported_by = maybe::<v1::Reporter>(dice, 3);
            let action = v1::AllianceAction::Ruptured.into();
            story.tell(Body::Alliance(v1::Alliance { action, cause: cause.into(), reported_by }))
        }
        37 => story.repaired(),
        38..42 => tell_behaviour(story, dice),
        _ => story.tell(Body::Modelling(v1::Modelling {
            what: v1::ModellingWhat::Comparison.into(),
            direction: any::<v1::Direction>(dice, 3).into(),
            affect: if dice.percent(50) { v1::Affect::Negative } else { any(dice, 3) }.into(),
            by: if dice.percent(80) { v1::Comparer::Client } else { v1::Comparer::Peer }.into(),
            ..v1::Modelling::default()
        })),
    };
}

fn tell_contact<'a>(story: &'a mut Story, dice: &mut Dice) -> &'a mut Story {
    let support = some(dice, &SUPPORT, 15);
    // Mostly the same two, so that they are asked for twice.
    let mut requested = some(dice, &SUPPORT[..2], 25);
    requested.extend(some(dice, &SUPPORT[2..], 10));
    requested.extend(some(dice, &[v1::SupportType::PsychologicalTherapy], 15));
    story.contact_that_was(dice.pick(&ATTENDANCE), &support, &requested);
    let last = story.events.last_mut().expect("it was just told");
    let Some(Body::Contact(contact)) = &mut last.body else { panic!("a contact was told") };
    contact.channel = maybe::<v1::Channel>(dice, 5);
    contact.minutes = dice.pick(&[None, Some(0), Some(50), Some(1440)]);
    contact.practices = (1..=11).filter(|_| dice.percent(20)).collect();
    story
}

fn tell_behaviour<'a>(story: &'a mut Story, dice: &mut Dice) -> &'a mut Story {
    let what = dice.pick(&[v1::ModellingWhat::Modelled, v1::ModellingWhat::Enacted]);
    story.behaviour(what, dice.pick(&BEHAVIOURS), dice.pick(&VALENCES))
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
    if dice.percent(5) {
        story.by(v1::Rater::Peer);
    }
    story
}

/// What befalls one client, in no pair.
pub fn tell_client(story: &mut Story, dice: &mut Dice, given: &Given) {
    let mut calendar = Calendar::new(dice, 20);
    for _ in 0..dice.below(25) {
        calendar.go_on(dice);
        story.at(calendar.day, calendar.time);
        match dice.below(10) {
            0..5 => tell_score(story, dice, given, Target::Client),
            5..9 => {
                let kind = if dice.percent(50) { v1::ServiceUseKind::AppointmentKept } else { any(dice, 6) };
                story.used(kind, dice.pick(&[0, 1, 1, 2, 10_000]))
            }
            _ => story.stepped(any(dice, 4)),
        };
    }
}

/// What befalls one peer, in no pair.
pub fn tell_peer(story: &mut Story, dice: &mut Dice, given: &Given) {
    let mut calendar = Calendar::new(dice, 20);
    for _ in 0..dice.below(25) {
        calendar.go_on(dice);
        story.at(calendar.day, calendar.time);
        match dice.below(20) {
            0..7 => tell_score(story, dice, given, Target::Peer),
            7..11 => story.supervised(dice.percent(70)),
            11..15 => story.trained(dice.pick(&MODULES)),
            15 => story.developed(v1::DevelopmentKind::Reflection),
            16 => story.developed(v1::DevelopmentKind::PeerSupportReceived),
            17 => story.joined(),
            18 if dice.percent(40) => story.left(any(dice, 9)),
            _ => story.developed(v1::DevelopmentKind::Reflection),
        };
        let last = story.events.last_mut().expect("it was just told");
        if let Some(Body::Development(one)) = &mut last.body
            && one.kind() == v1::DevelopmentKind::Supervision
        {
            one.format = maybe::<v1::SupervisionFormat>(dice, 4);
            one.scheduled = dice.pick(&[None, Some(true), Some(false)]);
        }
    }
}

fn tell_score<'a>(story: &'a mut Story, dice: &mut Dice, given: &Given, target: Target) -> &'a mut Story {
    let of_target = given.instruments.iter().filter(|(_, instrument)| instrument.target == target);
    let mut of_target: Vec<_> = of_target.collect();
    // Mostly those by which a change can be reliable.
    if dice.percent(70) {
        of_target.retain(|(_, instrument)| instrument.reliable_change.is_some());
    }
    let (id, instrument) = dice.pick(&of_target);
    let level = dice.pick(&[0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.7, 0.9]);
    let within = |(min, max): (i64, i64)| (min as f64 + (max - min) as f64 * level).round() / 1e6;
    let mut scores: Vec<(&str, f64)> = Vec::new();
    for (name, range) in &instrument.subscales {
        if dice.percent(30) {
            scores.push((name, within(*range)));
        }
    }
    if scores.is_empty() || dice.percent(80) {
        scores.push(("total", within(instrument.total.expect("a range of the total"))));
    }
    story.measured(id, &scores);
    let own = if target == Target::Client { v1::Rater::Client } else { v1::Rater::Peer };
    story.by(if dice.percent(70) { own } else { v1::Rater::Supervisor })
}
