//! Of a person of whom everything is erased nothing is left in any topic, not even that something was withdrawn.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::random::{LAST_DAY, closing, coming, demanding, records, restored, said};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn who_is_erased_is_named_nowhere(
        mut records in records(),
        whom in select(&["c-", "d-", "-p", "-q"][..]),
        ticks in prop::collection::vec(0..LAST_DAY + 10, 0..20),
        is_in_order in any::<bool>(),
        order in prop::collection::vec(any::<Index>(), 60),
        restarts in prop::collection::vec(any::<Index>(), 0..3),
    ) {
        records.extend(closing(&records));
        let Persons { client, peer } = draft("", whom, noon(0), started()).persons;
        let is_named = |persons: &Persons| {
            client.is_some() && persons.client == client || peer.is_some() && persons.peer == peer
        };
        let gone = records.iter().filter(|(draft, _)| is_named(&draft.persons));
        let mut gone: Vec<Record> = gone.map(|(draft, _)| draft.tombstone()).collect();
        for (place, index) in order.iter().enumerate().take(gone.len()) {
            let other = index.index(gone.len());
            gone.swap(place, other);
        }
        let mut all = coming(&records, &ticks, is_in_order);
        all.push(tick(noon(LAST_DAY + 10)));
        all.extend(gone);
        let restarts: Vec<usize> = restarts.iter().map(|index| index.index(all.len())).collect();
        let (mut partition, mut written) = (demanding(), BTreeMap::new());
        for (place, record) in all.iter().enumerate() {
            if restarts.contains(&place) {
                partition = restored(&partition);
            }
            written.extend(said(partition.take(record)));
        }
        for output in written.values() {
            prop_assert!(!persons(output).is_some_and(|persons| is_named(&persons)), "{output:?}");
        }
    }
}

/// Whom a record names.
fn persons(output: &Output) -> Option<Persons> {
    let (client, peer) = match output {
        Output::Enriched { row: Some(row), .. } => {
            let event = row.event.clone().unwrap_or_default();
            (Some(event.client), Some(event.peer))
        }
        Output::Alert(alert) => {
            let subject = alert.subject.clone().unwrap_or_default();
            (subject.client, subject.peer)
        }
        _ => return None,
    };
    let name = |name: Option<String>| name.filter(|name| !name.is_empty()).map(Arc::from);
    Some(Persons { client: name(client), peer: name(peer) })
}
