//! Supervisors who answer alerts: acknowledgements.
//!
//! An alert's id depends on the key of the pseudonyms. These answers name alerts as a replay without a key of one's own
//! has them; anywhere else they are kept and answer nothing.

use std::collections::BTreeMap;

use rapport_model::pseudonym::{Domain, Keys};
use rapport_model::time::{Day, Instant};
use sha2::{Digest, Sha256};

use super::desk::{About, Desk};
use super::truth::count;
use crate::settings::REPLAY_KEY;

/// How often an alert is answered.
const ANSWERED: f64 = 0.8;

/// An answer that is due.
struct Answer {
    alert_id: String,
    state: &'static str,
    /// What was done about it and whether it was true, once that is known.
    outcome: Option<(&'static str, bool)>,
}

/// Answers that are due, by day.
#[derive(Default)]
pub(crate) struct Answers {
    keys: Option<Keys>,
    due: BTreeMap<Day, Vec<Answer>>,
}

impl Answers {
    pub(crate) fn new() -> Answers {
        // The key is a good one; without it nobody would answer.
        let keys = Keys::new(vec![(REPLAY_KEY.0.to_owned(), REPLAY_KEY.1.to_vec())]).ok();
        Answers { keys, due: BTreeMap::new() }
    }
}

impl Desk {
    /// An event that raises this alert about these persons will be answered, in most cases.
    pub(super) fn answer(&mut self, alert: &str, about: About<'_>, event_id: &str, at: Instant) {
        if !self.draws.chance(ANSWERED) {
            return;
        }
        let draws = &mut self.draws;
        let steps = [
            draws.chance(0.25).then_some("seen"),
            draws.chance(0.25).then_some("assigned"),
            Some(draws.weighted(&[("closed", 75), ("acted", 25)])),
        ];
        let action = draws.weighted(&[
            ("supervision", 30),
            ("contact", 30),
            ("rematch", 10),
            ("refer", 10),
            ("safeguarding", if alert == "safeguarding" { 90 } else { 2 }),
            ("none", 8),
        ]);
        let finding = draws.chance(0.75);
        let mut day = at.day();
        let Some(keys) = &self.answers.keys else { return };
        let alert_id = alert_id(keys, &self.name, alert, about, event_id);
        for state in steps.into_iter().flatten() {
            day = day.plus(self.draws.whole(1, 8) as i32);
            let last = ["closed", "acted"].contains(&state);
            let outcome = last.then_some((action, finding));
            let answer = Answer { alert_id: alert_id.clone(), state, outcome };
            self.answers.due.entry(day).or_default().push(answer);
        }
    }

    /// Notes the answers given on that day.
    pub(super) fn answers_given(&mut self, day: Day) {
        for answer in self.answers.due.remove(&day).unwrap_or_default() {
            let at = self.working_hours(day);
            count(&mut self.truth.acknowledgements, answer.state);
            self.note("acknowledgement", at, About::default(), |line| {
                line.text("alert_id", &answer.alert_id).text("state", answer.state);
                if let Some((action, finding)) = answer.outcome {
                    line.text("action", action).flag("finding", finding);
                }
            });
        }
    }
}

/// The id of an alert, as model.md defines it.
fn alert_id(keys: &Keys, site: &str, alert: &str, about: About<'_>, event_id: &str) -> String {
    let pseudonym = |domain, id: &str| (!id.is_empty()).then(|| keys.pseudonym(domain, id));
    let parts = [
        Some(site.to_owned()),
        Some(alert.to_owned()),
        pseudonym(Domain::Client, about.client),
        pseudonym(Domain::Peer, about.peer),
        pseudonym(Domain::Event, event_id),
    ];
    let digest = Sha256::digest(parts.into_iter().flatten().collect::<Vec<_>>().join("\0").as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
