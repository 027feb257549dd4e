//! Role modelling: what is learned, what harms, comparisons, advocacy.

use rapport_proto::v1::{self, Affect, EndReason, ModellingWhat, Side, Valence, event::Body};
use rapport_tests::oracle::alerts::alert_id;
use rapport_tests::story::{Story, instant, start_of};

use super::told;

const MODELLED: ModellingWhat = ModellingWhat::Modelled;
const ENACTED: ModellingWhat = ModellingWhat::Enacted;

#[test]
fn what_any_peer_modelled_is_learned_on_the_28th_day_and_not_on_the_29th() {
    let mut story = Story::new();
    story.of("c", "p").on(0).behaviour(MODELLED, "calls_back", Valence::Positive);
    story.of("c", "q").on(28).behaviour(ENACTED, "calls_back", Valence::Negative);
    story.of("c", "q").on(29).behaviour(ENACTED, "calls_back", Valence::Negative);
    // Nobody modelled it to this client, nor that to the other.
    story.of("d", "p").on(28).behaviour(ENACTED, "calls_back", Valence::Negative);
    story.of("c", "p").on(28).behaviour(ENACTED, "drinks", Valence::Negative);
    told(&story, 30).has(&[
        // D is day 29: days 23 to 29, 2 to 29, −60 to 29.
        ("behaviours_7d{what=enacted,valence=negative}", "4"),
        ("behaviours_28d{what=modelled,valence=positive}", "0"),
        ("behaviours_90d{what=modelled,valence=positive}", "1"),
        ("behaviours_learned_7d{valence=negative}", "1"),
        ("behaviours_learned_90d{valence=negative}", "1"),
        ("behaviours_learned_90d{valence=positive}", "0"),
    ]);
}

#[test]
fn what_is_modelled_at_the_same_instant_was_modelled_before() {
    let mut story = Story::new();
    story.on(3).behaviour(ENACTED, "drinks", Valence::Negative).id("a");
    story.on(3).behaviour(MODELLED, "drinks", Valence::Positive).id("b");
    let told = told(&story, 4);
    told.has(&[("behaviours_learned_7d{valence=negative}", "1")]);
    assert_eq!(told.alert("harmful_behaviour").since, instant(3, "12:00"));
}

#[test]
fn harmful_behaviour_is_closed_by_an_acknowledgement_and_by_nothing_else() {
    let mut story = Story::new();
    // Modelled by another peer: no harm of this pair.
    story.of("c", "q").on(0).behaviour(MODELLED, "drinks", Valence::Negative);
    story.of("c", "p").on(1).behaviour(ENACTED, "drinks", Valence::Negative);
    assert!(told(&story, 2).alerts_of("harmful_behaviour").is_empty());
    story.on(2).behaviour(MODELLED, "drinks", Valence::Positive);
    story.on(3).behaviour(ENACTED, "drinks", Valence::Positive);
    story.on(4).behaviour(ENACTED, "drinks", Valence::Negative);
    // It joins.
    story.on(5).behaviour(ENACTED, "drinks", Valence::Negative);
    story.on(6).ended(Side::Client, EndReason::MovedAway);
    let open = told(&story, 40);
    let alert = open.alert("harmful_behaviour");
    assert_eq!((alert.since, alert.until), (instant(4, "12:00"), None));
    assert_eq!(alert.alert_id, alert_id(&["leeds", "harmful_behaviour", "c", "p", "e5"]));
    assert_eq!(
        (alert.mechanism, alert.component.as_deref()),
        (Some("role_modelling"), Some("social_learning"))
    );
    let id = alert.alert_id.clone();
    story.on(41).acknowledged(&id, v1::AcknowledgementState::Acted);
    story.on(42).closed(&id);
    // Once it is closed, the next is one of its own.
    story.on(43).behaviour(ENACTED, "drinks", Valence::Negative);
    let closed = told(&story, 44);
    let expected = [(instant(4, "12:00"), Some(instant(42, "12:00"))), (instant(43, "12:00"), None)];
    assert_eq!(closed.stretches("harmful_behaviour"), expected);
}

#[test]
fn two_negative_comparisons_in_28_days_are_an_alert_until_28_days_have_passed_since_the_last() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).compared(Affect::Negative);
    story.on(28).contact(&[], &[]).compared(Affect::Negative);
    // Days 0 and 28 are not twice in 28 days; 28 and 55 are.
    assert!(told(&story, 29).alerts_of("negative_comparison").is_empty());
    story.on(55).compared(Affect::Negative);
    story.on(56).contact(&[], &[]).compared(Affect::Neutral);
    // The last: 28 days have passed since day 80 at 00:00 of day 109.
    story.on(80).contact(&[], &[]).compared(Affect::Negative);
    story.on(100).contact(&[], &[]);
    assert_eq!(told(&story, 108).stretches("negative_comparison"), [(instant(55, "12:00"), None)]);
    let over = told(&story, 109);
    let alert = over.alert("negative_comparison");
    assert_eq!((alert.since, alert.until), (instant(55, "12:00"), Some(start_of(109))));
    assert_eq!(alert.component.as_deref(), Some("social_comparison"));
    // D is day 108: days 102 to 108, 81 to 108, 19 to 108.
    over.has(&[
        ("comparisons_90d{by=client,direction=upward,affect=negative}", "3"),
        ("comparisons_90d{by=client,direction=upward,affect=neutral}", "1"),
        ("comparisons_90d{by=peer,direction=upward,affect=negative}", "0"),
        ("comparisons_28d{by=client,direction=upward,affect=negative}", "0"),
        ("alerts_90d{alert=negative_comparison}", "1"),
    ]);
}

#[test]
fn comparisons_of_two_episodes_or_by_the_peer_are_no_alert() {
    let mut story = Story::new();
    story.on(0).contact(&[], &[]).compared(Affect::Negative).on(1).ended(Side::Peer, EndReason::Other);
    story.on(2).started(&[]).compared(Affect::Negative);
    story.on(3).compared(Affect::Negative);
    let Some(Body::Modelling(last)) = &mut story.events.last_mut().unwrap().body else { panic!() };
    last.by = v1::Comparer::Peer.into();
    let told = told(&story, 4);
    assert!(told.alerts_of("negative_comparison").is_empty());
    told.has(&[("comparisons_7d{by=peer,direction=upward,affect=negative}", "1")]);
}

/// An attended contact with strengths-based advocacy.
fn advocated(story: &mut Story) {
    story.contact(&[], &[]);
    let Some(Body::Contact(last)) = &mut story.events.last_mut().unwrap().body else { panic!() };
    last.practices = vec![v1::Practice::StrengthsAdvocacy.into()];
}

#[test]
fn advocacy_is_followed_by_an_appointment_kept_within_28_days() {
    let mut story = Story::new();
    advocated(story.of("ca", "p").on(0));
    advocated(story.of("cb", "p").on(0));
    advocated(story.of("cc", "p").on(0));
    story.of("ca", "").on(28).used(v1::ServiceUseKind::AppointmentKept, 1);
    story.of("cb", "").on(29).used(v1::ServiceUseKind::AppointmentKept, 1);
    story.of("cc", "").on(3).used(v1::ServiceUseKind::AppointmentKept, 0);
    story.of("cc", "").on(4).used(v1::ServiceUseKind::AppointmentMissed, 1);
    // D is day 27: contacts up to day −1.
    told(&story, 28).has(&[("advocacy_contacts_7d", "0")]);
    // D is day 29: contacts of the 7 days up to day 1.
    told(&story, 30).has(&[
        ("advocacy_contacts_7d", "3"),
        ("advocacy_followed_7d", "1"),
        ("contacts_practice_90d{practice=strengths_advocacy}", "3"),
    ]);
    // D is day 35: contacts of the 7 days up to day 7, and day 36: up to day 8.
    told(&story, 35).has(&[("advocacy_contacts_7d", "3"), ("advocacy_contacts_28d", "3")]);
    told(&story, 36).has(&[("advocacy_contacts_7d", "0"), ("advocacy_followed_28d", "1")]);
}
