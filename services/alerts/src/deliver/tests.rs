//! A deliverer against an Alertmanager that answers as it is told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use axum::extract::State as Extract;
use axum::routing::post;
use axum::{Json, Router};
use rapport_proto::v1;
use rapport_runtime::{Health, admin, stopwatch};

use super::*;
use crate::ledger::tests::{at, concern, record, then};
use crate::ledger::{Outcome, Rules};
use crate::metrics::Metrics;

type Request = Vec<serde_json::Value>;

#[derive(Clone)]
struct Fake {
    /// Statuses of the next answers; then 200.
    answers: Arc<Mutex<Vec<u16>>>,
    requests: mpsc::Sender<Request>,
}

async fn answer(Extract(fake): Extract<Fake>, Json(request): Json<Request>) -> StatusCode {
    let mut answers = fake.answers.lock().unwrap();
    let status = if answers.is_empty() { 200 } else { answers.remove(0) };
    fake.requests.send(request).unwrap();
    StatusCode::from_u16(status).unwrap()
}

struct Rig {
    board: Arc<Board>,
    metrics: Receiver,
    requests: mpsc::Receiver<Request>,
    /// How often the deliverer looked what is due, at least.
    looks: Arc<AtomicU64>,
    stop: Stop,
    threads: Vec<std::thread::JoinHandle<()>>,
}

const NOW: &str = "2026-01-10T10:00:02Z";

fn rig(answers: &[u16], resend: Duration) -> Rig {
    let (sender, requests) = mpsc::channel();
    let stop = Stop::new();
    let fake = Fake { answers: Arc::new(Mutex::new(answers.to_vec())), requests: sender };
    let router = Router::new().route("/api/v2/alerts", post(answer)).with_state(fake);
    let server = admin::serve_router("fake", "127.0.0.1:0".parse().unwrap(), router, stop.clone()).unwrap();
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap().receiver("fake");
    let board = Arc::new(Board::new(Ledger::new(Rules::new(600, 14))));
    let looks = Arc::new(AtomicU64::new(0));
    let (watch, count) = (stopwatch(), looks.clone());
    let deliverer = Deliverer {
        url: format!("http://{}/api/v2/alerts", server.address),
        client: Client::new(),
        board: board.clone(),
        clock: Clock::manual(at(NOW).0).0,
        stopwatch: Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            watch()
        }),
        stop: stop.clone(),
        resend,
        metrics: metrics.clone(),
        pulse: Health::new(stopwatch()).pulse("deliver", STALLED),
    };
    let threads = vec![server.thread, std::thread::spawn(move || deliverer.run())];
    Rig { board, metrics, requests, looks, stop, threads }
}

const STALLED: Duration = Duration::from_secs(60);
const NEVER: Duration = Duration::from_secs(3600);

impl Rig {
    fn put(&self, live: bool, ids: &[u8], state: &str, until: Option<&str>) {
        let records = ids.iter().map(|id| record(*id, state, "2026-01-10T10:00:00Z", until));
        self.poll(live, &records.collect::<Vec<_>>());
    }

    /// Takes in what a poll brought.
    fn poll(&self, live: bool, records: &[v1::Alert]) {
        self.board.change(live, |ledger| {
            records.iter().fold(false, |new, record| {
                let value = serde_json::to_vec(record).unwrap();
                new | (ledger.apply(Some(record.alert_id.as_bytes()), Some(&value), then(NOW))
                    == Outcome::Deliver)
            })
        });
    }

    /// Waits until the deliverer has looked what is due after this was called.
    fn wait_for_a_look(&self) {
        let looks = self.looks.load(Ordering::SeqCst);
        while self.looks.load(Ordering::SeqCst) < looks + 2 {
            std::thread::yield_now();
        }
    }

    /// The next request: id and end of each alert.
    fn request(&self) -> Vec<(String, String)> {
        let request = self.requests.recv_timeout(Duration::from_secs(20)).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        request.iter().map(|alert| (text(&alert["labels"]["alert_id"]), text(&alert["endsAt"]))).collect()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.trigger();
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

fn ids(request: &[(String, String)]) -> Vec<u8> {
    request.iter().map(|(id, _)| u8::from_str_radix(id, 16).unwrap()).collect()
}

#[test]
fn nothing_is_delivered_before_all_was_read_and_then_what_holds_at_once() {
    let rig = rig(&[], NEVER);
    rig.put(false, &[1, 2], "firing", None);
    rig.wait_for_a_look();
    rig.put(false, &[1], "resolved", Some("2026-01-10T10:00:01Z"));
    assert!(rig.requests.try_recv().is_err());
    rig.poll(true, &[]);
    let request = rig.request();
    assert_eq!(ids(&request), [1, 2]);
    assert_eq!(request[0].1, "2026-01-10T10:00:01Z");
    rig.put(true, &[3], "firing", None);
    assert_eq!(ids(&rig.request()), [3], "only what is new");
    rig.put(true, &[3], "withdrawn", Some("2026-01-10T10:00:02Z"));
    assert_eq!(rig.request(), [(format!("{:032x}", 3), "2026-01-10T10:00:02Z".to_owned())]);
}

#[test]
fn what_holds_is_sent_again_each_interval() {
    let rig = rig(&[], Duration::from_millis(1));
    rig.put(true, &[1], "firing", None);
    for _ in 0..3 {
        assert_eq!(ids(&rig.request()), [1]);
    }
}

#[test]
fn after_a_refusal_each_alert_is_sent_alone_and_a_bad_one_holds_up_no_other() {
    let rig = rig(&[400, 200, 400, 200], NEVER);
    rig.put(true, &[1, 2, 3], "firing", None);
    let requests: Vec<_> = (0..4).map(|_| ids(&rig.request())).collect();
    assert_eq!(requests, [vec![1, 2, 3], vec![1], vec![2], vec![3]]);
    rig.put(true, &[4], "firing", None);
    assert_eq!(ids(&rig.request()), [4]);
    assert_eq!((rig.metrics.refused.get(), rig.metrics.failures.get()), (1, 2));
}

#[test]
fn an_alertmanager_that_was_away_is_told_everything_when_it_is_back() {
    let rig = rig(&[503], NEVER);
    rig.put(true, &[1], "firing", None);
    assert_eq!(ids(&rig.request()), [1]);
    rig.put(true, &[2], "firing", None);
    assert_eq!(ids(&rig.request()), [1, 2]);
    assert!(rig.metrics.failures.get() == 1 && rig.metrics.posts.get() >= 1);
}

#[test]
fn a_page_is_told_only_when_the_safeguarding_alert_of_its_pair_is_over() {
    let rig = rig(&[], NEVER);
    let page = record(2, "firing", "2026-01-10T10:00:00Z", None);
    rig.poll(true, &[concern(1, "firing", None)]);
    assert_eq!(ids(&rig.request()), [1]);
    rig.poll(true, &[page]);
    rig.wait_for_a_look();
    assert!(rig.requests.try_recv().is_err(), "it was told to the wrong people");
    rig.poll(true, &[concern(1, "resolved", Some("2026-01-10T10:00:01Z"))]);
    let mut told = rig.request();
    while told.len() < 2 {
        told.extend(rig.request());
    }
    told.sort();
    assert_eq!(ids(&told), [1, 2]);
    assert!(
        told[0].1.as_str() < NOW && told[1].1.as_str() > NOW,
        "one is over and the other fires: {told:?}"
    );
}
