//! Alerts: their numbers, and what each kind says.

use super::{Chapter, Guide};
use crate::alert::Kind;

pub(super) const INTRODUCTION: &str = "Alerts go to people, one at a time; these numbers say how many there were and what became of \
them. They judge the rules, not the peers: a rule whose alerts are seldom confirmed should be changed or switched off.";

const ALL_FOUR: &str = "All four mechanisms, by the kind of alert.";

pub(super) const ALERTS: Guide = Guide {
    chapter: Chapter::Alerts,
    sentence: "How many alerts began, by kind.",
    can_tell: "How much attention the rules ask of supervisors.",
    cannot_tell: "How many problems there are: one that nobody records raises no alert.",
    speaks_to: ALL_FOUR,
    query: "max without (instance, job) (rapport_alerts_90d)",
};

pub(super) const ALERTS_ACKNOWLEDGED: Guide = Guide {
    chapter: Chapter::Alerts,
    sentence: "How many of them somebody has acknowledged: seen, assigned, acted on or closed.",
    can_tell: "Whether alerts are read.",
    cannot_tell: "Whether anything was done: `seen` is an acknowledgement too.",
    speaks_to: ALL_FOUR,
    query: "site_alert:rapport_alerts_acknowledged:ratio_90d",
};

pub(super) const ALERTS_CONFIRMED: Guide = Guide {
    chapter: Chapter::Alerts,
    sentence: "How many of those acknowledged were found to be right by whoever looked into them.",
    can_tell: "Whether a rule is worth its interruptions.",
    cannot_tell: "How many problems the rules missed. An alert without a finding counts as not confirmed.",
    speaks_to: ALL_FOUR,
    query: "site_alert:rapport_alerts_confirmed:ratio_90d",
};

impl Kind {
    /// When an alert of this kind opens, in a sentence for people who are not programmers.
    pub fn opens(self) -> &'static str {
        match self {
            Kind::AllianceBreakdown => {
                "A client's ratings of the alliance have fallen far below that pair's usual, a rupture was reported, contacts were \
                 missed again while ratings were low, or the relationship ended for a reason of the alliance."
            }
            Kind::BreakdownUnrepaired => "A breakdown has been open for more than 28 days.",
            Kind::AllianceWatch => "One rating of the alliance is well below that pair's usual.",
            Kind::PresumedDropout => {
                "Client and peer have not met for six weeks (pauses left out), and nobody has ended the relationship."
            }
            Kind::SupportUnmet => {
                "A client has asked twice within 28 days for the same type of support and has not been given it since."
            }
            Kind::ProfessionalHelpWanted => {
                "A client has asked for psychological therapy, which peers do not give."
            }
            Kind::NegativeComparison => {
                "Comparing themselves with the other has felt bad to a client twice within 28 days."
            }
            Kind::HarmfulBehaviour => {
                "A client has enacted a harmful behaviour that had been modelled in the same relationship."
            }
            Kind::SupervisionOverdue => {
                "A peer with an open relationship has had no supervision for more than 35 days."
            }
            Kind::TrainingLapsed => {
                "A peer with an open relationship lacks a mandatory training, or it has run out."
            }
            Kind::PeerOverloaded => "A peer has more than 15 open relationships.",
            Kind::PeerWellbeingFall => {
                "A score of a peer's own wellbeing is reliably worse than the first of its kind."
            }
            Kind::Safeguarding => {
                "A rupture, the end of a relationship or the leaving of a peer was recorded with a cause that the safeguarding lead \
                 must know: control, abuse of power, a crossed boundary, an inappropriate relationship, harm."
            }
            Kind::SiteSilent => "Nothing at all has come from a site for more than seven days.",
        }
    }

    /// When an alert of this kind ends, in a sentence for people who are not programmers.
    pub fn closes(self) -> &'static str {
        match self {
            Kind::AllianceBreakdown | Kind::BreakdownUnrepaired => {
                "With the repair, when somebody closes it, or 14 days after the relationship has ended or was lost."
            }
            Kind::AllianceWatch => {
                "With two ratings in a row back near the usual, with a breakdown, or with the end or loss of the relationship."
            }
            Kind::PresumedDropout => "When the two meet again, or the relationship is ended.",
            Kind::SupportUnmet => "When the support is given, or the relationship is ended or lost.",
            Kind::ProfessionalHelpWanted => {
                "When somebody records that they acted or closes it, or the relationship ends."
            }
            Kind::NegativeComparison => {
                "When 28 days have passed since the last time, or the relationship ends."
            }
            Kind::HarmfulBehaviour => "When somebody closes it.",
            Kind::SupervisionOverdue => {
                "With the next supervision held, or when the peer has no open relationship."
            }
            Kind::TrainingLapsed => "With the training, or when the peer has no open relationship.",
            Kind::PeerOverloaded => "When it is 15 or fewer.",
            Kind::PeerWellbeingFall => "With a later score that is not reliably worse.",
            Kind::Safeguarding => {
                "When the safeguarding lead closes it, and by nothing else: not even by a correction of the record."
            }
            Kind::SiteSilent => "With the next record.",
        }
    }
}
