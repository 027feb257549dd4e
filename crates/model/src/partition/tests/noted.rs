//! Records of a replay that are kept for later.

use super::random::{demanding, said};
use super::*;
use crate::partition::noted::{OF_A_SITE, OF_ALL};

const SITES: [&str; 3] = ["leeds", "tick", "york"];

/// So many contacts, a third of them at each site.
fn contacts(count: usize) -> Vec<Record> {
    let contact = |n: usize| {
        let at = Instant(midnight(0).0 + n as i64 * DAY_US / 50);
        let who = format!("client{}-peer", n % 7);
        draft(&format!("e{n}"), &who, at, attended()).of_site(SITES[n % 3]).ingested(midnight(400))
    };
    (0..count).map(contact).collect()
}

#[test]
fn of_a_site_with_many_records_most_are_replayed_before_the_replay_ends() {
    let records = contacts(9_000);
    let (mut noted, mut applied) = (demanding(), demanding());
    for record in &records {
        noted.note(Some(&record.key), record.value.as_deref());
        assert!(noted.noted.bytes < 3 * OF_A_SITE);
    }
    let known = noted.stats().events;
    assert!((5_000..9_000).contains(&known), "{known}");
    outputs(&mut applied, &records);
    // The first other record ends the replay by itself.
    let next = tick(midnight(401));
    assert_eq!(said(noted.take(&next)), said(applied.take(&next)));
    assert_eq!((noted.stats(), noted.stats().events), (applied.stats(), 9_000));
    assert_eq!(noted.noted.bytes, 0);
}

#[test]
fn of_all_sites_together_no_more_is_kept_than_there_is_room_for_and_what_is_malformed_is_passed_over() {
    let mut partition = partition();
    let garbage = vec![0xff; OF_A_SITE / 2];
    let sites = 2 + OF_ALL / garbage.len();
    for n in 0..sites {
        let site: &'static str = Box::leak(format!("site{n}").into_boxed_str());
        let record = draft(&format!("e{n}"), "c-p", noon(1), attended()).of_site(site).ingested(noon(2));
        partition.note(Some(&record.key), record.value.as_deref());
        partition.note(Some(format!("{site}/x").as_bytes()), Some(&garbage));
        assert!(partition.noted.bytes < OF_ALL, "{}", partition.noted.bytes);
    }
    assert!(partition.noted.bytes > 0, "nothing was kept");
    partition.settle();
    let stats = partition.stats();
    assert_eq!((stats.sites, stats.events, partition.clock()), (sites, sites, noon(2)));
}
