//! What is simulated, held against the truth that was planted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

fn small(seed: u64) -> Plan {
    Plan { sites: 3, peers: 6, dyads: 30, seed, ..Plan::default() }
}

fn run(plan: &Plan) -> (Vec<Arrival>, Truth) {
    let mut simulation = generate(plan);
    let arrivals = simulation.by_ref().collect();
    (arrivals, simulation.truth())
}

/// The last version of each event that no retraction withdrew, by site and id.
fn standing(arrivals: &[Arrival]) -> BTreeMap<(u32, String), Value> {
    let mut versions: BTreeMap<(u32, String), (Instant, Value)> = BTreeMap::new();
    let mut withdrawn = Vec::new();
    for arrival in arrivals.iter().filter(|arrival| arrival.kind != Kind::Bad) {
        let value: Value = serde_json::from_str(&arrival.json).unwrap();
        if let Some(id) = value["retracts"].as_str() {
            withdrawn.push((arrival.site, id.to_owned()));
            continue;
        }
        let key = (arrival.site, value["event_id"].as_str().unwrap().to_owned());
        let newer = versions.get(&key).is_none_or(|(recorded, _)| *recorded <= arrival.recorded_at);
        if newer {
            versions.insert(key, (arrival.recorded_at, value));
        }
    }
    for key in withdrawn {
        versions.remove(&key);
    }
    versions.into_iter().map(|(key, (_, value))| (key, value)).collect()
}

#[test]
fn the_same_plan_gives_the_same_records_in_the_same_order_and_another_seed_others() {
    let plan = Plan { bad: 0.02, days: 120, ..small(3) };
    let (first, truth) = run(&plan);
    let (second, again) = run(&plan);
    assert!(first == second && truth == again);
    assert!(first.len() > 1000, "{}", first.len());
    let (other, _) = run(&Plan { seed: 4, ..plan });
    assert!(first != other);
}

#[test]
fn a_site_is_the_same_however_many_there_are_beside_it() {
    let of_leeds = |sites| {
        let (arrivals, _) = run(&Plan { sites, days: 60, ..small(9) });
        arrivals
            .into_iter()
            .filter(|arrival| arrival.site == 0)
            .map(|arrival| arrival.json)
            .collect::<Vec<_>>()
    };
    assert_eq!(of_leeds(1), of_leeds(3));
}

#[test]
fn records_come_in_order_of_arrival_and_never_before_what_they_say() {
    let (arrivals, _) = run(&Plan { bad: 0.05, ..small(5) });
    assert!(arrivals.is_sorted_by_key(|arrival| arrival.arrives_at));
    assert!(arrivals.iter().all(|a| a.occurred_at <= a.recorded_at && a.recorded_at <= a.arrives_at));
    let recorded: Vec<_> = arrivals.iter().map(|arrival| arrival.recorded_at).collect();
    assert!(!recorded.is_sorted(), "some records overtake others");
}

#[test]
fn the_truth_is_what_the_records_say_once_corrections_and_retractions_are_applied() {
    let (arrivals, truth) = run(&small(11));
    let standing = standing(&arrivals);
    for (number, site) in (0..3).map(|number| (number, &truth.sites[&site_name(number)])) {
        let of_site = || standing.iter().filter(|((at, _), _)| *at == number).map(|(_, value)| value);
        let mut contacts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
        for value in of_site() {
            if let Some(attendance) = value["attendance"].as_str() {
                *contacts.entry(attendance).or_default() += 1;
            }
            if value["action"] == "ended" {
                *ends.entry(value["reason"].as_str().unwrap()).or_default() += 1;
            }
        }
        assert_eq!(contacts, site.contacts);
        assert_eq!(ends, site.ends);
        let with = |name: &str, word: &str| of_site().filter(|value| value[name] == word).count();
        assert_eq!(with("action", "started") as u64, site.starts);
        assert_eq!(with("action", "ruptured"), site.ruptures.len());
        assert_eq!(with("instrument", "wai-sr") as u64, site.ratings);
        assert_eq!(with("action", "left") as u64, site.peers_left.values().sum::<u64>());
        let records = &site.records;
        let sent = |kind| arrivals.iter().filter(|a| a.site == number && a.kind == kind).count() as u64;
        assert_eq!(sent(Kind::Event), records.events);
        assert_eq!(sent(Kind::Correction), records.corrections);
        assert_eq!(sent(Kind::Retraction), records.retractions);
        assert_eq!(sent(Kind::Duplicate), records.duplicates);
    }
}

#[test]
fn shares_are_near_the_plan() {
    let (arrivals, truth) = run(&Plan { dyads: 60, late: 0.1, duplicates: 0.02, bad: 0.03, ..small(1) });
    let all = |count: &dyn Fn(&SiteTruth) -> u64| truth.sites.values().map(count).sum::<u64>() as f64;
    let contacts = all(&|site| site.contacts.values().sum());
    let share = all(&|site| site.contacts["attended"]) / contacts;
    assert!((0.72..0.80).contains(&share), "attended {share}");
    let good = all(&|site| site.records.events + site.records.corrections + site.records.retractions);
    let near = |count: f64, of: f64, plan: f64| {
        assert!((count / of - plan).abs() < plan / 4.0, "{} {plan}", count / of)
    };
    near(all(&|site| site.records.late), all(&|site| site.records.events), 0.1);
    near(all(&|site| site.records.duplicates), good, 0.02);
    near(all(&|site| site.records.bad), good, 0.03);
    assert_eq!(arrivals.len() as f64, all(&|site| site.records.sent()));
    // A year of a site has something of everything that is watched for.
    for (name, site) in &truth.sites {
        assert!(site.falls.len() >= 5 && !site.ruptures.is_empty() && !site.repairs.is_empty(), "{name}");
        assert!(site.silent_dropouts.len() >= 5, "{name}: {}", site.silent_dropouts.len());
        assert!(site.requests_unmet.len() == 6 && site.pauses > 0, "{name}");
    }
    assert!(truth.sites.values().flat_map(|site| &site.silent_dropouts).any(|lost| lost.returned.is_some()));
}

#[test]
fn every_record_but_the_bad_ones_is_accepted_and_every_bad_one_rejected() {
    use rapport_model::catalogue::Catalogue;
    use rapport_model::pseudonym::Keys;
    use rapport_model::raw::{CloudEvent, Form, Reason, Rules, Sites, accept};

    let rules = Rules {
        sites: Sites::Any,
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![("k1".to_owned(), vec![7; 32])]).unwrap(),
        pseudonymise_event_ids: true,
    };
    let (arrivals, _) = run(&Plan { bad: 0.1, ..small(2) });
    let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
    for arrival in &arrivals {
        let verdict =
            accept(arrival.json.as_bytes(), Form::Json, CloudEvent::default(), &rules, arrival.arrives_at);
        match verdict {
            Ok(accepted) => {
                assert_ne!(arrival.kind, Kind::Bad, "{}", arrival.json);
                assert_eq!(accepted.event.occurred_at, arrival.occurred_at);
                assert_eq!(accepted.event.recorded_at, arrival.recorded_at);
            }
            Err(rejection) => {
                assert_eq!(arrival.kind, Kind::Bad, "{rejection}: {}", arrival.json);
                *reasons.entry(rejection.reason).or_default() += 1;
            }
        }
    }
    assert!(reasons.len() >= 5, "{reasons:?}");
}
