//! What an event does to a dyad.

use super::facts::{Ended, Facts, OpenBreakdown, Sitting};
use super::{Current, Fold, Scene, time};
use crate::alliance::{Following, Judgement, Rated};
use crate::catalogue::{Instrument, Target};
use crate::enriched;
use crate::event::{Body, Contact, Event, Measure};
use crate::room;
use crate::scores;
use crate::support::unmet_at_loss;
use crate::time::Instant;
use crate::timeline::{Breakdown, End, Episode, Pause, Rule, TakenBack, Watch};
use crate::words::*;

impl Fold {
    /// Applies the next event in the order; `prevented`: an event of its instant prevents a presumed dropout there.
    pub(super) fn apply(&mut self, scene: Scene<'_>, event: &Event, own: bool, prevented: bool) -> Facts {
        let at = event.occurred_at;
        self.at = Some(at);
        self.advance(scene, at, prevented);
        if !own {
            return Facts { ended: self.apply_foreign(scene, event), ..Facts::default() };
        }
        let settings = scene.settings();
        let phase = |fold: &Fold| fold.open().and_then(|episode| fold.phase(episode, settings, at));
        let mut facts = Facts { phase_before: phase(self), ..Facts::default() };
        let before = (self.episodes.len(), self.current.attended_on);
        let belonged = self.open().is_some();
        self.apply_own(scene, event, prevented, &mut facts);
        facts.phase_after = phase(self);
        facts.breakdown = self.open().and_then(Episode::open_breakdown).map(OpenBreakdown::from);
        facts.received = self.standing.received(at.day());
        facts.unmet = self.standing.unmet(at.day());
        if belonged || self.open().is_some() || self.ended_at(at) {
            let attended_before = before.1.filter(|_| before.0 == self.episodes.len());
            facts.sitting = self.episodes.last().map(|episode| Sitting {
                episode: self.episodes.len() as u32,
                day: at.day().since(episode.opened_at.day()) as u32,
                session: self.current.sessions,
                days_since_contact: attended_before.map(|day| at.day().since(day) as u32),
            });
        }
        facts
    }

    fn apply_own(&mut self, scene: Scene<'_>, event: &Event, prevented: bool, facts: &mut Facts) {
        let at = event.occurred_at;
        (facts.mechanism, facts.component) = enriched::speaks_to(&event.body, &scene.params.catalogue);
        match &event.body {
            Body::Started { matched_on } => self.started(event, *matched_on),
            Body::Paused => self.paused(at),
            Body::Resumed => self.resumed(scene, at, prevented),
            Body::Ended { by, reason } => {
                let ended = self.ended(scene, event, *by, *reason);
                facts.mechanism = Some(match ended {
                    Some(ended) => ended.mechanism,
                    None => reason
                        .mechanism(Some(*by))
                        .unwrap_or_else(|| time::unmet_mechanism(self.standing.unmet(at.day()))),
                });
                facts.ended = ended;
            }
            Body::Contact(contact) => self.contact(event, contact),
            Body::Ruptured { cause, .. } => {
                self.open_if_first(event);
                self.break_down(event, Rule::Reported, cause.mechanism(), None, 0);
            }
            Body::Repaired => {
                self.open_if_first(event);
                self.repair(at);
            }
            Body::Measure(measure) => {
                let instrument = scene.params.catalogue.get(&measure.instrument);
                if let Some(instrument) =
                    instrument.filter(|instrument| instrument.target == Target::Alliance)
                {
                    self.open_if_first(event);
                    self.measure(scene, event, instrument, measure, facts);
                }
            }
            Body::Behaviour(_) | Body::Comparison { .. } => {
                self.open_if_first(event);
                self.stirred |= self.models_for_alerts(at, &event.body);
            }
            _ => {}
        }
    }

    /// Events noted elsewhere that end this dyad's open episode.
    fn apply_foreign(&mut self, scene: Scene<'_>, event: &Event) -> Option<Ended> {
        match &event.body {
            Body::Left { reason } => self.ended(scene, event, Side::Peer, reason.end_reason()),
            Body::Ended { by, reason } => self.ended(scene, event, *by, *reason),
            _ => None,
        }
    }

    fn advance(&mut self, scene: Scene<'_>, to: Instant, prevented: bool) {
        let past = time::Past { current: &self.current, standing: &self.standing, scene };
        if let Some(episode) = self.episodes.last_mut() {
            self.stirred |= time::advance(episode, past, to, prevented);
        }
    }

    /// Whether the last episode ended at `at`: all events of that instant belong to it.
    fn ended_at(&self, at: Instant) -> bool {
        let end = self.episodes.last().and_then(|episode| episode.end.as_ref());
        end.is_some_and(|end| end.at == at)
    }

    fn open_if_first(&mut self, event: &Event) {
        if self.episodes.is_empty() {
            self.open_at(event, Set::default());
        }
    }

    fn open_at(&mut self, event: &Event, matched_on: Set<MatchedOn>) {
        let at = event.occurred_at;
        self.current = Current::default();
        self.stirred = true;
        room::push(
            &mut self.episodes,
            Episode {
                opened_at: at,
                opened_by: event.id.clone(),
                matched_on,
                pauses: Vec::new(),
                last_contact_day: at.day(),
                rated_days: Vec::new(),
                watches: Vec::new(),
                breakdowns: Vec::new(),
                baselines: Vec::new(),
                presumed: None,
                taken_back: Vec::new(),
                end: None,
            },
        );
    }

    fn started(&mut self, event: &Event, matched_on: Set<MatchedOn>) {
        if let Some(episode) = self.open_mut() {
            let Some(lost) = episode.presumed else {
                episode.matched_on = episode.matched_on.union(matched_on);
                return;
            };
            self.close(
                event,
                None,
                lost.side,
                Ended { polarity: Polarity::Negative, mechanism: lost.mechanism },
            );
        }
        self.open_at(event, matched_on);
    }

    fn paused(&mut self, at: Instant) {
        if let Some(episode) = self.open_mut()
            && episode.pauses.last().is_none_or(|pause| pause.to.is_some())
        {
            room::push(&mut episode.pauses, Pause { from: at, to: None });
            self.stirred = true;
        }
    }

    fn resumed(&mut self, scene: Scene<'_>, at: Instant, prevented: bool) {
        let Some(episode) = self.open_mut() else { return };
        let Some(pause) = episode.pauses.last_mut().filter(|pause| pause.to.is_none()) else { return };
        pause.to = Some(at);
        self.stirred = true;
        // The day is no paused day now: it may turn out to be that of the presumed dropout.
        self.advance(scene, at, prevented);
    }

    fn ended(&mut self, scene: Scene<'_>, event: &Event, by: Side, reason: EndReason) -> Option<Ended> {
        let at = event.occurred_at;
        let episode = self.open()?;
        let in_breakdown = episode.open_breakdown().map(|breakdown| breakdown.mechanism);
        let mechanism = reason.mechanism(Some(by)).or(in_breakdown).unwrap_or_else(|| {
            time::unmet_mechanism(match episode.presumed {
                Some(presumed) => unmet_at_loss(scene.events, presumed.counted_from, presumed.day),
                None => self.standing.unmet(at.day()),
            })
        });
        if mechanism == Mechanism::WorkingAlliance {
            self.break_down(event, Rule::Exit, mechanism, None, 0);
        }
        let ended = Ended { polarity: reason.polarity(), mechanism };
        self.close(event, Some(reason), Some(by), ended);
        Some(ended)
    }

    fn close(&mut self, event: &Event, reason: Option<EndReason>, side: Option<Side>, ended: Ended) {
        let at = event.occurred_at;
        self.stirred = true;
        let Some(episode) = self.open_mut() else { return };
        let pause = episode.pauses.last_mut().filter(|pause| pause.to.is_none());
        let ended_pause = pause.map(|pause| pause.to = Some(at)).is_some();
        if let Some(breakdown) = episode.breakdowns.last_mut().filter(|breakdown| breakdown.is_open()) {
            breakdown.ended_at = Some(at);
        }
        close_watch(episode, at);
        let Ended { polarity, mechanism } = ended;
        episode.end = Some(End { at, reason, side, polarity, mechanism, ended_pause, by: event.id.clone() });
    }

    fn contact(&mut self, event: &Event, contact: &Contact) {
        let at = event.occurred_at;
        let end = self.episodes.last().map(|episode| episode.end.as_ref().map(|end| end.at.day()));
        match end {
            None => self.open_at(event, Set::default()),
            Some(Some(day)) if contact.attended() && day < at.day() => self.open_at(event, Set::default()),
            _ => {}
        }
        self.stirred |= self.is_for_alerts(at, contact);
        self.standing.note(at, contact);
        self.judge_ends_of(at);
        let in_watch = self.open().is_some_and(|episode| episode.open_watch().is_some());
        let Some(episode) = self.episodes.last_mut().filter(|episode| episode.end.is_none()) else { return };
        let current = &mut self.current;
        current.last_contact = Some(contact.attendance);
        match contact.attendance {
            Attendance::Attended => {
                current.sessions += 1;
                current.attended_on = Some(at.day());
                current.missed = false;
                episode.last_contact_day = at.day();
                if let Some(presumed) = episode.presumed.take() {
                    room::push(&mut episode.taken_back, TakenBack { presumed, at });
                    self.stirred = true;
                }
            }
            Attendance::MissedByClient => {
                let missed_before = std::mem::replace(&mut current.missed, true);
                if in_watch && missed_before {
                    self.break_down(event, Rule::MissedInWatch, Mechanism::WorkingAlliance, None, 0);
                }
            }
            _ => {}
        }
        if let Some(lost) = self.open_mut().and_then(|episode| episode.presumed.as_mut()) {
            lost.side = time::side_of_loss(Some(contact.attendance));
        }
    }

    /// What stood unmet on the day of an end is known when that day is over: a contact later on it counts.
    fn judge_ends_of(&mut self, at: Instant) {
        let unmet = self.standing.unmet(at.day());
        for episode in self.episodes.iter_mut().rev() {
            let Some(end) = &mut episode.end else { continue };
            if end.at.day() != at.day() {
                break;
            }
            let in_breakdown = episode.breakdowns.iter().any(|breakdown| breakdown.ended_at.is_some());
            if end.reason == Some(EndReason::Disengaged) && !in_breakdown && episode.presumed.is_none() {
                end.mechanism = time::unmet_mechanism(unmet);
            }
        }
    }

    fn measure(
        &mut self,
        scene: Scene<'_>,
        event: &Event,
        instrument: &Instrument,
        measure: &Measure,
        facts: &mut Facts,
    ) {
        let scores = scores::components(instrument, measure);
        let (Some(total), Rater::Client) = (scores.total, measure.rater) else { return };
        let at = event.occurred_at;
        let Some(episode) = self.episodes.last_mut().filter(|episode| episode.end.is_none()) else { return };
        let in_breakdown = episode.open_breakdown().is_some();
        if episode.rated_days.last() != Some(&at.day()) {
            room::push(&mut episode.rated_days, at.day());
        }
        let following =
            self.current.following.get_or_insert_with(|| Box::new(Following::new(instrument, at.day())));
        match following.rate(instrument, total, &scores, at, in_breakdown, scene.settings()) {
            Rated::Passed => {}
            Rated::Baseline(filled) => {
                if let Some(filled) = filled {
                    room::push(&mut episode.baselines, filled);
                }
            }
            Rated::Judged(judgement) => {
                facts.judged = Some((judgement.z, judgement.mean));
                facts.component = judgement.component;
                self.judge(event, in_breakdown, judgement);
            }
        }
    }

    /// What a rating after the baseline does: repair where a breakdown is open; else the breakdown rule; else watch.
    fn judge(&mut self, event: &Event, in_breakdown: bool, judgement: Judgement) {
        let at = event.occurred_at;
        let alliance = Mechanism::WorkingAlliance;
        if in_breakdown {
            if judgement.calm {
                self.repair(at);
            }
        } else if judgement.far_below {
            self.break_down(event, Rule::FarBelow, alliance, judgement.component, judgement.ratings);
        } else if judgement.well_below && judgement.well_below_before {
            let ratings = judgement.ratings + judgement.before;
            self.break_down(event, Rule::TwoOfThree, alliance, judgement.component, ratings);
        } else if let Some(episode) = self.open_mut() {
            let in_watch = episode.open_watch().is_some();
            if in_watch && judgement.calm {
                close_watch(episode, at);
                self.stirred = true;
            } else if !in_watch && judgement.well_below {
                room::push(
                    &mut episode.watches,
                    Watch {
                        opened_at: at,
                        opened_by: event.id.clone(),
                        component: judgement.component,
                        ratings: judgement.ratings,
                        closed_at: None,
                    },
                );
                self.opened();
            }
        }
    }

    /// Opens a breakdown unless one is open, which the evidence then joins.
    fn break_down(
        &mut self,
        event: &Event,
        rule: Rule,
        mechanism: Mechanism,
        component: Option<Component>,
        ratings: u32,
    ) {
        let Some(episode) = self.open_mut().filter(|episode| episode.open_breakdown().is_none()) else {
            return;
        };
        let at = event.occurred_at;
        close_watch(episode, at);
        room::push(
            &mut episode.breakdowns,
            Breakdown {
                opened_at: at,
                opened_by: event.id.clone(),
                detected_by: rule.detected_by(),
                rule,
                ratings,
                mechanism,
                component,
                repaired_at: None,
                ended_at: None,
                given_up_at: None,
            },
        );
        self.opened();
    }

    fn opened(&mut self) {
        self.stirred = true;
        if let Some(following) = &mut self.current.following {
            following.opened();
        }
    }

    fn repair(&mut self, at: Instant) {
        let Some(episode) = self.open_mut() else { return };
        let Some(breakdown) = episode.breakdowns.last_mut().filter(|breakdown| breakdown.is_open()) else {
            return;
        };
        breakdown.repaired_at = Some(at);
        self.stirred = true;
        if let Some(following) = &mut self.current.following {
            following.repaired();
        }
    }
}

fn close_watch(episode: &mut Episode, at: Instant) {
    if let Some(watch) = episode.watches.last_mut().filter(|watch| watch.closed_at.is_none()) {
        watch.closed_at = Some(at);
    }
}
