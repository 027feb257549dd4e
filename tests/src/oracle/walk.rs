//! The history of one dyad, walked through from its first event to an instant, event by event and midnight by midnight.

use rapport_proto::v1::{self, event::Body};

use super::Given;
use super::alliance::{Rating, Scored};
use super::days::{Day, Us, day_of, midnight};
use super::dyads::{Dyad, is_action, is_attended, is_end, left};
use super::episode::{End, Episode, Loss, Pause};
use super::given::Target;
use super::rows::Row;
use super::standing::Contacts;
use super::{log, scores, words};

/// A moment at which something happened to a dyad, and what holds just after it.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// When.
    pub at: Us,
    /// What happened; `None` where it is what time does.
    pub event: Option<&'a v1::Event>,
    /// The episode, by its place, that the event belongs to.
    pub episode: Option<usize>,
    /// The episode that ended.
    pub ended: Option<usize>,
    /// The day at whose 00:00 the open episode turned out to be presumed lost.
    pub lost: Option<Day>,
    /// Where time ended a pause: the event that had begun it.
    pub pause: Option<String>,
    /// Whether the dyad is open in the sense of section 6.
    pub is_open: bool,
}

/// A dyad's history up to an instant.
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    given: &'a Given,
    /// Its episodes, in order.
    pub episodes: Vec<Episode>,
    /// Its contacts.
    pub contacts: Contacts<'a>,
    /// What happened, in order.
    pub steps: Vec<Step<'a>>,
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
            steps: Vec::new(),
            rows: Vec::new(),
            keeps_rows,
            events: events.clone(),
            last_midnight: None,
        };
        for event in events {
            walk.pass_midnights(event.occurred_at_us);
            walk.meet(event, dyad.owns(event));
        }
        walk.pass_midnights(now);
        walk
    }

    /// The episode that has not ended.
    pub fn open(&self) -> Option<&Episode> {
        self.episodes.last().filter(|episode| episode.end.is_none())
    }

    /// Whether the dyad is open on a day (section 3).
    pub fn is_open_on(&self, day: Day) -> bool {
        self.episodes.iter().any(|episode| episode.is_open_on(day))
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
        broken.unwrap_or(self.want(exit.day, exit.counted_from))
    }

    /// The mechanism of a presumed dropout, whatever came after it.
    pub fn loss_mechanism(&self, episode: &Episode, loss: &Loss) -> &'static str {
        let broken = episode.broken_before(midnight(loss.day), None);
        broken.unwrap_or(self.want(loss.day, Some(loss.counted_from)))
    }

    /// The mechanism of an exit that no breakdown explains.
    fn want(&self, day: Day, counted_from: Option<Day>) -> &'static str {
        let (_, unmet) = super::standing::at_exit(&self.contacts, day, counted_from);
        if unmet.is_empty() { "unknown" } else { "social_support" }
    }

    /// What time does at each midnight up to `to`, included.
    fn pass_midnights(&mut self, to: Us) {
        let Some(last) = self.last_midnight.replace(day_of(to)) else { return };
        for day in last + 1..=day_of(to) {
            let pause_days = self.given.settings.pause_days;
            let Some(episode) = self.open_mut() else { continue };
            let mut ended_pause = None;
            if let Some(pause) = episode.pauses.last_mut().filter(|pause| pause.to.is_none())
                && day == day_of(pause.from) + pause_days
            {
                pause.to = Some(midnight(day));
                ended_pause = Some(pause.event_id.clone());
            }
            let lost = self.presume_lost(day);
            if ended_pause.is_some() || lost.is_some() {
                let is_open = self.open().is_some_and(Episode::is_open);
                let at = midnight(day);
                self.steps.push(Step {
                    at,
                    event: None,
                    episode: None,
                    ended: None,
                    lost,
                    pause: ended_pause,
                    is_open,
                });
            }
        }
    }

    /// Presumes the open episode lost at 00:00 of `day` if it has been silent for too long by then, and no attended
    /// contact or end at that very instant prevents it.
    fn presume_lost(&mut self, day: Day) -> Option<Day> {
        let at_once = |event: &&&v1::Event| event.occurred_at_us == midnight(day);
        let is_prevented =
            self.events.iter().filter(at_once).any(|event| is_attended(event) || is_end(event));
        let settings = &self.given.settings;
        let episode = self.open_mut()?;
        if is_prevented || episode.loss().is_some() || !episode.is_silent_too_long(settings, day) {
            return None;
        }
        let counted_from = episode.counted_from();
        let counted_from_event = episode.counted_from_event().to_owned();
        episode.losses.push(Loss { day, counted_from, counted_from_event, taken_back: None });
        if episode.alliance.watch().is_some_and(|watch| watch.opened < midnight(day)) {
            episode.alliance.close_watch(midnight(day));
        }
        Some(day)
    }

    fn meet(&mut self, event: &'a v1::Event, is_own: bool) {
        let phase_before = self.phase(event.occurred_at_us);
        let ended_before = self.ended().count();
        let losses_before = self.losses();
        let scored = if is_own { self.meet_own(event) } else { self.meet_end_by_another(event) };
        let new_end = self.episodes.iter().enumerate().filter(|(_, episode)| episode.end.is_some());
        self.steps.push(Step {
            at: event.occurred_at_us,
            event: Some(event),
            episode: self.episode_of(event),
            ended: new_end.map(|(place, _)| place).nth(ended_before),
            lost: (self.losses() > losses_before).then(|| log::day(event)),
            pause: None,
            is_open: self.open().is_some_and(Episode::is_open),
        });
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

    fn losses(&self) -> usize {
        self.episodes.iter().map(|episode| episode.losses.len()).sum()
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
            let opened_by = event.event_id.clone();
            self.episodes.push(Episode { opened: event.occurred_at_us, opened_by, ..Episode::default() });
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
                Body::Measure(measure) => scores::instrument(self.given, measure).target == Target::Alliance,
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
                episode.pauses.push(Pause { event_id: event.event_id.clone(), from: at, to: None });
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
                episode.attended.push((at, event.event_id.clone()));
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
        let is_by_client = measure.rater() == v1::Rater::Client;
        if !is_by_client || instrument.target != Target::Alliance || !found.contains_key("total") {
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
