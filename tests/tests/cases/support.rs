//! Support that was asked for in vain, and help that only a professional can give.

use rapport_proto::v1::{AcknowledgementState, Attendance, EndReason, Side, SupportType};
use rapport_tests::story::{Story, instant, start_of};

use super::told;

const EMOTIONAL: &[SupportType] = &[SupportType::Emotional];
const THERAPY: &[SupportType] = &[SupportType::PsychologicalTherapy];

#[test]
fn support_asked_for_twice_in_28_days_and_not_given_is_an_alert_until_it_is() {
    let mut story = Story::new();
    story.on(0).contact(&[], EMOTIONAL).on(27).contact(&[], EMOTIONAL);
    let open = told(&story, 28);
    let alert = open.alert("support_unmet");
    assert_eq!((alert.since, alert.until), (instant(27, "12:00"), None));
    // SHA-256 of leeds, support_unmet, c, p, emotional, e2, joined by 0x00.
    assert_eq!(alert.alert_id, "f9e85580adf0c093e77328497f97566d");
    assert_eq!((alert.mechanism, alert.component.as_deref()), (Some("social_support"), Some("emotional")));
    open.has(&[
        ("alerts_7d{alert=support_unmet}", "1"),
        ("alerts_acknowledged_7d{alert=support_unmet}", "0"),
    ]);
    story.on(30).contact(EMOTIONAL, &[]);
    // The first request was met; one more is only one.
    story.on(31).contact(&[], EMOTIONAL);
    let expected = [(instant(27, "12:00"), Some(instant(30, "12:00")))];
    assert_eq!(told(&story, 32).stretches("support_unmet"), expected);
}

#[test]
fn support_asked_for_again_on_the_29th_day_or_given_meanwhile_is_no_alert() {
    let mut story = Story::new();
    // Days 0 and 28 are not twice in 28 days.
    story.of("ca", "p").on(0).contact(&[], EMOTIONAL).on(28).contact(&[], EMOTIONAL);
    // Given at the second contact itself, at the first itself, and by another contact at the second's instant.
    story.of("cb", "p").on(0).contact(&[], EMOTIONAL).on(5).contact(EMOTIONAL, EMOTIONAL);
    story.of("cc", "p").on(0).contact(EMOTIONAL, EMOTIONAL).on(5).contact(&[], EMOTIONAL);
    story.of("cd", "p").on(0).contact(&[], EMOTIONAL).on(5).contact(&[], EMOTIONAL).contact(EMOTIONAL, &[]);
    // In two episodes.
    story.of("ce", "p").on(0).contact(&[], EMOTIONAL).on(1).ended(Side::Client, EndReason::Other);
    story.of("ce", "p").on(2).contact(&[], EMOTIONAL);
    // What is no support cannot be given.
    story.of("cf", "p").on(0).contact(&[], THERAPY).on(1).contact(&[], THERAPY);
    assert!(told(&story, 29).alerts_of("support_unmet").is_empty());
}

#[test]
fn a_presumed_dropout_closes_unmet_support() {
    let mut story = Story::new();
    story.on(0).contact(&[], EMOTIONAL);
    story.on(10).contact_that_was(Attendance::MissedByPeer, &[], EMOTIONAL);
    // Counted from day 0: lost at 00:00 of day 43.
    let told = told(&story, 44);
    assert_eq!(told.stretches("support_unmet"), [(instant(10, "12:00"), Some(start_of(43)))]);
    let lost = told.alert("presumed_dropout");
    assert_eq!((lost.since, lost.until, lost.mechanism), (start_of(43), None, Some("social_support")));
    told.has(&[
        ("exits_side_7d{side=peer}", "1"),
        ("exits_mechanism_7d{mechanism=social_support,polarity=negative}", "1"),
    ]);
}

#[test]
fn help_wanted_is_closed_by_what_was_done_or_by_the_end() {
    let mut story = Story::new();
    story.on(0).contact(&[], THERAPY);
    let id = told(&story, 1).alert("professional_help_wanted").alert_id.clone();
    story.on(1).acknowledged(&id, AcknowledgementState::Assigned);
    // It joins, and closes nothing.
    story.on(2).contact(&[], THERAPY);
    story.on(3).acknowledged(&id, AcknowledgementState::Acted);
    story.on(4).contact_that_was(Attendance::CancelledByClient, &[], THERAPY);
    story.on(6).ended(Side::Client, EndReason::WantedProfessionalHelp);
    // No episode: only an acknowledgement would close it.
    story.on(7).contact_that_was(Attendance::MissedByClient, &[], THERAPY);
    let told = told(&story, 9);
    let expected = [
        (instant(0, "12:00"), Some(instant(3, "12:00"))),
        (instant(4, "12:00"), Some(instant(6, "12:00"))),
        (instant(7, "12:00"), None),
    ];
    assert_eq!(told.stretches("professional_help_wanted"), expected);
    told.has(&[
        // Days 2 to 8.
        ("alerts_7d{alert=professional_help_wanted}", "2"),
        ("alerts_28d{alert=professional_help_wanted}", "3"),
        ("alerts_acknowledged_28d{alert=professional_help_wanted}", "1"),
        ("alerts_confirmed_28d{alert=professional_help_wanted}", "0"),
        ("exits_mechanism_7d{mechanism=social_support,polarity=neutral}", "1"),
        ("dropouts_7d", "0"),
    ]);
}
