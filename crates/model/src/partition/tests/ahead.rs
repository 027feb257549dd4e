//! Releases are counted ahead, and nobody can tell from the outputs.

use proptest::prelude::*;

use super::random::{LAST_DAY, closing, coming, demanding, records};
use super::*;
use crate::params::Releases;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_outputs_are_the_same_in_the_same_order_however_much_is_counted_ahead(
        mut records in records(),
        ticks in prop::collection::vec(0..LAST_DAY + 10, 0..60),
        forgotten in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        is_in_order in any::<bool>(),
        is_weekly in any::<bool>(),
        efforts in prop::collection::vec(prop_oneof![2 => Just(0), 2 => 1..10_usize, 1 => 10..400_usize], 1..40),
    ) {
        records.extend(closing(&records));
        let mut all = coming(&records, &ticks, is_in_order);
        for (number, index) in forgotten.iter().enumerate() {
            let Record { key, .. } = index.get(&records).0.tombstone();
            all.insert((number * 7) % all.len(), Record { key, value: None });
        }
        all.push(tick(noon(LAST_DAY + 10)));
        let [mut plain, mut ahead] = [false, true].map(|_| {
            let releases = if is_weekly { Releases::Weekly } else { Releases::Daily };
            let mut params = Params::clone(&demanding().params);
            params.settings.releases = releases;
            Partition::new(Arc::new(params))
        });
        for (record, effort) in all.iter().zip(efforts.iter().cycle()) {
            prop_assert_eq!(ahead.take(record), plain.take(record));
            ahead.count_ahead(*effort);
        }
    }
}

/// A site with so many dyads that all begin on day 0 and are contacted on day 1.
fn large(dyads: usize) -> Partition {
    let mut partition = partition();
    for (day, body) in [(0, started()), (1, attended())] {
        for dyad in 0..dyads {
            let who = format!("c{dyad}-p{}", dyad / 3);
            let event = draft(&format!("{dyad}-{day}"), &who, noon(day), body.clone());
            partition.take(&event.ingested(noon(day)));
        }
    }
    partition
}

#[test]
fn what_changed_is_counted_a_bounded_number_at_a_time_and_a_boundary_counts_only_what_changed_since() {
    let mut partition = large(300);
    let all = partition.left_to_count();
    assert!(all >= 300, "{all}");
    let (mut left, mut calls) = (all, 0);
    while left > 0 {
        partition.count_ahead(1_000);
        let now = partition.left_to_count();
        // What a dyad's count says may have its persons counted again.
        assert!(left.saturating_sub(now) <= 1_000, "{left} {now}");
        (left, calls) = (now, calls + 1);
        assert!(calls < 100, "{left} are left");
    }
    assert!(calls > 5, "all at once");
    partition.take(&draft("another", "c7-p2", noon(1), attended()).ingested(noon(1)));
    assert!((1..=3).contains(&partition.left_to_count()), "{}", partition.left_to_count());
}

#[test]
fn what_time_alone_turns_is_counted_ahead_of_the_boundary_too() {
    let mut partition = large(100);
    let mut turned = 0;
    for day in 2..150 {
        partition.take(&tick(noon(day)));
        turned = turned.max(partition.left_to_count());
        (0..40).for_each(|_| partition.count_ahead(1_000));
        assert_eq!(partition.left_to_count(), 0, "day {day}");
    }
    assert!(turned >= 100, "{turned}: no day turns all dyads");
}
