//! Clients: service use, days, the way to becoming a peer; and events that move from one pair to another.

use rapport_proto::v1::{EndReason, PathwayStep, ServiceUseKind, Side};
use rapport_tests::story::Story;

use super::told;

const ADMISSION: ServiceUseKind = ServiceUseKind::Admission;

#[test]
fn service_use_counts_on_days_with_an_open_episode_paused_or_presumed_lost() {
    let mut story = Story::new();
    story.of("c", "").on(0).used(ADMISSION, 100);
    // Before the contact that opens the episode, on its day.
    story.of("c", "").at(1, "08:00").used(ADMISSION, 1);
    story.of("c", "p").on(1).contact(&[], &[]).on(5).paused();
    story.of("c", "").on(7).used(ADMISSION, 10);
    story.of("c", "p").on(10).resumed();
    // Days 2 to 5 and 10 on are not paused: the 43rd of them is day 48. Day 6 to 9 are paused.
    story.of("c", "").on(60).used(ADMISSION, 1_000);
    told(&story, 49).has(&[
        ("service_use_90d{kind=admission}", "11"),
        ("service_clients_90d{kind=admission}", "1"),
        // The last use while there was an episode is of day 7.
        ("service_clients_28d{kind=admission}", "0"),
        // Days 1 to 5 and 10 to 47.
        ("client_days_90d", "43"),
        ("dropouts_7d", "1"),
    ]);
    story.of("c", "p").on(61).ended(Side::Client, EndReason::Other);
    story.of("c", "").at(61, "20:00").used(ADMISSION, 10_000);
    story.of("c", "").on(62).used(ADMISSION, 5);
    // Nothing used is no use, and a second client is another.
    story.of("d", "p").on(60).contact(&[], &[]);
    story.of("d", "").on(61).used(ServiceUseKind::CrisisContact, 0).used(ServiceUseKind::AppointmentKept, 1);
    story.of("e", "p").on(60).contact(&[], &[]);
    story
        .of("e", "")
        .on(61)
        .used(ServiceUseKind::AppointmentKept, 3)
        .used(ServiceUseKind::AppointmentKept, 1);
    told(&story, 63).has(&[
        ("service_clients_7d{kind=crisis_contact}", "0"),
        ("service_clients_7d{kind=appointment_kept}", "2"),
        ("service_use_7d{kind=appointment_kept}", "5"),
        ("service_clients_90d{kind=admission}", "1"),
        ("service_use_7d{kind=admission}", "11000"),
        ("service_use_90d{kind=admission}", "11011"),
        ("service_use_90d{kind=bed_days}", "0"),
    ]);
}

#[test]
fn a_client_with_two_pairs_has_each_day_once() {
    let mut story = Story::new();
    story.of("c", "p").on(0).contact(&[], &[]).on(2).ended(Side::Client, EndReason::Transferred);
    story.of("c", "q").on(2).contact(&[], &[]);
    story.of("d", "q").on(4).contact(&[], &[]);
    // Of c days 0 to 4, of d day 4; of the pairs 3, 3 and 1.
    told(&story, 5).has(&[("client_days_7d", "6"), ("dyad_days_7d", "7"), ("dyads_open_7d", "3")]);
}

#[test]
fn a_step_counts_in_the_window_of_its_first_event() {
    let mut story = Story::new();
    story.of("c", "").on(0).stepped(PathwayStep::Interested).on(5).stepped(PathwayStep::Interested);
    story.of("d", "").on(6).stepped(PathwayStep::Interested).stepped(PathwayStep::Active);
    told(&story, 7).has(&[("pathway_7d{step=interested}", "2"), ("pathway_7d{step=active}", "1")]);
    // D is day 7: days 1 to 7; the first of c was on day 0.
    told(&story, 8).has(&[("pathway_7d{step=interested}", "1"), ("pathway_28d{step=interested}", "2")]);
    // Without the first, the second is the first.
    story.on(8).retracts("e1");
    told(&story, 9).has(&[("pathway_7d{step=interested}", "2"), ("pathway_28d{step=applied}", "0")]);
}
