//! Which alerts an event may ever have opened. When it is erased they are taken back, whether or not anybody remembers having
//! given them out: one that was withdrawn would still say of whom it was.

use super::stretch::{Part, Series, identity};
use super::{About, Kind, is_for_safeguarding};
use crate::event::{Body, Event};
use crate::words::SupportType;

/// Of a dyad; most events may be the one that opens such an alert, or that time counts from.
const OF_DYADS: [Kind; 4] =
    [Kind::AllianceBreakdown, Kind::BreakdownUnrepaired, Kind::AllianceWatch, Kind::PresumedDropout];

/// Of a peer.
const OF_PEERS: [Kind; 3] = [Kind::SupervisionOverdue, Kind::TrainingLapsed, Kind::PeerOverloaded];

/// The ids of all alerts about that subject which such an event may ever have opened; of the silence of its site, see
/// [`silence_opened_by`].
pub(crate) fn opened_by(event: &Event, about: About<'_>) -> Vec<String> {
    let mut alerts = match (about.client, about.peer) {
        (Some(_), Some(_)) => of_dyad(event),
        (None, Some(_)) => of_peer(event),
        _ => Vec::new(),
    };
    if is_for_safeguarding(&event.body) {
        alerts.push((Kind::Safeguarding, Part::None));
    }
    alerts.iter().map(|(kind, part)| identity(*kind, part, &event.id, about)).collect()
}

/// The ids of all alerts about that dyad which the event `id` may have opened, that its peer left.
pub(crate) fn departure_opened_by(id: &str, about: About<'_>) -> impl Iterator<Item = String> {
    OF_DYADS.iter().map(move |kind| identity(*kind, &Part::None, id, about))
}

/// The id of the alert of a site's silence that is counted from the event `id`.
pub(crate) fn silence_opened_by(id: &str, about: About<'_>) -> String {
    identity(Kind::SiteSilent, &Part::None, id, about)
}

fn of_dyad(event: &Event) -> Vec<(Kind, Part)> {
    let mut alerts: Vec<_> = OF_DYADS.map(|kind| (kind, Part::None)).into();
    match &event.body {
        Body::Contact(contact) => {
            let asked = SupportType::FIVE.into_iter().filter(|kind| contact.requested.contains(*kind));
            alerts.extend(asked.map(|kind| (Kind::SupportUnmet, Part::Support(kind))));
            if contact.requested.contains(SupportType::PsychologicalTherapy) {
                alerts.push((Kind::ProfessionalHelpWanted, Part::None));
            }
        }
        Body::Comparison { .. } => alerts.push((Kind::NegativeComparison, Part::None)),
        Body::Behaviour(_) => alerts.push((Kind::HarmfulBehaviour, Part::None)),
        _ => {}
    }
    alerts
}

fn of_peer(event: &Event) -> Vec<(Kind, Part)> {
    let mut alerts: Vec<_> = OF_PEERS.map(|kind| (kind, Part::None)).into();
    if let Body::Measure(measure) = &event.body {
        let (instrument, rater) = (measure.instrument.clone(), measure.rater);
        alerts.push((
            Kind::PeerWellbeingFall,
            Part::Series(Box::new(Series { instrument, rater, construct: "".into() })),
        ));
    }
    alerts
}
