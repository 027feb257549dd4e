//! Random small sets of events: order and repetition do not matter, and what is forgotten leaves no trace.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::event::Acknowledgement;

const LAST_DAY: i32 = 130;

fn body() -> impl Strategy<Value = (Body, &'static [&'static str])> {
    const PAIRS: &[&str] = &["c-p", "c-q", "d-p", "d-q"];
    const PEERS: &[&str] = &["-p", "-q"];
    let types = || select(SupportType::FIVE.as_slice());
    let some_contact =
        (select(Attendance::ALL), types(), prop::option::of(types())).prop_map(|(how, gives, asks)| {
            let mut contact = contact(how);
            contact.support.insert(gives);
            contact.requested = asks.into_iter().collect();
            Body::Contact(contact)
        });
    let reason =
        select(&[EndReason::Died, EndReason::Disengaged, EndReason::Gossip, EndReason::GoalsMet][..]);
    prop_oneof![
        6 => some_contact.prop_map(|body| (body, PAIRS)),
        6 => (1..=5_i64).prop_map(|score| (rating(score), PAIRS)),
        2 => Just((started(), PAIRS)),
        1 => Just((Body::Paused, PAIRS)),
        1 => Just((Body::Resumed, PAIRS)),
        2 => reason.prop_map(|reason| (ended(reason), PAIRS)),
        1 => Just((Body::Ruptured { cause: RuptureCause::Other, reported_by: None }, PAIRS)),
        1 => Just((Body::Repaired, PAIRS)),
        1 => Just((Body::Left { reason: LeftReason::Relapse }, PEERS)),
        1 => Just((Body::Reflection, PEERS)),
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
fn records() -> impl Strategy<Value = Vec<(Draft, Instant)>> {
    let drafts = prop_oneof![9 => event(), 1 => any_retraction()];
    prop::collection::vec((drafts, (0..LAST_DAY).prop_map(noon)), 1..60)
}

/// The acknowledgements that close every second alert of what these records say.
fn closing(records: &[(Draft, Instant)]) -> Vec<(Draft, Instant)> {
    let found = settled(&ingested(records));
    let close = |(n, id): (usize, &String)| {
        let state = AcknowledgementState::Closed;
        let it = Acknowledgement { alert_id: id.as_str().into(), state, action: None, finding: None };
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
    let mut partition = partition();
    let mut out = outputs(&mut partition, records);
    out.extend(partition.take(&tick(noon(LAST_DAY + 10))));
    let mut topics = topics(out);
    topics.releases.retain(|_, release| release.clock == midnight(LAST_DAY + 10).to_string());
    topics
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_order_with_any_repetition_gives_the_same_rows_alerts_and_release(
        mut records in records(),
        order in prop::collection::vec(any::<Index>(), 0..150),
        ticks in prop::collection::vec(0..LAST_DAY + 10, 0..40),
    ) {
        records.extend(closing(&records));
        let records = ingested(&records);
        let mut others = records.clone();
        others.extend(order.iter().take(30).map(|index| index.get(&records).clone()));
        others.extend(ticks.into_iter().map(|day| tick(midnight(day))));
        for (place, index) in order.iter().enumerate() {
            let place = place % others.len();
            let other = index.index(others.len());
            others.swap(place, other);
        }
        prop_assert_eq!(settled(&others), settled(&records));
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
        prop_assert_eq!(settled(&all), settled(&ingested(&kept)));
    }
}
