//! Stories: canonical events told in few words, and the records they make on a partition of `rapport.events`.

use prost::Message;
use rapport_proto::v1::{self, event::Body};
use rapport_proto::{keys, topics};
use sha2::{Digest, Sha256};

use crate::oracle::days::{DAY_US, Us, midnight};
use crate::oracle::log::Record;

/// Day 0 of every story: 2026-01-01, a Thursday.
pub const DAY_0: i64 = 20_454;

/// The instant of a time of day (`"HH:MM"`) on a day counted from [`DAY_0`].
pub fn instant(day: i64, time: &str) -> Us {
    let (hours, minutes) = time.split_once(':').expect("HH:MM");
    let minutes = hours.parse::<i64>().expect("hours") * 60 + minutes.parse::<i64>().expect("minutes");
    midnight(DAY_0 + day) + minutes * 60_000_000
}

/// 00:00 of a day counted from [`DAY_0`].
pub fn start_of(day: i64) -> Us {
    midnight(DAY_0 + day)
}

/// The record of `rapport.events` that an event makes.
pub fn record(event: &v1::Event, ingested_at: Us) -> Record {
    let canonical = v1::Event { ingested_at_us: 0, ..event.clone() }.encode_to_vec();
    let digest: [u8; 32] = Sha256::digest(&canonical).into();
    let key = keys::event(&event.site, &event.event_id, &keys::version(event.recorded_at_us, &digest));
    (key, Some(v1::Event { ingested_at_us: ingested_at, ..event.clone() }.encode_to_vec()))
}

/// A tick.
pub fn tick(at: Us) -> Record {
    (keys::TICK.to_owned(), Some(v1::Event { ingested_at_us: at, ..v1::Event::default() }.encode_to_vec()))
}

/// The topic the records of a story lie on.
pub const TOPIC: &str = topics::EVENTS;

/// A story of site `leeds`, at first of client `c` and peer `p`. Events get the ids `e1`, `e2`, … in the order of
/// telling, and are recorded when they occur, unless said otherwise.
#[derive(Debug, Clone)]
pub struct Story {
    /// What was told so far.
    pub events: Vec<v1::Event>,
    site: String,
    client: String,
    peer: String,
    at: Us,
}

impl Default for Story {
    fn default() -> Self {
        let [site, client, peer] = ["leeds", "c", "p"].map(str::to_owned);
        Story { events: Vec::new(), site, client, peer, at: start_of(0) }
    }
}

impl Story {
    /// An empty story.
    pub fn new() -> Story {
        Story::default()
    }

    /// What follows is of this client and this peer.
    pub fn of(&mut self, client: &str, peer: &str) -> &mut Story {
        (self.client, self.peer) = (client.to_owned(), peer.to_owned());
        self
    }

    /// What follows is of this site.
    pub fn in_site(&mut self, site: &str) -> &mut Story {
        self.site = site.to_owned();
        self
    }

    /// What follows happens at this time of this day.
    pub fn at(&mut self, day: i64, time: &str) -> &mut Story {
        self.at = instant(day, time);
        self
    }

    /// What follows happens at noon of this day.
    pub fn on(&mut self, day: i64) -> &mut Story {
        self.at(day, "12:00")
    }

    /// What follows happens at this instant.
    pub fn at_instant(&mut self, at: Us) -> &mut Story {
        self.at = at;
        self
    }

    /// Tells an event of both persons, of the peer only, or of the client only, or of nobody, as its kind has it.
    pub fn tell(&mut self, body: Body) -> &mut Story {
        let (has_client, has_peer) = match &body {
            Body::ServiceUse(_) | Body::Pathway(_) => (true, false),
            Body::Development(_) | Body::PeerChange(_) => (false, true),
            Body::Acknowledgement(_) | Body::Retraction(_) => (false, false),
            _ => (true, true),
        };
        self.events.push(v1::Event {
            event_id: format!("e{}", self.events.len() + 1),
            site: self.site.clone(),
            occurred_at_us: self.at,
            recorded_at_us: self.at,
            client: if has_client { self.client.clone() } else { String::new() },
            peer: if has_peer { self.peer.clone() } else { String::new() },
            body: Some(body),
            ingested_at_us: 0,
        });
        self
    }

    fn last(&mut self) -> &mut v1::Event {
        self.events.last_mut().expect("something was told")
    }

    /// The last event has this id.
    pub fn id(&mut self, id: &str) -> &mut Story {
        self.last().event_id = id.to_owned();
        self
    }

    /// The last event was recorded that many days after it happened.
    pub fn recorded_after(&mut self, days: i64) -> &mut Story {
        self.last().recorded_at_us += days * DAY_US;
        self
    }

    fn relationship(&mut self, relationship: v1::Relationship) -> &mut Story {
        self.tell(Body::Relationship(relationship))
    }

    /// A relationship starts.
    pub fn started(&mut self, matched_on: &[v1::MatchedOn]) -> &mut Story {
        let mut matched_on: Vec<i32> = matched_on.iter().map(|one| i32::from(*one)).collect();
        matched_on.sort_unstable();
        let action = v1::RelationshipAction::Started.into();
        self.relationship(v1::Relationship { action, matched_on, ..v1::Relationship::default() })
    }

    /// It rests.
    pub fn paused(&mut self) -> &mut Story {
        let action = v1::RelationshipAction::Paused.into();
        self.relationship(v1::Relationship { action, ..v1::Relationship::default() })
    }

    /// It goes on.
    pub fn resumed(&mut self) -> &mut Story {
        let action = v1::RelationshipAction::Resumed.into();
        self.relationship(v1::Relationship { action, ..v1::Relationship::default() })
    }

    /// It ends.
    pub fn ended(&mut self, ended_by: v1::Side, reason: v1::EndReason) -> &mut Story {
        self.relationship(v1::Relationship {
            action: v1::RelationshipAction::Ended.into(),
            matched_on: Vec::new(),
            ended_by: ended_by.into(),
            reason: reason.into(),
        })
    }

    /// An attended contact of 50 minutes.
    pub fn contact(&mut self, support: &[v1::SupportType], requested: &[v1::SupportType]) -> &mut Story {
        self.contact_that_was(v1::Attendance::Attended, support, requested)
    }

    /// A contact of 50 minutes, attended or not.
    pub fn contact_that_was(
        &mut self,
        attendance: v1::Attendance,
        support: &[v1::SupportType],
        requested: &[v1::SupportType],
    ) -> &mut Story {
        let set = |kinds: &[v1::SupportType]| {
            let mut kinds: Vec<i32> = kinds.iter().map(|kind| i32::from(*kind)).collect();
            kinds.sort_unstable();
            kinds
        };
        self.tell(Body::Contact(v1::Contact {
            attendance: attendance.into(),
            minutes: Some(50),
            support: set(support),
            requested: set(requested),
            ..v1::Contact::default()
        }))
    }

    /// A contact that the client missed.
    pub fn missed(&mut self) -> &mut Story {
        self.contact_that_was(v1::Attendance::MissedByClient, &[], &[])
    }

    /// The client rates the alliance by `item-alliance`, 0 to 10.
    pub fn rated(&mut self, total: f64) -> &mut Story {
        self.measured("item-alliance", &[("total", total)])
    }

    /// The client rates the alliance by an instrument.
    pub fn measured(&mut self, instrument: &str, scores: &[(&str, f64)]) -> &mut Story {
        let mut scores: Vec<v1::Score> = scores
            .iter()
            .map(|(name, score)| v1::Score {
                name: (*name).to_owned(),
                micros: (score * 1e6 + 0.5).floor() as i64,
            })
            .collect();
        scores.sort_by(|a, b| a.name.cmp(&b.name));
        let rater = v1::Rater::Client.into();
        self.tell(Body::Measure(v1::Measure { instrument: instrument.to_owned(), rater, scores }))
    }

    /// The alliance is ruptured.
    pub fn ruptured(&mut self, cause: v1::RuptureCause) -> &mut Story {
        let action = v1::AllianceAction::Ruptured.into();
        self.tell(Body::Alliance(v1::Alliance { action, cause: cause.into(), reported_by: 0 }))
    }

    /// It is repaired.
    pub fn repaired(&mut self) -> &mut Story {
        let action = v1::AllianceAction::Repaired.into();
        self.tell(Body::Alliance(v1::Alliance { action, cause: 0, reported_by: 0 }))
    }

    /// The peer leaves.
    pub fn left(&mut self, reason: v1::LeftReason) -> &mut Story {
        let action = v1::PeerAction::Left.into();
        self.tell(Body::PeerChange(v1::PeerChange { action, reason: reason.into() }))
    }

    /// The last measure was rated by somebody else.
    pub fn by(&mut self, rater: v1::Rater) -> &mut Story {
        let Some(Body::Measure(measure)) = &mut self.last().body else { panic!("a measure was told") };
        measure.rater = rater.into();
        self
    }

    /// A behaviour is modelled or enacted.
    pub fn behaviour(&mut self, what: v1::ModellingWhat, code: &str, valence: v1::Valence) -> &mut Story {
        self.tell(Body::Modelling(v1::Modelling {
            what: what.into(),
            behaviour: code.to_owned(),
            valence: valence.into(),
            ..v1::Modelling::default()
        }))
    }

    /// The client compares themselves with the peer, upward.
    pub fn compared(&mut self, affect: v1::Affect) -> &mut Story {
        self.tell(Body::Modelling(v1::Modelling {
            what: v1::ModellingWhat::Comparison.into(),
            direction: v1::Direction::Upward.into(),
            affect: affect.into(),
            by: v1::Comparer::Client.into(),
            ..v1::Modelling::default()
        }))
    }

    /// The client uses services.
    pub fn used(&mut self, kind: v1::ServiceUseKind, quantity: u32) -> &mut Story {
        self.tell(Body::ServiceUse(v1::ServiceUse { kind: kind.into(), quantity: Some(quantity) }))
    }

    /// The client takes a step towards becoming a peer.
    pub fn stepped(&mut self, step: v1::PathwayStep) -> &mut Story {
        self.tell(Body::Pathway(v1::Pathway { step: step.into() }))
    }

    /// The peer develops: reflection, support received.
    pub fn developed(&mut self, kind: v1::DevelopmentKind) -> &mut Story {
        self.tell(Body::Development(v1::Development { kind: kind.into(), ..v1::Development::default() }))
    }

    /// The peer is trained in a module.
    pub fn trained(&mut self, module: &str) -> &mut Story {
        let (kind, module) = (v1::DevelopmentKind::Training.into(), module.to_owned());
        self.tell(Body::Development(v1::Development { kind, module, ..v1::Development::default() }))
    }

    /// The peer's supervision, held or not.
    pub fn supervised(&mut self, held: bool) -> &mut Story {
        let kind = v1::DevelopmentKind::Supervision.into();
        self.tell(Body::Development(v1::Development { kind, held: Some(held), ..v1::Development::default() }))
    }

    /// The peer joins.
    pub fn joined(&mut self) -> &mut Story {
        self.tell(Body::PeerChange(v1::PeerChange { action: v1::PeerAction::Joined.into(), reason: 0 }))
    }

    /// Somebody closes an alert.
    pub fn closed(&mut self, alert_id: &str) -> &mut Story {
        self.acknowledged(alert_id, v1::AcknowledgementState::Closed)
    }

    /// Somebody acknowledges an alert.
    pub fn acknowledged(&mut self, alert_id: &str, state: v1::AcknowledgementState) -> &mut Story {
        let (alert_id, state) = (alert_id.to_owned(), state.into());
        self.tell(Body::Acknowledgement(v1::Acknowledgement { alert_id, state, ..Default::default() }))
    }

    /// An event is withdrawn.
    pub fn retracts(&mut self, event_id: &str) -> &mut Story {
        self.tell(Body::Retraction(v1::Retraction { retracts: event_id.to_owned() }))
    }

    /// The records: every event accepted when it was recorded, in the order of telling, then a tick at `now`.
    pub fn records(&self, now: Us) -> Vec<Record> {
        let mut records: Vec<Record> =
            self.events.iter().map(|event| record(event, event.recorded_at_us.min(now - 1))).collect();
        records.push(tick(now));
        records
    }
}
