//! Files that are replayed, whole and day by day.

use std::collections::BTreeMap;

use prost::Message as _;
use rapport_model::catalogue::Catalogue;
use rapport_model::params::Settings;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::Sites;
use rapport_model::time::Day;
use rapport_proto::examples::{self, Expected};
use rapport_proto::v1;

use super::*;
use crate::settings::Config;
use crate::simulate::{Plan, Simulation, generate};

fn rules() -> Rules {
    Rules {
        sites: Sites::Any,
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![(examples::KEY.0.to_owned(), examples::KEY.1.as_bytes().to_vec())]).unwrap(),
        pseudonymise_event_ids: true,
    }
}

fn run(text: &str, rules: &Rules, options: Options) -> Said {
    let params = Arc::new(Params { settings: Settings::default(), catalogue: Catalogue::embedded() });
    replay(text.as_bytes(), rules, &params, options, &mut |_| {}).unwrap()
}

/// A simulated file, and the simulation whose truth it is.
fn file(plan: &Plan) -> (Vec<String>, Simulation) {
    let mut simulation = generate(plan);
    let lines = simulation.by_ref().map(|arrival| arrival.json).collect();
    (lines, simulation)
}

fn plan(seed: u64, days: u32) -> Plan {
    Plan { sites: 2, peers: 5, dyads: 12, days, bad: 0.02, seed, ..Plan::default() }
}

/// Half a day after the last record of a plan can have been recorded.
fn after(plan: &Plan) -> Instant {
    Instant(plan.start.plus(plan.days as i32 + 91).start().0 + 12 * 3_600_000_000)
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_same_file_gives_the_same_bytes_and_the_order_of_its_lines_changes_nothing() {
    let plan = plan(5, 150);
    let (mut lines, _) = file(&plan);
    let options = Options { at: after(&plan), daily: false };
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let said = run(&text(&lines), &rules(), options);
    said.write(dirs[0].path()).unwrap();
    run(&text(&lines), &rules(), options).write(dirs[1].path()).unwrap();
    for name in ["enriched.jsonl", "indicators.jsonl", "alerts.jsonl", "rejected.jsonl"] {
        let [first, second] = dirs.each_ref().map(|dir| std::fs::read(dir.path().join(name)).unwrap());
        assert!(!first.is_empty() && first == second, "{name}");
    }
    lines.reverse();
    let backwards = run(&text(&lines), &rules(), options);
    assert_eq!(said.indicators.len(), 2);
    // Not assert_eq: nobody reads a megabyte of bytes.
    assert!(said.enriched == backwards.enriched && said.indicators == backwards.indicators);
    // Nor does it leave behind alerts that stood only until the rest of the file was read.
    assert!(said.alerts == backwards.alerts);
    let alerts = said.standing_alerts().unwrap();
    assert!(!alerts.is_empty() && alerts.iter().all(|alert| alert.state != "withdrawn"));
}

#[test]
fn rows_are_the_simulated_truth() {
    let plan = plan(8, 120);
    let (lines, simulation) = file(&plan);
    let said = run(&text(&lines), &rules(), Options { at: after(&plan), daily: false });
    let truth = simulation.truth();
    let bad: u64 = truth.sites.values().map(|site| site.records.bad).sum();
    assert_eq!(said.rejected.len() as u64, bad);
    let mut contacts: BTreeMap<(String, i32), u64> = BTreeMap::new();
    for row in said.enriched.values() {
        let event = v1::Enriched::decode(row.as_slice()).unwrap().event.unwrap();
        if let Some(v1::event::Body::Contact(contact)) = event.body {
            *contacts.entry((event.site, contact.attendance)).or_default() += 1;
        }
    }
    for (name, site) in &truth.sites {
        for (word, count) in &site.contacts {
            let number =
                v1::Attendance::from_str_name(&format!("ATTENDANCE_{}", word.to_uppercase())).unwrap();
            assert_eq!(contacts.get(&(name.clone(), number.into())), Some(count), "{name} {word}");
        }
    }
}

#[test]
fn day_by_day_every_day_has_its_release_and_the_last_is_the_one_of_the_whole_file() {
    let plan = plan(3, 60);
    let (lines, _) = file(&plan);
    let at = after(&plan);
    let daily = run(&text(&lines), &rules(), Options { at, daily: true });
    let whole = run(&text(&lines), &rules(), Options { at, daily: false });
    assert!(daily.enriched == whole.enriched);
    let releases = daily.releases().unwrap();
    for site in ["leeds", "york"] {
        let days: Vec<Day> =
            releases.iter().filter(|r| r.site == site).map(|r| Day::parse(&r.release).unwrap()).collect();
        assert_eq!(days.first(), Some(&plan.start), "{site}");
        assert_eq!(days.last(), Some(&at.day().plus(-1)), "{site}");
        let gaps: Vec<_> = days.windows(2).filter(|pair| pair[1].since(pair[0]) != 1).collect();
        assert!(gaps.is_empty(), "{site}: {gaps:?}");
    }
    for release in whole.releases().unwrap() {
        assert!(releases.contains(&release), "{}", release.site);
    }
    // What was recorded late was not known on the day.
    let day = plan.start.plus(40);
    let of_day = releases.iter().filter(|release| release.release == day.to_string());
    let samples = of_day.flat_map(|release| &release.samples).filter(|sample| sample.name == "contacts_90d");
    let known: usize = samples.map(|sample| sample.value.parse::<usize>().unwrap()).sum();
    let contact_by_then = |row: &&Vec<u8>| {
        let event = v1::Enriched::decode(row.as_slice()).unwrap().event.unwrap();
        let contact = matches!(event.body, Some(v1::event::Body::Contact(_)));
        contact && Instant(event.occurred_at_us).day() <= day
    };
    let happened = whole.enriched.values().filter(contact_by_then).count();
    assert!(0 < known && known < happened, "{known} {happened}");
}

#[test]
fn every_golden_line_is_judged_as_it_is_written_there() {
    let rules = Rules { sites: Sites::Listed(examples::SITES.map(str::to_owned).into()), ..rules() };
    let mut judged = 0;
    for example in examples::load().unwrap() {
        // Headers are no part of a file, and a line feed ends a line.
        if !example.headers.is_empty() || example.bytes.contains(&b'\n') {
            continue;
        }
        judged += 1;
        let at = Instant::parse(&example.clock).unwrap();
        let params = Arc::new(Params { settings: Settings::default(), catalogue: Catalogue::embedded() });
        let options = Options { at, daily: false };
        let said =
            replay([&example.bytes[..], b"\n"].concat().as_slice(), &rules, &params, options, &mut |_| {});
        let said = said.unwrap();
        let path = example.path.display();
        match example.expected {
            Expected::Accepted { .. } => assert_eq!((said.accepted, said.rejected.len()), (1, 0), "{path}"),
            Expected::Rejected { reason, field } => {
                let rejection = said.rejected[0].rejection;
                assert_eq!(rejection.reason.as_str(), reason, "{path}");
                assert_eq!(rejection.field, field.as_deref(), "{path}");
            }
        }
    }
    assert!(judged > 20, "{judged}");
}

#[test]
fn what_supervisors_answer_in_a_simulated_file_closes_the_alerts_they_answer() {
    let plan = Plan { sites: 3, ..Plan::default() };
    let (lines, _) = file(&plan);
    let rules = Config::load(None).unwrap().rules_for_replay().unwrap().0;
    let said = run(&text(&lines), &rules, Options { at: after(&plan), daily: false });
    let alerts = said.standing_alerts().unwrap();
    // Nothing but an answer closes it.
    let safeguarding: Vec<_> = alerts.iter().filter(|alert| alert.alert == "safeguarding").collect();
    let closed = safeguarding.iter().filter(|alert| alert.state == "resolved").count();
    assert!(closed >= 5 && safeguarding.len() > 8, "{closed} of {}", safeguarding.len());
}
