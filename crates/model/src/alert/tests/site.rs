//! Safeguarding, and silence.

use super::*;

const ABOUT: About<'static> =
    About { site: "s", client: Some("c"), peer: Some("p"), link: "https://x/{alert_id}" };

fn ruptured(cause: RuptureCause) -> Body {
    Body::Ruptured { cause, reported_by: None }
}

fn version(at: Instant, recorded_at: Instant, body: Body) -> Event {
    Event { occurred_at: at, recorded_at, id: "e".into(), body }
}

/// Since when, when recorded, and whether it is marked.
fn found(versions: &[&Event], standing: Option<&Event>, now: Instant) -> Option<(Instant, Instant, bool)> {
    safeguarding(versions, standing, now).map(|one| (one.since, one.recorded_at, one.withdrawn_event))
}

#[test]
fn what_the_safeguarding_lead_must_know_is_told_of_causes_ends_and_departures() {
    let tells = |body: Body| {
        let event = version(noon(1), noon(1), body);
        safeguarding(&[&event], Some(&event), noon(1)).is_some()
    };
    let words = |told: Vec<&'static str>| told.join(" ");
    let causes = RuptureCause::ALL.iter().filter(|cause| tells(ruptured(**cause)));
    assert_eq!(
        words(causes.map(|cause| cause.as_str()).collect()),
        "controlling abuse_of_power boundary_breach inappropriate_relationship harmful_behaviour"
    );
    let reasons =
        EndReason::ALL.iter().filter(|reason| tells(Body::Ended { by: Side::Client, reason: **reason }));
    assert_eq!(
        words(reasons.map(|reason| reason.as_str()).collect()),
        "controlling abuse_of_power harmful_behaviour inappropriate_relationship boundary_breach"
    );
    let left = LeftReason::ALL.iter().filter(|reason| tells(Body::Left { reason: **reason }));
    assert_eq!(
        words(left.map(|reason| reason.as_str()).collect()),
        "inappropriate_relationship boundary_breach"
    );
    assert!(!tells(Body::Repaired));
}

#[test]
fn a_safeguarding_alert_is_dated_by_the_standing_version_if_that_still_says_so() {
    let abuse = || ruptured(RuptureCause::AbuseOfPower);
    let first = version(noon(1), noon(1), abuse());
    let second = version(noon(2), noon(5), ruptured(RuptureCause::Controlling));
    let third = version(noon(3), noon(6), ruptured(RuptureCause::Other));
    assert_eq!(found(&[&first], Some(&first), noon(9)), Some((noon(1), noon(1), false)));
    assert_eq!(found(&[&first, &second], Some(&second), noon(9)), Some((noon(2), noon(5), false)));
    assert_eq!(
        found(&[&first, &second], Some(&first), noon(9)),
        Some((noon(1), noon(1), false)),
        "the last was withdrawn by a retraction, or arrived before a later one that stands"
    );
    let all = [&first, &second, &third];
    assert_eq!(found(&all, Some(&third), noon(9)), Some((noon(2), noon(5), true)), "by the last that did");
    assert_eq!(found(&all, None, noon(9)), Some((noon(2), noon(5), true)), "retracted, or of others now");
    assert_eq!(found(&[&third], Some(&third), noon(9)), None);
    let alone = |versions: &[&Event], standing| {
        safeguarding(versions, standing, noon(9)).map(|stretch| stretch.id(ABOUT))
    };
    assert_eq!(alone(&all, None), alone(&[&first], Some(&first)), "one alert per event and subject");
    assert_eq!(alone(&all, None), Some(alert_id(&["s", "safeguarding", "c", "p", "e"])));
}

#[test]
fn what_has_not_occurred_yet_does_not_date_a_safeguarding_alert_nor_take_it_away() {
    let abuse = || ruptured(RuptureCause::AbuseOfPower);
    let (known, ahead) = (version(noon(1), noon(1), abuse()), version(noon(4), noon(3), abuse()));
    assert_eq!(found(&[&ahead], Some(&ahead), noon(3)), None);
    assert_eq!(found(&[&ahead], Some(&ahead), noon(4)), Some((noon(4), noon(3), false)));
    assert_eq!(found(&[&known, &ahead], Some(&ahead), noon(3)), Some((noon(1), noon(1), false)));
    assert_eq!(found(&[&known, &ahead], Some(&ahead), noon(4)), Some((noon(4), noon(3), false)));
}

#[test]
fn only_an_acknowledgement_in_state_closed_closes_a_safeguarding_alert() {
    struct One(AcknowledgementState);
    impl Acknowledgements for One {
        fn first(&self, _: &str, states: &[AcknowledgementState]) -> Option<Instant> {
            states.contains(&self.0).then_some(noon(2))
        }
    }
    let event = version(noon(5), noon(5), ruptured(RuptureCause::AbuseOfPower));
    let until = |state| {
        let mut stretch = safeguarding(&[&event], Some(&event), noon(9)).unwrap();
        stretch.acknowledge(ABOUT, &One(state));
        stretch.until
    };
    let untils: Vec<_> = AcknowledgementState::ALL.iter().copied().map(until).collect();
    assert_eq!(untils, [None, None, None, Some(noon(5))]);
}

#[test]
fn a_safeguarding_record_says_where_to_look_and_nothing_else() {
    let event = version(noon(1), noon(2), ruptured(RuptureCause::AbuseOfPower));
    let stretch = safeguarding(&[&event], None, noon(9)).unwrap();
    let json = serde_json::to_value(stretch.record(ABOUT, None)).unwrap();
    let id = stretch.id(ABOUT);
    assert_eq!(
        json,
        serde_json::json!({
            "alert_id": id, "site": "s", "alert": "safeguarding", "tier": "safeguarding", "state": "firing",
            "since": noon(1).to_string(), "recorded_at": noon(2).to_string(),
            "subject": { "client": "c", "peer": "p" }, "link": format!("https://x/{id}"),
            "withdrawn_event": true,
        })
    );
}

#[test]
fn a_site_is_silent_when_7_days_have_passed_since_the_day_of_its_newest_record() {
    let event = version(noon(40), noon(41), Body::Reflection);
    let settings = Settings::default();
    let at_once = |now| site_silent(Day(42), &event, &settings, now);
    assert_eq!(at_once(at(50, 0).just_before()), (None, Some(at(50, 0))));
    let (stretch, deadline) = at_once(at(50, 0));
    let stretch = stretch.unwrap();
    assert_eq!((stretch.since, stretch.until, deadline), (at(50, 0), None, None));
    assert_eq!(stretch.recorded_at, at(50, 0));
    let about = About { client: None, peer: None, ..ABOUT };
    assert_eq!(stretch.id(about), alert_id(&["s", "site_silent", "e"]));
    let record = stretch.record(about, None);
    assert_eq!((record.tier.as_str(), record.mechanism, record.component), ("operations", None, None));
    let ahead = version(noon(60), noon(41), Body::Reflection);
    let (stretch, _) = site_silent(Day(42), &ahead, &settings, at(50, 0));
    assert_eq!(stretch.unwrap().recorded_at, at(50, 0), "whenever its last event is to occur");
}
