//! A site: its peers, its places for dyads, and what becomes of both.

use std::sync::Arc;

use rapport_model::time::{Day, Instant};
use rapport_model::words::Word as _;

use super::desk::{About, Desk};
use super::dyad::{Dyad, Fate};
use super::line::MINUTE_US;
use super::truth::count;
use super::{Plan, plan, words};

/// A peer.
struct Peer {
    id: String,
    /// How readily each type of support is given, around 1.
    skill: [f64; 5],
    /// Until then nobody has taken this peer's place.
    joins: Day,
    supervised: Day,
    /// How the peer does, on a scale of 7–35.
    wellbeing: f64,
}

/// A place for a dyad.
enum Place {
    /// To be given to this client, or to a new one, on that day.
    Empty { from: Day, client: Option<String> },
    /// Taken.
    Open(Box<Dyad>),
    /// The client stopped coming; on that day it shows what becomes of the place.
    Vanished { dyad: Box<Dyad>, until: Day, then: Then },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The client comes back.
    Returns,
    /// Somebody writes down that the relationship has ended.
    Closed,
    /// Nobody writes anything.
    Nothing,
}

/// A site.
pub(crate) struct Site {
    pub(crate) desk: Desk,
    peers: Vec<Peer>,
    places: Vec<Place>,
    peers_ever: u32,
    clients_ever: u32,
}

impl Site {
    pub(crate) fn new(plan: &Plan, number: u32) -> Site {
        let mut desk = Desk::new(plan, number, Arc::from(plan::site_name(number)));
        // Places fill over the first three months, as a new service's do.
        let empty = |desk: &mut Desk| Place::Empty {
            from: plan.start.plus(desk.draws.whole(0, 90) as i32),
            client: None,
        };
        let places = (0..plan.dyads).map(|_| empty(&mut desk)).collect();
        let mut site = Site { desk, peers: Vec::new(), places, peers_ever: 0, clients_ever: 0 };
        for _ in 0..plan.peers.max(1) {
            let peer = site.new_peer(plan.start);
            site.peers.push(peer);
        }
        site
    }

    fn new_peer(&mut self, joins: Day) -> Peer {
        self.peers_ever += 1;
        let draws = &mut self.desk.draws;
        let mut skill = [0.0; 5];
        for one in &mut skill {
            *one = (0.95 + 0.3 * draws.normal()).clamp(0.1, 1.6);
        }
        let wellbeing = (25.0 + 3.5 * draws.normal()).clamp(12.0, 34.0);
        let id = format!("peer-{:02}-{:04}", self.desk.site + 1, self.peers_ever);
        Peer { id, skill, joins, supervised: joins, wellbeing }
    }

    /// A day passes.
    pub(crate) fn day(&mut self, day: Day) {
        for number in 0..self.peers.len() {
            self.peer_day(number, day);
        }
        for number in 0..self.places.len() {
            self.place_day(number, day);
        }
    }

    fn peer_day(&mut self, number: usize, day: Day) {
        let Site { desk, peers, .. } = self;
        let peer = &mut peers[number];
        if day < peer.joins {
            return;
        }
        let about = About { client: "", peer: &peer.id };
        if day == peer.joins {
            desk.truth.peers_joined += 1;
            desk.note("peer", Instant(day.start().0 + 480 * MINUTE_US), about, |line| {
                line.text("action", "joined");
            });
            for (at, module) in [(481, "core"), (482, "boundaries"), (483, "safeguarding")] {
                if desk.draws.chance(0.92) {
                    desk.note("development", Instant(day.start().0 + at * MINUTE_US), about, |line| {
                        line.text("kind", "training").text("module", module);
                    });
                }
            }
            return;
        }
        let at = desk.working_hours(day);
        if day.since(peer.supervised) >= 28 && day.weekday() < 5 && desk.draws.chance(0.25) {
            peer.supervised = day;
            let held = desk.draws.chance(0.88);
            let format =
                desk.draws.weighted(&[("individual", 55), ("group", 30), ("clinical", 5), ("peer", 10)]);
            desk.note("development", at, about, |line| {
                line.text("kind", "supervision")
                    .flag("held", held)
                    .text("format", format)
                    .flag("scheduled", true);
            });
        }
        if desk.draws.chance(0.05) {
            let kind = desk.draws.weighted(&[("reflection", 75), ("peer_support_received", 25)]);
            desk.note("development", at, about, |line| {
                line.text("kind", kind);
            });
        }
        if day.since(peer.joins) % 91 == 1 {
            let score = (peer.wellbeing + 1.2 * desk.draws.normal()).clamp(7.0, 35.0);
            peer.wellbeing += desk.draws.between(-2.0, 1.6);
            desk.note("measure", at, about, |line| {
                let thousandths = (score * 1000.0).round() as i64;
                line.text("instrument", "swemwbs-peer")
                    .text("rater", "peer")
                    .scores(&[("total", thousandths)]);
            });
        }
        // About one peer in six leaves within a year.
        if desk.draws.chance(0.0005) {
            self.leaves(number, day);
        }
    }

    /// A peer leaves, and with that every relationship of theirs ends.
    fn leaves(&mut self, number: usize, day: Day) {
        let reason = self.desk.draws.weighted(&words::LEFT).as_str();
        count(&mut self.desk.truth.peers_left, reason);
        let at = Instant(day.start().0 + 1080 * MINUTE_US);
        let about = About { client: "", peer: &self.peers[number].id };
        self.desk.note("peer", at, about, |line| {
            line.text("action", "left").text("reason", reason);
        });
        let joins = day.plus(self.desk.draws.whole(10, 40) as i32);
        self.peers[number] = self.new_peer(joins);
        for place in &mut self.places {
            let client = match place {
                Place::Open(dyad) if dyad.peer_number == number => {
                    self.desk.truth.ends_by_peers_leaving += 1;
                    dyad.forget_requests(&mut self.desk);
                    Some(dyad.client.clone())
                }
                Place::Vanished { dyad, .. } if dyad.peer_number == number => None,
                _ => continue,
            };
            *place = Place::Empty { from: joins.plus(self.desk.draws.whole(1, 30) as i32), client };
        }
    }

    fn place_day(&mut self, number: usize, day: Day) {
        let Site { desk, places, .. } = self;
        let place = &mut places[number];
        let fate = match place {
            Place::Empty { from, .. } if day < *from => return,
            Place::Empty { client, .. } => {
                let client = client.take();
                let opened = self.open(client, day);
                self.places[number] = opened;
                return;
            }
            Place::Open(dyad) => dyad.day(day, desk),
            Place::Vanished { until, .. } if day < *until => return,
            Place::Vanished { .. } => {
                self.resolve(number, day);
                return;
            }
        };
        match fate {
            Fate::On => {}
            Fate::Ended { rematch } => self.empty(number, day, rematch),
            Fate::Vanished => self.vanished(number, day),
        }
    }

    /// Gives a place to a client with a peer who is at work.
    fn open(&mut self, client: Option<String>, day: Day) -> Place {
        let at_work: Vec<usize> =
            (0..self.peers.len()).filter(|number| self.peers[*number].joins < day).collect();
        if at_work.is_empty() {
            return Place::Empty { from: day.plus(7), client };
        }
        let client = client.unwrap_or_else(|| {
            self.clients_ever += 1;
            format!("client-{:02}-{:06}", self.desk.site + 1, self.clients_ever)
        });
        let number = self.desk.draws.pick(&at_work);
        let peer = &self.peers[number];
        Place::Open(Box::new(Dyad::start(client, peer.id.clone(), number, &peer.skill, day, &mut self.desk)))
    }

    fn empty(&mut self, number: usize, day: Day, rematch: bool) {
        let from = day.plus(self.desk.draws.whole(7, 35) as i32);
        let client = match &self.places[number] {
            Place::Open(dyad) if rematch => Some(dyad.client.clone()),
            _ => None,
        };
        self.places[number] = Place::Empty { from, client };
    }

    fn vanished(&mut self, number: usize, day: Day) {
        let draws = &mut self.desk.draws;
        let (then, days) = draws.weighted(&[
            ((Then::Returns, (46, 80)), 15),
            ((Then::Closed, (20, 90)), 35),
            ((Then::Nothing, (60, 100)), 50),
        ]);
        let until = day.plus(draws.whole(days.0, days.1) as i32);
        let place = std::mem::replace(&mut self.places[number], Place::Empty { from: until, client: None });
        if let Place::Open(dyad) = place {
            self.places[number] = Place::Vanished { dyad, until, then };
        }
    }

    fn resolve(&mut self, number: usize, day: Day) {
        let place =
            std::mem::replace(&mut self.places[number], Place::Empty { from: day.plus(1), client: None });
        let Place::Vanished { mut dyad, then, .. } = place else { return };
        match then {
            Then::Returns => {
                dyad.comes_back(day, &mut self.desk);
                self.places[number] = Place::Open(dyad);
            }
            Then::Closed => {
                let at = self.desk.working_hours(day);
                dyad.end("disengaged", at, &mut self.desk);
                self.empty(number, day, false);
            }
            Then::Nothing => self.empty(number, day, false),
        }
    }
}
