//! A site: its peers, its places for dyads, and what becomes of both.

use std::sync::Arc;

use rapport_model::time::{Day, Instant};
use rapport_model::words::Word as _;

use super::client::Client;
use super::desk::Desk;
use super::dyad::{After, Dyad, Fate};
use super::incidents::{self, Incident};
use super::line::MINUTE_US;
use super::peer::Peer;
use super::truth::count;
use super::{Plan, plan, words};

/// Relationships above which a peer has too many.
const OVERLOADED: usize = 15;
/// How often a place is given to a client who has another one already.
const BESIDE: f64 = 0.07;

/// A place for a dyad.
pub(super) enum Place {
    /// To be given to this client, or to another one, on that day.
    Empty { from: Day, client: Option<Client> },
    /// Taken.
    Open(Box<Dyad>),
    /// The client stopped coming; on that day it shows what becomes of the place.
    Vanished { dyad: Box<Dyad>, until: Day, then: Then },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
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
    pub(super) peers: Vec<Peer>,
    pub(super) places: Vec<Place>,
    /// Incidents of this year that are still to come.
    pub(super) planned: Vec<(Day, Incident)>,
    peers_ever: u32,
    clients_ever: u32,
    /// Clients who are ready to become peers as soon as one is needed.
    trained: u32,
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
        let mut site = Site {
            desk,
            peers: Vec::new(),
            places,
            planned: Vec::new(),
            peers_ever: 0,
            clients_ever: 0,
            trained: 0,
        };
        for _ in 0..plan.peers.max(1) {
            let peer = site.new_peer(plan.start);
            site.peers.push(peer);
        }
        site
    }

    fn new_peer(&mut self, joins: Day) -> Peer {
        self.peers_ever += 1;
        Peer::new(self.peers_ever, joins, &mut self.desk)
    }

    /// A day passes.
    pub(crate) fn day(&mut self, day: Day) {
        let passed = day.since(self.desk.first);
        if passed % 365 == 0 {
            let dyads = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            self.planned = incidents::of_year(self, day, passed.unsigned_abs() / 365, dyads);
        }
        self.desk.answers_given(day);
        for number in 0..self.peers.len() {
            self.peer_day(number, day);
        }
        for number in 0..self.places.len() {
            self.place_day(number, day);
        }
        self.incidents(day);
        self.loads();
    }

    fn peer_day(&mut self, number: usize, day: Day) {
        let Site { desk, peers, .. } = self;
        let peer = &mut peers[number];
        if day < peer.joins {
            return;
        }
        peer.day(day, desk);
        // About one peer in ten leaves within a year, beside those who leave for reasons that are planned.
        if day > peer.joins && desk.draws.chance(0.0003) {
            let reason = desk.draws.weighted(&words::LEFT).as_str();
            self.leaves(number, reason, day);
        }
    }

    /// A peer leaves, and with that every relationship of theirs ends.
    pub(super) fn leaves(&mut self, number: usize, reason: &'static str, day: Day) {
        count(&mut self.desk.truth.peers_left, reason);
        let at = Instant(day.start().0 + 1110 * MINUTE_US);
        let about = self.peers[number].about();
        let id = self.desk.note("peer", at, about, |line| {
            line.text("action", "left").text("reason", reason);
        });
        if words::is_safeguarding(reason) {
            self.desk.answer("safeguarding", about, &id, at);
        }
        // Who has been a client here and is trained can begin soon; others have to be found.
        let from_client = self.trained > 0;
        self.trained -= u32::from(from_client);
        self.desk.truth.peers_from_clients += u64::from(from_client);
        let (soonest, latest) = if from_client { (3, 10) } else { (10, 40) };
        let joins = day.plus(self.desk.draws.whole(soonest, latest) as i32);
        self.peers[number] = self.new_peer(joins);
        for place in &mut self.places {
            let taken_by = match place {
                Place::Open(dyad) | Place::Vanished { dyad, .. } => dyad.peer_number,
                Place::Empty { .. } => continue,
            };
            if taken_by != number {
                continue;
            }
            let from = joins.plus(self.desk.draws.whole(1, 30) as i32);
            let client = match std::mem::replace(place, Place::Empty { from, client: None }) {
                Place::Open(mut dyad) => {
                    self.desk.truth.ends_by_peers_leaving += 1;
                    dyad.forget_requests(&mut self.desk);
                    Some(dyad.client).filter(|client| !client.beside)
                }
                _ => None,
            };
            *place = Place::Empty { from, client };
        }
    }

    fn place_day(&mut self, number: usize, day: Day) {
        let Site { desk, places, peers, .. } = self;
        let fate = match &mut places[number] {
            Place::Empty { from, .. } if day < *from => return,
            Place::Empty { client, .. } => {
                let client = client.take();
                let opened = self.open(client, day);
                self.places[number] = opened;
                return;
            }
            Place::Open(dyad) => {
                let since = &mut peers[dyad.peer_number].since;
                dyad.day(day, since, desk)
            }
            Place::Vanished { until, .. } if day < *until => return,
            Place::Vanished { .. } => {
                self.resolve(number, day);
                return;
            }
        };
        self.follows(number, fate, day);
    }

    /// What follows from how a dyad's day ended.
    pub(super) fn follows(&mut self, number: usize, fate: Fate, day: Day) {
        match fate {
            Fate::On => {}
            Fate::Vanished => self.vanished(number, day),
            Fate::Ended(after) => {
                let from = day.plus(self.desk.draws.whole(7, 35) as i32);
                let place = std::mem::replace(&mut self.places[number], Place::Empty { from, client: None });
                let Place::Open(dyad) = place else { return };
                match after {
                    After::Gone => {}
                    After::Peer => self.trained += 1,
                    After::Rematch => {
                        let client = Some(dyad.client).filter(|client| !client.beside);
                        self.places[number] = Place::Empty { from, client };
                    }
                    After::Died => self.died(&dyad.client.id, from),
                }
            }
        }
    }

    /// Every relationship of a client who died has ended.
    fn died(&mut self, client: &str, from: Day) {
        for place in &mut self.places {
            match place {
                Place::Open(dyad) if dyad.client.id == client => {
                    self.desk.truth.ends_by_deaths += 1;
                    dyad.forget_requests(&mut self.desk);
                }
                Place::Vanished { dyad, .. } if dyad.client.id == client => {}
                _ => continue,
            }
            *place = Place::Empty { from, client: None };
        }
    }

    /// Gives a place to a client with a peer who is at work.
    fn open(&mut self, client: Option<Client>, day: Day) -> Place {
        let client = match client {
            Some(client) => client,
            None => self.next_client(),
        };
        // Nobody is given the same peer twice at a time.
        let has = |number: usize| {
            self.places.iter().any(|place| match place {
                Place::Open(dyad) | Place::Vanished { dyad, .. } => {
                    dyad.peer_number == number && dyad.client.id == client.id
                }
                Place::Empty { .. } => false,
            })
        };
        let at_work: Vec<(usize, u32)> = (0..self.peers.len())
            .filter(|number| self.peers[*number].joins < day && !has(*number))
            .map(|number| (number, self.peers[number].share))
            .collect();
        if at_work.is_empty() {
            let client = Some(client).filter(|client| !client.beside);
            return Place::Empty { from: day.plus(7), client };
        }
        let number = self.desk.draws.weighted(&at_work);
        Place::Open(Box::new(Dyad::start(client, &self.peers[number], number, day, &mut self.desk)))
    }

    /// A new client, or one who is to have a second peer.
    fn next_client(&mut self) -> Client {
        if self.desk.draws.chance(BESIDE) {
            let number = self.desk.draws.whole(0, self.places.len() as i64 - 1) as usize;
            if let Some(Place::Open(dyad)) = self.places.get(number).filter(|place| place.is_only_one()) {
                return dyad.client.beside();
            }
        }
        self.clients_ever += 1;
        Client::new(self.clients_ever, &mut self.desk)
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
        let fate = match then {
            Then::Returns => {
                let since = &mut self.peers[dyad.peer_number].since;
                dyad.comes_back(day, since, &mut self.desk)
            }
            Then::Closed => {
                let at = self.desk.working_hours(day);
                dyad.end("disengaged", at, &mut self.desk)
            }
            Then::Nothing => Fate::Ended(After::Gone),
        };
        self.places[number] = Place::Open(dyad);
        self.follows(number, fate, day);
    }

    /// Notes the peers who have too many relationships.
    fn loads(&mut self) {
        let mut open = vec![0; self.peers.len()];
        for place in &self.places {
            if let Place::Open(dyad) = place {
                open[dyad.peer_number] += 1;
            }
        }
        for (peer, open) in self.peers.iter_mut().zip(open) {
            if open > OVERLOADED && !std::mem::replace(&mut peer.overloaded, true) {
                self.desk.truth.peers_overloaded += 1;
            }
        }
    }
}

impl Place {
    /// Whether a client is here who has no other relationship beside.
    fn is_only_one(&self) -> bool {
        matches!(self, Place::Open(dyad) if !dyad.client.beside)
    }
}
