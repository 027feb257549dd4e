//! The demo's services and what it tells of them.

use super::*;
use crate::figures::{SECTIONS, Shown};

#[test]
fn the_real_services_release_every_simulated_site_and_what_was_sent_is_there() {
    let plan = Plan { sites: 2, peers: 4, dyads: 15, days: 45, bad: 0.05, seed: 4, ..Plan::default() };
    let stop = Stop::new();
    let stage: Box<dyn Stage> =
        Box::new(threads::set(Config::load(None).unwrap(), plan.start, &stop).unwrap());
    let board = Arc::new(Board::default());
    let reading = read(stage.log().clone(), board.clone(), stop.clone()).unwrap();
    let appender = stage.log().appender().unwrap();
    Driver::new(&plan, appender, board.clone(), stage.hand(), stop.clone(), 0.0).run().unwrap();
    let yesterday = plan.start.plus(plan.days as i32 - 1).to_string();
    let released = board.await_that(Duration::from_secs(60), |seen| {
        seen.sites.len() == 2 && seen.sites.values().all(|figures| figures.release == yesterday)
    });
    assert!(released, "{:?}", board.seen());
    let metrics = format!("http://{}/metrics", stage.metrics());
    let shown = || reqwest::blocking::get(&metrics).unwrap().text().unwrap();
    assert!(shown().contains("rapport_build_info"));
    stop.trigger();
    stage.end().unwrap();
    joined(reading).unwrap();
    let seen = board.seen();
    assert!(seen.live && seen.events > 100 && seen.rejected > 5, "{} {}", seen.events, seen.rejected);
    let (alliance, open) = (&SECTIONS[1], &SECTIONS[1].rows[0]);
    assert_eq!((alliance.title, open.label), ("Working alliance", "dyads open"));
    for figures in seen.sites.values() {
        assert!(matches!(figures.shown(alliance, open), Shown::Count(1..)), "{figures:?}");
    }
}

#[test]
fn a_transition_is_told_once_and_firing_alerts_are_counted() {
    use rapport_proto::{topics, v1};
    use rapport_stream::port::RecordRef;

    let board = Board::default();
    let tell = |id: &str, state: &str, until: Option<&str>| {
        let alert = v1::Alert {
            alert_id: id.to_owned(),
            alert: "alliance_breakdown".to_owned(),
            tier: "page".to_owned(),
            state: state.to_owned(),
            since: "2026-01-01T09:00:00Z".to_owned(),
            until: until.map(str::to_owned),
            ..Default::default()
        };
        let value = serde_json::to_vec(&alert).unwrap();
        board.record(&RecordRef {
            topic: topics::ALERTS,
            partition: 0,
            offset: 0,
            key: Some(id.as_bytes()),
            value: Some(&value),
            timestamp_ms: 0,
            headers: &Vec::new(),
        });
    };
    tell("a", "firing", None);
    tell("a", "firing", None);
    tell("b", "firing", None);
    tell("a", "resolved", Some("2026-01-09T09:00:00Z"));
    tell("a", "withdrawn", Some("2026-01-09T09:00:00Z"));
    let seen = board.seen();
    assert_eq!(seen.firing[&("page".to_owned(), "alliance_breakdown".to_owned())], 1);
    assert_eq!(seen.to_answer.keys().collect::<Vec<_>>(), ["b"]);
    let told: Vec<_> = seen.transitions.iter().map(|told| (told.what, told.at.as_str())).collect();
    assert_eq!(
        told,
        [
            ("opened", "2026-01-01T09:00:00Z"),
            ("opened", "2026-01-01T09:00:00Z"),
            ("closed", "2026-01-09T09:00:00Z"),
            ("withdrawn", "2026-01-09T09:00:00Z"),
        ]
    );
}
