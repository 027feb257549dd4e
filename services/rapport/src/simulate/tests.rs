//! What is simulated, held against the truth that was planted.

use std::collections::{BTreeMap, BTreeSet};

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

/// The last version of each event, unless a retraction recorded no earlier withdrew it, by site and id.
fn standing(arrivals: &[Arrival]) -> BTreeMap<(u32, String), Value> {
    let mut versions: BTreeMap<(u32, String), (Instant, Value)> = BTreeMap::new();
    let mut withdrawn = Vec::new();
    for arrival in arrivals.iter().filter(|arrival| arrival.kind != Kind::Bad) {
        let value: Value = serde_json::from_str(&arrival.json).unwrap();
        if let Some(id) = value["retracts"].as_str() {
            withdrawn.push(((arrival.site, id.to_owned()), arrival.recorded_at));
            continue;
        }
        let key = (arrival.site, value["event_id"].as_str().unwrap().to_owned());
        let newer = versions.get(&key).is_none_or(|(recorded, _)| *recorded <= arrival.recorded_at);
        if newer {
            versions.insert(key, (arrival.recorded_at, value));
        }
    }
    for (key, at) in withdrawn {
        versions.retain(|other, (recorded, _)| *other != key || *recorded > at);
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

/// How often each word of a field stands in these records, those left out that do not have it.
fn words<'a>(records: &[&'a Value], field: &str) -> BTreeMap<&'a str, u64> {
    let mut words = BTreeMap::new();
    for record in records {
        if let Some(word) = record[field].as_str() {
            *words.entry(word).or_default() += 1;
        }
    }
    words
}

#[test]
fn the_truth_is_what_the_records_say_once_corrections_and_retractions_are_applied() {
    let (arrivals, truth) = run(&small(11));
    let standing = standing(&arrivals);
    for (number, site) in (0..3).map(|number| (number, &truth.sites[&site_name(number)])) {
        let of_site: Vec<&Value> =
            standing.iter().filter(|((at, _), _)| *at == number).map(|(_, value)| value).collect();
        let all = |name: &str, word: &str| -> Vec<&Value> {
            of_site.iter().copied().filter(|value| value[name] == word).collect()
        };
        assert_eq!(words(&of_site, "attendance"), site.contacts);
        assert_eq!(words(&all("action", "ended"), "reason"), site.ends);
        assert_eq!(words(&all("action", "ended"), "ended_by"), site.ends_by);
        assert_eq!(words(&all("action", "ruptured"), "cause"), site.rupture_causes);
        assert_eq!(words(&all("action", "left"), "reason"), site.peers_left);
        assert_eq!(words(&all("what", "modelled"), "valence"), site.modelled);
        assert_eq!(words(&all("what", "enacted"), "valence"), site.enacted);
        assert_eq!(words(&of_site, "step"), site.pathway);
        assert_eq!(words(&all("type", "acknowledgement"), "state"), site.acknowledgements);
        assert_eq!(all("action", "started").len() as u64, site.starts);
        assert_eq!(all("action", "ruptured").len(), site.ruptures.len());
        assert_eq!(all("kind", "training").len() as u64, site.development["training"]);
        let mut used: BTreeMap<&str, u64> = BTreeMap::new();
        for record in all("type", "service_use") {
            *used.entry(record["kind"].as_str().unwrap()).or_default() +=
                record["quantity"].as_u64().unwrap_or(1);
        }
        assert_eq!(used, site.service_use);
        let mut measured = words(&all("type", "measure"), "instrument");
        let by_others =
            all("type", "measure").into_iter().filter(|m| !m["client"].is_null() && m["rater"] != "client");
        let ratings = measured.remove("wai-sr").unwrap() + measured.remove("srs").unwrap_or_default();
        assert_eq!(ratings - by_others.count() as u64, site.ratings);
        assert_eq!(measured, site.outcome_measures);
        let records = &site.records;
        let sent = |kind| arrivals.iter().filter(|a| a.site == number && a.kind == kind).count() as u64;
        assert_eq!(sent(Kind::Event), records.events);
        assert_eq!(sent(Kind::Correction), records.corrections);
        assert_eq!(sent(Kind::Retraction), records.retractions);
        assert_eq!(sent(Kind::Duplicate), records.duplicates);
    }
}

#[test]
fn what_was_learned_is_what_was_enacted_within_28_days_of_being_modelled_to_that_client() {
    let (arrivals, truth) = run(&small(12));
    let standing = standing(&arrivals);
    let day = |value: &Value| Instant::parse(value["occurred_at"].as_str().unwrap()).unwrap();
    let mut learned: BTreeMap<&str, u64> = BTreeMap::new();
    let of = |what: &'static str| standing.values().filter(move |value| value["what"] == what);
    for enacted in of("enacted") {
        let seen = of("modelled").any(|modelled| {
            let same = |name: &str| modelled[name] == enacted[name];
            let days = day(enacted).day().since(day(modelled).day());
            same("site") && same("client") && same("behaviour") && day(modelled) <= day(enacted) && days <= 28
        });
        if seen {
            *learned.entry(enacted["valence"].as_str().unwrap()).or_default() += 1;
        }
    }
    let mut planted: BTreeMap<&str, u64> = BTreeMap::new();
    for (valence, count) in truth.sites.values().flat_map(|site| &site.learned) {
        *planted.entry(valence).or_default() += count;
    }
    assert!(planted["positive"] > 10, "{planted:?}");
    assert_eq!(learned, planted);
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
    assert!(truth.sites.values().all(|site| site.records.moved > 0 && site.trainings_repeated > 0));
}

#[test]
fn whatever_was_entered_under_wrong_names_stands_under_the_right_ones_in_the_end() {
    let (arrivals, truth) = run(&small(13));
    let pair = |value: &Value| {
        let id = |person: &str| value[person].as_str().map(str::to_owned);
        Some((id("client")?, id("peer")?))
    };
    let standing = standing(&arrivals);
    let started: BTreeSet<_> =
        standing.values().filter(|value| value["action"] == "started").filter_map(pair).collect();
    let stray = |value: &Value| pair(value).is_some_and(|pair| !started.contains(&pair));
    let strays: Vec<_> = standing.values().filter(|value| stray(value)).collect();
    assert!(strays.is_empty(), "{strays:?}");
    let sent = arrivals.iter().filter(|arrival| arrival.kind == Kind::Event);
    let moved = sent.filter(|arrival| stray(&serde_json::from_str(&arrival.json).unwrap())).count() as u64;
    let planted: u64 = truth.sites.values().map(|site| site.records.moved).sum();
    assert!(5 < moved && moved <= planted, "{moved} {planted}");
}

/// Slope of CORE-10 on the types of support given per attended contact since the measure before, in SDs, as anybody
/// could compute it from the records.
fn slope_in_the_records(support_effect: f64) -> f64 {
    let mut pairs: Vec<(f64, f64)> = Vec::new();
    for seed in 1..=3 {
        let (arrivals, _) = run(&Plan { support_effect, seed, ..Plan::default() });
        let mut of_clients: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for record in standing(&arrivals).into_values() {
            let distress = record["instrument"] == "core-10";
            if distress || record["attendance"] == "attended" {
                of_clients.entry(record["client"].as_str().unwrap().to_owned()).or_default().push(record);
            }
        }
        for records in of_clients.values_mut() {
            records.sort_by_key(|r| Instant::parse(r["occurred_at"].as_str().unwrap()).unwrap().0);
            let (mut contacts, mut given, mut before) = (0.0, 0.0, false);
            for record in records.iter() {
                if let Some(score) = record["scores"]["total"].as_f64() {
                    if before && contacts > 0.0 {
                        pairs.push((given / contacts / 0.48, -score / 7.7));
                    }
                    (contacts, given, before) = (0.0, 0.0, true);
                } else {
                    contacts += 1.0;
                    given += record["support"].as_array().map_or(0.0, |kinds| kinds.len() as f64);
                }
            }
        }
    }
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let xy: f64 = pairs.iter().map(|pair| (pair.0 - x) * (pair.1 - y)).sum();
    xy / pairs.iter().map(|pair| (pair.0 - x) * (pair.0 - x)).sum::<f64>()
}

#[test]
fn whoever_reads_the_records_finds_the_effect_that_was_planted() {
    for planted in [0.0, 0.4] {
        let slope = slope_in_the_records(planted);
        assert!((slope - planted).abs() < 0.07, "{planted}: {slope}");
    }
}

#[test]
fn some_peers_have_too_many_clients_and_some_clients_two_peers_at_a_time() {
    let (_, truth) = run(&Plan::default());
    let all = |count: fn(&SiteTruth) -> u64| truth.sites.values().map(count).sum::<u64>();
    let overloaded = all(|site| site.peers_overloaded);
    assert!((1..=12).contains(&overloaded), "{overloaded}");
    assert!(all(|site| site.dyads_beside_another) > 20);
    assert!(all(|site| site.peers_from_clients) > 0);
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
