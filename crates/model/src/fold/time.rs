//! What time alone does to an open episode: pauses end, the dyad is presumed lost, an alert is given up.

use super::{Current, Scene};
use crate::params::Settings;
use crate::support::Standing;
use crate::time::{Day, Instant};
use crate::timeline::{Breakdown, Episode, Pause, Presumed};
use crate::words::*;

/// Days after an end or a presumed loss that must have passed for the alert of an open breakdown to close.
pub(crate) const GIVEN_UP_DAYS: i32 = 14;

/// What is known after the last event, from which time goes on alone.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    pub current: &'a Current,
    pub standing: &'a Standing,
    pub scene: Scene<'a>,
}

/// Brings `episode` up to `to`, inclusively. An attended contact or an end at `to` itself has `prevented` that it is lost
/// there, and that it still is.
///
/// Says whether an alert may depend on what happened.
pub(crate) fn advance(episode: &mut Episode, past: Past<'_>, to: Instant, prevented: bool) -> bool {
    if episode.end.is_some() {
        return false;
    }
    let settings = past.scene.settings();
    if let Some(pause) = episode.pauses.last_mut().filter(|pause| pause.to.is_none()) {
        let limit = limit(pause, settings);
        pause.to = (limit <= to).then_some(limit);
    }
    let lost = episode.presumed.is_none() && presume(episode, past, to, prevented);
    give_up(episode, to, prevented) || lost
}

/// Whether [`advance`] may change `episode`; `false` is certain.
pub(crate) fn may_advance(episode: &Episode, settings: &Settings, to: Instant) -> bool {
    if episode.end.is_some() {
        return false;
    }
    let pause_ends = |pause: &Pause| pause.to.is_none() && limit(pause, settings) <= to;
    episode.presumed.is_some()
        || to.day().since(episode.last_contact_day) >= settings.dropout_days as i32
        || episode.pauses.last().is_some_and(pause_ends)
}

/// 00:00 of the day on which a pause ends by itself.
pub(crate) fn limit(pause: &Pause, settings: &Settings) -> Instant {
    pause.from.day().plus(settings.pause_days as i32).start()
}

fn presume(episode: &mut Episode, past: Past<'_>, to: Instant, prevented: bool) -> bool {
    let Past { current, standing, scene } = past;
    let settings = scene.settings();
    // Paused days only make it later: most episodes need no closer look.
    if to.day().since(episode.last_contact_day) < settings.dropout_days as i32 {
        return false;
    }
    let day = day_of_loss(episode, settings);
    if day.start() > to || (day.start() == to && prevented) {
        return false;
    }
    let c = episode.last_contact_day;
    let side = side_of_loss(current.last_contact);
    let mechanism = breakdown_before(episode, day.start())
        .unwrap_or_else(|| unmet_mechanism(standing.unmet_at_loss(scene.events, c, day)));
    episode.presumed = Some(Presumed { day, counted_from: c, side, mechanism });
    if let Some(watch) = episode.watches.last_mut().filter(|watch| watch.closed_at.is_none())
        && watch.opened_at < day.start()
    {
        watch.closed_at = Some(day.start());
    }
    true
}

/// The side of a presumed dropout, by the episode's last contact.
pub(super) fn side_of_loss(last_contact: Option<Attendance>) -> Option<Side> {
    match last_contact? {
        Attendance::MissedByPeer | Attendance::CancelledByPeer => Some(Side::Peer),
        Attendance::MissedByClient | Attendance::CancelledByClient => Some(Side::Client),
        Attendance::Attended => None,
    }
}

/// The mechanism of a loss at which these types stood unmet and no breakdown was open.
pub(super) fn unmet_mechanism(unmet: Set<SupportType>) -> Mechanism {
    if unmet.is_empty() { Mechanism::Unknown } else { Mechanism::SocialSupport }
}

/// The mechanism of the breakdown that was open just before `t`.
fn breakdown_before(episode: &Episode, t: Instant) -> Option<Mechanism> {
    let open = |b: &&Breakdown| b.opened_at < t && b.repaired_at.is_none_or(|repaired| repaired >= t);
    episode.breakdowns.iter().find(open).map(|breakdown| breakdown.mechanism)
}

fn give_up(episode: &mut Episode, to: Instant, prevented: bool) -> bool {
    let Some(presumed) = episode.presumed else { return false };
    let closing = presumed.day.plus(GIVEN_UP_DAYS + 1).start();
    let Some(breakdown) = episode.breakdowns.last_mut().filter(|breakdown| breakdown.is_open()) else {
        return false;
    };
    // A closing moment before the opening does not count; what time does at an instant comes before its events.
    let passed = closing < to || (closing == to && !prevented);
    if !passed || breakdown.given_up_at.is_some() || breakdown.opened_at >= closing {
        return false;
    }
    breakdown.given_up_at = Some(closing);
    true
}

/// The day of the presumed dropout if nothing happens: of the days after c that are not paused the 43rd ⚙.
///
/// A pause that lasts is taken to last as long as it may.
pub(crate) fn day_of_loss(episode: &Episode, settings: &Settings) -> Day {
    let c = episode.last_contact_day;
    let mut day = c.plus(settings.dropout_days as i32);
    let mut rest = episode.pauses.as_slice();
    while let Some((first, after)) = rest.split_first() {
        // One pause may begin where the one before ends: together they cover days that neither covers alone.
        let mut to = first.to.unwrap_or_else(|| limit(first, settings));
        rest = after;
        while let Some((next, after)) = rest.split_first()
            && next.from == to
        {
            to = next.to.unwrap_or_else(|| limit(next, settings));
            rest = after;
        }
        let from = first.from.day();
        let first_full = if first.from == from.start() { from } else { from.plus(1) };
        let first_counted = first_full.max(c.plus(1));
        let last_full = to.day().plus(-1);
        if first_counted <= last_full && first_counted <= day {
            day = day.plus(last_full.since(first_counted) + 1);
        }
    }
    day
}
