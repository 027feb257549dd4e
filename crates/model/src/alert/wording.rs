//! What an alert says to people: neutral, without names, scores, blame or a ranking.

use rapport_proto::v1;

use super::{Evidence, Kind};
use crate::timeline::Rule;

/// One neutral line.
pub(super) fn summary(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Breakdown(Rule::FarBelow) => "the last alliance rating is far below this pair's usual",
        Evidence::Breakdown(Rule::TwoOfThree) => {
            "two of the last three alliance ratings are well below this pair's usual"
        }
        Evidence::Breakdown(Rule::Reported) => "a rupture of this alliance was reported",
        Evidence::Breakdown(Rule::MissedInWatch) => {
            "a contact did not take place again while this pair's alliance ratings were low"
        }
        Evidence::Breakdown(Rule::Exit) => "this relationship ended for a reason of the alliance",
        Evidence::Watch => "the last alliance rating is well below this pair's usual",
    }
}

/// How sure it is; the rates are those of model.md section 4.
pub(super) fn certainty(evidence: Evidence, ratings: u32) -> v1::Certainty {
    let (rule, expected) = match evidence {
        Evidence::Breakdown(Rule::FarBelow) => ("z_above_3", Some(MEASURED)),
        Evidence::Breakdown(Rule::TwoOfThree) => ("z_above_2_in_two_of_three", Some(MEASURED)),
        Evidence::Breakdown(Rule::Reported) => ("reported", None),
        Evidence::Breakdown(Rule::MissedInWatch) => ("missed_again_in_watch", None),
        Evidence::Breakdown(Rule::Exit) => ("exit", None),
        Evidence::Watch => ("z_above_2", Some(SINGLE)),
    };
    v1::Certainty {
        rule: rule.to_owned(),
        ratings: (ratings > 0).then_some(ratings),
        expected_false_alarms: expected.map(str::to_owned),
    }
}

const MEASURED: &str =
    "of 100 pairs whose alliance is stable, this rule raises an alarm in about 5 to 10 within 12 sessions";
const SINGLE: &str = "one low rating alone is weak evidence: stable pairs have them more often than they have breakdown alerts";

/// The suggested next step.
pub(super) fn next_step(kind: Kind) -> &'static str {
    match kind {
        Kind::AllianceBreakdown => {
            "raise in next supervision; listen first; ask how each sees the bond, the goals and the tasks, and what would help"
        }
        Kind::AllianceWatch => "keep in mind for next supervision; look at the next rating before acting",
    }
}
