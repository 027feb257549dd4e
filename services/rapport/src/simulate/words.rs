//! Words of the contract with how often each is drawn.

use rapport_model::words::{Attendance, Channel, LeftReason, MatchedOn, Practice, SupportType, Word as _};

/// The five types in the order of the wire, and how often a client asks for each at a contact.
pub(crate) const ASKED: [f64; 5] = [0.18, 0.12, 0.16, 0.08, 0.06];
/// How often each type is given at an attended contact without being asked for.
pub(crate) const GIVEN: [f64; 5] = [0.40, 0.35, 0.40, 0.14, 0.25];
/// What each type standing unmet adds to the weekly chance that the client stops coming.
pub(crate) const LOSS: [f64; 5] = [0.002, 0.007, 0.014, 0.006, 0.0015];

/// The word of a type of support.
pub(crate) fn support(kind: usize) -> &'static str {
    SupportType::FIVE[kind].as_str()
}

/// What a client asks for that no peer may give.
pub(crate) fn therapy() -> &'static str {
    SupportType::PsychologicalTherapy.as_str()
}

/// Whether a rupture's cause or a reason to end or leave concerns the safeguarding lead.
pub(crate) fn is_safeguarding(word: &str) -> bool {
    ["controlling", "abuse_of_power", "boundary_breach", "inappropriate_relationship", "harmful_behaviour"]
        .contains(&word)
}

/// Contacts that do not take place, by who stays away.
pub(crate) const NOT_ATTENDED: [(Attendance, u32); 4] = [
    (Attendance::MissedByClient, 40),
    (Attendance::CancelledByClient, 36),
    (Attendance::CancelledByPeer, 16),
    (Attendance::MissedByPeer, 8),
];

pub(crate) const CHANNELS: [(Channel, u32); 5] = [
    (Channel::InPerson, 55),
    (Channel::Phone, 22),
    (Channel::Video, 11),
    (Channel::Text, 7),
    (Channel::Group, 5),
];

pub(crate) const MATCHED_ON: &[MatchedOn] = MatchedOn::ALL;

/// How often each practice is written down, in the order of the wire.
pub(crate) const PRACTISED: [f64; 11] = [0.22, 0.15, 0.5, 0.4, 0.2, 0.12, 0.3, 0.2, 0.08, 0.2, 0.12];

/// The practices in that order.
pub(crate) const PRACTICES: &[Practice] = Practice::ALL;

pub(crate) const POSITIVE_ENDS: [(&str, u32); 4] =
    [("goals_met", 50), ("recovered", 25), ("became_peer", 10), ("new_job", 15)];
pub(crate) const NEUTRAL_ENDS: [(&str, u32); 8] = [
    ("moved_away", 28),
    ("transferred", 28),
    ("ill", 10),
    ("detained", 6),
    ("died", 2),
    ("service_closed", 1),
    ("wanted_professional_help", 10),
    ("other", 15),
];
pub(crate) const NEGATIVE_ENDS: [(&str, u32); 9] = [
    ("unmet_support", 30),
    ("negative_comparison", 10),
    ("harmful_behaviour", 4),
    ("relapse", 18),
    ("disengaged", 22),
    ("overwhelmed", 7),
    ("unsupported", 4),
    ("boundary_breach", 3),
    ("inappropriate_relationship", 2),
];
pub(crate) const ALLIANCE_ENDS: [(&str, u32); 6] = [
    ("alliance_breakdown", 45),
    ("lack_of_trust", 30),
    ("withholding_support", 10),
    ("gossip", 7),
    ("controlling", 6),
    ("abuse_of_power", 2),
];
pub(crate) const CAUSES: [(&str, u32); 12] = [
    ("lack_of_trust", 28),
    ("withholding_support", 12),
    ("gossip", 10),
    ("disagreement_on_goals", 22),
    ("unmet_support", 10),
    ("negative_comparison", 3),
    ("harmful_behaviour", 1),
    ("boundary_breach", 2),
    ("inappropriate_relationship", 1),
    ("controlling", 4),
    ("abuse_of_power", 1),
    ("other", 6),
];
pub(crate) const ENDED_BY: [(&str, u32); 3] = [("client", 55), ("peer", 15), ("service", 30)];
pub(crate) const REPORTERS: [(&str, u32); 3] = [("client", 35), ("peer", 40), ("supervisor", 25)];

pub(crate) const LEFT: [(LeftReason, u32); 9] = [
    (LeftReason::Overwhelmed, 16),
    (LeftReason::Unsupported, 8),
    (LeftReason::InappropriateRelationship, 1),
    (LeftReason::BoundaryBreach, 2),
    (LeftReason::Relapse, 7),
    (LeftReason::ScreenedOut, 5),
    (LeftReason::NewJob, 30),
    (LeftReason::Personal, 24),
    (LeftReason::Other, 7),
];

/// Behaviours that are modelled and enacted, whether each is wanted, and how often it is modelled.
pub(crate) const BEHAVIOURS: [(&str, &str, u32); 8] = [
    ("keeps_appointments", "positive", 24),
    ("asks_for_help", "positive", 22),
    ("cooks_for_oneself", "positive", 14),
    ("joins_a_group", "positive", 14),
    ("manages_money", "positive", 12),
    ("goes_for_a_walk", "positive", 9),
    ("drinks_to_cope", "negative", 3),
    ("avoids_conflict", "negative", 2),
];

pub(crate) const DIRECTIONS: [(&str, u32); 3] = [("upward", 50), ("lateral", 30), ("downward", 20)];

/// How comparing oneself feels: to most; to a client who looks up in a weak alliance; to a peer.
pub(crate) const AFFECTS: [(&str, u32); 3] = [("positive", 42), ("neutral", 33), ("negative", 25)];
pub(crate) const AFFECTS_OF_THE_WEAK: [(&str, u32); 3] =
    [("positive", 12), ("neutral", 23), ("negative", 65)];
pub(crate) const AFFECTS_OF_PEERS: [(&str, u32); 3] = [("positive", 50), ("neutral", 28), ("negative", 22)];

pub(crate) const SERVICES: [(&str, u32); 5] = [
    ("appointment_kept", 52),
    ("appointment_missed", 25),
    ("crisis_contact", 11),
    ("admission", 5),
    ("substance_use_days", 7),
];
