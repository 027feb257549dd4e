//! A year shows everything the model knows.

use std::collections::BTreeSet;

use rapport_model::words::*;
use serde_json::Value;

use super::{Effect, Kind, Link, Plan, generate};

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

/// What came of the effects when all of them are planted with that size.
fn effects(planted: f64, seed: u64) -> Vec<Effect> {
    let (alliance_effect, support_effect, supervision_effect) = (planted, planted, planted);
    let plan = Plan { alliance_effect, support_effect, supervision_effect, seed, ..Plan::default() };
    let mut simulation = generate(&plan);
    simulation.by_ref().for_each(drop);
    simulation.truth().effects
}

#[test]
fn a_planted_effect_is_recovered_within_its_interval_and_none_is_none() {
    const SEEDS: u64 = 6;
    for planted in [0.0, 0.4, -0.25] {
        let runs: Vec<Vec<Effect>> = (1..=SEEDS).map(|seed| effects(planted, seed)).collect();
        let mut missed = Vec::new();
        for (number, link) in Link::ALL.into_iter().enumerate() {
            let of_link = || runs.iter().map(|effects| &effects[number]);
            assert!(of_link().all(|effect| effect.effect == link && effect.planted == planted));
            let mean = of_link().map(|effect| effect.realised.unwrap()).sum::<f64>() / SEEDS as f64;
            let variance = |effect: &Effect| effect.interval.map(|(low, high)| ((high - low) / 3.92).powi(2));
            let error = of_link().map(|effect| variance(effect).unwrap()).sum::<f64>().sqrt() / SEEDS as f64;
            let found = mean.abs() > 2.0 * error && mean * planted > 0.0;
            assert!(planted == 0.0 || found, "{link:?}: {mean} ± {error}");
            if link == Link::AllianceRatingsToClientOutcomes {
                // Ratings are noisy: what they show of an effect is less.
                assert!(mean.abs() <= planted.abs() + 3.0 * error, "{planted}: {mean} ± {error}");
                continue;
            }
            assert!((mean - planted).abs() < 3.0 * error, "{link:?}: {planted}, but {mean} ± {error}");
            missed.extend(of_link().filter(|effect| {
                let (low, high) = effect.interval.unwrap();
                planted < low || high < planted
            }));
        }
        // Of thirty intervals at 95 %, one or two miss, and more than six do once in a thousand times.
        assert!(missed.len() <= 6, "{planted}: {missed:?}");
    }
}
