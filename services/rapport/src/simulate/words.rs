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
pub(crate) const CAUSES: [(&str, u32); 8] = [
    ("lack_of_trust", 30),
    ("withholding_support", 12),
    ("gossip", 12),
    ("disagreement_on_goals", 25),
    ("unmet_support", 10),
    ("boundary_breach", 2),
    ("controlling", 4),
    ("other", 5),
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

/// Behaviours that are modelled and enacted, and whether each is wanted.
pub(crate) const BEHAVIOURS: [(&str, &str); 6] = [
    ("keeps_appointments", "positive"),
    ("asks_for_help", "positive"),
    ("cooks_for_oneself", "positive"),
    ("joins_a_group", "positive"),
    ("manages_money", "positive"),
    ("drinks_to_cope", "negative"),
];

pub(crate) const SERVICES: [(&str, u32); 5] = [
    ("appointment_kept", 60),
    ("appointment_missed", 20),
    ("crisis_contact", 10),
    ("admission", 4),
    ("substance_use_days", 6),
];
