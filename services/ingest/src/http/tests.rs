//! The listener over a real log.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{MAX_BYTES, Rules, Sites};
use rapport_proto::topics;
use rapport_runtime::{Clock, Stop, admin, stopwatch};
use rapport_stream::embedded::EmbeddedLog;
use serde_json::{Value, json};

use super::*;

const GOOD: &str = r#"{"event_id":"e-1","type":"contact","site":"leeds","occurred_at":"2026-01-05T10:00:00Z","client":"Secret Name","peer":"p-1","attendance":"attended"}"#;
const BAD: &str = r#"{"event_id":"e-2","type":"contact","site":"leeds","occurred_at":"2026-01-05T10:00:00Z","client":"Secret Name","peer":"p-1"}"#;

struct Listener {
    address: SocketAddr,
    log: Arc<dyn Log>,
    stop: Stop,
    server: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.trigger();
        drop(self.server.take().map(std::thread::JoinHandle::join));
    }
}

fn listen(change: impl FnOnce(&mut Front)) -> Listener {
    let (clock, _) = Clock::manual(1_767_700_000_000_000);
    let log = EmbeddedLog::in_memory(clock.millis()).unwrap();
    log.create_topics(&topics::ALL, 2).unwrap();
    let log: Arc<dyn Log> = Arc::new(log);
    let rules = Rules {
        sites: Sites::Any,
        catalogue: Catalogue::embedded(),
        keys: Keys::new(vec![("k1".to_owned(), vec![1; 32])]).unwrap(),
        pseudonymise_event_ids: true,
    };
    let metrics = metrics::Metrics::register(&prometheus::Registry::new(), &[]).unwrap();
    let mut front = Front {
        log: log.clone(),
        topic: topics::RAW.to_owned(),
        judge: Judge::new(Arc::new(rules), BTreeSet::new()),
        clock: Arc::new(clock),
        tokens: None,
        bucket: Bucket::new(1000, 100, stopwatch()),
        request_bytes_max: 200_000,
        request_records_max: 100,
        record_bytes_max: 100_000,
        metrics: metrics.http,
    };
    change(&mut front);
    let stop = Stop::new();
    let server =
        admin::serve_router("test", "127.0.0.1:0".parse().unwrap(), router(front), stop.clone()).unwrap();
    Listener { address: server.address, log, stop, server: Some(server.thread) }
}

impl Listener {
    fn post(&self, content_type: &str, token: &str, body: impl Into<Vec<u8>>) -> (u16, String, Value) {
        let request = reqwest::blocking::Client::new()
            .post(format!("http://{}/v1/events", self.address))
            .header("content-type", content_type)
            .header("authorization", format!("Bearer {token}"))
            .body(body.into());
        let response = request.send().unwrap();
        let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), retry.unwrap_or_default(), response.json().unwrap())
    }

    /// Values of the raw topic.
    fn raw(&self) -> Vec<String> {
        let mut reader = self.log.reader(&[topics::RAW]).unwrap();
        let mut values = Vec::new();
        while !reader.caught_up().unwrap() {
            reader
                .poll(Duration::from_millis(10), 100, &mut |record| {
                    assert_eq!(record.headers.header("content-type"), Some(&b"application/json"[..]));
                    values.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
                })
                .unwrap();
        }
        values.sort();
        values
    }
}

#[test]
fn every_record_gets_a_verdict_and_good_and_bad_ones_alike_are_in_the_raw_topic_by_then() {
    let listener = listen(|_| {});
    let (status, _, answer) = listener.post("application/x-ndjson", "", format!("{GOOD}\n\n{BAD}\n"));
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"accepted": 1, "rejected": 2, "records": [
            {"line": 1, "verdict": "accepted"},
            {"line": 2, "verdict": "rejected", "reason": "not_json"},
            {"line": 3, "verdict": "rejected", "reason": "missing_field", "field": "attendance"},
        ]})
    );
    assert_eq!(listener.raw(), ["".to_owned(), GOOD.to_owned(), BAD.to_owned()]);
    let (status, _, answer) = listener.post("application/json", "", format!("[{BAD},\n {GOOD}]"));
    assert_eq!((status, &answer["records"][1]), (200, &json!({"index": 1, "verdict": "accepted"})));
    assert!(!answer.to_string().contains("Secret"));
    assert_eq!(listener.raw().len(), 5);
}

#[test]
fn a_record_that_is_too_large_is_kept_as_far_as_the_log_can_hold_it() {
    let listener = listen(|_| {});
    let (_, _, answer) = listener.post("application/json", "", vec![b'x'; 150_000]);
    assert_eq!(answer["records"][0]["reason"], "too_large");
    assert_eq!(listener.raw()[0].len(), 100_000);
}

#[test]
fn what_is_accepted_is_appended_whole_however_little_of_rejected_records_is_kept() {
    let listener = listen(|front| front.record_bytes_max = 10);
    let mut largest = GOOD.to_owned();
    largest.push_str(&" ".repeat(MAX_BYTES - GOOD.len()));
    let (_, _, answer) = listener.post("application/x-ndjson", "", largest.clone());
    assert_eq!(answer["records"][0]["verdict"], "accepted");
    // One that is too large must still be so when it is judged again on its way out of the raw topic.
    let (_, _, answer) = listener.post("application/json", "", vec![b'x'; 150_000]);
    assert_eq!(answer["records"][0]["reason"], "too_large");
    let lengths: Vec<usize> = listener.raw().iter().map(String::len).collect();
    assert_eq!(lengths, [MAX_BYTES + 1, MAX_BYTES]);
}

#[test]
fn nobody_without_a_token_gets_anything_in() {
    let listener = listen(|front| front.tokens = Some(Tokens::parse("0123456789abcdef").unwrap()));
    assert_eq!(listener.post("application/json", "0123456789abcdeF", GOOD).0, 401);
    assert_eq!(listener.post("application/json", "", GOOD).0, 401);
    assert_eq!(listener.raw(), Vec::<String>::new());
    assert_eq!(listener.post("application/json", "0123456789abcdef", GOOD).0, 200);
}

#[test]
fn too_much_and_too_fast_are_refused_whole() {
    let listener = listen(|front| front.bucket = Bucket::new(1, 2, Arc::new(|| Duration::ZERO)));
    assert_eq!(listener.post("application/json", "", vec![b' '; 200_001]).0, 413);
    assert_eq!(listener.post("text/plain", "", "x\n".repeat(101)).0, 413);
    assert_eq!(listener.post("application/json", "", "[1, 2").0, 400);
    assert_eq!(listener.post("application/json", "", "").0, 400);
    assert_eq!(listener.post("application/xml", "", "<x/>").0, 415);
    let (status, retry, _) = listener.post("text/plain", "", format!("{GOOD}\n{GOOD}\n{GOOD}"));
    assert_eq!((status, retry.as_str()), (429, "2"));
    assert_eq!(listener.raw(), Vec::<String>::new());
    assert_eq!(listener.post("text/plain", "", format!("{GOOD}\n{GOOD}")).0, 200);
}

#[test]
fn a_log_that_cannot_be_written_is_said_and_nothing_is_promised() {
    let listener = listen(|front| front.topic = "nowhere".to_owned());
    let (status, retry, answer) = listener.post("application/json", "", GOOD);
    assert_eq!((status, retry.as_str()), (503, "5"));
    assert!(answer.get("records").is_none() && !answer.to_string().contains("nowhere"));
}
