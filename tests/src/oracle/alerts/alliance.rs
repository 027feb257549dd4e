//! Alerts about what becomes of the alliance: watch, breakdown, a breakdown unrepaired, a presumed dropout.

use rapport_proto::v1::AcknowledgementState;

use super::{Alert, Place, Subject, place, time};
use crate::oracle::alliance::Breakdown;
use crate::oracle::days::{Us, day_of, midnight};
use crate::oracle::episode::Episode;
use crate::oracle::walk::Walk;

/// Days after the end, or after a presumed dropout, at which a breakdown's alerts close.
const LATEST_DAYS: i64 = 14;
/// Days after which a breakdown should have been repaired.
const REPAIR_DAYS: i64 = 28;

pub(super) fn alerts(subject: &Subject<'_, '_>, walk: &Walk<'_>, alerts: &mut Vec<Alert>) {
    for episode in &walk.episodes {
        for watch in &episode.alliance.watches {
            let event = subject.site.event(&watch.event_id);
            alerts.push(Alert {
                until: watch.closed,
                mechanism: Some("working_alliance"),
                component: watch.component.map(str::to_owned),
                ..subject.opened("alliance_watch", &[], event, watch.opened)
            });
        }
        for breakdown in &episode.alliance.breakdowns {
            alerts.push(broken(subject, episode, breakdown));
            alerts.extend(unrepaired(subject, episode, breakdown));
        }
        for loss in &episode.losses {
            let until = loss.taken_back.or(episode.end.as_ref().map(|end| end.at));
            // A `started` at that very instant: with all its events known, nobody was lost.
            if until.is_some_and(|until| until <= midnight(loss.day)) {
                continue;
            }
            let event = subject.site.event(&loss.counted_from_event);
            alerts.push(Alert {
                until,
                mechanism: Some(walk.loss_mechanism(episode, loss)),
                ..subject.opened_by_time("presumed_dropout", event, midnight(loss.day))
            });
        }
    }
}

/// A breakdown's own alert.
fn broken(subject: &Subject<'_, '_>, episode: &Episode, breakdown: &Breakdown) -> Alert {
    let event = subject.site.event(&breakdown.event_id);
    let alert = of_breakdown(subject.opened("alliance_breakdown", &[], event, breakdown.opened), breakdown);
    Alert { until: closing(subject, episode, breakdown, &alert, &place(event)), ..alert }
}

/// The alert that it has not been repaired for 28 days.
fn unrepaired(subject: &Subject<'_, '_>, episode: &Episode, breakdown: &Breakdown) -> Option<Alert> {
    let since = midnight(day_of(breakdown.opened) + REPAIR_DAYS + 1);
    let is_over = breakdown.repaired.or(breakdown.ended).is_some_and(|at| at <= since);
    let event = subject.site.event(&breakdown.event_id);
    let is_closed_by_time = passed(episode).iter().any(|at| time(*at) > place(event) && *at <= since);
    if since > subject.site.now || is_over || is_closed_by_time {
        return None;
    }
    let alert = of_breakdown(subject.opened_by_time("breakdown_unrepaired", event, since), breakdown);
    Some(Alert { until: closing(subject, episode, breakdown, &alert, &time(since)), ..alert })
}

fn of_breakdown(alert: Alert, breakdown: &Breakdown) -> Alert {
    Alert {
        mechanism: Some(breakdown.mechanism),
        component: breakdown.component.map(str::to_owned),
        detected_by: Some(breakdown.detected_by),
        ..alert
    }
}

/// The first moment after an alert's opening at which a breakdown's alert closes.
fn closing(
    subject: &Subject<'_, '_>,
    episode: &Episode,
    breakdown: &Breakdown,
    alert: &Alert,
    opened: &Place,
) -> Option<Us> {
    let of_time = passed(episode).into_iter().filter(|at| time(*at) > *opened);
    let closed = subject.acknowledged(&alert.alert_id, &[AcknowledgementState::Closed], opened);
    let begun_anew = episode.end.as_ref().filter(|end| end.reason.is_none()).map(|end| end.at);
    let moments = of_time.chain(breakdown.repaired).chain(begun_anew).chain(closed.map(|(at, _, _)| at));
    moments.filter(|at| (alert.since..=subject.site.now).contains(at)).min()
}

/// When 14 days have passed since the end, or since a presumed dropout that still stands.
fn passed(episode: &Episode) -> Vec<Us> {
    let end = episode.end.as_ref();
    let mut moments = Vec::new();
    if let Some(end) = end.filter(|end| end.reason.is_some()) {
        moments.push(midnight(day_of(end.at) + LATEST_DAYS + 1));
    }
    for loss in &episode.losses {
        let have_passed = midnight(loss.day + LATEST_DAYS + 1);
        let no_longer_lost = loss.taken_back.or(end.map(|end| end.at));
        if no_longer_lost.is_none_or(|at| at > have_passed) {
            moments.push(have_passed);
        }
    }
    moments
}
