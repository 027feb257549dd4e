//! Presumed dropouts as alerts.

use super::*;

const KIND: Kind = Kind::PresumedDropout;

#[test]
fn a_presumed_dropout_alert_opens_at_its_0000_and_closes_with_the_contact_that_takes_it_back() {
    let told = history(&[
        own(noon(0), started()),
        own(noon(3), attended()),
        own(noon(20), missed()),
        own(noon(50), attended()),
    ]);
    assert_eq!(told.spans(KIND, at(46, 0).just_before()), []);
    assert_eq!(told.spans(KIND, at(46, 0)), [(at(46, 0), None)]);
    assert_eq!(told.spans(KIND, noon(50)), [(at(46, 0), Some(noon(50)))]);
    let alerts = told.records(KIND, noon(100));
    assert_eq!(told.spans(KIND, noon(100)), [(at(46, 0), Some(noon(50))), (at(93, 0), None)]);
    let ids: Vec<String> = ["e01", "e03"].map(|by| alert_id(&["s", "presumed_dropout", "c", "p", by])).into();
    let found: Vec<String> = alerts.iter().map(|alert| alert.alert_id.clone()).collect();
    assert_eq!(found, ids, "counted from the last attended contact");
    assert_eq!((alerts[0].tier.as_str(), &alerts[0].recorded_at), ("digest", &at(46, 0).to_string()));
    assert_eq!((alerts[0].mechanism.as_deref(), alerts[0].component.as_deref()), (Some("unknown"), None));
}

#[test]
fn a_presumed_dropout_without_a_contact_is_counted_from_what_opened_the_episode() {
    let told = history(&[
        own(noon(0), attended()),
        own(noon(1), ended(EndReason::GoalsMet)),
        own(noon(1), attended()),
        own(noon(2), missed()),
        own(noon(2), started()),
    ]);
    let [alert] = &told.records(KIND, noon(99))[..] else { panic!("one") };
    assert_eq!(alert.alert_id, alert_id(&["s", "presumed_dropout", "c", "p", "e04"]));
    assert_eq!(alert.since, at(45, 0).to_string());
}

#[test]
fn a_presumed_dropout_alert_closes_with_the_end_and_is_prevented_by_one_at_its_very_instant() {
    let spans = |when: Instant, body: Body| {
        history(&[own(noon(0), started()), own(when, body)]).spans(KIND, noon(80))
    };
    assert_eq!(spans(noon(50), ended(EndReason::Ill)), [(at(43, 0), Some(noon(50)))]);
    assert_eq!(spans(at(43, 0), ended(EndReason::Ill)), []);
    assert_eq!(spans(at(43, 0), missed()), [(at(43, 0), None)]);
    assert_eq!(spans(at(43, 0), started()), [], "with all events of that instant known nobody is lost");
}

#[test]
fn a_presumed_dropout_alert_says_at_which_mechanism_it_stood_when_it_opened() {
    let asked = contact(Attendance::Attended, &[], &[SupportType::Emotional]);
    let told = history(&[own(noon(0), asked), own(noon(50), ended(EndReason::MovedAway))]);
    assert_eq!(told.records(KIND, noon(60))[0].mechanism.as_deref(), Some("social_support"));
}

#[test]
fn what_is_heard_of_late_withdraws_a_presumed_dropout_or_has_it_say_something_else() {
    let params = params();
    let (client, peer) = (Arc::from("c"), Arc::from("p"));
    let cx = Context { params: &params, site: "s", client: &client, peer: &peer, acknowledgements: &() };
    let event = |id: &str, instant, body| {
        Arc::new(Event { occurred_at: instant, recorded_at: instant, id: id.into(), body })
    };
    let changes = |late: Body| {
        let mut dyad = Dyad::new();
        dyad.insert(&cx, event("a", noon(0), attended()), true);
        assert_eq!(dyad.settle(&cx, noon(50)).alerts.len(), 1);
        dyad.insert(&cx, event("b", noon(20), late), true);
        let alerts = dyad.settle(&cx, noon(50)).alerts.into_iter();
        alerts.map(|alert| (alert.state, alert.mechanism)).collect::<Vec<_>>()
    };
    let gone = |mechanism: &str| ("withdrawn".to_owned(), Some(mechanism.to_owned()));
    assert_eq!(changes(attended()), [gone("unknown")]);
    assert_eq!(changes(Body::Paused), [gone("unknown")]);
    let asked = contact(Attendance::MissedByClient, &[], &[SupportType::Appraisal]);
    assert_eq!(changes(asked), [("firing".to_owned(), Some("social_support".to_owned()))]);
    assert_eq!(changes(missed()), []);
}
