//! What is taken down of a partition while it goes on, and replayed with what came since, is as good as all of its records.

use proptest::prelude::*;
use proptest::sample::Index;

use super::random::{LAST_DAY, closing, demanding, records, said};
use super::*;

const SITES: [&str; 3] = ["leeds", "york", "hull"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_was_taken_down_and_what_came_since_are_as_good_as_everything(
        mut records in records(),
        forgotten in prop::collection::vec((any::<Index>(), any::<Index>()), 0..12),
        order in prop::collection::vec((any::<Index>(), any::<Index>()), 0..40),
        ticks in prop::collection::vec(0..LAST_DAY + 10, 0..20),
        begin in any::<Index>(),
        pace in prop::collection::vec((0..4_usize, 1..6_usize), 1..40),
        rest in any::<Index>(),
    ) {
        records.extend(closing(&records));
        let of_some_site = |(place, (draft, at)): (usize, &(Draft, Instant))| {
            let site = SITES[place % 3];
            draft.clone().of_site(site).ingested(*at)
        };
        let mut log: Vec<Record> = records.iter().enumerate().map(of_some_site).collect();
        log.extend(ticks.into_iter().map(|day| tick(midnight(day))));
        for (place, index) in &order {
            let (place, other) = (place.index(log.len()), index.index(log.len()));
            log.swap(place, other);
        }
        // Tombstones, and some records once more, at any place.
        for (index, place) in &forgotten {
            let Record { key, .. } = index.get(&log).clone();
            log.insert(place.index(log.len()), Record { key, value: None });
        }
        for (index, place) in &order {
            let again = index.get(&log).clone();
            log.insert(place.index(log.len()), again);
        }
        log.push(tick(noon(LAST_DAY + 10)));

        let begin = begin.index(log.len());
        let mut live = demanding();
        outputs(&mut live, &log[..begin]);
        let (body, end) = taken_down(&mut live, &log, begin, &pace);
        let committed = end + rest.index(log.len() + 1 - end);

        let (mut loaded, mut whole) = (demanding(), demanding());
        for record in &body {
            loaded.replay(Some(&record.key), record.value.as_deref()).unwrap();
        }
        for record in &log[begin..committed] {
            loaded.note(Some(&record.key), record.value.as_deref());
        }
        loaded.settle();
        for record in &log[..committed] {
            whole.replay(Some(&record.key), record.value.as_deref()).unwrap();
        }
        whole.settle();
        let held = |partition: &Partition| Stats { sites: 0, ..partition.stats() };
        prop_assert_eq!(held(&loaded), held(&whole));
        prop_assert_eq!(loaded.clock(), whole.clock());
        for record in &log[committed..] {
            prop_assert_eq!(said(loaded.take(record)), said(whole.take(record)));
        }
    }
}

/// What is taken down by and by, while after so many records so many more of the log are applied; and how far that came.
fn taken_down(
    live: &mut Partition,
    log: &[Record],
    begin: usize,
    pace: &[(usize, usize)],
) -> (Vec<Record>, usize) {
    let (mut body, mut end, mut site) = (Vec::new(), begin, 0);
    let mut pace = pace.iter().cycle();
    while let Some(mut held) = live.hold(site) {
        site += 1;
        loop {
            let (come, put) = pace.next().copied().unwrap_or((0, usize::MAX));
            let more = live.give(&mut held, put, &mut |key, value| {
                body.push(Record { key: key.to_vec(), value: Some(value.to_vec()) });
            });
            let until = (end + come).min(log.len());
            outputs(live, &log[end..until]);
            end = until;
            if !more {
                break;
            }
        }
    }
    let (key, value) = live.clock_record();
    body.push(Record { key, value: Some(value) });
    (body, end)
}
