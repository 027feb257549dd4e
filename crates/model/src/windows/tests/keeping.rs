//! What was taken down stays right until something happens or time turns it.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

type Told = Vec<(i32, i64, Body)>;

fn of_dyad() -> impl Strategy<Value = Told> {
    let behaviour = |enacted| {
        Body::Behaviour(Box::new(Behaviour { enacted, code: "walks".into(), valence: Valence::Positive }))
    };
    let body = select(vec![
        met(),
        met(),
        contact(Attendance::Attended, &[Practice::StrengthsAdvocacy]),
        contact(Attendance::MissedByClient, &[]),
        Body::Started { matched_on: Set::default() },
        Body::Paused,
        Body::Resumed,
        ended(),
        behaviour(true),
        behaviour(false),
    ]);
    prop::collection::vec((0..150, select(&[0, 12, 18][..]), body), 1..8)
}

fn of_person() -> impl Strategy<Value = Told> {
    let body = select(vec![
        Body::Supervision { held: true, format: None, scheduled: None },
        Body::Reflection,
        Body::Training { module: "basics".into() },
        Body::Training { module: "safety".into() },
        Body::Left { reason: LeftReason::Other },
        Body::ServiceUse { kind: ServiceUseKind::AppointmentKept, quantity: 2 },
        Body::Pathway(PathwayStep::Applied),
        score("core", Rater::Client, 30),
        score("core", Rater::Client, 10),
        score("well-peer", Rater::Peer, 30),
        score("well-peer", Rater::Peer, 10),
    ]);
    prop::collection::vec((0..150, select(&[0, 12, 18][..]), body), 0..8)
}

/// A contact that was attended or not, with some types of support given and asked for.
fn of_support() -> impl Strategy<Value = Body> {
    let kinds = || prop::sample::subsequence(&SupportType::ALL[..3], 0..=2);
    (kinds(), kinds(), any::<bool>()).prop_map(|(support, requested, is_attended)| {
        let attendance = if is_attended { Attendance::Attended } else { Attendance::MissedByClient };
        Body::Contact(Contact {
            support: support.into_iter().collect(),
            requested: requested.into_iter().collect(),
            attendance,
            channel: None,
            minutes: None,
            practices: Set::default(),
        })
    })
}

fn of_supported_dyad() -> impl Strategy<Value = Told> {
    let others = select(vec![
        Body::Started { matched_on: [MatchedOn::Age].into_iter().collect() },
        Body::Paused,
        Body::Resumed,
        ended(),
    ]);
    let body = prop_oneof![3 => of_support(), 1 => others];
    prop::collection::vec((0..150, select(&[0, 12, 18][..]), body), 1..8)
}

/// All sums in the windows that end `later` days after `T`.
fn all(taken: &Taken, later: i32) -> Vec<(u16, [i64; 3])> {
    let mut cells: Vec<u16> = taken
        .0
        .iter()
        .map(|entry| match entry {
            Entry::On { cell, .. } | Entry::Run { cell, .. } | Entry::Now { cell } => *cell,
        })
        .collect();
    cells.sort_unstable();
    cells.dedup();
    let sums = cells.iter().map(|cell| (*cell, taken.sums(later, *cell)));
    sums.filter(|(_, sums)| *sums != [0; 3]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn until_time_turns_it_a_dyad_adds_what_it_would_add_if_it_were_counted_anew(told in of_supported_dyad()) {
        let params = params();
        let events = history(told);
        let at_end = |later: i32| Day(T + later + 1).start().just_before();
        let scene = Scene { params: &params, events: &events };
        let count = |later| {
            let timeline = Fold::of(scene, &events, &[]).timeline(scene, at_end(later));
            take(&params, later, |windows, tally| windows.count(&events, &timeline, tally).1)
        };
        let (taken, turns_at) = count(0);
        for later in (1..130).take_while(|later| turns_at.is_none_or(|turns_at| at_end(*later) < turns_at)) {
            prop_assert_eq!(all(&count(later).0, later), all(&taken, later), "{} days later", later);
        }
    }

    #[test]
    fn until_time_turns_it_what_was_taken_down_equals_what_is_taken_down_anew(
        told in prop::collection::vec(of_dyad(), 1..5),
        own in of_person(),
    ) {
        let mut params = params();
        params.settings.mandatory_training = [("basics".to_owned(), 40), ("safety".to_owned(), 0)].into();
        let own = history(own);
        let at_end = |later: i32| Day(T + later + 1).start().just_before();
        let mut turns_at: Option<Instant> = None;
        let mut kept: Vec<Trace> = Vec::new();
        for told in &told {
            let events = history(told.clone());
            let scene = Scene { params: &params, events: &events };
            let timeline = Fold::of(scene, &events, &[]).timeline(scene, at_end(0));
            turns_at = [turns_at, timeline.turns_at].into_iter().flatten().min();
            kept.push(dyad(&params, 0, told.clone()).1);
        }
        let peer = |later, traces: &[Trace]| {
            let traces: Vec<_> = traces.iter().collect();
            take(&params, later, |windows, tally| windows.count_peer(&own, &traces, tally))
        };
        let client = |later, traces: &[Trace]| {
            let events: Vec<_> = told.iter().map(|told| history(told.clone())).collect();
            let dyads: Vec<_> = events.iter().map(|events| &events[..]).zip(traces).collect();
            take(&params, later, |windows, tally| windows.count_client(&own, &dyads, tally)).0
        };
        let (of_peer, peer_turns_at) = peer(0, &kept);
        let of_client = client(0, &kept);
        let before = |turns_at: Option<Instant>, later| turns_at.is_none_or(|turns_at| at_end(later) < turns_at);
        for later in (1..130).take_while(|later| before(turns_at, *later)) {
            let traces: Vec<_> = told.iter().map(|told| dyad(&params, later, told.clone()).1).collect();
            for traces in [&traces, &kept] {
                prop_assert_eq!(all(&client(later, traces), later), all(&of_client, later), "{} days later", later);
                if before(peer_turns_at, later) {
                    prop_assert_eq!(all(&peer(later, traces).0, later), all(&of_peer, later), "{} days later", later);
                }
            }
        }
    }
}
