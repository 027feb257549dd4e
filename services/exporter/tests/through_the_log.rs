//! Releases through the running service over an embedded log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::Duration;

use rapport_exporter::{Deps, Settings, start};
use rapport_model::catalogue::Catalogue;
use rapport_model::params::Releases;
use rapport_proto::topics;
use rapport_runtime::{Clock, Stop, stopwatch};
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::{Log, Output};

fn append(log: &Arc<dyn Log>, site: &str, day: &str, dropouts: Option<u32>) {
    let value = dropouts.map(|dropouts| {
        format!(
            r#"{{"site":"{site}","release":"{day}","first_day":"2025-01-01","clock":"2026-01-03T00:00:00Z","model_version":"1",
            "samples":[{{"name":"dropouts_28d","labels":{{}},"value":{dropouts}}}]}}"#
        )
    });
    let key = format!("{site}/{day}");
    let output = Output {
        topic: topics::INDICATORS,
        partition: Some(0),
        key: Some(key.as_bytes()),
        value: value.as_deref().map(str::as_bytes),
        headers: &[],
    };
    log.appender().unwrap().append(&[output]).unwrap();
}

/// Asks until the answer is as wished; the service follows the log in its own time.
fn eventually(url: &str, wished: impl Fn(&str) -> bool) -> String {
    let watch = stopwatch();
    loop {
        let page = reqwest::blocking::get(url).unwrap().text().unwrap();
        if wished(&page) {
            return page;
        }
        assert!(watch() < Duration::from_secs(30), "never: {page}");
    }
}

#[test]
fn a_release_is_shown_once_all_was_read_and_the_next_one_takes_its_place_whole() {
    let clock = Clock::manual(0).0;
    let log = EmbeddedLog::in_memory(clock.millis()).unwrap();
    log.create_topics(&topics::ALL, 1).unwrap();
    let log: Arc<dyn Log> = Arc::new(log);
    append(&log, "leeds", "2026-01-01", Some(20));
    append(&log, "leeds", "2026-01-02", Some(3));
    append(&log, "york", "2026-01-02", Some(11));
    let settings = Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        disclosure: rapport_exporter::disclosure::Policy::Nhs,
        series_max: 100,
        behind_days_max: 15,
    };
    let stop = Stop::new();
    let deps = Deps {
        log: log.clone(),
        clock,
        stopwatch: stopwatch(),
        stop: stop.clone(),
        instance: "a".to_owned(),
    };
    let running = start(&settings, Releases::Weekly, &Catalogue::embedded(), deps).unwrap();
    let url = |path: &str| format!("http://{}{path}", running.admin.unwrap());
    eventually(&url("/readyz"), |page| page == "ok\n");
    let page = eventually(&url("/metrics"), |page| page.contains("rapport_exporter_caught_up 1"));
    assert!(page.contains("rapport_dropouts_28d{site=\"york\"} 10"), "{page}");
    assert!(!page.contains("rapport_dropouts_28d{site=\"leeds\"}"), "{page}");
    assert!(page.contains("rapport_withheld_samples{site=\"leeds\"} 1"), "{page}");

    append(&log, "leeds", "2026-01-03", Some(8));
    eventually(&url("/metrics"), |page| page.contains("rapport_dropouts_28d{site=\"leeds\"} 10"));
    append(&log, "york", "2026-01-02", None);
    let page = eventually(&url("/metrics"), |page| !page.contains("site=\"york\""));
    assert!(page.contains("rapport_exporter_sites 1"), "{page}");
    assert!(page.contains("rapport_exporter_release_interval_seconds 604800"), "{page}");

    // A site of which no more comes leaves once another is far ahead, whatever else there is of it.
    append(&log, "york", "2026-01-19", Some(20));
    let page = eventually(&url("/metrics"), |page| page.contains("site=\"york\""));
    assert!(!page.contains("site=\"leeds\"") && page.contains("rapport_exporter_sites_behind 1"), "{page}");
    stop.trigger();
    running.join(Duration::from_secs(10)).unwrap();
}
