//! Safeguarding: one alert for every event and subject of which any accepted version ever said so.

use std::collections::BTreeMap;

use rapport_proto::v1::{self, AcknowledgementState, event::Body};

use super::{Alert, Subject, place};
use crate::oracle::dyads::left;
use crate::oracle::log::precedence;
use crate::oracle::site::Site;
use crate::oracle::words::word;

const CAUSES: [&str; 5] =
    ["controlling", "abuse_of_power", "boundary_breach", "inappropriate_relationship", "harmful_behaviour"];

/// Whether an event says that somebody may be in danger.
fn says_so(event: &v1::Event) -> bool {
    let cause = match &event.body {
        Some(Body::Alliance(one)) if one.action() == v1::AllianceAction::Ruptured => {
            word(one.cause().as_str_name(), "RUPTURE_CAUSE_")
        }
        Some(Body::Relationship(one)) if one.action() == v1::RelationshipAction::Ended => {
            word(one.reason().as_str_name(), "END_REASON_")
        }
        _ => left(event).unwrap_or_default(),
    };
    CAUSES.contains(&cause.as_str())
}

pub(super) fn alerts(site: &Site<'_>) -> Vec<Alert> {
    let mut by_subject: BTreeMap<(&str, &str, &str), Vec<&v1::Event>> = BTreeMap::new();
    for (version, _) in site.known.versions().filter(|(version, _)| version.site == site.name) {
        if says_so(version) {
            let subject = (version.event_id.as_str(), version.client.as_str(), version.peer.as_str());
            by_subject.entry(subject).or_default().push(version);
        }
    }
    let alert = |(key, versions): ((&str, &str, &str), Vec<&v1::Event>)| alert(site, key, &versions);
    by_subject.into_iter().filter_map(alert).collect()
}

fn alert<'a>(
    site: &Site<'a>,
    (event_id, client, peer): (&str, &'a str, &'a str),
    versions: &[&'a v1::Event],
) -> Option<Alert> {
    let mut standing = site.standing.iter().filter(|event| event.site == site.name);
    let standing = standing.find(|event| event.event_id == event_id);
    let still = standing.filter(|event| says_so(event) && event.client == client && event.peer == peer);
    let happened = versions.iter().filter(|version| version.occurred_at_us <= site.now);
    let last = happened.copied().max_by_key(|version| precedence(version));
    // A version that is yet to happen dates nothing yet.
    let dated_by = still.filter(|event| event.occurred_at_us <= site.now).or(last)?;
    let person = |person: &'a str| (!person.is_empty()).then_some(person);
    let subject = Subject { site, client: person(client), peer: person(peer) };
    let alert = subject.opened("safeguarding", &[], dated_by, dated_by.occurred_at_us);
    let closed = subject.acknowledged(&alert.alert_id, &[AcknowledgementState::Closed], &place(dated_by));
    Some(Alert { until: closed.map(|(at, _, _)| at), withdrawn_event: still.is_none(), ..alert })
}
