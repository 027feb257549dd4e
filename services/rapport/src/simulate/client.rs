//! A client, whoever the peers are.

use rapport_model::time::{Day, Instant};

use super::desk::{About, Desk};
use super::effects::Link;
use super::line::MINUTE_US;
use super::outcome::{Asked, DISTRESS, Health, Sessions};
use super::truth::count;
use super::words;

/// Steps on the way to becoming a peer.
const STEPS: [&str; 4] = ["interested", "applied", "training", "active"];

/// A client.
pub(crate) struct Client {
    pub(crate) id: String,
    /// Number among the site's, from 1.
    pub(crate) number: u32,
    /// Whether this is a relationship beside another one: what is asked of the client is asked there.
    pub(crate) beside: bool,
    pub(crate) since: Sessions,
    health: Health,
    /// Whether a second instrument is used at every other occasion.
    asked_twice: bool,
    occasions: u32,
    /// When each behaviour was last modelled.
    pub(super) shown: [Option<Day>; words::BEHAVIOURS.len()],
    /// Steps taken towards becoming a peer.
    steps: usize,
}

impl Client {
    pub(crate) fn new(number: u32, desk: &mut Desk) -> Client {
        Client {
            id: format!("client-{:02}-{number:06}", desk.site + 1),
            number,
            beside: false,
            since: Sessions::default(),
            health: Health::new(&mut desk.draws),
            asked_twice: desk.draws.chance(0.5),
            occasions: 0,
            shown: [None; words::BEHAVIOURS.len()],
            steps: 0,
        }
    }

    /// The same client in a relationship beside this one.
    pub(crate) fn beside(&self) -> Client {
        let (since, shown) = (Sessions::default(), [None; words::BEHAVIOURS.len()]);
        Client { id: self.id.clone(), beside: true, since, shown, steps: STEPS.len(), ..*self }
    }

    pub(crate) fn about(&self) -> About<'_> {
        About { client: &self.id, peer: "" }
    }

    /// The client says how it goes.
    pub(super) fn measure(&mut self, at: Instant, desk: &mut Desk) {
        let causes = std::mem::take(&mut self.since).of_client();
        let with = [DISTRESS, desk.beside];
        let many = if self.asked_twice && self.occasions.is_multiple_of(2) { 2 } else { 1 };
        self.occasions += 1;
        let asked = Asked {
            about: About { client: &self.id, peer: "" },
            person: self.number,
            rater: "client",
            with: &with[..many],
            links: &[
                (Link::AllianceToClientOutcomes, causes.alliance),
                (Link::AllianceRatingsToClientOutcomes, causes.ratings),
                (Link::SupportToClientOutcomes, causes.support),
            ],
        };
        desk.ask(&asked, &mut self.health, &causes, Instant(at.0 + 10 * MINUTE_US));
    }

    /// Some clients want to become peers, and go there step by step; whether this one has now been trained.
    pub(super) fn thinks_of_becoming_a_peer(&mut self, at: Instant, desk: &mut Desk) -> bool {
        let chance = match self.steps {
            0 => 0.003,
            1..=3 => 0.12,
            _ => 0.0,
        };
        if !desk.draws.chance(chance) {
            return false;
        }
        if self.steps < 3 {
            self.step(at, desk);
            return false;
        }
        true
    }

    fn step(&mut self, at: Instant, desk: &mut Desk) {
        let step = STEPS[self.steps];
        self.steps += 1;
        count(&mut desk.truth.pathway, step);
        desk.note("pathway", Instant(at.0 + 45 * MINUTE_US), self.about(), |line| {
            line.text("step", step);
        });
    }

    /// The client is a peer now.
    pub(super) fn becomes_a_peer(&mut self, at: Instant, desk: &mut Desk) {
        self.steps = STEPS.len() - 1;
        self.step(at, desk);
    }
}
