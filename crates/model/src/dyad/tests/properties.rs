//! However a history is told, in whatever order, with corrections and looks in between, it says the same in the end.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;

/// What has been given out, as a reader who upserts keeps it.
#[derive(Debug, Default, PartialEq)]
struct Kept {
    rows: BTreeMap<Arc<str>, v1::Enriched>,
    endings: BTreeMap<Arc<str>, v1::Ended>,
    alerts: BTreeMap<String, v1::Alert>,
}

impl Kept {
    fn keep(&mut self, changes: Changes) {
        for (id, row) in changes.rows {
            match row {
                Some(row) => self.rows.insert(id, row),
                None => self.rows.remove(&id),
            };
        }
        for (id, ended) in changes.endings {
            match ended {
                Some(ended) => self.endings.insert(id, ended),
                None => self.endings.remove(&id),
            };
        }
        for alert in changes.alerts {
            if alert.state == "withdrawn" {
                assert!(self.alerts.remove(&alert.alert_id).is_some(), "only a known alert is withdrawn");
            } else {
                self.alerts.insert(alert.alert_id.clone(), alert);
            }
        }
    }
}

fn body() -> impl Strategy<Value = (Body, bool)> {
    let total = prop_oneof![3 => Just(USUAL), 1 => Just(LOW), 2 => Just(WELL_BELOW), 1 => Just(FAR_BELOW)];
    let kinds = || proptest::sample::subsequence(SupportType::ALL, 0..3);
    let attendance = prop_oneof![3 => Just(Attendance::Attended), 2 => Just(Attendance::MissedByClient), 1 => Just(Attendance::CancelledByPeer)];
    let reason = proptest::sample::select(EndReason::ALL);
    let cause = proptest::sample::select(RuptureCause::ALL);
    let own = prop_oneof![
        12 => (total, proptest::sample::select(vec!["a", "a", "a", "b"])).prop_map(|(q, id)| rated_with(id, q)),
        8 => (attendance, kinds(), kinds()).prop_map(|(how, gave, asked)| contact(how, &gave, &asked)),
        2 => Just(started()),
        2 => Just(Body::Paused),
        2 => Just(Body::Resumed),
        2 => reason.prop_map(ended),
        2 => cause.prop_map(ruptured),
        1 => Just(Body::Repaired),
        2 => (any::<bool>(), proptest::sample::select(vec!["walk", "drink"]), proptest::sample::select(Valence::ALL))
            .prop_map(|(enacted, code, valence)| behaviour(enacted, code, valence)),
        2 => proptest::sample::select(Affect::ALL).prop_map(compared),
        1 => Just(Body::Comparison { by: Comparer::Peer, direction: Direction::Upward, affect: Affect::Negative }),
    ];
    let left = proptest::sample::select(LeftReason::ALL).prop_map(|reason| Body::Left { reason });
    prop_oneof![30 => own.prop_map(|body| (body, true)), 1 => left.prop_map(|body| (body, false)),
        1 => Just((ended(EndReason::Died), false))]
}

/// Events often at midnight, often at one instant, often on a day on which silence acts.
fn told() -> impl Strategy<Value = Vec<Told>> {
    let day =
        prop_oneof![4 => 0..60_i32, 1 => proptest::sample::select(vec![43, 58, 86, 101]), 1 => 60..220_i32];
    let hour = prop_oneof![2 => Just(0), 3 => Just(12), 1 => 0..24_i64];
    let event = (day, hour, body()).prop_map(|(day, hour, (body, own))| (at(day, hour), body, own));
    proptest::collection::vec(event, 1..40)
}

/// Acknowledgements, made as time passes: which of the alerts that an event may open, when, and how far it had been dealt
/// with.
type Plan = Vec<(Kind, usize, Instant, AcknowledgementState)>;

fn plan() -> impl Strategy<Value = Plan> {
    let kind = proptest::sample::select(
        Kind::ALL.into_iter().filter(|kind| !kind.closed_by().is_empty()).collect::<Vec<_>>(),
    );
    let one = (kind, 0..40_usize, 0..120_i32, proptest::sample::select(AcknowledgementState::ALL));
    let one = one.prop_map(|(kind, n, day, state)| (kind, n, noon(day), state));
    proptest::collection::vec(one, 0..30)
}

/// What of a plan has come about at the clock.
struct Made {
    all: Vec<(String, Instant, AcknowledgementState)>,
    now: Cell<Instant>,
}

impl Made {
    fn new(plan: &Plan) -> Made {
        let id = |kind: Kind, n| alert_id(&["s", kind.as_str(), "c", "p", &format!("e{n:02}")]);
        let mut all: Vec<_> = plan.iter().map(|(kind, n, at, state)| (id(*kind, *n), *at, *state)).collect();
        all.sort_by_key(|(_, at, _)| *at);
        Made { all, now: Cell::new(Instant(0)) }
    }

    /// Lets the clock come to `now`; says whether anything is made by that.
    fn reach(&self, now: Instant) -> bool {
        let before = self.now.replace(now);
        self.all.iter().any(|(_, at, _)| before < *at && *at <= now)
    }
}

impl Acknowledgements for Made {
    fn first(&self, alert_id: &str, states: &[AcknowledgementState]) -> Option<Instant> {
        let mut made = self.all.iter().filter(|(_, at, _)| *at <= self.now.get());
        made.find(|(id, _, state)| id == alert_id && states.contains(state)).map(|(_, at, _)| *at)
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Tells one of those not told.
    Tell(usize),
    /// Takes one of those told back.
    TakeBack(usize),
    /// Settles so many hours later.
    Settle(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => any::<usize>().prop_map(Step::Tell),
        2 => any::<usize>().prop_map(Step::TakeBack),
        3 => prop_oneof![Just(0), 0..60_i64, 0..1500_i64].prop_map(Step::Settle),
    ];
    proptest::collection::vec(step, 0..120)
}

/// All at once: what is given out, and the timeline.
fn at_once(cx: &Context<'_>, events: &[(Arc<Event>, bool)], now: Instant) -> (Kept, Timeline) {
    let mut dyad = Dyad::new();
    let mut kept = Kept::default();
    for (event, own) in events {
        dyad.insert(cx, event.clone(), *own);
    }
    // As a refold: nothing is folded one by one.
    dyad.stale = true;
    kept.keep(dyad.settle(cx, now));
    (kept, dyad.timeline(cx, now))
}

fn check(told: &[Told], steps: &[Step], plan: &Plan, in_order: bool) -> Result<(), TestCaseError> {
    let params = params();
    let (client, peer) = (Arc::from("c"), Arc::from("p"));
    let made = Made::new(plan);
    let cx = Context { params: &params, site: "s", client: &client, peer: &peer, acknowledgements: &made };
    let mut untold = history(told).events;
    if in_order {
        untold.sort_by(|(a, _), (b, _)| a.order(b).reverse());
    }
    let (mut dyad, mut kept, mut standing) = (Dyad::new(), Kept::default(), Vec::new());
    let mut now = Instant(0);
    let last = [Step::Settle(0)];
    let rest = std::iter::repeat_n(Step::Tell(0), told.len() * 2);
    for step in steps.iter().cloned().chain(rest).chain(last) {
        match step {
            Step::Tell(which) if !untold.is_empty() => {
                let n = if in_order { untold.len() - 1 } else { which % untold.len() };
                let (event, own) = untold.remove(n);
                now = now.max(event.occurred_at);
                dyad.insert(&cx, event.clone(), own);
                standing.push((event, own));
            }
            Step::TakeBack(which) if !standing.is_empty() && !in_order => {
                let (event, own) = standing.remove(which % standing.len());
                dyad.remove(&cx, &event, own);
                untold.push((event, own));
            }
            Step::Settle(hours) => {
                now = if in_order { now } else { Instant(now.0 + hours * (DAY_US / 24)) };
                if made.reach(now) {
                    dyad.reconsider();
                }
                kept.keep(dyad.settle(&cx, now));
                let (expected, timeline) = at_once(&cx, &standing, now);
                prop_assert_eq!(&kept, &expected);
                prop_assert_eq!(dyad.timeline(&cx, now), timeline);
                prop_assert!(dyad.next_deadline().is_none_or(|deadline| deadline > now));
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_order_of_telling_with_corrections_and_looks_in_between_says_the_same(
        told in told(), steps in steps(), plan in plan(),
    ) {
        check(&told, &steps, &plan, false)?;
    }

    #[test]
    fn telling_in_order_one_by_one_says_what_telling_all_at_once_says(told in told(), plan in plan()) {
        let each: Vec<Step> = told.iter().flat_map(|_| [Step::Tell(0), Step::Settle(0)]).collect();
        check(&told, &each, &plan, true)?;
    }

    #[test]
    fn nothing_changes_before_a_deadline(told in told(), days in 0..150_i32) {
        let params = params();
        let (client, peer) = (Arc::from("c"), Arc::from("p"));
        let cx = Context { params: &params, site: "s", client: &client, peer: &peer, acknowledgements: &() };
        let events = history(&told).events;
        let start = events.iter().map(|(event, _)| event.occurred_at).max().unwrap_or_default();
        let end = Instant(start.0 + i64::from(days) * DAY_US);
        let mut dyad = Dyad::new();
        events.iter().for_each(|(event, own)| dyad.insert(&cx, event.clone(), *own));
        let mut kept = Kept::default();
        kept.keep(dyad.settle(&cx, start));
        // Only deadlines are looked at, and that is enough.
        while let Some(deadline) = dyad.next_deadline().filter(|deadline| *deadline <= end) {
            kept.keep(dyad.settle(&cx, deadline));
        }
        prop_assert_eq!(kept.alerts, at_once(&cx, &events, end).0.alerts);
    }
}
