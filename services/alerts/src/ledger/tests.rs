//! What is delivered of which records.

use super::*;

/// An alert's record.
pub(crate) fn record(id: u8, state: &str, recorded_at: &str, until: Option<&str>) -> v1::Alert {
    v1::Alert {
        alert_id: format!("{id:032x}"),
        site: "leeds".to_owned(),
        alert: "alliance_breakdown".to_owned(),
        tier: "page".to_owned(),
        state: state.to_owned(),
        since: "2026-01-10T10:00:00Z".to_owned(),
        until: until.map(str::to_owned),
        recorded_at: recorded_at.to_owned(),
        subject: Some(v1::Subject {
            client: Some("k1:clientpseudonym".to_owned()),
            peer: Some("k1:peerpseudonym".to_owned()),
        }),
        mechanism: Some("working_alliance".to_owned()),
        component: Some("bond".to_owned()),
        detected_by: Some("measured".to_owned()),
        summary: Some("two of the last three alliance ratings are well below this pair's usual".to_owned()),
        certainty: Some(v1::Certainty {
            rule: "z_above_3".to_owned(),
            ratings: Some(7),
            expected_false_alarms: Some("about 5 in 100".to_owned()),
        }),
        next_step: Some("raise in next supervision".to_owned()),
        link: format!("https://rapport.invalid/alerts/{id:032x}"),
        withdrawn_event: None,
    }
}

pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

const RULES: Rules = Rules { resolved_us: 600_000_000, backfill_us: 14 * DAY_US };

/// Written as soon as it was derived.
pub(crate) fn then(text: &str) -> Times {
    Times { written: at(text), derived: at(text), recorded: None }
}

fn apply(ledger: &mut Ledger, record: &v1::Alert, written: &str) -> Outcome {
    let value = serde_json::to_vec(record).unwrap();
    ledger.apply(Some(record.alert_id.as_bytes()), Some(&value), then(written))
}

fn deliverable(ledger: &Ledger, now: &str) -> Vec<(String, State)> {
    ledger.deliverable(at(now)).map(|(id, _, alert)| (id.to_owned(), alert.state)).collect()
}

#[test]
fn a_firing_alert_is_delivered_until_ten_minutes_after_it_is_over() {
    let mut ledger = Ledger::new(RULES);
    let firing = record(1, "firing", "2026-01-10T10:00:00Z", None);
    assert_eq!(apply(&mut ledger, &firing, "2026-01-10T10:00:01Z"), Outcome::Deliver);
    assert_eq!(deliverable(&ledger, "2026-03-01T00:00:00Z"), [(firing.alert_id, State::Firing)]);
    let until = "2026-03-01T00:00:00Z";
    let resolved = record(1, "resolved", "2026-01-10T10:00:00Z", Some(until));
    assert_eq!(apply(&mut ledger, &resolved, "2026-03-01T00:00:01Z"), Outcome::Deliver);
    let over = [(resolved.alert_id, State::Over(at(until)))];
    assert_eq!(deliverable(&ledger, "2026-03-01T00:10:01Z"), over);
    assert_eq!(deliverable(&ledger, "2026-03-01T00:10:02Z"), []);
    ledger.forget(at("2026-03-01T00:10:02Z"));
    assert!(ledger.entries.is_empty());
}

#[test]
fn what_was_recorded_long_before_it_became_an_alert_is_not_delivered_but_safeguarding_is() {
    let mut ledger = Ledger::new(RULES);
    let old = record(1, "firing", "2025-12-26T09:59:59Z", None);
    assert_eq!(apply(&mut ledger, &old, "2026-01-09T10:00:00Z"), Outcome::Backfill);
    assert_eq!(apply(&mut ledger, &old, "2026-01-09T10:00:01Z"), Outcome::Nothing);
    let young = record(2, "firing", "2025-12-26T10:00:00Z", None);
    assert_eq!(apply(&mut ledger, &young, "2026-01-09T10:00:00Z"), Outcome::Deliver);
    let safeguarding = v1::Alert {
        tier: SAFEGUARDING.to_owned(),
        subject: None,
        ..record(3, "firing", "2020-01-01T00:00:00Z", None)
    };
    assert_eq!(apply(&mut ledger, &safeguarding, "2026-01-09T10:00:00Z"), Outcome::Deliver);
    let ids: Vec<_> = deliverable(&ledger, "2026-01-09T10:00:00Z").into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [young.alert_id.clone(), safeguarding.alert_id]);
    assert_eq!(
        ledger.firing(),
        BTreeMap::from([(("alliance_breakdown", "page"), 2), (("alliance_breakdown", SAFEGUARDING), 1)])
    );
    // What is delivered already goes on being delivered when it is written again much later.
    assert_eq!(apply(&mut ledger, &young, "2026-02-01T10:00:00Z"), Outcome::Deliver);
}

#[test]
fn a_safeguarding_alert_is_of_its_tier_whatever_its_record_says() {
    let mut ledger = Ledger::new(RULES);
    let old = record(1, "firing", "2020-01-01T00:00:00Z", None);
    let record = v1::Alert { alert: SAFEGUARDING.to_owned(), tier: "page".to_owned(), ..old };
    assert_eq!(apply(&mut ledger, &record, "2026-01-10T10:00:01Z"), Outcome::Deliver);
    assert_eq!(ledger.firing(), BTreeMap::from([((SAFEGUARDING, SAFEGUARDING), 1)]));
}

#[test]
fn a_withdrawn_or_erased_alert_is_told_as_over() {
    let mut ledger = Ledger::new(RULES);
    let (written, later) = ("2026-01-10T10:00:01Z", "2026-01-10T11:00:00Z");
    for id in [1, 2] {
        apply(&mut ledger, &record(id, "firing", "2026-01-10T10:00:00Z", None), written);
    }
    let withdrawn = record(1, "withdrawn", "2026-01-10T10:00:00Z", None);
    assert_eq!(apply(&mut ledger, &withdrawn, later), Outcome::Deliver);
    let erased = record(2, "firing", "2026-01-10T10:00:00Z", None);
    assert_eq!(ledger.apply(Some(erased.alert_id.as_bytes()), None, then(later)), Outcome::Deliver);
    assert_eq!(ledger.apply(Some(erased.alert_id.as_bytes()), None, then(later)), Outcome::Nothing);
    let states: Vec<_> = deliverable(&ledger, later).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [State::Over(at("2026-01-10T10:00:00Z")), State::Over(at(later))]);
    assert!(ledger.firing().is_empty());
}

#[test]
fn an_end_is_never_before_the_beginning_and_what_cannot_be_read_changes_nothing() {
    let mut ledger = Ledger::new(RULES);
    let early = record(1, "resolved", "2026-01-10T10:00:00Z", Some("2026-01-01T00:00:00Z"));
    apply(&mut ledger, &early, "2026-01-10T10:00:01Z");
    assert_eq!(deliverable(&ledger, "2026-01-10T10:00:01Z")[0].1, State::Over(at("2026-01-10T10:00:00Z")));
    let good = record(2, "firing", "2026-01-10T10:00:00Z", None);
    let value = serde_json::to_vec(&good).unwrap();
    let written = then("2026-01-10T10:00:01Z");
    assert_eq!(ledger.apply(None, Some(&value), written), Outcome::Unusable);
    assert_eq!(ledger.apply(Some(b"short"), Some(&value), written), Outcome::Unusable);
    assert_eq!(ledger.apply(Some(good.alert_id.as_bytes()), Some(b"{}"), written), Outcome::Unusable);
    let unknown = record(2, "acknowledged", "2026-01-10T10:00:00Z", None);
    assert_eq!(apply(&mut ledger, &unknown, "2026-01-10T10:00:01Z"), Outcome::Unusable);
    let endless = record(2, "resolved", "2026-01-10T10:00:00Z", None);
    assert_eq!(apply(&mut ledger, &endless, "2026-01-10T10:00:01Z"), Outcome::Unusable);
    assert_eq!(deliverable(&ledger, "2026-01-10T10:00:01Z").len(), 1);
}

/// A safeguarding alert of the same pair as [`record`]'s.
pub(crate) fn concern(id: u8, state: &str, until: Option<&str>) -> v1::Alert {
    let alert = record(id, state, "2026-01-10T10:00:00Z", until);
    v1::Alert { alert: SAFEGUARDING.to_owned(), tier: SAFEGUARDING.to_owned(), ..alert }
}

fn about(alert: v1::Alert, site: &str, client: Option<&str>, peer: Option<&str>) -> v1::Alert {
    let person = |name: &str| format!("k1:{name}pseudonym");
    let subject = v1::Subject { client: client.map(person), peer: peer.map(person) };
    v1::Alert { site: site.to_owned(), subject: Some(subject), ..alert }
}

fn ids(ledger: &Ledger) -> Vec<u8> {
    let told = deliverable(ledger, "2026-01-10T10:00:01Z");
    told.iter().map(|(id, _)| u8::from_str_radix(id, 16).unwrap()).collect()
}

#[test]
fn while_a_safeguarding_alert_fires_nothing_else_of_its_pair_is_delivered_and_then_what_still_fires() {
    let written = "2026-01-10T10:00:01Z";
    let over = Some("2026-01-10T10:00:01Z");
    let page = record(2, "firing", "2026-01-10T10:00:00Z", None);
    let digest = v1::Alert { tier: "digest".to_owned(), ..record(3, "firing", "2026-01-10T10:00:00Z", None) };
    let records = [concern(1, "firing", None), page, digest, concern(4, "firing", None)];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]] {
        let mut ledger = Ledger::new(RULES);
        for place in order {
            assert_eq!(apply(&mut ledger, &records[place], written), Outcome::Deliver);
        }
        assert_eq!((ids(&ledger), ledger.held_back()), (vec![1, 4], 2));
        apply(&mut ledger, &concern(1, "resolved", over), written);
        assert_eq!((ids(&ledger), ledger.held_back()), (vec![1, 4], 2), "another fires still");
        // One that ends meanwhile is not told either.
        apply(&mut ledger, &record(2, "resolved", "2026-01-10T10:00:00Z", over), written);
        assert_eq!((ids(&ledger), ledger.held_back()), (vec![1, 4], 1));
        ledger.forget(at("2026-01-10T10:20:00Z"));
        ledger.apply(Some(records[3].alert_id.as_bytes()), None, then(written));
        assert_eq!((ids(&ledger), ledger.held_back()), (vec![3, 4], 0));
    }
}

#[test]
fn a_safeguarding_alert_holds_back_what_is_of_the_same_pair_at_the_same_site_and_nothing_more() {
    let written = "2026-01-10T10:00:01Z";
    let (client, peer) = (Some("client"), Some("peer"));
    let others = [
        ("york", client, peer),
        ("leeds", Some("other"), peer),
        ("leeds", client, Some("other")),
        ("leeds", client, None),
        ("leeds", None, peer),
        ("leeds", None, None),
    ];
    let mut ledger = Ledger::new(RULES);
    apply(&mut ledger, &concern(1, "firing", None), written);
    apply(&mut ledger, &record(2, "firing", "2026-01-10T10:00:00Z", None), written);
    for (id, (site, client, peer)) in (3..).zip(others) {
        let alert = record(id, "firing", "2026-01-10T10:00:00Z", None);
        apply(&mut ledger, &about(alert, site, client, peer), written);
    }
    assert_eq!(ids(&ledger), [1, 3, 4, 5, 6, 7, 8]);
    // What concerns a person alone, or nobody known, is of no pair.
    for (client, peer) in [(client, None), (None, peer), (None, None)] {
        apply(&mut ledger, &about(concern(1, "firing", None), "leeds", client, peer), written);
        assert_eq!(ids(&ledger), [1, 2, 3, 4, 5, 6, 7, 8]);
    }
    assert_eq!(ledger.held_back(), 0);
}

#[test]
fn what_would_not_be_delivered_anyway_is_not_counted_as_held_back() {
    let mut ledger = Ledger::new(RULES);
    let old = record(2, "firing", "2025-12-01T10:00:00Z", None);
    assert_eq!(apply(&mut ledger, &old, "2026-01-10T10:00:01Z"), Outcome::Backfill);
    apply(&mut ledger, &concern(1, "firing", None), "2026-01-10T10:00:01Z");
    assert_eq!(ledger.held_back(), 0);
}

#[test]
fn an_alert_that_was_delivered_is_no_backfill_when_its_record_is_written_again_much_later() {
    let alert = record(1, "firing", "2026-01-10T10:00:00Z", None);
    let value = serde_json::to_vec(&alert).unwrap();
    let times = Times { derived: at("2026-01-10T10:00:01Z"), ..then("2026-03-01T10:00:00Z") };
    // Compaction took the record that was written first.
    let mut ledger = Ledger::new(RULES);
    assert_eq!(ledger.apply(Some(alert.alert_id.as_bytes()), Some(&value), times), Outcome::Deliver);
    assert_eq!(ids(&ledger), [1]);
    // An export of last year is derived on the day it comes in.
    let mut ledger = Ledger::new(RULES);
    let times = Times { derived: times.written, ..times };
    assert_eq!(ledger.apply(Some(alert.alert_id.as_bytes()), Some(&value), times), Outcome::Backfill);
}

#[test]
fn what_fires_again_long_after_it_was_over_is_judged_anew_whether_or_not_it_was_forgotten_in_between() {
    let fired = "2026-01-10T10:00:00Z";
    let again = |forget: bool, at_last: &str| {
        let mut ledger = Ledger::new(RULES);
        let firing = record(1, "firing", fired, None);
        apply(&mut ledger, &firing, fired);
        apply(
            &mut ledger,
            &record(1, "resolved", fired, Some("2026-01-15T10:00:00Z")),
            "2026-01-15T10:00:00Z",
        );
        if forget {
            ledger.forget(at("2026-01-16T10:00:00Z"));
        }
        apply(&mut ledger, &firing, at_last)
    };
    // An acknowledgement is taken back.
    for forget in [false, true] {
        assert_eq!(again(forget, "2026-01-30T10:00:00Z"), Outcome::Backfill);
        assert_eq!(again(forget, "2026-01-20T10:00:00Z"), Outcome::Deliver);
    }
}

#[test]
fn an_alert_that_only_what_was_recorded_late_made_is_delivered_although_what_opened_it_is_old() {
    let old = record(1, "firing", "2026-01-10T10:00:00Z", None);
    let value = serde_json::to_vec(&old).unwrap();
    let outcome = |recorded: Option<&str>| {
        let times = Times { recorded: recorded.map(at), ..then("2026-03-01T10:00:00Z") };
        Ledger::new(RULES).apply(Some(old.alert_id.as_bytes()), Some(&value), times)
    };
    assert_eq!(outcome(Some("2026-03-01T09:00:00Z")), Outcome::Deliver);
    assert_eq!(outcome(Some("2026-02-15T10:00:00Z")), Outcome::Deliver, "14 days before");
    // An export of last year: all of it is old.
    assert_eq!(outcome(Some("2026-02-15T09:59:59Z")), Outcome::Backfill);
    assert_eq!(outcome(None), Outcome::Backfill);
    // What was old news becomes news with what is recorded now.
    let mut ledger = Ledger::new(RULES);
    assert_eq!(apply(&mut ledger, &old, "2026-03-01T10:00:00Z"), Outcome::Backfill);
    let recorded = Some(at("2026-03-02T10:00:00Z"));
    let times = Times { recorded, ..then("2026-03-02T10:00:01Z") };
    assert_eq!(ledger.apply(Some(old.alert_id.as_bytes()), Some(&value), times), Outcome::Deliver);
    assert_eq!(ids(&ledger), [1]);
}

#[test]
fn a_clock_of_the_log_that_is_far_ahead_makes_no_backfill_of_what_is_written_now() {
    let alert = record(1, "firing", "2026-01-10T10:00:00Z", None);
    let value = serde_json::to_vec(&alert).unwrap();
    let times = Times { derived: at("2026-02-10T10:00:00Z"), ..then("2026-01-10T10:00:01Z") };
    let outcome = Ledger::new(RULES).apply(Some(alert.alert_id.as_bytes()), Some(&value), times);
    assert_eq!(outcome, Outcome::Deliver);
}
