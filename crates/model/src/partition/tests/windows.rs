//! What a release counts.

use super::*;

/// The release at the end of day `day` of these events.
fn release(drafts: &[Draft], day: i32) -> v1::Release {
    let mut partition = partition();
    let mut out: Vec<_> =
        drafts.iter().flat_map(|draft| partition.take(&draft.ingested(noon(-200)))).collect();
    out.extend(partition.take(&tick(midnight(day + 1))));
    releases(&out)[0].clone()
}

fn supporting(id: &str, day: i32, delivered: &[SupportType], requested: &[SupportType]) -> Draft {
    let mut contact = contact(Attendance::Attended);
    contact.support = delivered.iter().copied().collect();
    contact.requested = requested.iter().copied().collect();
    draft(id, "c-p", noon(day), Body::Contact(contact))
}

#[test]
fn days_open_end_with_the_end_and_leave_out_the_days_all_paused() {
    let drafts = [
        draft("a", "c-p", noon(0), started()),
        draft("b", "c-p", noon(2), Body::Paused),
        draft("c", "c-p", noon(5), Body::Resumed),
        draft("d", "c-p", noon(8), ended(EndReason::GoalsMet)),
        draft("e", "d-p", noon(4), started()),
    ];
    // c: 0–2 and 5–8; d: 4–20.
    let release = release(&drafts, 20);
    let all = |name: &str| ["_7d", "_28d", "_90d"].map(|w| value(&release, &format!("{name}{w}"), &[]));
    assert_eq!(all("dyad_days"), ["7", "24", "24"]);
    assert_eq!(all("dyads_open"), ["1", "2", "2"]);
    assert_eq!(value(&release, "dyad_days_matched_28d", &[("matched_on", "none")]), "24");
    assert_eq!(value(&release, "exits_28d", &[("reason", "goals_met")]), "1");
    assert_eq!(
        value(&release, "exits_mechanism_28d", &[("mechanism", "none"), ("polarity", "positive")]),
        "1"
    );
    assert_eq!(value(&release, "dropouts_28d", &[]), "0");
}

#[test]
fn support_stands_on_the_days_of_open_dyads_from_its_contact_on_for_28() {
    use SupportType::{Emotional, Informational, PsychologicalTherapy};
    let drafts = [
        supporting("a", 0, &[Emotional], &[Informational, PsychologicalTherapy]),
        supporting("b", 3, &[Informational], &[Emotional]),
        supporting("c", 10, &[], &[Informational]),
        supporting("d", 30, &[], &[]),
    ];
    let release = release(&drafts, 40);
    let days = |kind: SupportType, basis: &str| {
        value(&release, "dyad_days_support_90d", &[("support_type", kind.as_str()), ("basis", basis)])
    };
    assert_eq!((days(Emotional, "received"), days(Emotional, "unmet")), ("28".into(), "28".into()));
    assert_eq!((days(Informational, "received"), days(Informational, "unmet")), ("28".into(), "31".into()));
    assert_eq!(
        (days(PsychologicalTherapy, "received"), days(PsychologicalTherapy, "unmet")),
        ("0".into(), "28".into())
    );
    let requests = |name: &str, kind: SupportType| value(&release, name, &[("support_type", kind.as_str())]);
    assert_eq!(requests("support_requests_due_90d", Informational), "2");
    assert_eq!(requests("support_requests_met_90d", Informational), "1");
    assert_eq!(requests("support_requests_due_7d", Informational), "0", "days 20 to 26 have none");
    assert_eq!(requests("support_requests_met_90d", PsychologicalTherapy), "0");
}

#[test]
fn a_request_is_met_by_what_is_delivered_at_its_instant_whatever_the_order_there() {
    use SupportType::Emotional;
    for (delivers, requests) in [("a", "b"), ("b", "a")] {
        let drafts = [supporting(delivers, 0, &[Emotional], &[]), supporting(requests, 0, &[], &[Emotional])];
        let release = release(&drafts, 20);
        assert_eq!(value(&release, "support_requests_met_28d", &[("support_type", "emotional")]), "1");
        let unmet = [("support_type", "emotional"), ("basis", "unmet")];
        assert_eq!(value(&release, "dyad_days_support_28d", &unmet), "0");
    }
}

#[test]
fn a_dropout_stood_for_support_as_on_the_day_of_its_end_or_as_on_the_last_contact_before_a_loss() {
    use SupportType::{Appraisal, Emotional};
    let mut drafts = vec![supporting("a", 0, &[Emotional], &[Appraisal])];
    let stood = |drafts: &[Draft], day, kind: &str, basis: &str| {
        value(&release(drafts, day), "dropouts_support_7d", &[("support_type", kind), ("basis", basis)])
    };
    assert_eq!(stood(&drafts, 43, "emotional", "received"), "1");
    assert_eq!(stood(&drafts, 43, "appraisal", "unmet"), "1");
    drafts.push(draft("x", "c-p", noon(30), ended(EndReason::UnmetSupport)));
    assert_eq!(stood(&drafts, 30, "emotional", "received"), "0", "30 days after, it does not stand");
    assert_eq!(stood(&drafts, 30, "appraisal", "unmet"), "0");
}

#[test]
fn ratings_points_breakdowns_and_repairs_are_counted_on_their_days() {
    let mut drafts: Vec<_> = (0..4).map(|i| draft(&format!("r{i}"), "c-p", noon(i), rating(4))).collect();
    drafts.push(draft("s", "c-p", noon(10), rating(1)));
    drafts.push(draft("t", "c-p", noon(16), Body::Repaired));
    drafts.push(draft("u", "-q", noon(16), Body::Reflection));
    let last = release(&drafts, 16);
    let total = [("component", "total")];
    assert_eq!(value(&last, "alliance_ratings_7d", &total), "1");
    assert_eq!(value(&last, "alliance_ratings_28d", &total), "5");
    assert_eq!(value(&last, "alliance_dyads_28d", &total), "1");
    assert_eq!(value(&last, "alliance_score_points_28d", &total), "3.000000");
    assert_eq!(value(&last, "alliance_ratings_28d", &[("component", "bond")]), "0");
    assert_eq!(value(&last, "alliance_baselines_28d", &[]), "1");
    assert_eq!(value(&last, "alliance_baseline_df_28d", &[]), "3");
    assert_eq!(value(&last, "alliance_baseline_squares_28d", &[]), "0.000000");
    assert_eq!(value(&last, "dyads_rated_7d", &[]), "1");
    assert_eq!(value(&last, "breakdowns_7d", &[("mechanism", "working_alliance")]), "1");
    assert_eq!(value(&last, "breakdowns_detected_7d", &[("by", "measured")]), "1");
    assert_eq!(
        (value(&last, "repairs_7d", &[]), value(&last, "repair_days_7d", &[])),
        ("1".into(), "6".into())
    );
    let due = |day| {
        let release = release(&drafts, day);
        (value(&release, "breakdowns_due_7d", &[]), value(&release, "breakdowns_repaired_7d", &[]))
    };
    assert_eq!(due(37), ("0".into(), "0".into()));
    assert_eq!(due(38), ("1".into(), "1".into()));
    assert_eq!(due(44), ("1".into(), "1".into()));
    assert_eq!(due(45), ("0".into(), "0".into()));
}
