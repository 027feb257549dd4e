//! A simulated year, from raw records on a real Kafka to everybody who reads what becomes of it.
//!
//! One test tells one story, because starting the cast is what takes time. [`stage`] is the cast, [`charity`] sends the
//! events, and the other modules look at what comes out: [`deliveries`] at Alertmanager and behind it, [`numbers`] at
//! releases, Prometheus and the dashboards, [`readers`] at the enriched stream as others read it, [`secrecy`] at what
//! nobody may read.

pub mod charity;
pub mod deliveries;
pub mod metrics;
pub mod numbers;
mod readers;
mod secrecy;
mod stage;
pub mod topics;

use rapport_model::time::Instant;
use rapport_tests::harness::wait_until;

use self::stage::{PARTITIONS, SOON, Service, Stage};

#[test]
fn a_simulated_year_comes_out_right_at_every_end_also_when_services_are_killed() {
    let mut stage = Stage::start();
    let year = charity::year();
    let (early, late) = year.split_at(year.len() / 2);

    charity::produce(&stage, early);
    kill_in_the_middle(&mut stage.ingest, "rapport_ingest_records_total");
    kill_in_the_middle(&mut stage.indicators, "rapport_indicators_records_total");
    charity::produce(&stage, late);
    stage.ingest.start();
    stage.indicators.start();
    stage.ingest.wait_until_ready();
    stage.indicators.wait_until_ready();
    let began = [&charity::begin_and_rupture()[..], &charity::begin_and_fall()].concat();
    charity::post(&stage, &began);
    let sent = year.len() + began.len();
    settle(&stage, sent);

    deliveries::every_alert_that_is_due_reaches_the_supervisors(&stage);
    deliveries::a_repair_resolves_an_alert(&stage);
    settle(&stage, sent + 1);
    deliveries::an_alertmanager_that_was_away_is_told_what_holds(&mut stage);
    settle(&stage, sent + 2);
    let concerned = deliveries::a_page_waits_until_the_safeguarding_alert_of_its_pair_is_over(&stage);
    settle(&stage, sent + 2 + concerned);

    let midnight = numbers::make_the_releases(&stage);
    numbers::releases_are_what_the_oracle_says(&stage, midnight);
    numbers::rows_and_alerts_are_what_the_oracle_says(&stage);
    numbers::prometheus_has_every_number(&stage, midnight);
    numbers::small_numbers_are_withheld(&stage, midnight);
    numbers::every_panel_of_every_dashboard_shows_something(&stage);
    readers::kcat_tail_and_python_read_what_the_oracle_says(&stage);
    secrecy::no_raw_id_is_anywhere_but_on_the_raw_and_rejected_topics(&stage);
    secrecy::every_page_of_metrics_passes_promtool(&stage);

    for service in stage.services_mut() {
        assert!(
            service.process().stop(SOON).success(),
            "{} does not end well:\n{}",
            service.name(),
            service.log()
        );
    }
}

/// SIGKILLs a service once it has done some of its work.
fn kill_in_the_middle(service: &mut Service, records: &str) {
    wait_until(&format!("{} to be in the middle of its work", service.name()), SOON, || {
        service.metrics().is_some_and(|page| page.sum(records) > 100.0)
    });
    service.process().kill();
}

/// Waits until `sent` raw records have been judged, each once, and `indicators` has committed what follows from them.
///
/// Where the clock of a partition is past its last event, a later tick was processed, and so was everything before.
fn settle(stage: &Stage, sent: usize) {
    let (judged, newest) = topics::wait_until_judged(&stage.log, sent, SOON);
    assert_eq!(judged, sent, "more records were judged than sent");
    wait_for_clocks(stage, |partition, clock| newest.get(&partition).is_none_or(|event| clock.0 > *event));
}

/// Waits until the clock that `indicators` has reached is as wanted in every partition.
fn wait_for_clocks(stage: &Stage, wanted: impl Fn(u32, Instant) -> bool) {
    wait_until("indicators to process everything", SOON, || {
        let Some(page) = stage.indicators.metrics() else { return false };
        let clocks: Vec<_> = page.all("rapport_indicators_clock_timestamp_seconds").collect();
        let reached = |(labels, seconds): &(&metrics::Labels, f64)| {
            // A double holds seconds of our days to less than a microsecond.
            let clock = Instant((seconds * 1e6).round() as i64);
            wanted(labels["partition"].parse().expect("a partition has a number"), clock)
        };
        clocks.len() == PARTITIONS as usize && clocks.iter().all(reached)
    });
}
