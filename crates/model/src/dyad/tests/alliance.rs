//! Ratings, watch, breakdown, repair: model.md section 4.

use super::*;
use crate::timeline::Rule;

fn ratings(from: i32, totals: &[i64]) -> Vec<Told> {
    totals.iter().zip(0..).map(|(q, n)| own(noon(from + 7 * n), rated(*q))).collect()
}

fn rules(told: &History) -> Vec<Rule> {
    let now = told.events.iter().map(|(event, _)| event.occurred_at).max().unwrap();
    told.timeline(now).episodes.iter().flat_map(|episode| episode.breakdowns.iter().map(|b| b.rule)).collect()
}

#[test]
fn z_is_what_the_formula_gives_to_three_decimals_and_the_mean_is_that_of_the_baseline() {
    let told = after_baseline(&ratings(28, &[FAR_BELOW, USUAL]));
    // s² = 8·0.1²/11, z = 0.3/(s·√1.25).
    assert_eq!((told.row(8).z, told.row(8).baseline_mean_micros), (Some(3.146), Some(USUAL)));
    assert_eq!(told.row(9).z, Some(0.0));
    assert_eq!(
        (told.row(7).z, told.row(7).baseline_mean_micros),
        (None, None),
        "the baseline's own ratings have none"
    );
    let baselines = told.last(noon(35)).baselines;
    assert_eq!((baselines.len(), baselines[0].squares, baselines[0].filled_at), (1, 0, noon(21)));
}

#[test]
fn a_rating_more_than_3_sd_below_opens_a_breakdown_and_one_of_exactly_3_does_not() {
    // z > 3 ⇔ (S − 4q)²·11 > 9·5·4·8·10¹⁰ ⇔ 4·fall > 1 144 155.26…
    assert_eq!(rules(&after_baseline(&ratings(28, &[USUAL - 286_039]))), [Rule::FarBelow]);
    assert_eq!(rules(&after_baseline(&ratings(28, &[USUAL - 286_038]))), []);
}

#[test]
fn two_of_three_ratings_more_than_2_sd_below_open_a_breakdown_which_closes_the_watch() {
    assert_eq!(rules(&after_baseline(&ratings(28, &[WELL_BELOW, WELL_BELOW]))), [Rule::TwoOfThree]);
    assert_eq!(rules(&after_baseline(&ratings(28, &[WELL_BELOW, USUAL, WELL_BELOW]))), [Rule::TwoOfThree]);
    assert_eq!(rules(&after_baseline(&ratings(28, &[WELL_BELOW, LOW, LOW, WELL_BELOW]))), []);
    let last = after_baseline(&ratings(28, &[WELL_BELOW, LOW, WELL_BELOW])).last(noon(42));
    assert_eq!((last.watches.len(), last.watches[0].closed_at), (1, Some(noon(42))));
    assert_eq!(last.breakdowns[0].ratings, 4 + 3);
}

#[test]
fn ratings_are_in_a_row_with_at_most_90_days_from_each_to_the_next() {
    let contacts = |days: &[i32]| days.iter().map(|day| own(noon(*day), attended())).collect::<Vec<_>>();
    let after = |gap: i32, totals: [i64; 2]| {
        let told = [own(noon(28), rated(totals[0])), own(noon(28 + gap), rated(totals[1]))];
        let told: Vec<Told> = told.into_iter().chain(contacts(&[35, 70, 105])).collect();
        after_baseline(&told)
    };
    assert_eq!(rules(&after(90, [WELL_BELOW, WELL_BELOW])), [Rule::TwoOfThree]);
    assert_eq!(rules(&after(91, [WELL_BELOW, WELL_BELOW])), []);
}

#[test]
fn a_watch_closes_at_the_second_rating_in_a_row_below_1_sd() {
    let closed = |totals: &[i64]| after_baseline(&ratings(28, totals)).last(noon(99)).watches[0].closed_at;
    assert_eq!(closed(&[WELL_BELOW, USUAL, USUAL]), Some(noon(42)));
    assert_eq!(closed(&[WELL_BELOW, USUAL, LOW, USUAL, USUAL]), Some(noon(56)));
    let open = after_baseline(&ratings(28, &[WELL_BELOW, USUAL, LOW, USUAL])).last(noon(49));
    assert_eq!(open.watches[0].closed_at, None);
}

#[test]
fn a_watch_closes_when_the_dyad_is_presumed_lost_and_stays_closed_if_that_is_taken_back() {
    let told = after_baseline(&[own(noon(28), rated(WELL_BELOW)), own(noon(70), attended())]);
    assert_eq!(told.last(at(64, 0).just_before()).watches[0].closed_at, None);
    assert_eq!(told.last(at(64, 0)).watches[0].closed_at, Some(at(64, 0)));
    assert_eq!(told.last(noon(70)).watches[0].closed_at, Some(at(64, 0)));
    assert_eq!(told.phase(noon(70)), Some(Phase::Unmonitored));
}

#[test]
fn a_missed_contact_in_watch_opens_a_breakdown_if_one_was_missed_since_the_last_attended() {
    let watch = own(noon(28), rated(WELL_BELOW));
    let miss = |day| own(noon(day), missed());
    assert_eq!(rules(&after_baseline(&[watch.clone(), miss(29)])), []);
    assert_eq!(rules(&after_baseline(&[watch.clone(), miss(29), miss(36)])), [Rule::MissedInWatch]);
    assert_eq!(rules(&after_baseline(&[miss(27), watch.clone(), miss(36)])), [Rule::MissedInWatch]);
    assert_eq!(rules(&after_baseline(&[watch.clone(), miss(29), own(noon(30), attended()), miss(36)])), []);
    let by_peer = own(noon(29), contact(Attendance::MissedByPeer, &[], &[]));
    assert_eq!(rules(&after_baseline(&[watch, by_peer, miss(36)])), []);
    assert_eq!(rules(&after_baseline(&[miss(29), miss(36)])), []);
}

#[test]
fn a_reported_rupture_opens_a_breakdown_at_its_causes_mechanism_and_further_evidence_joins_it() {
    let told = history(&[
        own(noon(0), ruptured(RuptureCause::UnmetSupport)),
        own(noon(1), ruptured(RuptureCause::Gossip)),
        own(noon(2), ended(EndReason::LackOfTrust)),
    ]);
    let breakdowns = told.last(noon(2)).breakdowns;
    assert_eq!((breakdowns.len(), breakdowns[0].mechanism), (1, Mechanism::SocialSupport));
    assert_eq!((breakdowns[0].repaired_at, breakdowns[0].ended_at), (None, Some(noon(2))));
}

#[test]
fn an_end_at_the_alliance_opens_a_breakdown_unless_one_is_open() {
    let end = |reason| rules(&history(&[own(noon(0), started()), own(noon(1), ended(reason))]));
    assert_eq!(end(EndReason::Controlling), [Rule::Exit]);
    assert_eq!(end(EndReason::UnmetSupport), []);
    assert_eq!(end(EndReason::Disengaged), []);
}

#[test]
fn a_breakdown_is_repaired_when_said_so_or_at_the_second_rating_in_a_row_below_1_sd() {
    let repaired = |more: &[Told]| {
        let told: Vec<Told> =
            [own(noon(28), rated(FAR_BELOW))].into_iter().chain(more.iter().cloned()).collect();
        after_baseline(&told).last(noon(98)).breakdowns[0].repaired_at
    };
    assert_eq!(repaired(&[own(noon(30), Body::Repaired)]), Some(noon(30)));
    assert_eq!(repaired(&ratings(35, &[USUAL, USUAL])), Some(noon(42)));
    assert_eq!(repaired(&ratings(35, &[USUAL, LOW, USUAL])), None);
}

#[test]
fn ratings_before_an_opening_do_not_repair_it_nor_do_those_before_a_repair_break_it_again() {
    let rupture = own(noon(30), ruptured(RuptureCause::Other));
    let told = after_baseline(&[own(noon(28), rated(USUAL)), rupture, own(noon(35), rated(USUAL))]);
    assert_eq!(told.last(noon(35)).breakdowns[0].repaired_at, None);
    let told = after_baseline(&[
        own(noon(28), rated(WELL_BELOW)),
        own(noon(35), rated(WELL_BELOW)),
        own(noon(36), Body::Repaired),
        own(noon(42), rated(WELL_BELOW)),
    ]);
    let last = told.last(noon(42));
    assert_eq!((last.breakdowns.len(), last.watches.len()), (1, 2));
}

#[test]
fn a_baseline_takes_no_ratings_made_while_a_breakdown_is_open() {
    let mut told: Vec<Told> = ratings(0, &[USUAL, USUAL, USUAL]);
    told.push(own(noon(15), ruptured(RuptureCause::Other)));
    told.push(own(noon(16), rated(FAR_BELOW)));
    told.push(own(noon(17), Body::Repaired));
    told.push(own(noon(18), rated(USUAL)));
    let told = history(&told);
    assert_eq!(told.last(noon(17)).baselines.len(), 0);
    assert_eq!(
        (told.last(noon(18)).baselines[0].filled_at, told.last(noon(18)).baselines[0].squares),
        (noon(18), 0)
    );
}

#[test]
fn only_a_clients_rating_with_a_total_counts() {
    let others = [
        scored("a", Rater::Peer, &[("total", FAR_BELOW)]),
        scored("a", Rater::Supervisor, &[("total", FAR_BELOW)]),
        scored("a", Rater::Client, &[("bond", 0), ("goal", 0)]),
        scored("hope", Rater::Client, &[("total", 0)]),
    ];
    for body in others {
        let told = after_baseline(&[own(noon(28), body)]);
        assert_eq!(rules(&told), []);
        assert_eq!(told.last(noon(28)).rated_days.len(), 4);
    }
    let computed = scored("a", Rater::Client, &[("bond", 500_000), ("goal", 500_000), ("task", 500_000)]);
    assert_eq!(rules(&after_baseline(&[own(noon(28), computed)])), [Rule::FarBelow]);
}

#[test]
fn another_instrument_takes_over_at_its_4th_use_since_the_last_of_the_one_followed() {
    let b = |day| own(noon(day), rated_with("b", 500_000));
    let told = after_baseline(&[
        own(noon(28), rated(WELL_BELOW)),
        b(29),
        b(30),
        b(31),
        b(32),
        own(noon(33), rated_with("b", 200_000)),
    ]);
    assert_eq!((told.row(12).z, told.row(13).z), (None, Some(3.146)));
    let last = told.last(noon(33));
    assert_eq!(last.baselines.iter().map(|one| &*one.instrument).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(last.watches[0].closed_at, Some(noon(33)), "the watch stayed open until the breakdown");
    let interrupted = after_baseline(&[b(28), b(29), b(30), own(noon(31), rated(USUAL)), b(32)]);
    assert_eq!(interrupted.last(noon(32)).baselines.len(), 1);
    assert_eq!(interrupted.last(noon(32)).rated_days.len(), 9, "all ratings are ratings");
}

#[test]
fn the_component_of_a_measured_breakdown_is_the_subscale_that_fell_most_ties_in_their_order() {
    let with = |scores: [i64; 3], total| {
        let [bond, goal, task] = scores;
        scored("a", Rater::Client, &[("bond", bond), ("goal", goal), ("task", task), ("total", total)])
    };
    let component = |now: Body| {
        let mut told: Vec<Told> =
            (0..4).map(|n| own(noon(7 * n), with([USUAL, USUAL, USUAL], USUAL))).collect();
        told.push(own(noon(28), now));
        history(&told).last(noon(28)).breakdowns[0].component
    };
    assert_eq!(component(with([700_000, 600_000, 650_000], 0)), Some(Component::Goal));
    assert_eq!(component(with([700_000, 600_000, 600_000], 0)), Some(Component::Goal));
    assert_eq!(component(with([USUAL, USUAL, 900_000], 0)), None, "none fell");
    assert_eq!(component(rated(0)), None, "none is given now");
    assert_eq!(component(scored("a", Rater::Client, &[("task", 0), ("total", 0)])), Some(Component::Task));
    assert_eq!(
        after_baseline(&[own(noon(28), with([0, 0, 0], 0))]).last(noon(28)).breakdowns[0].component,
        None
    );
}
