//! Outcomes of clients and peers.

use super::*;
use crate::words::Rater::{Client, Peer, Supervisor};

type Told = Vec<(i32, i64, Body)>;

fn client_with(params: &Params, own: Told) -> Taken {
    take(params, 0, |windows, tally| windows.count_client(&history(own), &[], tally)).0
}

fn client(own: Told) -> Taken {
    client_with(&params(), own)
}

/// Windows in which a client's distress improved, deteriorated, stayed, and recovered.
fn distress(own: Told) -> [[i64; 3]; 4] {
    let taken = client(own);
    let of = |result| taken.of(Id::Outcomes, &["distress", "client", result]);
    let recovered = taken.of(Id::OutcomesRecovered, &["distress", "client"]);
    [of("improved"), of("deteriorated"), of("unchanged"), recovered]
}

const NOT: [i64; 3] = [0; 3];

#[test]
fn a_score_is_held_against_the_first_of_its_series_by_the_instruments_reliable_change() {
    let core = |first, last| {
        distress(vec![(200, 12, score("core", Client, first)), (7, 12, score("core", Client, last))])
    };
    let in_28 = [0, 1, 1];
    assert_eq!(core(30, 24), [in_28, NOT, NOT, NOT], "high is bad");
    assert_eq!(core(30, 25), [NOT, NOT, in_28, NOT]);
    assert_eq!(core(30, 35), [NOT, NOT, in_28, NOT]);
    assert_eq!(core(30, 36), [NOT, in_28, NOT, NOT]);
    let well = client(vec![(99, 12, score("well", Client, 15)), (6, 12, score("well", Client, 18))]);
    assert_eq!(well.of(Id::Outcomes, &["wellbeing", "client", "improved"]), [1, 1, 1], "high is good");
    assert_eq!(well.of(Id::Outcomes, &["wellbeing", "peer", "improved"]), NOT);
}

#[test]
fn recovered_is_who_improved_and_crossed_the_cut_off() {
    let core = |first, last| {
        distress(vec![(9, 12, score("core", Client, first)), (8, 12, score("core", Client, last))])
    };
    let in_28 = [0, 1, 1];
    assert_eq!(core(17, 11), [in_28, NOT, NOT, NOT], "11 is clinical");
    assert_eq!(core(17, 10), [in_28, NOT, NOT, in_28]);
    assert_eq!(core(15, 10), [NOT, NOT, in_28, NOT], "crossed, but not reliably");
    assert_eq!(core(10, 4), [in_28, NOT, NOT, NOT], "was not clinical");
    let well = |first, last| {
        let own = vec![(9, 12, score("well", Client, first)), (8, 12, score("well", Client, last))];
        client(own).of(Id::OutcomesRecovered, &["wellbeing", "client"])
    };
    assert_eq!((well(17, 20), well(20, 23), well(16, 19)), (in_28, NOT, NOT), "20 is no longer clinical");
}

#[test]
fn the_last_score_decides_and_the_first_alone_says_nothing() {
    assert_eq!(distress(vec![(3, 12, score("core", Client, 30))]), [NOT; 4]);
    let back = vec![
        (100, 12, score("core", Client, 30)),
        (50, 12, score("core", Client, 5)),
        (3, 12, score("core", Client, 29)),
    ];
    assert_eq!(distress(back), [NOT, NOT, [1, 1, 1], NOT], "in the window of 90 days too");
    let old = vec![(100, 12, score("core", Client, 30)), (90, 12, score("core", Client, 5))];
    assert_eq!(distress(old), [NOT; 4], "one day too old");
}

#[test]
fn at_one_instant_the_order_of_events_says_which_score_is_first_and_which_last() {
    let told = |a, b| vec![(3, 12, score("core", Client, a)), (3, 12, score("core", Client, b))];
    assert_eq!(distress(told(30, 5)), [[1; 3], NOT, NOT, [1; 3]]);
    assert_eq!(distress(told(5, 30)), [NOT, [1; 3], NOT, NOT]);
}

#[test]
fn a_series_is_of_one_instrument_and_one_rater_and_a_person_has_one_result_per_construct() {
    let raters = vec![(9, 12, score("core", Client, 30)), (8, 12, score("core", Supervisor, 5))];
    assert_eq!(distress(raters.clone()), [NOT; 4], "each is the first of its own");
    let more = vec![(5, 12, score("core", Client, 20)), (2, 12, score("core", Supervisor, 6))];
    assert_eq!(distress([raters, more].concat()), [NOT, NOT, [1, 1, 1], NOT], "the supervisor's is the last");
}

#[test]
fn an_instrument_without_a_reliable_change_does_not_count_nor_stand_in_the_way() {
    let plain = vec![(9, 12, score("plain", Client, 1)), (1, 12, score("plain", Client, 10))];
    assert_eq!(distress(plain.clone()), [NOT; 4]);
    let core = vec![(60, 12, score("core", Client, 30)), (10, 12, score("core", Client, 20))];
    assert_eq!(distress([plain, core].concat()), [[0, 1, 1], NOT, NOT, NOT]);
}

#[test]
fn a_record_without_a_given_total_is_in_no_series() {
    let risk = |age| {
        let scores = vec![("risk".into(), 4_000_000)];
        (
            age,
            12,
            Body::Measure(Box::new(Measure {
                instrument: "core".into(),
                rater: Client,
                scores: scores.into(),
            })),
        )
    };
    assert_eq!(distress(vec![risk(9), (8, 12, score("core", Client, 30)), risk(2)]), [NOT; 4]);
}

#[test]
fn scores_of_the_primary_instrument_count_with_the_first_if_the_person_rated_them() {
    let own = vec![
        (40, 12, score("plain", Client, 2)),
        (6, 12, score("plain", Client, 5)),
        (6, 12, score("plain", Peer, 9)),
        (3, 12, score("core", Client, 30)),
    ];
    let of = |taken: &Taken| {
        [Id::OutcomeScores, Id::OutcomeScorePoints].map(|id| taken.of(id, &["distress", "client"]))
    };
    assert_eq!(of(&client(own.clone())), [[1, 1, 2], [500_000, 500_000, 700_000]], "the catalogue's first");
    let mut params = params();
    params.settings.primary_instruments = [("distress/client".to_owned(), "core".to_owned())].into();
    assert_eq!(of(&client_with(&params, own.clone())), [[1; 3], [250_000; 3]], "the one set, turned round");
    params.settings.primary_instruments = [("distress/peer".to_owned(), "core".to_owned())].into();
    assert_eq!(of(&client_with(&params, own))[0], [1, 1, 2], "that was set of peers");
}

#[test]
fn a_peers_scores_are_its_own() {
    let params = params();
    let own = vec![
        (80, 12, score("well-peer", Peer, 21)),
        (5, 12, score("well-peer", Peer, 18)),
        (4, 12, score("well-peer", Supervisor, 35)),
        (3, 12, score("well", Peer, 35)),
    ];
    let own = history(own);
    let (taken, _) = take(&params, 0, |windows, tally| windows.count_peer(&own, &[], tally));
    assert_eq!(taken.of(Id::Outcomes, &["wellbeing", "peer", "deteriorated"]), [1, 1, 1]);
    assert_eq!(taken.of(Id::OutcomeScores, &["wellbeing", "peer"]), [1, 1, 2]);
    assert_eq!(taken.of(Id::OutcomeScorePoints, &["wellbeing", "peer"]), [392_857, 392_857, 892_857]);
    assert_eq!(taken.of(Id::OutcomeScores, &["wellbeing", "client"]), [0; 3]);
}
