//! A peer: training, supervision, reflection, and how the peer does.

use rapport_model::time::{Day, Instant};

use super::desk::{About, Desk};
use super::effects::Link;
use super::line::MINUTE_US;
use super::outcome::{Asked, Health, OF_PEERS, OF_PEERS_BESIDE, Sessions};
use super::truth::count;

/// Modules every peer needs, and how many days each is valid; 0 is for ever.
pub const MODULES: [(&str, u32); 3] = [("core", 0), ("boundaries", 365), ("safeguarding", 180)];

/// Days from one supervision to the next.
const SUPERVISION_DAYS: i32 = 28;
/// A module is taken again so many days before it expires, or some time later.
const AHEAD_DAYS: i32 = 14;

/// A peer.
pub(crate) struct Peer {
    pub(crate) id: String,
    /// Number among the site's, from 1.
    number: u32,
    /// How readily each type of support is given, around 1.
    pub(crate) skill: [f64; 5],
    /// Until then nobody has taken this peer's place.
    pub(crate) joins: Day,
    /// How many clients are given to this peer, against others.
    pub(crate) share: u32,
    /// How reliably supervision takes place, in SDs.
    pub(crate) supervision: f64,
    supervised: Day,
    /// Whether the peer has ever had too many relationships.
    pub(crate) overloaded: bool,
    /// When each module is to be taken next; `None` is never again.
    due: [Option<Day>; MODULES.len()],
    pub(crate) since: Sessions,
    health: Health,
}

impl Peer {
    pub(crate) fn new(number: u32, joins: Day, desk: &mut Desk) -> Peer {
        let draws = &mut desk.draws;
        let mut skill = [0.0; 5];
        for one in &mut skill {
            *one = (0.95 + 0.3 * draws.normal()).clamp(0.1, 1.6);
        }
        Peer {
            id: format!("peer-{:02}-{number:04}", desk.site + 1),
            number,
            skill,
            joins,
            // Here and there somebody cannot say no.
            share: if draws.chance(0.06) { 6 } else { 1 },
            supervision: draws.normal(),
            supervised: joins,
            overloaded: false,
            due: [Some(joins); MODULES.len()],
            since: Sessions::default(),
            health: Health::new(draws),
        }
    }

    pub(crate) fn about(&self) -> About<'_> {
        About { client: "", peer: &self.id }
    }

    /// A day at work.
    pub(crate) fn day(&mut self, day: Day, desk: &mut Desk) {
        if day == self.joins {
            desk.truth.peers_joined += 1;
            let at = Instant(day.start().0 + 480 * MINUTE_US);
            desk.note("peer", at, self.about(), |line| {
                line.text("action", "joined");
            });
        }
        self.training(day, desk);
        let at = desk.working_hours(day);
        if day.since(self.supervised) >= SUPERVISION_DAYS && day.weekday() < 5 && desk.draws.chance(0.25) {
            self.supervision(at, desk);
        }
        if desk.draws.chance(0.045) {
            let kind = desk.draws.weighted(&[("reflection", 75), ("peer_support_received", 25)]);
            count(&mut desk.truth.development, kind);
            desk.note("development", at, self.about(), |line| {
                line.text("kind", kind);
            });
        }
        if day.since(self.joins) % 91 == 1 {
            self.measure(at, desk);
        }
    }

    /// Most take each module on their first day, some weeks later; and again when it is about to expire, or later.
    fn training(&mut self, day: Day, desk: &mut Desk) {
        for (number, (module, valid)) in MODULES.iter().enumerate() {
            let Some(due) = self.due[number].filter(|due| *due <= day) else { continue };
            let chance = if day == self.joins { 0.92 } else { 0.06 };
            if !desk.draws.chance(chance) {
                continue;
            }
            let next = day.plus(*valid as i32 - AHEAD_DAYS);
            self.due[number] = (*valid > 0).then_some(next);
            desk.truth.trainings_repeated += u64::from(due != self.joins);
            count(&mut desk.truth.development, "training");
            let at = Instant(day.start().0 + (481 + number as i64) * MINUTE_US);
            desk.note("development", at, self.about(), |line| {
                line.text("kind", "training").text("module", module);
            });
        }
    }

    fn supervision(&mut self, at: Instant, desk: &mut Desk) {
        self.supervised = at.day();
        let held = desk.draws.chance((0.84 + 0.13 * self.supervision).clamp(0.3, 0.99));
        let format = desk.draws.weighted(&[("individual", 50), ("group", 30), ("clinical", 8), ("peer", 12)]);
        let scheduled = desk.draws.chance(0.9);
        count(&mut desk.truth.development, if held { "supervision_held" } else { "supervision_not_held" });
        desk.note("development", at, self.about(), |line| {
            line.text("kind", "supervision")
                .flag("held", held)
                .text("format", format)
                .flag("scheduled", scheduled);
        });
    }

    /// The peer says how it goes.
    fn measure(&mut self, at: Instant, desk: &mut Desk) {
        let causes = std::mem::take(&mut self.since).of_peer();
        let with = [OF_PEERS, OF_PEERS_BESIDE];
        let many = if desk.site.is_multiple_of(2) { 2 } else { 1 };
        let asked = Asked {
            about: About { client: "", peer: &self.id },
            person: self.number,
            rater: "peer",
            with: &with[..many],
            links: &[
                (Link::AllianceToPeerOutcomes, causes.alliance),
                (Link::SupportToPeerOutcomes, causes.support),
            ],
        };
        desk.ask(&asked, &mut self.health, &causes, at);
    }

    /// A relationship with this peer begins, with an alliance of that usual level, in SDs.
    pub(crate) fn begins(&self, level: f64, desk: &mut Desk) {
        desk.truth.seen.add(Link::SupervisionToAlliances, self.number, self.supervision, level);
    }
}
