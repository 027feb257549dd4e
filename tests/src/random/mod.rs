//! Random worlds: a few dyads that share clients and peers, with everything the model tells apart happening often and at
//! awkward instants: at midnight, at one and the same instant, after weeks of silence, corrected, withdrawn, late.

mod events;
pub mod given;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rapport_proto::keys::TICK;
use rapport_proto::v1::{self, event::Body};

use self::events::{tell_client, tell_dyad, tell_peer};
use crate::oracle::days::{DAY_US, Us};
use crate::oracle::log::{Known, Record};
use crate::oracle::{Given, standing_at_the_end};
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

/// The records of a world, in the order of one partition, the last of which carries T to its greatest.
pub fn world(given: &Given, seed: u64) -> Vec<Record> {
    let mut dice = Dice::new(seed);
    let mut story = Story::new();
    tell_site(&mut story, &mut dice, given);
    if dice.percent(15) {
        // The same persons at another site: nothing of it counts here.
        story.in_site("york");
        tell_site(&mut story, &mut dice, given);
    }
    for event in &mut story.events {
        event.recorded_at_us += dice.pick(&[0, 0, 1, 2, 20]) * DAY_US;
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
    for _ in 0..2 {
        acknowledge(given, &mut story, &mut dice, until);
    }
    in_some_order(&story, &mut dice, until)
}

fn tell_site(story: &mut Story, dice: &mut Dice, given: &Given) {
    let (pairs, most): (&[(&str, &str)], usize) = match dice.below(5) {
        0 => (&[("ca", "pa"), ("cb", "pa"), ("cc", "pa"), ("cd", "pa"), ("cd", "pb")], 16),
        places => (&[("ca", "pa"), ("ca", "pb"), ("cb", "pa")][..places.min(3)], 60),
    };
    for (client, peer) in pairs {
        story.of(client, peer);
        tell_dyad(story, dice, most);
    }
    for client in ["ca", "cb"] {
        if dice.percent(50) {
            story.of(client, "");
            tell_client(story, dice, given);
        }
    }
    for peer in ["pa", "pb"] {
        if dice.percent(60) {
            story.of("", peer);
            tell_peer(story, dice, given);
        }
    }
}

/// Corrections and retractions of some of what was told.
fn meddle(story: &mut Story, dice: &mut Dice) {
    let told = story.events.clone();
    for event in &told {
        if dice.percent(8) {
            let other = dice.pick(&told);
            let mut version = event.clone();
            let has = |event: &v1::Event| (event.client.is_empty(), event.peer.is_empty());
            match dice.below(5) {
                // It becomes another kind of event, of other persons.
                0 | 1 => {
                    (version.body, version.client, version.peer) = (other.body, other.client, other.peer);
                }
                // It was of other persons.
                2 if has(&other) == has(event) => {
                    (version.client, version.peer) = (other.client, other.peer);
                }
                _ => {}
            }
            version.occurred_at_us += dice.pick(&[-2, -1, 0, 0, 1, 2, 30]) * DAY_US / 2;
            version.recorded_at_us += dice.below(4) as i64 * DAY_US;
            story.events.push(version);
        }
        if dice.percent(5) {
            story
                .in_site(&event.site)
                .at_instant(event.recorded_at_us + (dice.below(4) as i64 - 1) * DAY_US)
                .retracts(&event.event_id);
            if dice.percent(20) {
                // A retraction's own id means nothing.
                story.id(&dice.pick(&told).event_id);
            }
        }
    }
    story.events.retain(|event| event.occurred_at_us >= start_of(0));
}

/// Acknowledgements of some of the alerts there would be, and of one that there is not.
fn acknowledge(given: &Given, story: &mut Story, dice: &mut Dice, until: Us) {
    let known = Known::of(&story.records(until));
    for (site, standing) in standing_at_the_end(given, &known) {
        story.in_site(&site);
        for alert in standing.alerts {
            let often = if alert.alert == "safeguarding" { 50 } else { 20 };
            while dice.percent(often) {
                let at = alert.since + dice.pick(&[-3, 0, 0, 1, 5, 16]) * DAY_US;
                let later = dice.pick(&[0, 0, DAY_US / 3]);
                let state = dice.pick(&STATES);
                story.at_instant(at + later).acknowledged(&alert.alert_id, state);
                let last = story.events.last_mut().expect("it was just told");
                if let Some(Body::Acknowledgement(one)) = &mut last.body {
                    one.action = dice.below(7) as i32;
                    one.finding = dice.pick(&[None, Some(true), Some(false)]);
                }
            }
        }
        story.closed(&"0".repeat(32));
    }
    story.events.retain(|event| event.occurred_at_us >= start_of(0));
}

const STATES: [v1::AcknowledgementState; 5] = [
    v1::AcknowledgementState::Seen,
    v1::AcknowledgementState::Assigned,
    v1::AcknowledgementState::Acted,
    v1::AcknowledgementState::Closed,
    v1::AcknowledgementState::Closed,
];

/// The events in another order, some twice, some erased, with a clock that goes on by fits and starts, sometimes
/// jumping to its end at once.
fn in_some_order(story: &Story, dice: &mut Dice, until: Us) -> Vec<Record> {
    let mut events = story.events.clone();
    let mut again: Vec<v1::Event> = events.iter().filter(|_| dice.percent(10)).cloned().collect();
    events.append(&mut again);
    if dice.percent(70) {
        dice.shuffle(&mut events);
    }
    let runs_early = dice.percent(30);
    let erases = dice.percent(30);
    let count = events.len().max(1) as i64;
    let mut records: Vec<Record> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let share = (until - start_of(0)) / count * place as i64;
        let clock = if runs_early { start_of(0) } else { start_of(0) + share };
        // Two of ingest's workers may write in another order than they read the clock.
        let clock = if dice.percent(5) { clock - dice.below(10) as i64 * DAY_US } else { clock };
        records.push(record(event, clock.min(until - 1)));
        if dice.percent(5) {
            records.push(tick(clock.min(until - 1)));
        }
        if erases && dice.percent(5) {
            let (key, _) = dice.pick(&records);
            if key != TICK {
                records.push((key, None));
            }
        }
    }
    records.push(tick(until));
    records
}
