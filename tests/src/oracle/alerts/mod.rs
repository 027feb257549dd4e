//! Section 6: every stretch of every alert there ever was, as the events that stand now have it.

mod alliance;
mod peers;
mod safeguarding;
mod silence;
mod told;

use rapport_proto::v1::{self, AcknowledgementState, event::Body};
use sha2::{Digest, Sha256};

use super::Given;
use super::days::Us;
use super::log::{self, Known};
use super::site::Site;

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its identity.
    pub alert_id: String,
    /// Which.
    pub alert: &'static str,
    /// The client.
    pub client: Option<String>,
    /// The peer.
    pub peer: Option<String>,
    /// Since when.
    pub since: Us,
    /// Until when; absent while it fires.
    pub until: Option<Us>,
    /// At which mechanism.
    pub mechanism: Option<&'static str>,
    /// Which part of it.
    pub component: Option<String>,
    /// Of breakdowns: what showed it.
    pub detected_by: Option<&'static str>,
    /// When what opened it was recorded; of what time opened, not before that.
    pub recorded_at: Us,
    /// Of safeguarding: whether the event that opened it no longer says so.
    pub withdrawn_event: bool,
}

/// First 16 bytes, in hex, of the SHA-256 of strings joined by 0x00.
pub fn alert_id(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0").as_bytes());
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All alerts of a site but withdrawn ones, by their ids; of `site_silent` only the present one.
pub fn alerts(site: &Site<'_>) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for (dyad, walk) in &site.dyads {
        let subject = Subject { site, client: Some(dyad.client), peer: Some(dyad.peer) };
        alliance::alerts(&subject, walk, &mut alerts);
        told::alerts(&subject, walk, &mut alerts);
    }
    for peer in site.peers() {
        peers::alerts(&Subject { site, client: None, peer: Some(peer) }, &mut alerts);
    }
    alerts.extend(safeguarding::alerts(site));
    alerts.extend(silence::alert(site));
    alerts.sort_by(|a, b| a.alert_id.cmp(&b.alert_id));
    let ids = alerts.windows(2).all(|pair| pair[0].alert_id != pair[1].alert_id);
    assert!(ids, "two alerts have one identity: {alerts:?}");
    alerts
}

/// The present silences of the sites of a partition at T, whatever else is known.
pub fn silences(given: &Given, known: &Known) -> Vec<Alert> {
    let Some(now) = known.clock() else { return Vec::new() };
    let sites = known.sites();
    let bare = |name| Site { given, name, known, now, standing: &[], events: Vec::new(), dyads: Vec::new() };
    sites.iter().filter_map(|name| silence::alert(&bare(name))).collect()
}

/// A place in the order of all that happens: an instant; at it, what time does, then events by their kind and id.
type Place = (Us, u8, Vec<u8>);

fn place(event: &v1::Event) -> Place {
    let (at, rank, id) = log::order(event);
    (at, 1 + rank, id.to_vec())
}

/// The place of what time does at an instant.
fn time(at: Us) -> Place {
    (at, 0, Vec::new())
}

/// Whom alerts are about.
struct Subject<'s, 'a> {
    site: &'s Site<'a>,
    client: Option<&'a str>,
    peer: Option<&'a str>,
}

impl<'a> Subject<'_, 'a> {
    /// An alert that time opened: so much has passed since an event.
    fn opened_by_time(&self, alert: &'static str, since: &v1::Event, at: Us) -> Alert {
        let alert = self.opened(alert, &[], since, at);
        Alert { recorded_at: alert.recorded_at.max(at), ..alert }
    }

    /// An alert that an event opened; it still fires. `parts` are what, beside the persons, belongs to its subject.
    fn opened(&self, alert: &'static str, parts: &[&str], by: &v1::Event, since: Us) -> Alert {
        let mut strings = vec![self.site.name, alert];
        strings.extend(self.client);
        strings.extend(self.peer);
        strings.extend(parts);
        strings.push(&by.event_id);
        Alert {
            alert_id: alert_id(&strings),
            alert,
            client: self.client.map(str::to_owned),
            peer: self.peer.map(str::to_owned),
            since,
            until: None,
            mechanism: None,
            component: None,
            detected_by: None,
            recorded_at: if since > by.occurred_at_us {
                by.recorded_at_us.max(since)
            } else {
                by.recorded_at_us
            },
            withdrawn_event: false,
        }
    }

    /// Where the first acknowledgement in one of these states closes an alert that was opened at a place.
    fn acknowledged(&self, alert_id: &str, states: &[AcknowledgementState], opened: &Place) -> Option<Place> {
        let closes = |event: &&&v1::Event| {
            matches!(&event.body, Some(Body::Acknowledgement(acknowledgement))
                if acknowledgement.alert_id == alert_id && states.contains(&acknowledgement.state()))
        };
        let first = self.site.events.iter().find(closes)?;
        Some(place(first).max(opened.clone()))
    }
}
