//! Which alerts there are, how each is delivered, and which acknowledgements close it.

use crate::words::AcknowledgementState;

/// Which alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A breakdown opened.
    AllianceBreakdown,
    /// A breakdown has been open for more than 28 days.
    BreakdownUnrepaired,
    /// A watch opened.
    AllianceWatch,
    /// Nobody has attended a contact for so long that the client is presumed lost.
    PresumedDropout,
    /// The same type of support was asked for again and not given.
    SupportUnmet,
    /// Psychological therapy was asked for.
    ProfessionalHelpWanted,
    /// The client's comparisons felt bad, and not only once.
    NegativeComparison,
    /// An unwanted behaviour was enacted that had been modelled.
    HarmfulBehaviour,
    /// A peer with an open dyad has been without supervision for too long.
    SupervisionOverdue,
    /// A peer with an open dyad lacks a mandatory training.
    TrainingLapsed,
    /// A peer has too many open dyads.
    PeerOverloaded,
    /// A peer's score fell by more than the instrument's error.
    PeerWellbeingFall,
    /// Something was reported that the safeguarding lead must know.
    Safeguarding,
    /// Nothing has come from a site for too long.
    SiteSilent,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 14] = [
        Kind::AllianceBreakdown,
        Kind::BreakdownUnrepaired,
        Kind::AllianceWatch,
        Kind::PresumedDropout,
        Kind::SupportUnmet,
        Kind::ProfessionalHelpWanted,
        Kind::NegativeComparison,
        Kind::HarmfulBehaviour,
        Kind::SupervisionOverdue,
        Kind::TrainingLapsed,
        Kind::PeerOverloaded,
        Kind::PeerWellbeingFall,
        Kind::Safeguarding,
        Kind::SiteSilent,
    ];

    /// Its name in alerts and indicators.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::AllianceBreakdown => "alliance_breakdown",
            Kind::BreakdownUnrepaired => "breakdown_unrepaired",
            Kind::AllianceWatch => "alliance_watch",
            Kind::PresumedDropout => "presumed_dropout",
            Kind::SupportUnmet => "support_unmet",
            Kind::ProfessionalHelpWanted => "professional_help_wanted",
            Kind::NegativeComparison => "negative_comparison",
            Kind::HarmfulBehaviour => "harmful_behaviour",
            Kind::SupervisionOverdue => "supervision_overdue",
            Kind::TrainingLapsed => "training_lapsed",
            Kind::PeerOverloaded => "peer_overloaded",
            Kind::PeerWellbeingFall => "peer_wellbeing_fall",
            Kind::Safeguarding => "safeguarding",
            Kind::SiteSilent => "site_silent",
        }
    }

    /// How it is delivered: page, digest, safeguarding or operations.
    pub fn tier(self) -> &'static str {
        match self {
            Kind::AllianceBreakdown
            | Kind::BreakdownUnrepaired
            | Kind::ProfessionalHelpWanted
            | Kind::HarmfulBehaviour
            | Kind::PeerWellbeingFall => "page",
            Kind::AllianceWatch
            | Kind::PresumedDropout
            | Kind::SupportUnmet
            | Kind::NegativeComparison
            | Kind::SupervisionOverdue
            | Kind::TrainingLapsed
            | Kind::PeerOverloaded => "digest",
            Kind::Safeguarding => "safeguarding",
            Kind::SiteSilent => "operations",
        }
    }

    /// The states of an acknowledgement that close it; none of most.
    pub fn closed_by(self) -> &'static [AcknowledgementState] {
        match self {
            Kind::AllianceBreakdown
            | Kind::BreakdownUnrepaired
            | Kind::HarmfulBehaviour
            | Kind::Safeguarding => &[AcknowledgementState::Closed],
            Kind::ProfessionalHelpWanted => &[AcknowledgementState::Acted, AcknowledgementState::Closed],
            _ => &[],
        }
    }
}
