//! When a dyad is open in the sense of the alerts of its peer.

use super::*;
use crate::alert::open_stretches;
use crate::fold::Scene;

/// From, until, whether time ended it, and the event that opened it or was counted from.
type Open = (Instant, Option<Instant>, bool, String);

impl History {
    fn open_stretches(&self, now: Instant) -> (Vec<Open>, Option<Instant>) {
        self.ask(now, |cx, dyad, _| {
            let scene = Scene { params: cx.params, events: &dyad.own };
            let (before, last) = dyad.fold.episodes_at(scene, now);
            let episodes: Vec<_> = before.iter().chain(last.as_deref()).collect();
            let (stretches, turns_at) =
                open_stretches(&dyad.story(cx, &episodes, now), dyad.fold.loss_ahead(scene));
            let told = stretches.into_iter();
            let told = told.map(|open| (open.from, open.until, open.lost, open.opener.id.to_string()));
            (told.collect(), turns_at)
        })
    }
}

fn open(from: Instant, until: Option<Instant>, lost: bool, by: &str) -> Open {
    (from, until, lost, by.to_owned())
}

#[test]
fn a_dyad_is_open_from_its_opening_to_its_end_but_for_pauses() {
    let told = history(&[
        own(noon(0), ruptured(RuptureCause::Gossip)),
        own(noon(3), Body::Paused),
        own(noon(5), Body::Resumed),
        own(noon(7), Body::Paused),
        own(noon(9), ended(EndReason::GoalsMet)),
        own(noon(12), started()),
        own(noon(12), ended(EndReason::Ill)),
    ]);
    assert_eq!(told.open_stretches(noon(2)), (vec![open(noon(0), None, false, "e00")], Some(at(43, 0))));
    let expected =
        vec![open(noon(0), Some(noon(3)), false, "e00"), open(noon(5), Some(noon(7)), false, "e02")];
    assert_eq!(told.open_stretches(noon(20)), (expected, None), "an episode of one instant covers none");
}

#[test]
fn a_pause_that_ends_by_itself_opens_a_dyad_counting_from_the_pause() {
    let told = history(&[
        own(noon(0), attended()),
        own(noon(3), Body::Paused),
        own(noon(4), Body::Paused),
        own(at(93, 0), Body::Resumed),
    ]);
    let first = open(noon(0), Some(noon(3)), false, "e00");
    assert_eq!(told.open_stretches(noon(9)), (vec![first.clone()], Some(at(93, 0))));
    let both = vec![first, open(at(93, 0), None, false, "e01")];
    assert_eq!(told.open_stretches(at(93, 0)).0, both, "time comes before the resumption of that instant");
}

#[test]
fn a_presumed_dropout_closes_a_dyad_until_a_contact_takes_it_back_whatever_pauses_there_were() {
    let told = history(&[
        own(noon(0), attended()),
        own(noon(44), Body::Paused),
        own(noon(46), attended()),
        own(noon(47), Body::Resumed),
    ]);
    let before = open(noon(0), Some(at(43, 0)), true, "e00");
    assert_eq!(told.open_stretches(noon(46)).0, std::slice::from_ref(&before));
    assert_eq!(told.open_stretches(noon(47)).0, [before, open(noon(47), None, false, "e03")]);
    let told = history(&[own(noon(0), attended()), own(noon(46), attended()), own(noon(50), started())]);
    let expected = [open(noon(0), Some(at(43, 0)), true, "e00"), open(noon(46), None, false, "e01")];
    assert_eq!(told.open_stretches(noon(51)).0, expected);
    let told = history(&[own(noon(0), attended()), own(at(43, 0), started())]);
    let expected = [open(noon(0), Some(at(43, 0)), true, "e00"), open(at(43, 0), None, false, "e01")];
    assert_eq!(told.open_stretches(noon(51)).0, expected, "lost, and started again, at one instant");
    let told = history(&[own(noon(0), attended()), own(at(43, 0), Body::Paused)]);
    let expected = [open(noon(0), Some(at(43, 0)), true, "e00")];
    assert_eq!(told.open_stretches(noon(51)).0, expected, "lost, and then paused, at one instant");
}

#[test]
fn a_pause_says_that_when_the_dyad_is_open_must_be_looked_at_again() {
    history(&[own(noon(0), attended())]).ask(noon(0), |cx, dyad, _| {
        let mut fold = dyad.fold.clone();
        let body = Body::Paused;
        let event = Event { occurred_at: noon(1), recorded_at: noon(1), id: "x".into(), body };
        fold.take_stirred();
        fold.append(Scene { params: cx.params, events: &dyad.own }, &event, true);
        assert!(fold.take_stirred());
    });
}
