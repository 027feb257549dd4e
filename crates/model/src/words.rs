//! The closed sets of the change model: each word as it stands in raw events, labels and alerts, with its number on
//! the wire (`rapport/v1/*.proto`).

use std::marker::PhantomData;

/// A word of a closed set.
pub trait Word: Copy + Eq + 'static {
    /// All words of the set, in order of their numbers.
    const ALL: &'static [Self];
    /// The word as it is written.
    fn as_str(self) -> &'static str;
    /// Its number on the wire, from 1.
    fn number(self) -> i32;
    /// The word that is written so.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.as_str() == text)
    }
    /// The word with that number on the wire; `None` for 0 (unspecified) and for numbers of later versions.
    fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.number() == number)
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal $text:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum $name { $($variant = $number),+ }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            fn number(self) -> i32 {
                self as i32
            }
        }
    )+};
}

words! {
    /// What happened to a relationship.
    RelationshipAction { Started = 1 "started", Paused = 2 "paused", Resumed = 3 "resumed", Ended = 4 "ended" }
    /// What client and peer were matched on.
    MatchedOn {
        Gender = 1 "gender", Age = 2 "age", Ethnicity = 3 "ethnicity", Language = 4 "language",
        LivedExperience = 5 "lived_experience", Interests = 6 "interests",
    }
    /// Who ended a relationship.
    Side { Client = 1 "client", Peer = 2 "peer", Service = 3 "service" }
    /// Why a relationship ended.
    EndReason {
        GoalsMet = 1 "goals_met", Recovered = 2 "recovered", BecamePeer = 3 "became_peer", NewJob = 4 "new_job",
        MovedAway = 5 "moved_away", Transferred = 6 "transferred", ServiceClosed = 7 "service_closed", Died = 8 "died",
        Ill = 9 "ill", Detained = 10 "detained", Other = 11 "other",
        WantedProfessionalHelp = 12 "wanted_professional_help", AllianceBreakdown = 13 "alliance_breakdown",
        LackOfTrust = 14 "lack_of_trust", WithholdingSupport = 15 "withholding_support", Gossip = 16 "gossip",
        Controlling = 17 "controlling", AbuseOfPower = 18 "abuse_of_power", UnmetSupport = 19 "unmet_support",
        NegativeComparison = 20 "negative_comparison", HarmfulBehaviour = 21 "harmful_behaviour",
        Overwhelmed = 22 "overwhelmed", Unsupported = 23 "unsupported",
        InappropriateRelationship = 24 "inappropriate_relationship", BoundaryBreach = 25 "boundary_breach",
        Relapse = 26 "relapse", Disengaged = 27 "disengaged",
    }
    /// Whether a contact took place, and if not, who stayed away.
    Attendance {
        Attended = 1 "attended", MissedByClient = 2 "missed_by_client", MissedByPeer = 3 "missed_by_peer",
        CancelledByClient = 4 "cancelled_by_client", CancelledByPeer = 5 "cancelled_by_peer",
    }
    /// How a contact took place.
    Channel { InPerson = 1 "in_person", Phone = 2 "phone", Video = 3 "video", Text = 4 "text", Group = 5 "group" }
    /// The five types of social support, and psychological therapy, which can be requested but never delivered.
    SupportType {
        Informational = 1 "informational", Companionship = 2 "companionship", Emotional = 3 "emotional",
        Instrumental = 4 "instrumental", Appraisal = 5 "appraisal", PsychologicalTherapy = 6 "psychological_therapy",
    }
    /// What a peer did in a contact.
    Practice {
        SelfDisclosure = 1 "self_disclosure", Storytelling = 2 "storytelling", ActiveListening = 3 "active_listening",
        Empathy = 4 "empathy", Acceptance = 5 "acceptance", Normalisation = 6 "normalisation",
        GoalSetting = 7 "goal_setting", SharedDecision = 8 "shared_decision",
        StrengthsAdvocacy = 9 "strengths_advocacy", Signposting = 10 "signposting", RoleModelling = 11 "role_modelling",
    }
    /// What was reported of an alliance.
    AllianceAction { Ruptured = 1 "ruptured", Repaired = 2 "repaired" }
    /// Why an alliance ruptured.
    RuptureCause {
        LackOfTrust = 1 "lack_of_trust", WithholdingSupport = 2 "withholding_support", Gossip = 3 "gossip",
        Controlling = 4 "controlling", AbuseOfPower = 5 "abuse_of_power", BoundaryBreach = 6 "boundary_breach",
        InappropriateRelationship = 7 "inappropriate_relationship", UnmetSupport = 8 "unmet_support",
        NegativeComparison = 9 "negative_comparison", HarmfulBehaviour = 10 "harmful_behaviour",
        DisagreementOnGoals = 11 "disagreement_on_goals", Other = 12 "other",
    }
    /// Who reported a rupture.
    Reporter { Client = 1 "client", Peer = 2 "peer", Supervisor = 3 "supervisor" }
    /// Who rated a measure.
    Rater { Client = 1 "client", Peer = 2 "peer", Supervisor = 3 "supervisor" }
    /// What happened in role modelling.
    ModellingWhat { Modelled = 1 "modelled", Enacted = 2 "enacted", Comparison = 3 "comparison" }
    /// Whether a behaviour is wanted.
    Valence { Positive = 1 "positive", Negative = 2 "negative" }
    /// Whom one compares oneself with.
    Direction { Upward = 1 "upward", Lateral = 2 "lateral", Downward = 3 "downward" }
    /// How a comparison felt.
    Affect { Positive = 1 "positive", Neutral = 2 "neutral", Negative = 3 "negative" }
    /// Who compares.
    Comparer { Client = 1 "client", Peer = 2 "peer" }
    /// A use of services.
    ServiceUseKind {
        AppointmentKept = 1 "appointment_kept", AppointmentMissed = 2 "appointment_missed", Admission = 3 "admission",
        BedDays = 4 "bed_days", CrisisContact = 5 "crisis_contact", SubstanceUseDays = 6 "substance_use_days",
    }
    /// What develops a peer.
    DevelopmentKind {
        Training = 1 "training", Supervision = 2 "supervision", Reflection = 3 "reflection",
        PeerSupportReceived = 4 "peer_support_received",
    }
    /// The format of a supervision.
    SupervisionFormat { Individual = 1 "individual", Group = 2 "group", Clinical = 3 "clinical", Peer = 4 "peer" }
    /// What happened to a peer's role.
    PeerAction { Joined = 1 "joined", Left = 2 "left" }
    /// Why a peer left.
    LeftReason {
        Overwhelmed = 1 "overwhelmed", Unsupported = 2 "unsupported",
        InappropriateRelationship = 3 "inappropriate_relationship", BoundaryBreach = 4 "boundary_breach",
        Relapse = 5 "relapse", ScreenedOut = 6 "screened_out", NewJob = 7 "new_job", Personal = 8 "personal",
        Other = 9 "other",
    }
    /// A step on a client's way to becoming a peer.
    PathwayStep { Interested = 1 "interested", Applied = 2 "applied", Training = 3 "training", Active = 4 "active" }
    /// How far an alert has been dealt with.
    AcknowledgementState { Seen = 1 "seen", Assigned = 2 "assigned", Acted = 3 "acted", Closed = 4 "closed" }
    /// What was done about an alert.
    AcknowledgementAction {
        Supervision = 1 "supervision", Contact = 2 "contact", Rematch = 3 "rematch", Refer = 4 "refer",
        Safeguarding = 5 "safeguarding", None = 6 "none",
    }
    /// Where a dyad with an open episode stands.
    Phase {
        Forming = 1 "forming", Working = 2 "working", Unmonitored = 3 "unmonitored", Watch = 4 "watch",
        Breakdown = 5 "breakdown", Paused = 6 "paused", PresumedLost = 7 "presumed_lost",
    }
    /// A mechanism of the change model; `unknown` where it cannot be told, `none` where an exit is at no mechanism.
    Mechanism {
        PeerRole = 1 "peer_role", WorkingAlliance = 2 "working_alliance", SocialSupport = 3 "social_support",
        RoleModelling = 4 "role_modelling", Unknown = 5 "unknown", None = 6 "none",
    }
    /// A component of a mechanism.
    Component {
        Bond = 1 "bond", Goal = 2 "goal", Task = 3 "task", Training = 4 "training", Supervision = 5 "supervision",
        SelfReflection = 6 "self_reflection", Support = 7 "support", SocialLearning = 8 "social_learning",
        SocialComparison = 9 "social_comparison",
    }
    /// What showed a breakdown.
    DetectedBy { Measured = 1 "measured", Reported = 2 "reported", Behavioural = 3 "behavioural", Exit = 4 "exit" }
    /// Whether an exit is good, bad or neither.
    Polarity { Positive = 1 "positive", Neutral = 2 "neutral", Negative = 3 "negative" }
    /// How a score moved against the first of its series.
    ScoreResult { Improved = 1 "improved", Deteriorated = 2 "deteriorated", Unchanged = 3 "unchanged" }
}

/// A set of words with numbers up to 15.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set<T>(u16, PhantomData<T>);

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Set<T> {}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Set(0, PhantomData)
    }
}

impl<T: Word> Set<T> {
    /// Adds `word`.
    pub fn insert(&mut self, word: T) {
        self.0 |= 1 << word.number();
    }

    /// Takes `word` out.
    pub fn remove(&mut self, word: T) {
        self.0 &= !(1 << word.number());
    }

    /// Whether `word` is in the set.
    pub fn contains(self, word: T) -> bool {
        self.0 & (1 << word.number()) != 0
    }

    /// Whether the set holds nothing.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words of both sets.
    pub fn union(self, other: Self) -> Self {
        Set(self.0 | other.0, PhantomData)
    }

    /// The words in order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::ALL.iter().copied().filter(move |word| self.contains(*word))
    }
}

impl<T: Word> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(words: I) -> Self {
        let mut set = Set::default();
        words.into_iter().for_each(|word| set.insert(word));
        set
    }
}

impl EndReason {
    /// Whether an exit for this reason is good, bad or neither.
    pub fn polarity(self) -> Polarity {
        use EndReason::*;
        match self {
            GoalsMet | Recovered | BecamePeer | NewJob => Polarity::Positive,
            MovedAway
            | Transferred
            | ServiceClosed
            | Died
            | Ill
            | Detained
            | Other
            | WantedProfessionalHelp => Polarity::Neutral,
            _ => Polarity::Negative,
        }
    }

    /// The mechanism an exit for this reason is at; `None` of `disengaged`, whose mechanism is that of a presumed
    /// dropout.
    pub fn mechanism(self, ended_by: Option<Side>) -> Option<Mechanism> {
        use EndReason::*;
        Some(match self {
            GoalsMet | Recovered | BecamePeer | NewJob | MovedAway | Transferred | ServiceClosed | Died
            | Ill | Detained | Other => Mechanism::None,
            WantedProfessionalHelp | UnmetSupport => Mechanism::SocialSupport,
            AllianceBreakdown | LackOfTrust | WithholdingSupport | Gossip | Controlling | AbuseOfPower => {
                Mechanism::WorkingAlliance
            }
            NegativeComparison | HarmfulBehaviour => Mechanism::RoleModelling,
            Overwhelmed | Unsupported | InappropriateRelationship | BoundaryBreach => Mechanism::PeerRole,
            Relapse if ended_by == Some(Side::Peer) => Mechanism::PeerRole,
            Relapse => Mechanism::Unknown,
            Disengaged => return None,
        })
    }
}

impl RuptureCause {
    /// The mechanism a rupture for this cause is at.
    pub fn mechanism(self) -> Mechanism {
        use RuptureCause::*;
        match self {
            LackOfTrust | WithholdingSupport | Gossip | Controlling | AbuseOfPower | DisagreementOnGoals => {
                Mechanism::WorkingAlliance
            }
            BoundaryBreach | InappropriateRelationship => Mechanism::PeerRole,
            UnmetSupport => Mechanism::SocialSupport,
            NegativeComparison | HarmfulBehaviour => Mechanism::RoleModelling,
            Other => Mechanism::Unknown,
        }
    }
}

impl LeftReason {
    /// The reason with which the leaving peer's episodes end: the same word; screened_out and personal become other.
    pub fn end_reason(self) -> EndReason {
        match self {
            LeftReason::Overwhelmed => EndReason::Overwhelmed,
            LeftReason::Unsupported => EndReason::Unsupported,
            LeftReason::InappropriateRelationship => EndReason::InappropriateRelationship,
            LeftReason::BoundaryBreach => EndReason::BoundaryBreach,
            LeftReason::Relapse => EndReason::Relapse,
            LeftReason::NewJob => EndReason::NewJob,
            LeftReason::ScreenedOut | LeftReason::Personal | LeftReason::Other => EndReason::Other,
        }
    }
}

impl SupportType {
    /// The five types that can be delivered.
    pub const FIVE: [SupportType; 5] = [
        SupportType::Informational,
        SupportType::Companionship,
        SupportType::Emotional,
        SupportType::Instrumental,
        SupportType::Appraisal,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use rapport_proto::v1;

    fn agrees<T: Word>(prefix: &str, name_of: impl Fn(i32) -> Option<&'static str>) {
        for word in T::ALL {
            let expected = format!("{prefix}_{}", word.as_str().to_uppercase());
            assert_eq!(name_of(word.number()), Some(expected.as_str()));
        }
        assert_eq!(
            name_of(T::ALL.len() as i32 + 1),
            None,
            "{prefix} has words on the wire that this set lacks"
        );
    }

    #[test]
    fn every_word_has_its_number_on_the_wire() {
        macro_rules! check {
            ($($name:ident $wire:ident $prefix:literal),+ $(,)?) => {$(
                agrees::<$name>($prefix, |n| v1::$wire::try_from(n).ok().map(|word| word.as_str_name()));
            )+};
        }
        check! {
            RelationshipAction RelationshipAction "RELATIONSHIP_ACTION", MatchedOn MatchedOn "MATCHED_ON", Side Side "SIDE",
            EndReason EndReason "END_REASON", Attendance Attendance "ATTENDANCE", Channel Channel "CHANNEL",
            SupportType SupportType "SUPPORT_TYPE", Practice Practice "PRACTICE", AllianceAction AllianceAction "ALLIANCE_ACTION",
            RuptureCause RuptureCause "RUPTURE_CAUSE", Reporter Reporter "REPORTER", Rater Rater "RATER",
            ModellingWhat ModellingWhat "MODELLING_WHAT", Valence Valence "VALENCE", Direction Direction "DIRECTION",
            Affect Affect "AFFECT", Comparer Comparer "COMPARER", ServiceUseKind ServiceUseKind "SERVICE_USE_KIND",
            DevelopmentKind DevelopmentKind "DEVELOPMENT_KIND", SupervisionFormat SupervisionFormat "SUPERVISION_FORMAT",
            PeerAction PeerAction "PEER_ACTION", LeftReason LeftReason "LEFT_REASON", PathwayStep PathwayStep "PATHWAY_STEP",
            AcknowledgementState AcknowledgementState "ACKNOWLEDGEMENT_STATE",
            AcknowledgementAction AcknowledgementAction "ACKNOWLEDGEMENT_ACTION", Phase Phase "PHASE",
            Mechanism Mechanism "MECHANISM", Component Component "COMPONENT", DetectedBy DetectedBy "DETECTED_BY",
            Polarity Polarity "POLARITY", ScoreResult Result "RESULT",
        }
    }
}
