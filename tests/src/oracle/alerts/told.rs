//! Alerts that a dyad's events tell one by one: support unmet, professional help wanted, negative comparisons, harmful
//! behaviour. What opens first, joins and closes follows the order; conditions compare instants.

use rapport_proto::v1::{self, AcknowledgementState, event::Body};

use super::{Alert, Place, Subject, place, time};
use crate::oracle::days::{Us, midnight};
use crate::oracle::dyads::contact;
use crate::oracle::log;
use crate::oracle::walk::{Step, Walk};
use crate::oracle::words::{FIVE, delivered, requested};

/// Twice in 28 days: two days that differ by no more than this.
const TWICE_DAYS: i64 = 27;
/// Days after which comparisons are over.
const OVER_DAYS: i64 = 28;

pub(super) fn alerts(subject: &Subject<'_, '_>, walk: &Walk<'_>, alerts: &mut Vec<Alert>) {
    let telling = Telling { subject, walk };
    for kind in FIVE {
        telling.support_unmet(kind, alerts);
    }
    telling.professional_help_wanted(alerts);
    telling.negative_comparison(alerts);
    telling.harmful_behaviour(alerts);
}

struct Telling<'t, 's, 'a> {
    subject: &'t Subject<'s, 'a>,
    walk: &'t Walk<'a>,
}

/// An event that opens an alert, or joins one that is open, and its episode.
#[derive(Clone, Copy)]
struct Cause<'a> {
    event: &'a v1::Event,
    episode: Option<usize>,
}

/// Where an alert closes in the order, and at which instant.
type Closing = Option<(Place, Us)>;

fn modelling(event: &v1::Event) -> Option<&v1::Modelling> {
    match &event.body {
        Some(Body::Modelling(modelling)) => Some(modelling),
        _ => None,
    }
}

impl<'a> Telling<'_, '_, 'a> {
    /// The dyad's own events of which that is so.
    fn causes(&self, is_cause: impl Fn(&v1::Event) -> bool) -> Vec<Cause<'a>> {
        let own = self.walk.steps.iter().filter_map(|step| Some((step.event?, step.episode)));
        own.filter(|(event, _)| log::of_dyad(event) && self.owns(event) && is_cause(event))
            .map(|(event, episode)| Cause { event, episode })
            .collect()
    }

    fn owns(&self, event: &v1::Event) -> bool {
        Some(event.client.as_str()) == self.subject.client && Some(event.peer.as_str()) == self.subject.peer
    }

    /// Opens an alert at each cause that does not join one of its episode that is open.
    fn open_each(
        &self,
        causes: &[Cause<'a>],
        open: impl Fn(&Cause<'a>) -> Alert,
        closing: impl Fn(&Cause<'a>, &Alert) -> Closing,
        alerts: &mut Vec<Alert>,
    ) {
        let mut opened: Vec<(Option<usize>, Closing)> = Vec::new();
        for cause in causes {
            let joins = opened.iter().any(|(episode, closing)| {
                *episode == cause.episode
                    && closing.as_ref().is_none_or(|(closed, _)| place(cause.event) <= *closed)
            });
            if joins {
                continue;
            }
            let alert = open(cause);
            let closing = closing(cause, &alert);
            alerts.push(Alert { until: closing.as_ref().map(|(_, until)| *until), ..alert });
            opened.push((cause.episode, closing));
        }
    }

    /// The first place after an event at which something closes; a step says at which.
    fn first(&self, after: &v1::Event, closing: impl Fn(&Step<'_>) -> Option<Place>) -> Closing {
        let places = self.walk.steps.iter().filter_map(closing);
        let first = places.filter(|closed| *closed > place(after)).min()?;
        let at = first.0;
        Some((first, at))
    }

    /// Where an episode ends.
    fn ended(&self, cause: &Cause<'a>) -> Closing {
        let is_end = |step: &Step<'_>| cause.episode.is_some() && step.ended == cause.episode;
        self.first(cause.event, |step| step.event.filter(|_| is_end(step)).map(place))
    }

    fn support_unmet(&self, kind: &str, alerts: &mut Vec<Alert>) {
        let has = |kinds: Vec<&str>| kinds.contains(&kind);
        let asks = |event: &v1::Event| contact(event).is_some_and(|one| has(requested(one)));
        let gives = |event: &v1::Event| contact(event).is_some_and(|one| has(delivered(one)));
        let requests = self.causes(asks);
        let is_second = |cause: &&Cause<'a>| {
            let earlier = requests.iter().filter(|one| place(one.event) < place(cause.event));
            let mut firsts = earlier.filter(|first| {
                cause.episode.is_some()
                    && first.episode == cause.episode
                    && log::day(cause.event) - log::day(first.event) <= TWICE_DAYS
            });
            firsts.any(|first| {
                let between = first.event.occurred_at_us..=cause.event.occurred_at_us;
                !self.walk.contacts.iter().any(|one| gives(one) && between.contains(&one.occurred_at_us))
            })
        };
        let seconds: Vec<Cause<'a>> = requests.iter().filter(is_second).copied().collect();
        let open = |cause: &Cause<'a>| Alert {
            mechanism: Some("social_support"),
            component: Some(kind.to_owned()),
            ..self.subject.opened("support_unmet", &[kind], cause.event, cause.event.occurred_at_us)
        };
        let closing = |cause: &Cause<'a>, _: &Alert| {
            let given = self.first(cause.event, |step| {
                step.event.filter(|event| self.owns(event) && gives(event)).map(place)
            });
            let lost = self.first(cause.event, |step| step.lost.map(|day| time(midnight(day))));
            given.into_iter().chain(lost).chain(self.ended(cause)).min()
        };
        self.open_each(&seconds, open, closing, alerts);
    }

    fn professional_help_wanted(&self, alerts: &mut Vec<Alert>) {
        let wanted = |event: &v1::Event| {
            contact(event).is_some_and(|one| requested(one).contains(&"psychological_therapy"))
        };
        let open = |cause: &Cause<'a>| Alert {
            mechanism: Some("social_support"),
            ..self.subject.opened("professional_help_wanted", &[], cause.event, cause.event.occurred_at_us)
        };
        let closing = |cause: &Cause<'a>, alert: &Alert| {
            let states = [AcknowledgementState::Acted, AcknowledgementState::Closed];
            self.acknowledged(cause, alert, &states).into_iter().chain(self.ended(cause)).min()
        };
        self.open_each(&self.causes(wanted), open, closing, alerts);
    }

    fn acknowledged(&self, cause: &Cause<'a>, alert: &Alert, states: &[AcknowledgementState]) -> Closing {
        let closed = self.subject.acknowledged(&alert.alert_id, states, &place(cause.event))?;
        let at = closed.0;
        Some((closed, at))
    }

    fn negative_comparison(&self, alerts: &mut Vec<Alert>) {
        let is_negative = |event: &v1::Event| {
            modelling(event).is_some_and(|one| {
                one.what() == v1::ModellingWhat::Comparison
                    && one.by() != v1::Comparer::Peer
                    && one.affect() == v1::Affect::Negative
            })
        };
        let mut comparisons = self.causes(is_negative);
        comparisons.retain(|cause| cause.episode.is_some());
        let is_second = |cause: &&Cause<'a>| {
            comparisons.iter().any(|first| {
                first.episode == cause.episode
                    && place(first.event) < place(cause.event)
                    && log::day(cause.event) - log::day(first.event) <= TWICE_DAYS
            })
        };
        let seconds: Vec<Cause<'a>> = comparisons.iter().filter(is_second).copied().collect();
        let open = |cause: &Cause<'a>| Alert {
            mechanism: Some("role_modelling"),
            component: Some("social_comparison".to_owned()),
            ..self.subject.opened("negative_comparison", &[], cause.event, cause.event.occurred_at_us)
        };
        let closing = |cause: &Cause<'a>, _: &Alert| {
            let mut over = midnight(log::day(cause.event) + OVER_DAYS + 1);
            for next in comparisons.iter().filter(|one| one.episode == cause.episode) {
                if place(next.event) > place(cause.event) && place(next.event) < time(over) {
                    over = midnight(log::day(next.event) + OVER_DAYS + 1);
                }
            }
            let over = (over <= self.subject.site.now).then(|| (time(over), over));
            over.into_iter().chain(self.ended(cause)).min()
        };
        self.open_each(&seconds, open, closing, alerts);
    }

    fn harmful_behaviour(&self, alerts: &mut Vec<Alert>) {
        let modelled = self
            .causes(|event| modelling(event).is_some_and(|one| one.what() == v1::ModellingWhat::Modelled));
        let is_harmful = |event: &v1::Event| {
            modelling(event).is_some_and(|enacted| {
                enacted.what() == v1::ModellingWhat::Enacted
                    && enacted.valence() == v1::Valence::Negative
                    && modelled.iter().any(|before| {
                        before.event.occurred_at_us <= event.occurred_at_us
                            && modelling(before.event).is_some_and(|one| one.behaviour == enacted.behaviour)
                    })
            })
        };
        let open = |cause: &Cause<'a>| Alert {
            mechanism: Some("role_modelling"),
            component: Some("social_learning".to_owned()),
            ..self.subject.opened("harmful_behaviour", &[], cause.event, cause.event.occurred_at_us)
        };
        let closing = |cause: &Cause<'a>, alert: &Alert| {
            self.acknowledged(cause, alert, &[AcknowledgementState::Closed])
        };
        self.open_each(&self.causes(is_harmful), open, closing, alerts);
    }
}
