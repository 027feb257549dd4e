//! Rows of the enriched stream: model.md section 7.

use std::sync::Arc;

use rapport_proto::v1;

use crate::catalogue::{Catalogue, Target};
use crate::event::{Body, Event, Persons};
use crate::fold::Facts;
use crate::params::{MODEL_VERSION, Params};
use crate::words::*;

/// The row of an event that has a person but no dyad.
///
/// `change` is of a measure: its change from the first score of its series in millionths of the instrument's own scale,
/// and the result where the instrument has a reliable change. `ends` is of a peer's `left`: whether it ended an episode.
pub fn plain_row(
    params: &Params,
    site: &str,
    persons: &Persons,
    event: &Event,
    change: Option<(i64, Option<ScoreResult>)>,
    ends: bool,
) -> v1::Enriched {
    let (mechanism, component) = speaks_to(&event.body, &params.catalogue);
    let ended = match &event.body {
        Body::Left { reason } if ends => {
            let (reason, by) = (reason.end_reason(), Some(Side::Peer));
            Some((reason.polarity(), reason.mechanism(by).unwrap_or(Mechanism::Unknown)))
        }
        _ => None,
    };
    v1::Enriched {
        event: Some(event.to_proto(site, persons)),
        mechanism: number(mechanism),
        component: number(component),
        construct: construct(&event.body, &params.catalogue),
        change_micros: change.map(|(change, _)| change),
        result: number(change.and_then(|(_, result)| result)),
        ended: ended.map(|(polarity, mechanism)| ended_row(polarity, mechanism)),
        model_version: MODEL_VERSION.to_owned(),
        ..v1::Enriched::default()
    }
}

/// The row of a dyad's own event.
pub(crate) fn row(
    params: &Params,
    site: &str,
    client: &Arc<str>,
    peer: &Arc<str>,
    event: &Event,
    facts: &Facts,
) -> v1::Enriched {
    let persons = Persons { client: Some(client.clone()), peer: Some(peer.clone()) };
    v1::Enriched {
        event: Some(event.to_proto(site, &persons)),
        episode: facts.sitting.map(|sitting| sitting.episode),
        episode_day: facts.sitting.map(|sitting| sitting.day),
        session: facts.sitting.map(|sitting| sitting.session),
        days_since_contact: facts.sitting.and_then(|sitting| sitting.days_since_contact),
        phase_before: number(facts.phase_before),
        phase_after: number(facts.phase_after),
        z: facts.judged.map(|(z, _)| z),
        baseline_mean_micros: facts.judged.map(|(_, mean)| mean),
        breakdown: facts.breakdown.map(|open| v1::OpenBreakdown {
            since_us: open.since.0,
            mechanism: open.mechanism.number(),
            detected_by: open.detected_by.number(),
        }),
        received: facts.received.iter().map(Word::number).collect(),
        unmet: facts.unmet.iter().map(Word::number).collect(),
        mechanism: number(facts.mechanism),
        component: number(facts.component),
        construct: construct(&event.body, &params.catalogue),
        change_micros: None,
        result: 0,
        ended: facts.ended.map(|ended| ended_row(ended.polarity, ended.mechanism)),
        model_version: MODEL_VERSION.to_owned(),
    }
}

/// The mechanism and component an event speaks to by itself; what depends on its dyad is for the fold to say.
pub(crate) fn speaks_to(body: &Body, catalogue: &Catalogue) -> (Option<Mechanism>, Option<Component>) {
    let role = |component| (Some(Mechanism::PeerRole), component);
    match body {
        Body::Contact(contact) if contact.attended() && !contact.support.is_empty() => {
            (Some(Mechanism::SocialSupport), None)
        }
        Body::Contact(_) | Body::Ruptured { .. } | Body::Repaired => (Some(Mechanism::WorkingAlliance), None),
        Body::Measure(measure) => {
            match catalogue.get(&measure.instrument).map(|instrument| instrument.target) {
                Some(Target::Alliance) => (Some(Mechanism::WorkingAlliance), None),
                Some(Target::Peer) => role(None),
                Some(Target::Client) | None => (None, None),
            }
        }
        Body::Behaviour(_) => (Some(Mechanism::RoleModelling), Some(Component::SocialLearning)),
        Body::Comparison { .. } => (Some(Mechanism::RoleModelling), Some(Component::SocialComparison)),
        Body::Training { .. } => role(Some(Component::Training)),
        Body::Supervision { .. } => role(Some(Component::Supervision)),
        Body::Reflection => role(Some(Component::SelfReflection)),
        Body::PeerSupportReceived => role(Some(Component::Support)),
        Body::Joined | Body::Left { .. } => role(None),
        Body::Started { .. }
        | Body::Paused
        | Body::Resumed
        | Body::Ended { .. }
        | Body::ServiceUse { .. }
        | Body::Pathway(_)
        | Body::Acknowledgement(_)
        | Body::Retraction { .. } => (None, None),
    }
}

fn construct(body: &Body, catalogue: &Catalogue) -> String {
    match body {
        Body::Measure(measure) => {
            catalogue.get(&measure.instrument).map(|found| found.construct.clone()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

pub(crate) fn ended_row(polarity: Polarity, mechanism: Mechanism) -> v1::Ended {
    v1::Ended {
        dropout: polarity == Polarity::Negative,
        polarity: polarity.number(),
        mechanism: mechanism.number(),
    }
}

fn number<T: Word>(word: Option<T>) -> i32 {
    word.map_or(0, Word::number)
}
