//! The words of the closed sets, and what model.md's tables say of them.

use rapport_proto::v1;

/// A word of a closed set: the name of the enum's value less its prefix, in lower case.
pub fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).expect("a value of that enum").to_lowercase()
}

/// The four mechanisms and `unknown`.
pub const MECHANISMS: [&str; 5] =
    ["peer_role", "working_alliance", "social_support", "role_modelling", "unknown"];
/// The polarities.
pub const POLARITIES: [&str; 3] = ["positive", "neutral", "negative"];
/// What shows a breakdown.
pub const DETECTED_BY: [&str; 4] = ["measured", "reported", "behavioural", "exit"];
/// The phases, the strongest first.
pub const PHASES: [&str; 7] =
    ["presumed_lost", "paused", "breakdown", "watch", "unmonitored", "forming", "working"];
/// The types of support that can be delivered.
pub const FIVE: [&str; 5] = ["informational", "companionship", "emotional", "instrumental", "appraisal"];
/// The types of support that can be requested.
pub const SIX: [&str; 6] =
    ["informational", "companionship", "emotional", "instrumental", "appraisal", "psychological_therapy"];
/// What a pair can be matched on.
pub const MATCHED_ON: [&str; 7] =
    ["gender", "age", "ethnicity", "language", "lived_experience", "interests", "none"];
/// How a contact can go.
pub const ATTENDANCE: [&str; 5] =
    ["attended", "missed_by_client", "missed_by_peer", "cancelled_by_client", "cancelled_by_peer"];
/// What a peer can do in a contact.
pub const PRACTICES: [&str; 11] = [
    "self_disclosure",
    "storytelling",
    "active_listening",
    "empathy",
    "acceptance",
    "normalisation",
    "goal_setting",
    "shared_decision",
    "strengths_advocacy",
    "signposting",
    "role_modelling",
];
/// Sides.
pub const SIDES: [&str; 4] = ["client", "peer", "service", "unknown"];
/// Components of an alliance rating, in the order in which ties are broken, then the total.
pub const COMPONENTS: [&str; 4] = ["bond", "goal", "task", "total"];

/// The table of section 2: reason, polarity, mechanism. Of `relapse` and `disengaged` the mechanism depends.
pub const REASONS: [(&str, &str, &str); 27] = [
    ("goals_met", "positive", "none"),
    ("recovered", "positive", "none"),
    ("became_peer", "positive", "none"),
    ("new_job", "positive", "none"),
    ("moved_away", "neutral", "none"),
    ("transferred", "neutral", "none"),
    ("service_closed", "neutral", "none"),
    ("died", "neutral", "none"),
    ("ill", "neutral", "none"),
    ("detained", "neutral", "none"),
    ("other", "neutral", "none"),
    ("wanted_professional_help", "neutral", "social_support"),
    ("alliance_breakdown", "negative", "working_alliance"),
    ("lack_of_trust", "negative", "working_alliance"),
    ("withholding_support", "negative", "working_alliance"),
    ("gossip", "negative", "working_alliance"),
    ("controlling", "negative", "working_alliance"),
    ("abuse_of_power", "negative", "working_alliance"),
    ("unmet_support", "negative", "social_support"),
    ("negative_comparison", "negative", "role_modelling"),
    ("harmful_behaviour", "negative", "role_modelling"),
    ("overwhelmed", "negative", "peer_role"),
    ("unsupported", "negative", "peer_role"),
    ("inappropriate_relationship", "negative", "peer_role"),
    ("boundary_breach", "negative", "peer_role"),
    ("relapse", "negative", "?"),
    ("disengaged", "negative", "?"),
];

/// Polarity of a reason.
pub fn polarity(reason: &str) -> &'static str {
    REASONS.iter().find(|(word, _, _)| *word == reason).expect("a reason of the table").1
}

/// Mechanism of a reason by the table; `None` of `disengaged`, which depends on the history.
pub fn mechanism_of_reason(reason: &str, side: &str) -> Option<&'static str> {
    match reason {
        "disengaged" => None,
        "relapse" if side == "peer" => Some("peer_role"),
        "relapse" => Some("unknown"),
        _ => Some(REASONS.iter().find(|(word, _, _)| *word == reason).expect("a reason of the table").2),
    }
}

/// Mechanism of a rupture's cause.
pub fn mechanism_of_cause(cause: &str) -> &'static str {
    match cause {
        "disagreement_on_goals" => "working_alliance",
        "other" => "unknown",
        _ => REASONS.iter().find(|(word, _, _)| *word == cause).expect("a cause is a reason too").2,
    }
}

/// The words of a contact's attendance.
pub fn attendance(contact: &v1::Contact) -> String {
    word(contact.attendance().as_str_name(), "ATTENDANCE_")
}

/// Whether a contact took place.
pub fn attended(contact: &v1::Contact) -> bool {
    contact.attendance() == v1::Attendance::Attended
}

/// A contact's delivered support; nothing unless it took place.
pub fn delivered(contact: &v1::Contact) -> Vec<&'static str> {
    if !attended(contact) {
        return Vec::new();
    }
    contact.support().map(support_type).collect()
}

/// A contact's requests.
pub fn requested(contact: &v1::Contact) -> Vec<&'static str> {
    contact.requested().map(support_type).collect()
}

fn support_type(kind: v1::SupportType) -> &'static str {
    match kind {
        v1::SupportType::Unspecified => panic!("a canonical type is specified"),
        v1::SupportType::Informational => "informational",
        v1::SupportType::Companionship => "companionship",
        v1::SupportType::Emotional => "emotional",
        v1::SupportType::Instrumental => "instrumental",
        v1::SupportType::Appraisal => "appraisal",
        v1::SupportType::PsychologicalTherapy => "psychological_therapy",
    }
}

/// Why a peer can leave.
pub const LEFT_REASONS: [&str; 9] = [
    "overwhelmed",
    "unsupported",
    "inappropriate_relationship",
    "boundary_breach",
    "relapse",
    "screened_out",
    "new_job",
    "personal",
    "other",
];
/// Kinds of service use.
pub const SERVICE_USE: [&str; 6] = [
    "appointment_kept",
    "appointment_missed",
    "admission",
    "bed_days",
    "crisis_contact",
    "substance_use_days",
];
/// Steps on the way from client to peer.
pub const STEPS: [&str; 4] = ["interested", "applied", "training", "active"];
/// What instruments measure.
pub const CONSTRUCTS: [&str; 21] = [
    "hope",
    "self_esteem",
    "self_efficacy",
    "empowerment",
    "autonomy",
    "wellbeing",
    "distress",
    "coping",
    "motivation",
    "isolation",
    "perceived_social_support",
    "social_functioning",
    "stigma",
    "normalisation",
    "satisfaction",
    "knowledge",
    "identity",
    "interpersonal_competence",
    "meaning",
    "quality_of_life",
    "engagement",
];
/// The alerts and their tiers.
pub const TIERS: [(&str, &str); 14] = [
    ("alliance_breakdown", "page"),
    ("breakdown_unrepaired", "page"),
    ("alliance_watch", "digest"),
    ("presumed_dropout", "digest"),
    ("support_unmet", "digest"),
    ("professional_help_wanted", "page"),
    ("negative_comparison", "digest"),
    ("harmful_behaviour", "page"),
    ("supervision_overdue", "digest"),
    ("training_lapsed", "digest"),
    ("peer_overloaded", "digest"),
    ("peer_wellbeing_fall", "page"),
    ("safeguarding", "safeguarding"),
    ("site_silent", "operations"),
];
/// The alerts.
pub const ALERTS: [&str; 14] = {
    let mut names = [""; 14];
    let mut place = 0;
    while place < names.len() {
        names[place] = TIERS[place].0;
        place += 1;
    }
    names
};

/// Whether a supervision took place.
pub fn is_supervision_held(development: &v1::Development) -> bool {
    development.kind() == v1::DevelopmentKind::Supervision && development.held()
}
