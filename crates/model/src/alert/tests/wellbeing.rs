//! Scores of a peer's own that fell.

use super::*;

const FALL: Kind = Kind::PeerWellbeingFall;

fn score(id: &str, day: i32, instrument: &str, rater: Rater, total: i64) -> Arc<Event> {
    let scores = vec![("total".into(), total * 1_000_000)];
    event(
        id,
        noon(day),
        Body::Measure(Box::new(Measure { instrument: instrument.into(), rater, scores: scores.into() })),
    )
}

fn own(id: &str, day: i32, instrument: &str, total: i64) -> Arc<Event> {
    score(id, day, instrument, Rater::Peer, total)
}

fn told_of(events: &[Arc<Event>]) -> Vec<Told> {
    Peer::with(events, &[]).told(FALL, noon(99))
}

#[test]
fn a_reliable_fall_against_the_first_score_opens_an_alert_until_a_later_score_is_none() {
    let events = [
        own("a", 0, "calm", 8),
        own("b", 1, "calm", 6),
        own("c", 2, "calm", 5),
        own("d", 3, "calm", 1),
        own("e", 4, "calm", 6),
        own("f", 5, "calm", 5),
    ];
    assert_eq!(told_of(&events[..2]), []);
    assert_eq!(told_of(&events[..4]), [told(noon(2), None, "c")], "a further fall joins");
    assert_eq!(told_of(&events), [told(noon(2), Some(noon(4)), "c"), told(noon(5), None, "f")]);
}

#[test]
fn a_fall_is_in_the_bad_direction_of_an_instrument_for_peers_whose_reliable_change_is_known() {
    assert_eq!(told_of(&[own("a", 0, "strain", 2), own("b", 1, "strain", 5)]), [told(noon(1), None, "b")]);
    assert_eq!(told_of(&[own("a", 0, "strain", 5), own("b", 1, "strain", 2)]), []);
    assert_eq!(told_of(&[own("a", 0, "vague", 9), own("b", 1, "vague", 0)]), []);
    assert_eq!(told_of(&[own("a", 0, "hope", 9), own("b", 1, "hope", 0)]), []);
    assert_eq!(told_of(&[own("a", 0, "gone", 9), own("b", 1, "gone", 0)]), []);
}

#[test]
fn each_series_has_its_own_alert_and_its_identity_holds_instrument_and_rater() {
    let events = [
        own("a", 0, "calm", 8),
        score("b", 0, "calm", Rater::Supervisor, 4),
        own("c", 0, "strain", 1),
        own("d", 1, "calm", 4),
        score("e", 1, "calm", Rater::Supervisor, 1),
        own("f", 1, "strain", 4),
        own("g", 2, "calm", 8),
    ];
    let peer = Peer::with(&events, &[]);
    let found: Vec<(String, Option<Instant>)> =
        peer.stretches(FALL, noon(9)).iter().map(|one| (one.id(ABOUT_PEER), one.until)).collect();
    let id = |instrument, rater, by| alert_id(&["s", "peer_wellbeing_fall", "p", instrument, rater, by]);
    assert_eq!(
        found,
        [
            (id("calm", "peer", "d"), Some(noon(2))),
            (id("calm", "supervisor", "e"), None),
            (id("strain", "peer", "f"), None)
        ]
    );
    let record = peer.stretches(FALL, noon(9))[1].record(ABOUT_PEER, None);
    assert_eq!((record.tier.as_str(), record.component.as_deref()), ("page", Some("wellbeing")));
    let text = serde_json::to_string(&record).unwrap();
    assert!(!text.contains("supervisor\"") && !text.contains("calm"), "neither rater nor instrument: {text}");
}

#[test]
fn a_correction_of_the_first_score_takes_a_fall_back() {
    let peer = |first| Peer::with(&[own("a", 0, "calm", first), own("b", 1, "calm", 5)], &[]);
    let (before, after) = (peer(8).stretches(FALL, noon(9)), peer(7).stretches(FALL, noon(9)));
    let states = |changes: Vec<(Arc<str>, v1::Alert)>| {
        changes.into_iter().map(|(_, one)| one.state).collect::<Vec<_>>()
    };
    assert_eq!(states(differences(&before, &after, ABOUT_PEER, noon(9))), ["withdrawn"]);
    assert_eq!(states(differences(&after, &before, ABOUT_PEER, noon(9))), ["firing"]);
}
