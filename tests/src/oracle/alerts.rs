//! Section 6: every stretch of `alliance_breakdown` and `alliance_watch` there ever was.

use rapport_proto::v1;
use sha2::{Digest, Sha256};

use super::Given;
use super::alliance::Breakdown;
use super::days::{Us, day_of, midnight};
use super::episode::Episode;
use super::walk::{Walk, dyads};

/// An alert, as events up to T have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its identity.
    pub alert_id: String,
    /// Which.
    pub alert: &'static str,
    /// The client.
    pub client: String,
    /// The peer.
    pub peer: String,
    /// Since when.
    pub since: Us,
    /// Until when; absent while it fires.
    pub until: Option<Us>,
    /// At which mechanism.
    pub mechanism: &'static str,
    /// What fell most.
    pub component: Option<&'static str>,
    /// Of breakdowns: what showed it.
    pub detected_by: Option<&'static str>,
    /// When what opened it was recorded.
    pub recorded_at: Us,
}

/// Days after the end, or after a presumed dropout, at which a breakdown's alert closes.
const LATEST_DAYS: i64 = 14;

/// First 16 bytes, in hex, of the SHA-256 of strings joined by 0x00.
pub fn alert_id(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0").as_bytes());
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The alerts of a site at T, by their ids.
pub fn alerts(given: &Given, events: &[v1::Event], site: &str, now: Us) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let recorded_at = |event_id: &str| {
        let event = events.iter().find(|event| event.site == site && event.event_id == event_id);
        event.expect("the opening event stands").recorded_at_us
    };
    for dyad in dyads(events, site) {
        let walk = Walk::up_to(given, &dyad, now);
        for episode in &walk.episodes {
            let id = |alert, event_id: &str| alert_id(&[site, alert, dyad.client, dyad.peer, event_id]);
            for watch in &episode.alliance.watches {
                alerts.push(Alert {
                    alert_id: id("alliance_watch", &watch.event_id),
                    alert: "alliance_watch",
                    client: dyad.client.to_owned(),
                    peer: dyad.peer.to_owned(),
                    since: watch.opened,
                    until: watch.closed,
                    mechanism: "working_alliance",
                    component: watch.component,
                    detected_by: None,
                    recorded_at: recorded_at(&watch.event_id),
                });
            }
            for breakdown in &episode.alliance.breakdowns {
                let alert_id = id("alliance_breakdown", &breakdown.event_id);
                let acknowledged = acknowledged(events, site, &alert_id, now, breakdown.opened);
                let closings = closings(episode, breakdown).into_iter().chain(acknowledged);
                alerts.push(Alert {
                    alert_id,
                    alert: "alliance_breakdown",
                    client: dyad.client.to_owned(),
                    peer: dyad.peer.to_owned(),
                    since: breakdown.opened,
                    until: closings.filter(|at| (breakdown.opened..=now).contains(at)).min(),
                    mechanism: breakdown.mechanism,
                    component: breakdown.component,
                    detected_by: Some(breakdown.detected_by),
                    recorded_at: recorded_at(&breakdown.event_id),
                });
            }
        }
    }
    alerts.sort_by(|a, b| a.alert_id.cmp(&b.alert_id));
    alerts
}

/// When the first acknowledgement in state `closed` closes an alert.
fn acknowledged(events: &[v1::Event], site: &str, alert_id: &str, now: Us, since: Us) -> Option<Us> {
    let closes = |event: &&v1::Event| {
        matches!(&event.body, Some(v1::event::Body::Acknowledgement(acknowledgement))
            if acknowledgement.alert_id == alert_id
            && acknowledgement.state() == v1::AcknowledgementState::Closed)
    };
    let in_time = events.iter().filter(|event| event.site == site && event.occurred_at_us <= now);
    in_time.filter(closes).map(|event| event.occurred_at_us.max(since)).min()
}

/// Every moment at which something, but for acknowledgements, closes a breakdown's alert.
fn closings(episode: &Episode, breakdown: &Breakdown) -> Vec<Us> {
    let mut moments: Vec<Us> = breakdown.repaired.into_iter().collect();
    let end = episode.end.as_ref();
    if let Some(end) = end {
        match end.reason {
            Some(_) => moments.push(midnight(day_of(end.at) + LATEST_DAYS + 1)),
            None => moments.push(end.at),
        }
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
