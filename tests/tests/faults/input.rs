//! What comes in is bad, or comes in the wrong order.

use std::collections::BTreeSet;

use rapport_model::raw::Reason;
use rapport_proto::examples::{self, Expected};
use rapport_proto::headers;
use rapport_stream::port::Headers as _;
use serde_json::json;

use super::judge::{Read, judge, unlike_the_oracle};
use super::seed;
use super::stage::Stage;

#[test]
fn a_tenth_of_the_input_is_poison_of_every_kind_and_is_kept_once_with_its_reason() {
    let mut stage = Stage::start("poison", seed(41), 8);
    stage.spawn_both();
    let examples = examples::load().expect("the golden examples can be read");
    // No sites are listed here, and what is in the future is a matter of the clock.
    let poison = examples.into_iter().filter(|example| match &example.expected {
        Expected::Rejected { reason, .. } => !["unknown_site", "in_future"].contains(&reason.as_str()),
        Expected::Accepted { .. } => false,
    });
    for example in poison {
        let headers: Vec<(&str, &[u8])> =
            example.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        stage.put(&[(true, Some(example.bytes.clone()))], &headers);
        stage.feed(18);
    }
    stage.put(&[(true, None), (true, Some(vec![])), (true, Some(vec![b'{'; 900_000]))], &[]);
    let ahead = json!({
        "event_id": "e99-00000001", "type": "contact", "attendance": "attended", "site": "leeds",
        "client": "client-99-000001", "peer": "peer-99-0001", "occurred_at": "2125-01-01T00:00:00Z",
    });
    stage.put(&[(true, Some(ahead.to_string().into_bytes()))], &[]);
    stage.feed(100);
    let sent = stage.all_sent();
    assert!(stage.bad.len() * 10 > sent, "of {sent} records only {} are bad", stage.bad.len());
    let read = judge(&mut stage);
    let reasons: BTreeSet<&[u8]> =
        read.rejected.iter().filter_map(|record| record.headers.header(headers::REJECTED_REASON)).collect();
    for reason in Reason::ALL.into_iter().filter(|reason| *reason != Reason::UnknownSite) {
        assert!(reasons.contains(reason.as_str().as_bytes()), "nothing was {}", reason.as_str());
    }
}

#[test]
fn what_was_recorded_last_stands_though_it_came_first_and_the_judge_sees_where_that_is_left_out() {
    let mut stage = Stage::start("turned", seed(42), 5);
    stage.spawn_both();
    stage.turn_around(1_500);
    stage.feed(1_500);
    stage.turn_around(1_000);
    let read = judge(&mut stage);
    assert!(read.events.len() > 1_000);
    stage.stop("indicators");
    // A checkpoint says nothing of what arrived when.
    stage.forget_checkpoints("indicators");
    stage.spawn_broken("rapport-indicators", "indicators", "versions", "nowhere=kill@1");
    stage.feed(1_000);
    stage.settle();
    stage.make_releases();
    let wrong = unlike_the_oracle(&Read::of(&stage));
    assert!(!wrong.is_empty(), "the judge does not see that the last to arrive stands");
}
