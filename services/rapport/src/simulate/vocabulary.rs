//! A year shows everything the model knows.

use std::collections::BTreeSet;

use rapport_model::words::*;
use serde_json::Value;

use super::{Kind, Link, Plan, generate};

/// `type field word` of every record that is not bad, and the pairs and triples the model tells apart.
fn seen(plan: &Plan) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for arrival in generate(plan).filter(|arrival| arrival.kind != Kind::Bad) {
        let record: Value = serde_json::from_str(&arrival.json).unwrap();
        let word = |field: &str| record[field].as_str().unwrap_or_default();
        let kind = word("type");
        seen.insert(kind.to_owned());
        for (field, value) in record.as_object().unwrap() {
            let items = match value {
                Value::Array(items) => items.clone(),
                other => vec![other.clone()],
            };
            for item in items {
                let item = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
                seen.insert(format!("{kind} {field} {item}"));
                // `reason` and `action` are fields of several types, and of several actions.
                seen.insert(format!("{kind} {} {field} {item}", word("action")));
                seen.insert(format!("{kind} {} {field} {item}", word("what")));
            }
        }
        let by = if word("by").is_empty() { "client" } else { word("by") };
        seen.insert(format!("compares {by} {} {}", word("direction"), word("affect")));
    }
    seen
}

/// What of a set is not there.
fn missing<W: Word>(seen: &BTreeSet<String>, what: &str) -> Vec<String> {
    let wanted = W::ALL.iter().map(|word| format!("{what} {}", word.as_str()));
    wanted.filter(|wanted| !seen.contains(wanted)).collect()
}

#[test]
fn every_type_action_kind_reason_and_cause_occurs_in_a_year_of_six_sites() {
    for seed in 1..=3 {
        let seen = seen(&Plan { seed, ..Plan::default() });
        let mut absent = [
            missing::<RelationshipAction>(&seen, "relationship action"),
            missing::<MatchedOn>(&seen, "relationship started matched_on"),
            missing::<Side>(&seen, "relationship ended ended_by"),
            missing::<EndReason>(&seen, "relationship ended reason"),
            missing::<Attendance>(&seen, "contact attendance"),
            missing::<Channel>(&seen, "contact channel"),
            missing::<SupportType>(&seen, "contact requested"),
            missing::<Practice>(&seen, "contact practices"),
            missing::<AllianceAction>(&seen, "alliance action"),
            missing::<RuptureCause>(&seen, "alliance ruptured cause"),
            missing::<Reporter>(&seen, "alliance ruptured reported_by"),
            missing::<Rater>(&seen, "measure rater"),
            missing::<ModellingWhat>(&seen, "modelling what"),
            missing::<Valence>(&seen, "modelling modelled valence"),
            missing::<Valence>(&seen, "modelling enacted valence"),
            missing::<ServiceUseKind>(&seen, "service_use kind"),
            missing::<DevelopmentKind>(&seen, "development kind"),
            missing::<SupervisionFormat>(&seen, "development format"),
            missing::<PeerAction>(&seen, "peer action"),
            missing::<LeftReason>(&seen, "peer left reason"),
            missing::<PathwayStep>(&seen, "pathway step"),
            missing::<AcknowledgementState>(&seen, "acknowledgement state"),
            missing::<AcknowledgementAction>(&seen, "acknowledgement action"),
        ]
        .concat();
        for by in Comparer::ALL {
            for direction in Direction::ALL {
                let what = format!("compares {} {}", by.as_str(), direction.as_str());
                absent.extend(missing::<Affect>(&seen, &what));
            }
        }
        let given = SupportType::FIVE.iter().map(|kind| format!("contact support {}", kind.as_str()));
        let flags = ["held true", "held false", "scheduled true", "scheduled false"];
        let others = ["retraction", "acknowledgement finding true", "acknowledgement finding false"];
        let others = others.into_iter().map(str::to_owned);
        let wanted = given.chain(flags.map(|flag| format!("development {flag}"))).chain(others);
        absent.extend(wanted.filter(|wanted| !seen.contains(wanted)));
        assert!(absent.is_empty(), "seed {seed}: {absent:?}");
    }
}

#[test]
fn a_planted_effect_is_recovered_within_its_interval_and_none_is_none() {
    // Five effects over six seeds are 30 intervals; of such, one or two miss.
    for planted in [0.0, 0.4, -0.25] {
        let mut missed = Vec::new();
        for seed in 1..=6 {
            let (alliance_effect, support_effect, supervision_effect) = (planted, planted, planted);
            let effects =
                Plan { alliance_effect, support_effect, supervision_effect, seed, ..Plan::default() };
            let mut simulation = generate(&effects);
            simulation.by_ref().for_each(drop);
            for effect in simulation.truth().effects {
                assert_eq!(effect.planted, planted);
                let (low, high) = effect.interval.unwrap();
                // What ratings show of the alliance is weaker than what the alliance does.
                let of_ratings = effect.effect == Link::AllianceRatingsToClientOutcomes;
                let inside = low <= planted && planted <= high;
                if !of_ratings && !inside {
                    missed.push((seed, effect.clone()));
                }
                let found = planted == 0.0 || (low > 0.0) == (planted > 0.0) && (low > 0.0 || high < 0.0);
                let of_peers = [Link::AllianceToPeerOutcomes, Link::SupportToPeerOutcomes];
                assert!(found || of_peers.contains(&effect.effect), "seed {seed}: {effect:?}");
            }
        }
        assert!(missed.len() <= 4, "{planted}: {missed:?}");
    }
}
