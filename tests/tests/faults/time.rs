//! The clock of the machine on which `ingest` runs is wrong.

use prost::Message as _;
use rapport_model::time::Instant;
use rapport_proto::v1;
use rapport_stream::failpoint;
use serde_json::json;

use super::judge::judge;
use super::seed;
use super::stage::Stage;
use crate::end_to_end::charity::{DAY_US, now};

const HOUR_US: i64 = DAY_US / 24;

impl Stage {
    /// Starts `ingest` with a clock that is wrong by so many days.
    fn spawn_ingest(&mut self, days: i64) {
        let seconds = (days * DAY_US / 1_000_000).to_string();
        self.spawn_with("rapport-ingest", "ingest", &[(failpoint::CLOCK, &seconds)]);
        self.wait_until_ready("ingest");
    }

    /// Puts an event on the raw topic that happens so many hours from now, and waits until it is judged.
    fn put_in(&mut self, hours: i64, bad: bool) {
        let sent = self.all_sent();
        let record = json!({
            "event_id": format!("e99-{sent:08}"), "type": "contact", "attendance": "attended", "site": "leeds",
            "client": "client-99-000001", "peer": "peer-99-0001",
            "occurred_at": Instant(now().0 + hours * HOUR_US).to_string(),
        });
        self.put(&[(bad, Some(record.to_string().into_bytes()))], &[]);
        self.wait_until_judged();
    }
}

#[test]
fn a_clock_that_jumps_a_day_ahead_and_two_back_moves_the_future_and_nothing_else() {
    let mut stage = Stage::start("clock", seed(51), 5);
    stage.spawn("rapport-indicators", "indicators", None);
    stage.wait_until_ready("indicators");
    for days in [0, 1, -1, 0] {
        stage.spawn_ingest(days);
        stage.feed(150);
        stage.wait_until_judged();
        // More than 24 hours after the clock of ingest is the future, whatever other clocks say.
        let future = 24 + 24 * days;
        stage.put_in(future - 2, false);
        stage.put_in(future + 2, true);
        stage.kill("ingest");
    }
    // The clock of the log never goes back, and all that was dated ahead has come to pass when it gets there.
    stage.days_ahead = 2;
    let read = judge(&mut stage);
    let ingested = read.events.iter().filter_map(|record| {
        Some(v1::Event::decode(record.value.as_deref()?).expect("a canonical event").ingested_at_us)
    });
    let now = now().0;
    let (first, last) = ingested.fold((now, now), |(first, last), at| (first.min(at), last.max(at)));
    assert!(first < now - DAY_US / 2 && last > now + DAY_US / 2, "no clock was wrong");
}
