//! What becomes of a file, line by line.

use std::sync::Arc;

use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Rules, Sites};
use rapport_proto::topics;
use rapport_runtime::{Clock, Deps, stopwatch};
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::Log;

use super::*;
use crate::simulate::{Kind, Plan, generate};

#[test]
fn a_file_is_handed_over_in_batches_and_every_bad_line_is_named() {
    let stop = Stop::new();
    let clock = Clock::system();
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory(clock.millis()).unwrap());
    log.create_topics(&topics::ALL, 2).unwrap();
    let mut config = Config::load(None).unwrap();
    config.ingest.listen = ([127, 0, 0, 1], 0).into();
    config.ingest.http.listen = "127.0.0.1:0".to_owned();
    // Two batches and a half a second: the second is asked to come again later.
    config.ingest.http.records_per_second = 1200;
    config.ingest.http.request_records_max = 1200;
    let rules = Rules {
        sites: Sites::Any,
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![("k1".to_owned(), vec![1; 32])]).unwrap(),
        pseudonymise_event_ids: true,
    };
    let deps = Deps { log, clock, stopwatch: stopwatch(), stop: stop.clone(), instance: "test".to_owned() };
    let running = rapport_ingest::start(&config.ingest, rules, deps).unwrap();

    let plan = Plan { sites: 1, peers: 5, dyads: 60, days: 250, bad: 0.01, ..Plan::default() };
    let arrivals: Vec<_> = generate(&plan).take(2500).collect();
    let text: String = arrivals.iter().map(|arrival| format!("{}\n", arrival.json)).collect();
    let bad = arrivals.iter().filter(|arrival| arrival.kind == Kind::Bad).count() as u64;
    let front = Front {
        client: Client::new(),
        url: format!("http://{}/v1/events", running.events.unwrap()),
        token: None,
        stop: stop.clone(),
    };
    let mut batches = Batches { lines: Lines::new(text.as_bytes()) };
    let (mut accepted, mut rejected) = (0, Vec::new());
    while let Some(batch) = batches.next().unwrap() {
        let verdicts = front.send(&batch).unwrap();
        accepted += verdicts.accepted;
        let lines = verdicts.records.iter().filter(|verdict| verdict.verdict == "rejected");
        rejected.extend(lines.map(|verdict| batch.first + verdict.line.unwrap() - 1));
    }
    let bad_lines: Vec<u64> =
        (1..).zip(&arrivals).filter(|(_, arrival)| arrival.kind == Kind::Bad).map(|(line, _)| line).collect();
    assert_eq!((arrivals.len(), bad > 5), (2500, true));
    assert_eq!(accepted, 2500 - bad);
    assert_eq!(rejected, bad_lines);
    let blank = front.send(&Batch { first: 1, records: vec![vec![], vec![]] }).unwrap();
    assert_eq!((blank.accepted, blank.rejected), (0, 2));
    stop.trigger();
    running.join(Duration::from_secs(10)).unwrap();
}

#[test]
fn an_address_that_cannot_be_spoken_to_is_refused_at_once_and_says_what_to_do() {
    for good in ["http://127.0.0.1:9460", "http://localhost:9470/", "HTTP://ingest:9460"] {
        assert_eq!(address(good).as_deref(), Ok(good));
    }
    for tls in ["https://rapport.example.org", "HTTPS://rapport.example.org:9460"] {
        let said = address(tls).unwrap_err();
        assert!(said.contains("no TLS") && said.contains("open a tunnel or a TLS proxy"), "{said}");
    }
    for bad in ["", "127.0.0.1:9460", "rapport.example.org", "ftp://rapport.example.org", "http://"] {
        assert!(address(bad).unwrap_err().contains("http://127.0.0.1:9460"), "{bad}");
    }
}
