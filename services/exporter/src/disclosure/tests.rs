//! What is shown of which counts and sums.

use super::*;

fn sample(name: &str, labels: &[(&str, &str)], value: &str) -> v1::Sample {
    let labels = labels.iter().map(|(label, word)| ((*label).to_owned(), (*word).to_owned())).collect();
    v1::Sample { name: name.to_owned(), labels, value: value.to_owned() }
}

fn rules(policy: Policy) -> Rules {
    Rules::new(policy, &Catalogue::embedded())
}

fn shown(policy: Policy, samples: &[v1::Sample]) -> Vec<(String, i128)> {
    let disclosed = disclose(&rules(policy), samples).unwrap();
    disclosed.shown.into_iter().map(|shown| (shown.name, shown.micros)).collect()
}

#[test]
fn small_counts_are_withheld_and_others_rounded_to_the_nearest_five() {
    let nhs = |count| Policy::Nhs.shown(count);
    assert_eq!((nhs(0), nhs(1), nhs(7)), (Some(0), None, None));
    assert_eq!((nhs(8), nhs(12), nhs(13), nhs(1_000_002)), (Some(10), Some(10), Some(15), Some(1_000_000)));
    let ons = |count| Policy::Ons10.shown(count);
    assert_eq!((ons(0), ons(9), ons(10), ons(13)), (Some(0), None, Some(10), Some(15)));
    assert_eq!(Policy::Exact.shown(3), Some(3));
}

const WHOLE: Unit = Unit::Whole;

#[test]
fn a_mean_of_shown_numbers_is_the_true_mean_but_for_one_in_a_hundred() {
    // 13 contacts of 400 minutes: 15 are shown, of 400 * 15 / 13 = 461.5 minutes, which are shown in fives.
    assert_eq!(Policy::Nhs.shown_sum(400 * ONE_MICROS, &[13], WHOLE), Some(460 * ONE_MICROS));
    // As they are rounded where nothing is to be scaled: else an unrounded sum would say that 15 are 15.
    assert_eq!(Policy::Nhs.shown_sum(401 * ONE_MICROS, &[15], WHOLE), Some(400 * ONE_MICROS));
    assert_eq!(Policy::Nhs.shown_sum(400 * ONE_MICROS, &[7], WHOLE), None);
    // Halves go up: 2 uses of 8 clients shown as 10 are 2.5.
    assert_eq!(Policy::Nhs.shown_sum(2 * ONE_MICROS, &[8], WHOLE), Some(3 * ONE_MICROS));
}

#[test]
fn a_shown_sum_is_rounded_to_one_in_a_hundred_but_not_finer_than_the_steps_of_what_it_is_of() {
    let shown = |micros, unit| Policy::Nhs.shown_sum(micros, &[10], unit).unwrap();
    let whole = |sum: i128| shown(sum * ONE_MICROS, WHOLE) / ONE_MICROS;
    assert_eq!([9, 49, 99, 101, 249, 252, 253].map(whole), [9, 49, 99, 102, 250, 250, 255]);
    assert_eq!([499, 504, 505, 994, 1_007, 123_456].map(whole), [500, 500, 510, 990, 1_000, 124_000]);
    assert_eq!([6_499_999, 7_120_000].map(|sum| shown(sum, Unit::Scores)), [6_400_000, 7_200_000]);
    assert_eq!([73_000, 243_000].map(|sum| shown(sum, Unit::Squares)), [75_000, 245_000]);
    for unit in [WHOLE, Unit::Scores, Unit::Squares] {
        let step = i128::from(unit.step_micros());
        for sum in (0..2_000).map(|n| n * n * 1_237 + n) {
            let off = (shown(sum, unit) - sum).abs();
            assert!(2 * off <= step || 100 * off <= sum, "{unit:?} {sum} is shown {off} off");
        }
    }
}

/// The true counts that may be shown as `shown`.
fn candidates(policy: Policy, shown: i128) -> Vec<i128> {
    (1..=shown + 5).filter(|count| policy.shown(*count) == Some(shown)).collect()
}

/// Whether some sum, a multiple of `step_micros`, over `count` cases is shown so.
fn may_be(policy: Policy, shown: i128, count: i128, unit: Unit, step_micros: i128) -> bool {
    let Some(shown_count) = policy.shown(count) else { return false };
    let about = shown * count / shown_count / step_micros;
    let reach = 2 + shown / 50 / step_micros;
    (about - reach..=about + reach)
        .any(|steps| steps >= 0 && policy.shown_sum(steps * step_micros, &[count], unit) == Some(shown))
}

/// Ten sums over `count` cases, from less than one to ninety of a case, none a multiple of the count.
fn sums(count: i128) -> [i128; 10] {
    [1, 7, 13, 29, 61, 127, 251, 509, 1_021, 1_801].map(|twentieths| count * twentieths / 20 + 1)
}

#[test]
fn what_sums_are_shown_as_leaves_three_true_counts_or_more() {
    for policy in [Policy::Nhs, Policy::Ons10] {
        for count in 10 - i128::from(policy == Policy::Nhs) * 2..=200 {
            let shown_count = policy.shown(count).unwrap();
            // What all sums of one factor leave, of days and uses and of scores on scales of six points to forty-one.
            let mut left = candidates(policy, shown_count);
            for sum in sums(count) {
                let shown = policy.shown_sum(sum * ONE_MICROS, &[count], WHOLE).unwrap();
                left.retain(|other| may_be(policy, shown, *other, WHOLE, ONE_MICROS));
            }
            for steps in [5, 6, 10, 16, 28, 40] {
                let step = ONE_MICROS / steps;
                let sum = count * steps * 7 / 10 * step;
                let shown = policy.shown_sum(sum, &[count], Unit::Scores).unwrap();
                left.retain(|other| may_be(policy, shown, *other, Unit::Scores, step));
            }
            assert!(left.contains(&count));
            assert!(left.len() >= 3, "{policy:?}: of {shown_count}, which are {count}, {left:?} are left");
        }
    }
}

#[test]
fn ratios_of_what_is_shown_are_the_true_ones_but_for_two_in_a_hundred() {
    for count in 8..=200_i128 {
        let whole = |each: i128| Policy::Nhs.shown_sum(count * each * ONE_MICROS, &[count], WHOLE).unwrap();
        // Days of a type of support among all days of the dyads: of each 30 and 80 days.
        let off = whole(30) * 80 - whole(80) * 30;
        assert!(off.abs() * 50 <= whole(80) * 30, "{count} dyads");
        // The mean of scores is right to a hundredth of the scale.
        let shown_count = Policy::Nhs.shown(count).unwrap();
        for mean_micros in [40_000, 330_000, 710_000, 1_000_000] {
            let points = Policy::Nhs.shown_sum(count * mean_micros, &[count], Unit::Scores).unwrap();
            let off = (points - shown_count * mean_micros).abs();
            assert!(off * 100 <= shown_count * ONE_MICROS, "{count} scores of {mean_micros}");
        }
        // Squares of four ratings a baseline with an SD of 0.08: three degrees of freedom, 0.0192.
        let squares = Policy::Nhs.shown_sum(count * 19_200, &[count], Unit::Squares).unwrap();
        let off = squares * 3 * ONE_MICROS - whole(3) * 19_200;
        // The SD is off by half of what its square is.
        assert!(off.abs() * 25 <= whole(3) * 19_200, "{count} baselines");
    }
}

#[test]
fn a_sum_over_no_case_is_shown_only_where_it_is_nothing() {
    for counts in [&[0][..], &[0, 12], &[12, 0]] {
        assert_eq!(Policy::Nhs.shown_sum(0, counts, WHOLE), Some(0));
        assert_eq!(Policy::Nhs.shown_sum(5 * ONE_MICROS, counts, WHOLE), None);
        assert_eq!(Policy::Exact.shown_sum(5 * ONE_MICROS, counts, WHOLE), Some(5 * ONE_MICROS));
    }
    assert_eq!(Policy::Nhs.shown_sum(0, &[0, 3], WHOLE), None);
}

#[test]
fn a_sum_is_withheld_with_its_own_count_and_with_no_other() {
    let samples = [
        sample("dyads_contacted_7d", &[], "10"),
        sample("dyads_contacted_28d", &[], "10"),
        sample("contact_minutes_7d", &[], "300"),
        sample("contacts_7d", &[("attendance", "attended")], "6"),
        sample("contacts_7d", &[("attendance", "missed_by_peer")], "20"),
        sample("contact_minutes_28d", &[], "500"),
        sample("contacts_28d", &[("attendance", "attended")], "10"),
        sample("contacts_28d", &[("attendance", "missed_by_peer")], "1"),
    ];
    let expected = [
        ("contact_minutes_28d", 500),
        ("contacts_28d", 10),
        ("contacts_7d", 20),
        ("dyads_contacted_28d", 10),
        ("dyads_contacted_7d", 10),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value * ONE_MICROS));
    assert_eq!(shown(Policy::Nhs, &samples), expected);
    assert_eq!(disclose(&rules(Policy::Nhs), &samples).unwrap().withheld, 3);
    assert_eq!(shown(Policy::Exact, &samples).len(), 8);
}

#[test]
fn points_go_with_the_ratings_of_their_component_and_with_the_pairs_that_gave_them() {
    let samples = [
        sample("alliance_dyads_7d", &[("component", "bond")], "8"),
        sample("alliance_dyads_7d", &[("component", "goal")], "2"),
        sample("alliance_dyads_7d", &[("component", "total")], "1"),
        sample("alliance_ratings_7d", &[("component", "bond")], "8"),
        sample("alliance_ratings_7d", &[("component", "goal")], "2"),
        // One client rated twelve times: the mean is its own.
        sample("alliance_ratings_7d", &[("component", "total")], "12"),
        sample("alliance_score_points_7d", &[("component", "bond")], "6.400000"),
        sample("alliance_score_points_7d", &[("component", "goal")], "1.500000"),
        sample("alliance_score_points_7d", &[("component", "total")], "3.600000"),
    ];
    let expected = [
        ("alliance_dyads_7d", 10_000_000),
        ("alliance_ratings_7d", 10_000_000),
        ("alliance_ratings_7d", 10_000_000),
        ("alliance_score_points_7d", 8_000_000),
    ];
    assert_eq!(shown(Policy::Nhs, &samples), expected.map(|(name, micros)| (name.to_owned(), micros)));
}

#[test]
fn the_uses_of_one_client_and_the_days_of_one_pair_are_withheld_where_many_pairs_are_open() {
    let used = |kind: &str, clients: &str, uses: &str| {
        let labels = [("kind", kind)];
        [sample("service_clients_7d", &labels, clients), sample("service_use_7d", &labels, uses)]
    };
    let stood = |basis: &str, dyads: &str, days: &str| {
        let labels = [("support_type", "psychological_therapy"), ("basis", basis)];
        [sample("dyads_standing_7d", &labels, dyads), sample("dyad_days_support_7d", &labels, days)]
    };
    let samples = [
        [sample("dyads_open_7d", &[], "43"), sample("dyad_days_7d", &[], "301")],
        used("admission", "1", "1"),
        used("appointment_kept", "20", "43"),
        used("bed_days", "0", "0"),
        stood("unmet", "1", "3"),
        stood("received", "43", "215"),
    ];
    let expected = [
        ("dyad_days_7d", 315),
        ("dyad_days_support_7d", 226),
        ("dyads_open_7d", 45),
        ("dyads_standing_7d", 45),
        ("service_clients_7d", 20),
        ("service_clients_7d", 0),
        ("service_use_7d", 45),
        ("service_use_7d", 0),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value * ONE_MICROS));
    assert_eq!(shown(Policy::Nhs, samples.as_flattened()), expected);
    assert_eq!(disclose(&rules(Policy::Nhs), samples.as_flattened()).unwrap().withheld, 4);
}

#[test]
fn three_baselines_are_withheld_with_their_sums_and_of_eight_the_variance_is_the_true_one() {
    let filled = |baselines: &str, df: &str, squares: &str| {
        let of = |name: &str, value: &str| sample(&format!("alliance_baseline{name}_90d"), &[], value);
        [of("s", baselines), of("_df", df), of("_squares", squares)]
    };
    // A baseline of four ratings has three degrees of freedom: of three baselines they are nine, which is no small number.
    assert_eq!(shown(Policy::Nhs, &filled("3", "9", "0.090000")), []);
    let expected = [("_df", 30_000_000), ("_squares", 300_000), ("s", 10_000_000)];
    let expected = expected.map(|(name, micros)| (format!("alliance_baseline{name}_90d"), micros));
    assert_eq!(shown(Policy::Nhs, &filled("8", "24", "0.240000")), expected);
}

#[test]
fn a_sum_one_of_whose_counts_an_earlier_version_did_not_release_is_withheld_and_the_others_are_shown() {
    let samples = [
        sample("alliance_baseline_df_7d", &[], "300"),
        sample("dropouts_7d", &[], "20"),
        sample("outcome_score_points_7d", &[("construct", "hope"), ("person", "client")], "9.000000"),
        sample("outcome_scores_7d", &[("construct", "hope"), ("person", "client")], "20"),
    ];
    for policy in [Policy::Nhs, Policy::Ons10, Policy::Exact] {
        let expected = ["dropouts_7d", "outcome_scores_7d"].map(|name| (name.to_owned(), 20 * ONE_MICROS));
        assert_eq!(shown(policy, &samples), expected);
        assert_eq!(disclose(&rules(policy), &samples).unwrap().withheld, 2);
    }
}

/// The sample of a sum and what becomes of it where its counts are so many.
fn sum_with(name: &str, labels: &BTreeMap<String, String>, counts: &[(Series, i128)]) -> Option<i128> {
    let sample = |(name, labels): &Series, value: i128| v1::Sample {
        name: name.clone(),
        labels: labels.clone(),
        value: value.to_string(),
    };
    let own = (name.to_owned(), labels.clone());
    let mut samples = vec![sample(&own, 26)];
    samples.extend(counts.iter().map(|(series, count)| sample(series, *count)));
    let shown = disclose(&rules(Policy::Nhs), &samples).unwrap().shown;
    shown.into_iter().find(|shown| shown.name == name).map(|shown| shown.micros)
}

#[test]
fn every_sum_is_withheld_with_each_count_the_table_names_and_scaled_with_the_first() {
    for indicator in indicators::CATALOGUE {
        for name in indicator.sample_names() {
            for labels in indicator.series() {
                let counts = indicator.goes_with(&name, &labels);
                let all = |count: i128| counts.iter().map(move |series| (series.clone(), count));
                for few in 0..counts.len() {
                    let mut counts: Vec<_> = all(100).collect();
                    counts[few].1 = 7;
                    assert_eq!(sum_with(&name, &labels, &counts), None, "{name}");
                    counts.remove(few);
                    assert_eq!(sum_with(&name, &labels, &counts), None, "{name} lacks a count");
                }
                let mut counts: Vec<_> = all(100).collect();
                let Some(first) = counts.first_mut() else { continue };
                first.1 = 13;
                assert_eq!(
                    sum_with(&name, &labels, &counts),
                    Some(30 * ONE_MICROS),
                    "{name}: twice the 15 shown"
                );
            }
        }
    }
}

#[test]
fn of_a_construct_that_no_instrument_measures_nothing_is_shown_nor_counted_as_withheld() {
    let only_hope = r#"
        [[instrument]]
        id = "hope"
        name = "Hope"
        target = "client"
        construct = "hope"
        direction = "high_is_good"
        scoring = "as is"
        licence = "none"
        total = { min = 0, max = 10 }
    "#;
    let labels = |construct| [("construct", construct), ("person", "client")];
    let samples = [
        sample("outcome_scores_7d", &labels("hope"), "0"),
        sample("outcome_scores_7d", &labels("meaning"), "0"),
        sample("outcome_scores_28d", &labels("meaning"), "3"),
        sample("dropouts_7d", &[], "0"),
    ];
    let rules = Rules::new(Policy::Nhs, &Catalogue::parse(only_hope).unwrap());
    let disclosed = disclose(&rules, &samples).unwrap();
    let names: Vec<_> = disclosed.shown.iter().map(|shown| (&*shown.name, shown.labels.len())).collect();
    assert_eq!(names, [("dropouts_7d", 0), ("outcome_scores_7d", 2)]);
    assert_eq!((disclosed.withheld, disclosed.unknown), (0, 0));
}

#[test]
fn a_release_that_is_not_whole_is_not_shown_and_an_unknown_indicator_neither() {
    let error = |samples: &[v1::Sample]| disclose(&rules(Policy::Exact), samples).unwrap_err();
    assert_eq!(error(&[sample("dropouts_7d", &[], "3"), sample("dropouts_7d", &[], "3")]), Unusable::Twice);
    for value in ["-1", "1e3", "", ".5", "1.0000001", "1.5"] {
        assert_eq!(error(&[sample("dropouts_7d", &[], value)]), Unusable::Value, "{value:?}");
    }
    let disclosed = disclose(&rules(Policy::Exact), &[sample("invented_7d", &[], "3")]).unwrap();
    assert_eq!((disclosed.shown.len(), disclosed.withheld, disclosed.unknown), (0, 0, 1));
}
