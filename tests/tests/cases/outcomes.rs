//! Outcomes: what has changed since the first score, reliably, and into which range.

use rapport_proto::v1::Rater;
use rapport_tests::oracle::Given;
use rapport_tests::random::given::INSTRUMENTS;
use rapport_tests::story::Story;

use super::{told, told_under};

#[test]
fn the_last_score_of_a_window_is_held_against_the_first_ever() {
    let mut story = Story::new();
    // CORE-10: high is bad, a change of 6 is reliable, 11 and above is clinical.
    story.of("c", "").on(0).measured("core-10", &[("total", 18.0)]);
    story.on(3).measured("core-10", &[("total", 12.0)]);
    story.of("d", "").on(0).measured("core-10", &[("total", 10.0)]);
    story.on(3).measured("core-10", &[("total", 15.9)]);
    let early = told(&story, 4);
    early.has(&[
        ("outcomes_7d{construct=distress,person=client,result=improved}", "1"),
        ("outcomes_7d{construct=distress,person=client,result=unchanged}", "1"),
        ("outcomes_7d{construct=distress,person=client,result=deteriorated}", "0"),
        // 12 is clinical still.
        ("outcomes_recovered_7d{construct=distress,person=client}", "0"),
        ("outcome_scores_7d{construct=distress,person=client}", "4"),
        ("outcome_persons_7d{construct=distress,person=client}", "2"),
        ("outcome_persons_7d{construct=distress,person=peer}", "0"),
        // 1 − 18/40, 1 − 12/40, 1 − 10/40, 1 − 15.9/40: 0.55 + 0.7 + 0.75 + 0.6025.
        ("outcome_score_points_7d{construct=distress,person=client}", "2.602500"),
    ]);
    let row = &early.rows["e2"];
    assert_eq!(
        (row.change, row.result, row.construct.as_deref()),
        (Some(-6_000_000), Some("improved"), Some("distress"))
    );
    assert_eq!((early.rows["e1"].change, early.rows["e1"].mechanism), (None, None));
    story.of("c", "").on(9).measured("core-10", &[("total", 10.9)]);
    story.of("d", "").on(9).measured("core-10", &[("total", 16.0)]);
    told(&story, 10).has(&[
        ("outcomes_7d{construct=distress,person=client,result=improved}", "1"),
        ("outcomes_7d{construct=distress,person=client,result=deteriorated}", "1"),
        // One result of each in the longer window too: the last.
        ("outcomes_28d{construct=distress,person=client,result=improved}", "1"),
        ("outcomes_28d{construct=distress,person=client,result=deteriorated}", "1"),
        ("outcomes_28d{construct=distress,person=client,result=unchanged}", "0"),
        ("outcomes_recovered_7d{construct=distress,person=client}", "1"),
    ]);
    // D is day 16: the 7 days up to it hold no score.
    told(&story, 17).has(&[
        ("outcome_persons_7d{construct=distress,person=client}", "0"),
        ("outcome_persons_28d{construct=distress,person=client}", "2"),
        ("outcomes_7d{construct=distress,person=client,result=improved}", "0"),
    ]);
}

#[test]
fn of_two_instruments_of_a_construct_the_last_that_can_tell_a_change_tells_it() {
    let given = Given::from_catalogue(INSTRUMENTS);
    let mut story = Story::new();
    // `hope`: high is good, a change of 2 is reliable, below 5 is clinical.
    story.of("c", "").on(0).measured("hope", &[("total", 4.9)]);
    story.on(1).measured("hope", &[("total", 6.9)]);
    // No change of this is reliable: it neither counts nor supersedes.
    story.on(0).measured("hope-without-change", &[("total", 9.0)]);
    story.on(2).measured("hope-without-change", &[("total", 1.0)]);
    // The first of its series, and one without a given total.
    story.on(2).measured("hope", &[("total", 1.0)]).by(Rater::Supervisor);
    story.on(3).measured("hope", &[("agency", 1.0)]);
    told_under(&given, &story, 4).has(&[
        ("outcomes_7d{construct=hope,person=client,result=improved}", "1"),
        ("outcomes_7d{construct=hope,person=client,result=deteriorated}", "0"),
        ("outcomes_recovered_7d{construct=hope,person=client}", "1"),
        // The primary instrument is the catalogue's first of the construct: 0.9 + 0.1.
        ("outcome_scores_7d{construct=hope,person=client}", "2"),
        ("outcome_score_points_7d{construct=hope,person=client}", "1.000000"),
    ]);
    let mut set = given.clone();
    set.settings.primary_instruments.insert(("hope".to_owned(), "client".to_owned()), "hope".to_owned());
    told_under(&set, &story, 4).has(&[
        ("outcome_persons_7d{construct=hope,person=client}", "1"),
        // 0.49 + 0.69; the supervisor's is not the client's own.
        ("outcome_scores_7d{construct=hope,person=client}", "2"),
        ("outcome_score_points_7d{construct=hope,person=client}", "1.180000"),
    ]);
    // The supervisor's second score comes last of all: it is the one result of this client and construct. It has risen
    // by 2.5, and 3.5 is clinical still.
    story.on(5).measured("hope", &[("total", 3.5)]).by(Rater::Supervisor);
    told_under(&given, &story, 6).has(&[
        ("outcomes_7d{construct=hope,person=client,result=improved}", "1"),
        ("outcomes_recovered_7d{construct=hope,person=client}", "0"),
    ]);
}

#[test]
fn a_reliable_change_is_computed_where_none_is_published() {
    let given = Given::from_catalogue(INSTRUMENTS);
    // 1.96 · 2.5 · √(2 · 0.1) = 2.191347 of this `core-10`, where high is bad and 4 and above is clinical.
    assert_eq!(given.instruments["core-10"].reliable_change, Some(2_191_347));
    let mut story = Story::new();
    story.of("c", "").on(0).measured("core-10", &[("total", 5.0)]);
    story.on(1).measured("core-10", &[("total", 2.809)]);
    story.of("d", "").on(0).measured("core-10", &[("total", 5.0)]);
    story.on(1).measured("core-10", &[("total", 2.808)]);
    told_under(&given, &story, 2).has(&[
        ("outcomes_7d{construct=distress,person=client,result=unchanged}", "1"),
        ("outcomes_7d{construct=distress,person=client,result=improved}", "1"),
        ("outcomes_recovered_7d{construct=distress,person=client}", "1"),
    ]);
}
