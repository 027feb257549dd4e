//! Random small sets of events: order and repetition do not matter, and what is forgotten leaves no trace.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::event::{Acknowledgement, Behaviour};

pub(super) const LAST_DAY: i32 = 130;

type About = &'static [&'static str];

const PAIRS: About = &["c-p", "c-q", "d-p", "d-q"];
const PEERS: About = &["-p", "-q"];
const CLIENTS: About = &["c-", "d-"];

/// What happens between a client and a peer.
fn of_pairs() -> impl Strategy<Value = Body> {
    let types = || select(SupportType::FIVE.as_slice());
    let some_contact =
        (select(Attendance::ALL), types(), prop::option::of(select(SupportType::ALL)), select(Practice::ALL))
            .prop_map(|(how, gives, asks, practice)| {
                let mut contact = contact(how);
                contact.support.insert(gives);
                contact.requested = asks.into_iter().collect();
                contact.practices.insert(practice);
                Body::Contact(contact)
            });
    let behaviour = (any::<bool>(), select(&["a", "b"][..]), select(Valence::ALL)).prop_map(
        |(enacted, code, valence)| {
            Body::Behaviour(Box::new(Behaviour { enacted, code: code.into(), valence }))
        },
    );
    let comparison = (select(Comparer::ALL), select(Direction::ALL), select(Affect::ALL))
        .prop_map(|(by, direction, affect)| Body::Comparison { by, direction, affect });
    prop_oneof![
        8 => some_contact,
        6 => (1..=5_i64).prop_map(rating),
        2 => Just(started()),
        1 => Just(Body::Paused),
        1 => Just(Body::Resumed),
        2 => select(EndReason::ALL).prop_map(ended),
        1 => select(RuptureCause::ALL).prop_map(|cause| Body::Ruptured { cause, reported_by: None }),
        1 => Just(Body::Repaired),
        3 => behaviour,
        2 => comparison,
    ]
}

fn score(instrument: &'static str, rater: Rater, total: i64) -> Body {
    let scores = vec![("total".into(), total * 1_000_000)];
    Body::Measure(Box::new(Measure { instrument: instrument.into(), rater, scores: scores.into() }))
}

fn of_peers() -> impl Strategy<Value = Body> {
    prop_oneof![
        1 => select(LeftReason::ALL).prop_map(|reason| Body::Left { reason }),
        1 => Just(Body::Joined),
        1 => Just(Body::Reflection),
        1 => Just(Body::PeerSupportReceived),
        3 => any::<bool>().prop_map(|held| Body::Supervision { held, format: None, scheduled: None }),
        3 => select(&["safety", "listening"][..]).prop_map(|it| Body::Training { module: it.into() }),
        3 => (7..=35_i64).prop_map(|total| score("swemwbs-peer", Rater::Peer, total)),
    ]
}

fn of_clients() -> impl Strategy<Value = Body> {
    prop_oneof![
        3 => (0..=40_i64, select(&[Rater::Client, Rater::Peer][..]))
            .prop_map(|(total, rater)| score("core-10", rater, total)),
        3 => (select(ServiceUseKind::ALL), 0..3_u32)
            .prop_map(|(kind, quantity)| Body::ServiceUse { kind, quantity }),
        1 => select(PathwayStep::ALL).prop_map(Body::Pathway),
    ]
}

fn body() -> impl Strategy<Value = (Body, About)> {
    prop_oneof![
        7 => of_pairs().prop_map(|body| (body, PAIRS)),
        2 => of_peers().prop_map(|body| (body, PEERS)),
        2 => of_clients().prop_map(|body| (body, CLIENTS)),
    ]
}

prop_compose! {
    fn event()(
        (body, whom) in body(),
        who in any::<Index>(),
        id in 0..24_u8,
        day in 0..LAST_DAY,
        hour in select(&[0, 0, 12, 18][..]),
        delay in 0..4,
    ) -> Draft {
        let at = Instant(midnight(day).0 + i64::from(hour) * 3_600_000_000);
        draft(&format!("e{id}"), whom[who.index(whom.len())], at, body).recorded(midnight(day + delay))
    }
}

fn any_retraction() -> impl Strategy<Value = Draft> {
    (0..3_u8, 0..24_u8, 0..LAST_DAY)
        .prop_map(|(own, of, day)| retraction(&format!("r{own}"), &format!("e{of}"), midnight(day)))
}

/// Some events, and when each record came in: by day, after the day on which it was recorded or long before.
pub(super) fn records() -> impl Strategy<Value = Vec<(Draft, Instant)>> {
    let drafts = prop_oneof![9 => event(), 1 => any_retraction()];
    prop::collection::vec((drafts, (0..LAST_DAY).prop_map(noon)), 1..60)
}

/// These as they are ingested, and a tick at the midnight that begins each of the days; by the clock where it is
/// `is_in_order`, else the ticks last.
pub(super) fn coming(records: &[(Draft, Instant)], days: &[i32], is_in_order: bool) -> Vec<Record> {
    let ticks = days.iter().map(|day| (midnight(*day), tick(midnight(*day))));
    let mut timed: Vec<_> =
        records.iter().map(|(draft, at)| (*at, draft.ingested(*at))).chain(ticks).collect();
    if is_in_order {
        timed.sort_by_key(|(at, _)| *at);
    }
    timed.into_iter().map(|(_, record)| record).collect()
}

/// The acknowledgements that close every second alert of what these records say.
pub(super) fn closing(records: &[(Draft, Instant)]) -> Vec<(Draft, Instant)> {
    let found = settled(&ingested(records));
    let close = |(n, id): (usize, &String)| {
        let state = AcknowledgementState::ALL[n % AcknowledgementState::ALL.len()];
        let finding = [None, Some(true), Some(false)][n % 3];
        let it = Acknowledgement { alert_id: id.as_str().into(), state, action: None, finding };
        (draft(&format!("k{n}"), "-", noon(60), Body::Acknowledgement(Box::new(it))), noon(n as i32))
    };
    found.alerts.keys().step_by(2).enumerate().map(close).collect()
}

fn ingested(records: &[(Draft, Instant)]) -> Vec<Record> {
    records.iter().map(|(draft, at)| draft.ingested(*at)).collect()
}

/// What the topics hold after these records and a tick past all of them; of releases, those of the last boundary: which
/// boundaries before it are released depends on when the clock moves.
fn settled(records: &[Record]) -> Topics {
    let mut partition = demanding();
    let mut out = outputs(&mut partition, records);
    out.extend(partition.take(&tick(noon(LAST_DAY + 10))));
    let mut topics = topics(out);
    topics.releases.retain(|_, release| release.clock == midnight(LAST_DAY + 10).to_string());
    // A difference is to be readable: what is nowhere is left out.
    let is_zero = |value: &str| value.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    topics.releases.values_mut().for_each(|release| release.samples.retain(|it| !is_zero(&it.value)));
    topics
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_order_with_any_repetition_gives_the_same_rows_alerts_and_release(
        mut records in records(),
        order in prop::collection::vec(any::<Index>(), 0..150),
        ticks in prop::collection::vec(0..LAST_DAY + 10, 0..40),
    ) {
        records.extend(closing(&records));
        // Which record of a key is the last does depend on the order, and with it when the key came in last.
        let mut came_at = BTreeMap::new();
        records.iter_mut().for_each(|(draft, at)| *at = *came_at.entry(draft.key()).or_insert(*at));
        let records = ingested(&records);
        let mut others = records.clone();
        others.extend(order.iter().take(30).map(|index| index.get(&records).clone()));
        others.extend(ticks.into_iter().map(|day| tick(midnight(day))));
        for (place, index) in order.iter().enumerate() {
            let place = place % others.len();
            let other = index.index(others.len());
            others.swap(place, other);
        }
        let (others, records) = (settled(&others), settled(&records));
        prop_assert_eq!(&others.rows, &records.rows);
        prop_assert_eq!(&others.alerts, &records.alerts);
        prop_assert_eq!(others, records);
    }

    #[test]
    fn what_is_forgotten_leaves_no_trace(
        mut records in records(),
        forgotten in prop::collection::vec(any::<Index>(), 1..20),
    ) {
        records.extend(closing(&records));
        let gone: Vec<_> = forgotten.iter().map(|index| index.get(&records).0.key()).collect();
        let kept: Vec<_> = records.iter().filter(|(draft, _)| !gone.contains(&draft.key())).cloned().collect();
        let mut all = ingested(&records);
        all.extend(gone.iter().map(|key| Record { key: key.clone(), value: None }));
        // The clock is not forgotten: both are to end with the same.
        let (all, kept) = (settled(&all), settled(&ingested(&kept)));
        prop_assert_eq!(&all.rows, &kept.rows);
        prop_assert_eq!(&all.alerts, &kept.alerts);
        prop_assert_eq!(all, kept);
    }

    #[test]
    fn what_was_replayed_is_as_if_it_had_been_applied(
        mut records in records(),
        forgotten in prop::collection::vec(any::<Index>(), 0..12),
        ticks in prop::collection::vec(0..LAST_DAY + 10, 0..20),
        is_in_order in any::<bool>(),
        order in prop::collection::vec(any::<Index>(), 0..60),
        split in any::<Index>(),
    ) {
        records.extend(closing(&records));
        let mut records = coming(&records, &ticks, is_in_order);
        // Tombstones, and records once more, at any place.
        for (index, place) in forgotten.iter().zip(&order) {
            let Record { key, .. } = index.get(&records).clone();
            records.insert(place.index(records.len()), Record { key, value: None });
        }
        for places in order.get(forgotten.len()..).unwrap_or_default().chunks_exact(2) {
            let again = places[0].get(&records).clone();
            records.insert(places[1].index(records.len()), again);
        }
        records.push(tick(noon(LAST_DAY + 10)));
        let (before, after) = records.split_at(split.index(records.len()));
        let (mut applied, mut replayed) = (demanding(), demanding());
        outputs(&mut applied, before);
        for record in before {
            replayed.note(Some(&record.key), record.value.as_deref());
        }
        replayed.settle();
        prop_assert_eq!(replayed.stats(), applied.stats());
        prop_assert_eq!(replayed.clock(), applied.clock());
        // What it holds, replayed once more, is as good; only a site of which all was erased is heard of no more.
        let mut replayed = restored(&replayed);
        for record in after {
            let (mut replayed, mut applied) = (said(replayed.take(record)), said(applied.take(record)));
            // A difference is to be readable.
            replayed.retain(|key, output| applied.get(key) != Some(output) || applied.remove(key).is_none());
            prop_assert_eq!(replayed, applied);
        }
    }
}

/// Outputs by what is written under each key in the end: the order of those of one record means nothing.
pub(super) fn said(outputs: Vec<Output>) -> BTreeMap<String, Output> {
    outputs.into_iter().map(|output| (output.key(), output)).collect()
}

/// Another partition with the records that this one holds.
pub(super) fn restored(partition: &Partition) -> Partition {
    let mut restored = demanding();
    let mut replay = |key: &[u8], value: &[u8]| restored.replay(Some(key), Some(value)).unwrap();
    let mut site = 0;
    while let Some(mut held) = partition.hold(site) {
        while partition.give(&mut held, 1, &mut replay) {}
        site += 1;
    }
    let (key, value) = partition.clock_record();
    replay(&key, &value);
    restored
}

/// A partition that alerts of training and of too many dyads.
pub(super) fn demanding() -> Partition {
    let mandatory_training = [("safety".to_owned(), 30), ("listening".to_owned(), 0)].into();
    partition_with(Settings { mandatory_training, overload_dyads: 1, ..Settings::default() })
}
