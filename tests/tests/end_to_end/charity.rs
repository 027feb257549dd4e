//! The charity whose year it is: a simulated one, and a pair of the test's own.

use rapport::simulate::{Plan, generate};
use rapport_model::pseudonym::{Domain, Keys};
use rapport_model::time::Instant;
use rapport_proto::topics;
use rapport_stream::port::{Log, Output};
use serde_json::{Value, json};

use super::stage::{SECRET, Stage, TOKEN};

/// Sites of the charity.
pub const SITES: [&str; 3] = ["leeds", "york", "hull"];
/// The pair of the test's own, at the first site.
const CLIENT: &str = "client-99-000001";
const PEER: &str = "peer-99-0001";
/// The client of the pair that is of concern.
pub const CONCERNED: &str = "client-97-000001";

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// Now, microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "ingest is a program and has the clock of the machine")]
pub fn now() -> Instant {
    Instant(jiff::Timestamp::now().as_microsecond())
}

/// Raw records of a year up to yesterday, in order of arrival; those that would arrive later than now are left out.
pub fn year() -> Vec<String> {
    let now = now();
    let plan = Plan {
        sites: SITES.len() as u32,
        peers: 8,
        dyads: 40,
        start: now.day().plus(-365),
        days: 365,
        seed: 3,
        bad: 0.01,
        ..Plan::default()
    };
    let arrivals = generate(&plan).take_while(|arrival| arrival.arrives_at <= now);
    arrivals.map(|arrival| arrival.json).collect()
}

/// Puts records on the raw topic.
pub fn produce(stage: &Stage, records: &[String]) {
    let mut appender = stage.log.appender().expect("the raw topic can be written to");
    for batch in records.chunks(1_000) {
        let outputs: Vec<Output<'_>> = batch
            .iter()
            .map(|record| Output {
                topic: topics::RAW,
                partition: None,
                key: None,
                value: Some(record.as_bytes()),
                headers: &[],
            })
            .collect();
        appender.append(&outputs).expect("the raw topic can be written to");
    }
}

/// Posts events of the test's own pair; each is accepted.
pub fn post(stage: &Stage, events: &[Value]) {
    post_with(stage, &json!({"site": SITES[0], "client": CLIENT, "peer": PEER}), events);
}

/// Closes an alert of the first site.
pub fn close(stage: &Stage, event_id: &str, alert_id: &str) {
    let closed = json!({
        "event_id": event_id, "type": "acknowledgement", "alert_id": alert_id, "state": "closed",
        "occurred_at": now().to_string(),
    });
    post_with(stage, &json!({"site": SITES[0]}), &[closed]);
}

fn post_with(stage: &Stage, common: &Value, events: &[Value]) {
    let lines = events.iter().map(|event| {
        let mut record = common.as_object().expect("an object").clone();
        record.extend(event.as_object().expect("an object").clone());
        Value::Object(record).to_string() + "\n"
    });
    let request = reqwest::blocking::Client::new().post(&stage.events).bearer_auth(TOKEN);
    let request = request.header("content-type", "application/x-ndjson").body(lines.collect::<String>());
    let answer = request.send().expect("ingest answers");
    let (status, verdicts) = (answer.status(), answer.text().expect("ingest answers in text"));
    let verdicts: Value = serde_json::from_str(&verdicts).expect("ingest answers in JSON");
    assert!(status.is_success() && verdicts["accepted"] == events.len(), "{status}: {verdicts}");
}

/// A relationship of the test's own pair and its first rupture.
pub fn begin_and_rupture() -> [Value; 3] {
    let days_ago = |days: i64| Instant(now().0 - days * DAY_US).to_string();
    [
        json!({"event_id": "e99-00000001", "type": "relationship", "action": "started", "occurred_at": days_ago(10)}),
        json!({"event_id": "e99-00000002", "type": "contact", "attendance": "attended", "occurred_at": days_ago(9)}),
        rupture("e99-00000003", Instant(now().0 - DAY_US)),
    ]
}

/// Another pair of the test's own, four of whose ratings lie alike and the fifth well below: a watch. Whether one of the
/// simulated year fires today depends on the day.
pub fn begin_and_fall() -> Vec<Value> {
    let event = |number: u32, days: i64, what: Value| {
        let at = Instant(now().0 - days * DAY_US).to_string();
        let mut event =
            json!({"event_id": format!("e98-{number:08}"), "client": "client-98-000001", "occurred_at": at});
        event.as_object_mut().expect("an object").extend(what.as_object().expect("an object").clone());
        event
    };
    let rating = |score: f64| json!({"type": "measure", "instrument": "srs", "rater": "client", "scores": {"total": score}});
    let began = event(1, 40, json!({"type": "relationship", "action": "started"}));
    let contacts = (0..4).map(|week| {
        event(2 + week, 30 - 7 * i64::from(week), json!({"type": "contact", "attendance": "attended"}))
    });
    let ratings = (0..4).map(|week| event(6 + week, 30 - 7 * i64::from(week), rating(32.0)));
    [began].into_iter().chain(contacts).chain(ratings).chain([event(10, 2, rating(22.0))]).collect()
}

/// A third pair of the test's own, with a rupture that concerns safeguarding.
pub fn begin_and_concern() -> Vec<Value> {
    let mut events = begin_and_rupture();
    for (number, event) in events.iter_mut().enumerate() {
        let event = event.as_object_mut().expect("an object");
        event.insert("event_id".to_owned(), json!(format!("e97-{number:08}")));
        event.insert("client".to_owned(), json!(CONCERNED));
    }
    events[2]["cause"] = json!("controlling");
    events.to_vec()
}

/// A rupture.
pub fn rupture(event_id: &str, at: Instant) -> Value {
    json!({
        "event_id": event_id, "type": "alliance", "action": "ruptured", "cause": "disagreement_on_goals",
        "reported_by": "client", "occurred_at": at.to_string(),
    })
}

/// A repair, now.
pub fn repair(event_id: &str) -> Value {
    json!({"event_id": event_id, "type": "alliance", "action": "repaired", "occurred_at": now().to_string()})
}

/// The pseudonym of the client of the test's own pair.
pub fn pseudonym() -> String {
    pseudonym_of(CLIENT)
}

/// The pseudonym of a client.
pub fn pseudonym_of(client: &str) -> String {
    let keys = Keys::new(vec![("k1".to_owned(), SECRET.as_bytes().to_vec())]).expect("a good key");
    keys.pseudonym(Domain::Client, client)
}
