//! The clock, and what waits for it.

use super::*;
use crate::params::Releases;

#[test]
fn an_event_counts_when_the_clock_reaches_it_and_not_before() {
    let mut partition = partition();
    partition.take(&tick(noon(0)));
    assert_eq!(rows(&partition.take(&draft("a", "c-p", noon(1), attended()).ingested(noon(0)))), []);
    assert_eq!(partition.stats(), Stats { sites: 1, dyads: 0, events: 1, pending: 1 });
    partition.take(&tick(noon(1).just_before()));
    assert_eq!(partition.stats().pending, 1);
    assert_eq!(rows(&partition.take(&tick(noon(1)))), [("a", true)]);
    assert_eq!(partition.stats(), Stats { sites: 1, dyads: 1, events: 1, pending: 0 });
}

#[test]
fn the_record_that_carries_the_clock_over_a_boundary_is_not_in_that_release() {
    let mut partition = partition();
    partition.take(&draft("a", "c-p", noon(0), attended()).ingested(noon(0)));
    let out = partition.take(&draft("b", "c-p", noon(0), attended()).ingested(midnight(1)));
    let found = releases(&out);
    let [first] = &*found else { panic!("{out:?}") };
    assert_eq!((first.release.as_str(), first.clock.as_str()), ("2024-10-04", "2024-10-05T00:00:00Z"));
    let attended = [("attendance", "attended")];
    assert_eq!(value(first, "contacts_7d", &attended), "1");
    assert!(
        matches!(out.first(), Some(Output::Release(_))),
        "the release comes before what the record changes"
    );
    let out = partition.take(&tick(midnight(2)));
    assert_eq!(value(&releases(&out)[0], "contacts_7d", &attended), "2");
}

#[test]
fn of_boundaries_that_are_jumped_only_the_last_is_released_and_no_boundary_twice() {
    let mut partition = partition();
    partition.take(&draft("a", "c-p", noon(0), attended()).ingested(noon(0)));
    let out = partition.take(&tick(noon(9)));
    assert_eq!(
        releases(&out).iter().map(|release| release.release.as_str()).collect::<Vec<_>>(),
        ["2024-10-12"]
    );
    for again in [noon(9), midnight(9), noon(3), midnight(10).just_before()] {
        assert_eq!(partition.take(&tick(again)), []);
    }
    assert_eq!(partition.clock(), midnight(10).just_before());
    assert_eq!(releases(&partition.take(&tick(midnight(10)))).len(), 1);
}

#[test]
fn weekly_releases_are_those_of_mondays() {
    let mut partition = partition_with(Settings { releases: Releases::Weekly, ..Settings::default() });
    // Day 0 is a Friday.
    partition.take(&draft("a", "c-p", noon(0), attended()).ingested(noon(0)));
    assert_eq!(partition.take(&tick(midnight(3).just_before())), []);
    let out = partition.take(&tick(midnight(3)));
    assert_eq!(releases(&out)[0].release, "2024-10-06");
    assert_eq!(releases(&partition.take(&tick(noon(9)))).len(), 0);
}

#[test]
fn a_release_holds_what_was_to_occur_before_its_boundary_and_nothing_after_even_if_the_clock_jumps_over_both()
{
    let mut partition = partition();
    partition.take(&draft("a", "c-p", noon(0), attended()).ingested(noon(0)));
    partition.take(&draft("b", "c-p", midnight(1).just_before(), attended()).ingested(noon(0)));
    partition.take(&draft("c", "c-p", midnight(1), attended()).ingested(noon(0)));
    partition.take(&draft("d", "d-p", midnight(1), started()).ingested(noon(0)));
    let out = partition.take(&tick(noon(1)));
    assert_eq!(value(&releases(&out)[0], "contacts_7d", &[("attendance", "attended")]), "2");
    assert_eq!(value(&releases(&out)[0], "dyads", &[("phase", "forming")]), "1");
    assert_eq!(rows(&out), [("b", true), ("c", true), ("d", true)]);
}

#[test]
fn a_site_has_a_release_once_something_of_it_stands_before_the_boundary() {
    let mut partition = partition();
    let york = draft("a", "c-p", midnight(1), attended()).of_site("york");
    partition.take(&york.ingested(noon(0)));
    partition.take(&draft("a", "c-p", noon(0), attended()).ingested(noon(0)));
    let retracted = draft("b", "c-p", noon(0), attended()).of_site("hull");
    partition.take(&retracted.ingested(noon(0)));
    partition.take(&retraction("r", "b", noon(0)).of_site("hull").ingested(noon(0)));
    let sites =
        |out: Vec<Output>| releases(&out).iter().map(|release| release.site.clone()).collect::<Vec<_>>();
    assert_eq!(sites(partition.take(&tick(midnight(1)))), ["leeds"]);
    let out = partition.take(&tick(midnight(2)));
    assert_eq!(releases(&out)[1].first_day, "2024-10-05");
    assert_eq!(sites(out), ["leeds", "york"], "in order of names");
}

#[test]
fn silence_makes_a_dropout_without_any_event() {
    let mut partition = partition();
    partition.take(&draft("a", "c-p", noon(0), attended()).ingested(noon(0)));
    let lost = |partition: &mut Partition, day| {
        let out = partition.take(&tick(midnight(day)));
        let release = releases(&out)[0].clone();
        let phase = value(&release, "dyads", &[("phase", "presumed_lost")]);
        (
            phase,
            value(&release, "dropouts_7d", &[]),
            value(&release, "exits_7d", &[("reason", "presumed_lost")]),
        )
    };
    let expected = |n: [&str; 3]| (n[0].to_owned(), n[1].to_owned(), n[2].to_owned());
    assert_eq!(lost(&mut partition, 43), expected(["0", "0", "0"]), "just before 00:00 of the 43rd day");
    assert_eq!(lost(&mut partition, 44), expected(["1", "1", "1"]));
    assert_eq!(lost(&mut partition, 50), expected(["1", "1", "1"]));
    assert_eq!(lost(&mut partition, 51), expected(["1", "0", "0"]));
    assert_eq!(lost(&mut partition, 900), expected(["1", "0", "0"]), "it stays lost");
    assert_eq!(
        lost(&mut partition, 901),
        expected(["1", "0", "0"]),
        "also where little of it counts any more"
    );
}

#[test]
fn malformed_records_are_said_to_be_so_and_change_nothing() {
    let mut partition = partition();
    let good = draft("a", "c-p", noon(0), attended()).ingested(noon(0));
    let mut refused = |key: Option<&[u8]>, value: Option<&[u8]>| {
        let mut out = Vec::new();
        let refused = partition.apply(key, value, &mut out).unwrap_err();
        assert!(out.is_empty() && partition.clock() == Instant(0) && partition.stats() == Stats::default());
        refused
    };
    let value = good.value.as_deref();
    assert_eq!(refused(None, value), Malformed::Key);
    assert_eq!(refused(Some(b"tick"), value), Malformed::Key);
    assert_eq!(refused(Some(&draft("b", "c-p", noon(0), attended()).key()), value), Malformed::Key);
    assert_eq!(refused(Some(&good.key), Some(b"\xff")), Malformed::Value(event::Malformed::Protobuf));
    assert_eq!(refused(None, None), Malformed::Key);
    let lonely = draft("a", "c-", noon(0), attended()).ingested(noon(0));
    assert_eq!(refused(Some(&lonely.key), lonely.value.as_deref()), Malformed::Persons);
    assert_eq!(partition.take(&Record { key: b"tick".to_vec(), value: None }), []);
}
