//! What an alert says to people: neutral, without names, scores, blame or a ranking.

use super::{Kind, Stretch};
use crate::timeline::Rule;

/// The words of an alert.
#[derive(Clone, Copy)]
pub(super) struct Words {
    /// One neutral line.
    pub summary: &'static str,
    /// The name of its rule.
    pub rule: &'static str,
    /// What is to be expected where nothing is wrong, where that is known.
    pub expected_false_alarms: Option<&'static str>,
    /// The suggested next step.
    pub next_step: &'static str,
}

/// The words of a stretch; none of safeguarding, which says nothing but where to look.
pub(super) fn of(stretch: &Stretch) -> Option<Words> {
    Some(match stretch.kind {
        Kind::AllianceBreakdown => breakdown(stretch.rule?),
        Kind::Safeguarding => return None,
        kind => fixed(kind)?,
    })
}

/// Measured: docs/calibration.md, from pairs as assumed to pairs of which some are far noisier.
const MEASURED: &str =
    "of 100 pairs whose alliance is stable, this rule raises an alarm in about 4 to 9 within 12 sessions";
const SINGLE: &str = "one low rating alone is weak evidence: of 100 pairs whose alliance is stable, about 20 have one within 12 sessions";
const RELIABLE: &str = "such a change is more than the instrument's own error usually makes; where many measures are looked at, a few change so by chance";

fn breakdown(rule: Rule) -> Words {
    let (rule, summary) = match rule {
        Rule::FarBelow => ("z_above_3", "the last alliance rating is far below this pair's usual"),
        Rule::TwoOfThree => (
            "z_above_2_in_two_of_three",
            "two of the last three alliance ratings are well below this pair's usual",
        ),
        Rule::Reported => ("reported", "a rupture of this alliance was reported"),
        Rule::MissedInWatch => (
            "missed_again_in_watch",
            "a contact did not take place again while this pair's alliance ratings were low",
        ),
        Rule::Exit => ("exit", "this relationship ended for a reason of the alliance"),
    };
    let measured = ["z_above_3", "z_above_2_in_two_of_three"].contains(&rule);
    Words {
        summary,
        rule,
        expected_false_alarms: measured.then_some(MEASURED),
        next_step: "raise in next supervision; listen first; ask how each sees the bond, the goals and the tasks, and what would help",
    }
}

/// The words of a kind whose every alert says the same.
fn fixed(kind: Kind) -> Option<Words> {
    of_a_pair(kind).or_else(|| of_a_peer_or_site(kind))
}

fn of_a_pair(kind: Kind) -> Option<Words> {
    let (rule, expected_false_alarms, summary, next_step) = match kind {
        Kind::BreakdownUnrepaired => (
            "open_for_28_days",
            None,
            "a breakdown of this alliance has been open for more than four weeks",
            "decide together in supervision what comes next: another try with support, a new match, or a planned ending",
        ),
        Kind::AllianceWatch => (
            "z_above_2",
            Some(SINGLE),
            "the last alliance rating is well below this pair's usual",
            "keep in mind for next supervision; look at the next rating before acting",
        ),
        Kind::PresumedDropout => (
            "no_attended_contact",
            None,
            "this pair has not met for so long that the relationship is presumed to have ended",
            "ask whether contacts went unrecorded or the pair has paused; else offer the client a friendly word and a way back",
        ),
        Kind::SupportUnmet => (
            "requested_twice_in_28_days",
            None,
            "the same type of support was asked for twice within four weeks, and is not recorded as given since",
            "ask in next supervision whether it was given and not recorded, is beyond the role, or needs help from elsewhere",
        ),
        Kind::ProfessionalHelpWanted => (
            "requested",
            None,
            "psychological therapy was asked for; peer support is no substitute for it",
            "ask the client what they would like, and offer to refer or signpost them",
        ),
        Kind::NegativeComparison => (
            "twice_in_28_days",
            None,
            "comparisons between the two have felt discouraging to the client twice within four weeks",
            "raise in next supervision; ask how recovery is talked about, and what the client has found encouraging",
        ),
        Kind::HarmfulBehaviour => (
            "enacted_after_modelled",
            None,
            "a behaviour that may do harm was taken up after it had come up in this relationship",
            "speak with both separately and without judging; agree what support each needs",
        ),
        _ => return None,
    };
    Some(Words { summary, rule, expected_false_alarms, next_step })
}

fn of_a_peer_or_site(kind: Kind) -> Option<Words> {
    let (rule, expected_false_alarms, summary, next_step) = match kind {
        Kind::SupervisionOverdue => (
            "days_since_supervision",
            None,
            "this peer is in contact with clients, and the time the service sets between supervisions has passed",
            "agree a date; if supervision took place, record it",
        ),
        Kind::TrainingLapsed => (
            "mandatory_training",
            None,
            "this peer is in contact with clients, and a mandatory training is missing or has run out",
            "offer a place on the next course; if it was attended, record it",
        ),
        Kind::PeerOverloaded => (
            "open_relationships",
            None,
            "this peer has more open relationships than the service has set as its limit",
            "ask the peer how it is going; offer no new matches for now, and close what has ended",
        ),
        Kind::PeerWellbeingFall => (
            "reliable_change",
            Some(RELIABLE),
            "what is measured of this peer has become worse since the first time, by more than the instrument's error",
            "ask the peer soon how they are, and what support or lighter load would help",
        ),
        Kind::SiteSilent => (
            "days_without_record",
            None,
            "nothing has come from this site for longer than expected; silence is no sign that all is well",
            "ask the site whether its system still sends, and check what was refused",
        ),
        _ => return None,
    };
    Some(Words { summary, rule, expected_false_alarms, next_step })
}
