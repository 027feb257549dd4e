//! The history of one dyad, walked through from its first event to an instant, event by event and midnight by midnight.

use rapport_proto::v1::{self, event::Body};

use super::Given;
use super::alliance::{Rating, Scored};
use super::days::{Day, Us, day_of, midnight};
use super::episode::{End, Episode, Loss, Pause};
use super::rows::Row;
use super::standing::Contacts;
use super::{log, scores, words};

/// A (client, peer) pair of a site and the events that concern it.
#[derive(Debug, Clone)]
pub struct Dyad<'a> {
    /// The client.
    pub client: &'a str,
    /// The peer.
    pub peer: &'a str,
    /// Its own events, and those of others that end its episodes, in order.
    pub events: Vec<&'a v1::Event>,
}

/// The dyads of a site, from its standing events in order.
pub fn dyads<'a>(standing: &'a [v1::Event], site: &str) -> Vec<Dyad<'a>> {
    let events = || standing.iter().filter(|event| event.site == site);
    let mut pairs: Vec<(&str, &str)> = events()
        .filter(|event| log::of_dyad(event))
        .map(|event| (event.client.as_str(), event.peer.as_str()))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let concerns = |event: &&v1::Event, client: &str, peer: &str| {
        let is_own = event.client == client && event.peer == peer;
        let is_leaving = left(event).is_some() && event.peer == peer;
        is_own || is_leaving || (is_death(event) && event.client == client)
    };
    let dyad = |(client, peer): (&'a str, &'a str)| Dyad {
        client,
        peer,
        events: events().filter(|event| concerns(event, client, peer)).collect(),
    };
    pairs.into_iter().map(dyad).collect()
}

/// The reason of a peer's leaving.
fn left(event: &v1::Event) -> Option<String> {
    match &event.body {
        Some(Body::PeerChange(change)) if change.action() == v1::PeerAction::Left => {
            Some(words::word(change.reason().as_str_name(), "LEFT_REASON_"))
        }
        _ => None,
    }
}

fn is_death(event: &v1::Event) -> bool {
    matches!(&event.body, Some(Body::Relationship(relationship))
        if relationship.action() == v1::RelationshipAction::Ended && relationship.reason() == v1::EndReason::Died)
}

/// A dyad's history up to an instant.
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    given: &'a Given,
    /// Its episodes, in order.
    pub episodes: Vec<Episode>,
    /// Its contacts.
    pub contacts: Contacts<'a>,
    /// Each event with its row, if rows are kept; of an event from outside the dyad, only what it ended.
    pub rows: Vec<(&'a v1::Event, Row)>,
    keeps_rows: bool,
    events: Vec<&'a v1::Event>,
    last_midnight: Option<Day>,
}

impl<'a> Walk<'a> {
    /// Walks through all that happened up to `now`, included.
    pub fn up_to(given: &'a Given, dyad: &Dyad<'a>, now: Us) -> Walk<'a> {
        Walk::through(given, dyad, now, false)
    }

    /// The same, and keeps a row for each event.
    pub fn with_rows(given: &'a Given, dyad: &Dyad<'a>, now: Us) -> Walk<'a> {
        Walk::through(given, dyad, now, true)
    }

    fn through(given: &'a Given, dyad: &Dyad<'a>, now: Us, keeps_rows: bool) -> Walk<'a> {
        let events: Vec<&v1::Event> =
            dyad.events.iter().filter(|event| event.occurred_at_us <= now).copied().collect();
        let mut walk = Walk {
            given,
            episodes: Vec::new(),
            contacts: Vec::new(),
            rows: Vec::new(),
            keeps_rows,
            events: events.clone(),
            last_midnight: None,
        };
        for event in events {
            walk.pass_midnights(event.occurred_at_us);
            let is_own = event.client == dyad.client && event.peer == dyad.peer;
            walk.meet(event, is_own);
        }
        walk.pass_midnights(now);
        walk
    }

    /// The episode that has not ended.
    pub fn open(&self) -> Option<&Episode> {
        self.episodes.last().filter(|episode| episode.end.is_none())
    }

    /// The phase at an instant up to which the walk has come.
    pub fn phase(&self, at: Us) -> Option<&'static str> {
        self.open().map(|episode| episode.phase(self.given, at))
    }

    /// The mechanism of an episode's exit, by what is known.
    pub fn exit_mechanism(&self, episode: &Episode) -> &'static str {
        let exit = episode.exit().expect("only an episode that was left is asked");
        let end = episode.end.as_ref().filter(|end| end.reason.is_some());
        if let Some(mechanism) = end.and_then(|end| words::mechanism_of_reason(&exit.reason, &end.side)) {
            return mechanism;
        }
        let broken = match end {
            Some(end) => episode.broken_before(end.at, Some(&end.event_id)),
            None => episode.broken_before(midnight(exit.day), None),
        };
        let (_, unmet) = super::standing::at_exit(&self.contacts, exit.day, exit.counted_from);
        broken.unwrap_or(if unmet.is_empty() { "unknown" } else { "social_support" })
    }

    /// What time does at each midnight up to `to`, included.
    fn pass_midnights(&mut self, to: Us) {
        let Some(last) = self.last_midnight.replace(day_of(to)) else { return };
        for day in last + 1..=day_of(to) {
            let pause_days = self.given.settings.pause_days;
            let Some(episode) = self.open_mut() else { continue };
            if let Some(pause) = episode.pauses.last_mut().filter(|pause| pause.to.is_none())
                && day == day_of(pause.from) + pause_days
            {
                pause.to = Some(midnight(day));
            }
            self.presume_lost(day);
        }
    }

    /// Presumes the open episode lost at 00:00 of `day` if it has been silent for too long by then, and no attended
    /// contact or end at that very instant prevents it.
    fn presume_lost(&mut self, day: Day) {
        let at_once = |event: &&&v1::Event| event.occurred_at_us == midnight(day);
        let is_prevented =
            self.events.iter().filter(at_once).any(|event| is_attended(event) || is_end(event));
        let settings = &self.given.settings;
        let Some(episode) = self.open_mut() else { return };
        if is_prevented || episode.loss().is_some() || !episode.is_silent_too_long(settings, day) {
            return;
        }
        let counted_from = episode.counted_from();
        episode.losses.push(Loss { day, counted_from, taken_back: None });
        if episode.alliance.watch().is_some_and(|watch| watch.opened <= midnight(day)) {
            episode.alliance.close_watch(midnight(day));
        }
    }

    fn meet(&mut self, event: &'a v1::Event, is_own: bool) {
        let phase_before = self.phase(event.occurred_at_us);
        let ended_before = self.ended().count();
        let scored = if is_own { self.meet_own(event) } else { self.meet_end_by_another(event) };
        if self.keeps_rows {
            // A `started` after a presumed dropout ends nothing: that dropout has.
            let ended = self.ended().nth(ended_before).filter(|_| is_end(event));
            let ended = ended.map(|episode| self.ending(episode));
            let mut row = Row { ended, ..Row::default() };
            if is_own {
                row.phase_before = phase_before;
                row.fill(self, event, self.episode_of(event), scored);
            }
            self.rows.push((event, row));
        }
    }

    fn ended(&self) -> impl Iterator<Item = &Episode> {
        self.episodes.iter().filter(|episode| episode.end.is_some())
    }

    /// What an end was: dropout, polarity, mechanism.
    fn ending(&self, episode: &Episode) -> (bool, &'static str, &'static str) {
        let exit = episode.exit().expect("an ended episode was left");
        (exit.polarity == "negative", exit.polarity, self.exit_mechanism(episode))
    }

    /// The episode an event that was just met with belongs to.
    fn episode_of(&self, event: &v1::Event) -> Option<usize> {
        let last = self.episodes.last()?;
        let belongs = last.end.as_ref().is_none_or(|end| end.at == event.occurred_at_us);
        belongs.then(|| self.episodes.len() - 1)
    }

    fn meet_end_by_another(&mut self, event: &v1::Event) -> Option<Scored> {
        match left(event) {
            Some(reason) => {
                let reason = match reason.as_str() {
                    "screened_out" | "personal" => "other".to_owned(),
                    _ => reason,
                };
                self.end(event, reason, "peer".to_owned());
            }
            None => {
                let Some(Body::Relationship(died)) = &event.body else {
                    panic!("only ends come from others")
                };
                let side = words::word(died.ended_by().as_str_name(), "SIDE_");
                self.end(event, "died".to_owned(), side);
            }
        }
        None
    }

    fn meet_own(&mut self, event: &'a v1::Event) -> Option<Scored> {
        if matches!(event.body, Some(Body::Contact(_))) {
            self.contacts.push(event);
        }
        if self.opens(event) {
            self.episodes.push(Episode { opened: event.occurred_at_us, ..Episode::default() });
        }
        match event.body.as_ref().expect("an event has a body") {
            Body::Relationship(relationship) => self.meet_relationship(event, relationship),
            Body::Contact(contact) => self.meet_contact(event, contact),
            Body::Alliance(alliance) => self.meet_alliance(event, alliance),
            Body::Measure(measure) => return self.meet_measure(event, measure),
            _ => {}
        }
        None
    }

    /// Whether an event opens an episode; a `started` while a presumed dropout stands ends the old one first.
    fn opens(&mut self, event: &v1::Event) -> bool {
        let is_started = is_action(event, v1::RelationshipAction::Started);
        let Some(last) = self.episodes.last_mut() else {
            return match event.body.as_ref().expect("an event has a body") {
                Body::Relationship(_) => is_started,
                Body::Measure(measure) => scores::instrument(self.given, measure).alliance,
                Body::Contact(_) | Body::Alliance(_) | Body::Modelling(_) => true,
                _ => false,
            };
        };
        match &last.end {
            Some(end) => is_started || (is_attended(event) && log::day(event) > day_of(end.at)),
            None if is_started && last.loss().is_some() => {
                last.alliance.end(event.occurred_at_us);
                last.end = Some(End {
                    at: event.occurred_at_us,
                    event_id: event.event_id.clone(),
                    reason: None,
                    side: String::new(),
                    ended_pause: last.pause().is_some(),
                });
                true
            }
            None => false,
        }
    }

    fn open_mut(&mut self) -> Option<&mut Episode> {
        self.episodes.last_mut().filter(|episode| episode.end.is_none())
    }

    fn meet_relationship(&mut self, event: &v1::Event, relationship: &v1::Relationship) {
        let at = event.occurred_at_us;
        if relationship.action() == v1::RelationshipAction::Ended {
            let reason = words::word(relationship.reason().as_str_name(), "END_REASON_");
            let side = words::word(relationship.ended_by().as_str_name(), "SIDE_");
            self.end(event, reason, side);
            return;
        }
        let Some(episode) = self.open_mut() else { return };
        match relationship.action() {
            v1::RelationshipAction::Started => {
                let names =
                    relationship.matched_on().map(|one| words::word(one.as_str_name(), "MATCHED_ON_"));
                episode.matched_on.extend(names);
            }
            v1::RelationshipAction::Paused if episode.pause().is_none() => {
                episode.pauses.push(Pause { from: at, to: None });
            }
            v1::RelationshipAction::Resumed => {
                if let Some(pause) = episode.pauses.last_mut().filter(|pause| pause.to.is_none()) {
                    pause.to = Some(at);
                    // Only now is it known that this day is not a paused one.
                    self.presume_lost(day_of(at));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, event: &v1::Event, reason: String, side: String) {
        let Some(episode) = self.open_mut() else { return };
        let at = event.occurred_at_us;
        let ended_pause = episode.pause().is_some();
        if let Some(pause) = episode.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(at);
        }
        if words::mechanism_of_reason(&reason, &side) == Some("working_alliance") {
            episode.alliance.break_down((&event.event_id, at), "exit", "working_alliance", None);
        }
        episode.alliance.end(at);
        episode.end =
            Some(End { at, event_id: event.event_id.clone(), reason: Some(reason), side, ended_pause });
    }

    fn meet_contact(&mut self, event: &v1::Event, contact: &v1::Contact) {
        let at = event.occurred_at_us;
        let Some(episode) = self.open_mut() else { return };
        let attendance = words::attendance(contact);
        match attendance.as_str() {
            "attended" => {
                episode.attended.push(at);
                episode.missed = 0;
                for loss in episode.losses.iter_mut().filter(|loss| loss.taken_back.is_none()) {
                    loss.taken_back = Some(at);
                }
            }
            "missed_by_client" => {
                if episode.missed > 0 && episode.alliance.watch().is_some() {
                    episode.alliance.break_down(
                        (&event.event_id, at),
                        "behavioural",
                        "working_alliance",
                        None,
                    );
                }
                episode.missed += 1;
            }
            _ => {}
        }
        episode.last_contact = Some(attendance);
    }

    fn meet_alliance(&mut self, event: &v1::Event, alliance: &v1::Alliance) {
        let at = event.occurred_at_us;
        let Some(episode) = self.open_mut() else { return };
        if alliance.action() == v1::AllianceAction::Repaired {
            episode.alliance.repair(at);
        } else {
            let cause = words::word(alliance.cause().as_str_name(), "RUPTURE_CAUSE_");
            let mechanism = words::mechanism_of_cause(&cause);
            episode.alliance.break_down((&event.event_id, at), "reported", mechanism, None);
        }
    }

    fn meet_measure(&mut self, event: &v1::Event, measure: &v1::Measure) -> Option<Scored> {
        let given = self.given;
        let instrument = scores::instrument(given, measure);
        let found = scores::components(instrument, measure);
        let episode = self.open_mut()?;
        let is_rating =
            measure.rater() == v1::Rater::Client && instrument.alliance && found.contains_key("total");
        if !is_rating {
            return None;
        }
        let rating = Rating {
            event_id: event.event_id.clone(),
            at: event.occurred_at_us,
            instrument: measure.instrument.clone(),
            scores: found,
        };
        episode.alliance.rate(given, rating)
    }
}

fn is_action(event: &v1::Event, action: v1::RelationshipAction) -> bool {
    matches!(&event.body, Some(Body::Relationship(relationship)) if relationship.action() == action)
}

fn is_attended(event: &v1::Event) -> bool {
    matches!(&event.body, Some(Body::Contact(contact)) if words::attended(contact))
}

fn is_end(event: &v1::Event) -> bool {
    is_action(event, v1::RelationshipAction::Ended) || left(event).is_some()
}
