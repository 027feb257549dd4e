//! What each indicator means to people who are not programmers: docs/model.md is made of this.

mod alerts;
mod outcomes;
mod peer_role;
mod relationships;
mod role_modelling;
mod social_support;
mod ways_out;
mod working_alliance;

use super::Id;

/// What an indicator means to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guide {
    /// Where it belongs.
    pub chapter: Chapter,
    /// It in a sentence.
    pub sentence: &'static str,
    /// What it can tell.
    pub can_tell: &'static str,
    /// What it cannot tell.
    pub cannot_tell: &'static str,
    /// The part of the change model it speaks to.
    pub speaks_to: &'static str,
    /// The PromQL query that shows it: a recording rule of `deploy/prometheus/rules`, or the samples as they are.
    pub query: &'static str,
}

/// Where an indicator belongs: a mechanism of the change model, or what is around all four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Chapter {
    Relationships,
    PeerRole,
    WorkingAlliance,
    SocialSupport,
    RoleModelling,
    WaysOut,
    Outcomes,
    Alerts,
}

impl Chapter {
    /// All chapters, in the order in which they are read.
    pub const ALL: [Chapter; 8] = [
        Chapter::Relationships,
        Chapter::PeerRole,
        Chapter::WorkingAlliance,
        Chapter::SocialSupport,
        Chapter::RoleModelling,
        Chapter::WaysOut,
        Chapter::Outcomes,
        Chapter::Alerts,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Chapter::Relationships => "The relationships",
            Chapter::PeerRole => "Mechanism 1: the peer's role",
            Chapter::WorkingAlliance => "Mechanism 2: the working alliance",
            Chapter::SocialSupport => "Mechanism 3: experience-based social support",
            Chapter::RoleModelling => "Mechanism 4: role modelling",
            Chapter::WaysOut => "Ways out",
            Chapter::Outcomes => "Outcomes",
            Chapter::Alerts => "Alerts",
        }
    }

    /// What the change model says of it, in plain words.
    pub fn introduction(self) -> &'static str {
        match self {
            Chapter::Relationships => relationships::INTRODUCTION,
            Chapter::PeerRole => peer_role::INTRODUCTION,
            Chapter::WorkingAlliance => working_alliance::INTRODUCTION,
            Chapter::SocialSupport => social_support::INTRODUCTION,
            Chapter::RoleModelling => role_modelling::INTRODUCTION,
            Chapter::WaysOut => ways_out::INTRODUCTION,
            Chapter::Outcomes => outcomes::INTRODUCTION,
            Chapter::Alerts => alerts::INTRODUCTION,
        }
    }
}

impl Id {
    /// What the indicator means to people.
    pub fn guide(self) -> &'static Guide {
        match self {
            Id::AdvocacyContacts => &role_modelling::ADVOCACY_CONTACTS,
            Id::AdvocacyFollowed => &role_modelling::ADVOCACY_FOLLOWED,
            Id::Alerts => &alerts::ALERTS,
            Id::AlertsAcknowledged => &alerts::ALERTS_ACKNOWLEDGED,
            Id::AlertsConfirmed => &alerts::ALERTS_CONFIRMED,
            Id::AllianceBaselineDf => &working_alliance::ALLIANCE_BASELINE_DF,
            Id::AllianceBaselineSquares => &working_alliance::ALLIANCE_BASELINE_SQUARES,
            Id::AllianceBaselines => &working_alliance::ALLIANCE_BASELINES,
            Id::AllianceDyads => &working_alliance::ALLIANCE_DYADS,
            Id::AllianceRatings => &working_alliance::ALLIANCE_RATINGS,
            Id::AllianceScorePoints => &working_alliance::ALLIANCE_SCORE_POINTS,
            Id::Behaviours => &role_modelling::BEHAVIOURS,
            Id::BehavioursLearned => &role_modelling::BEHAVIOURS_LEARNED,
            Id::Breakdowns => &working_alliance::BREAKDOWNS,
            Id::BreakdownsDetected => &working_alliance::BREAKDOWNS_DETECTED,
            Id::BreakdownsDue => &working_alliance::BREAKDOWNS_DUE,
            Id::BreakdownsRepaired => &working_alliance::BREAKDOWNS_REPAIRED,
            Id::ClientDays => &relationships::CLIENT_DAYS,
            Id::Comparisons => &role_modelling::COMPARISONS,
            Id::ContactMinutes => &relationships::CONTACT_MINUTES,
            Id::Contacts => &relationships::CONTACTS,
            Id::ContactsPractice => &working_alliance::CONTACTS_PRACTICE,
            Id::ContactsSupport => &social_support::CONTACTS_SUPPORT,
            Id::Dropouts => &ways_out::DROPOUTS,
            Id::DropoutsMatched => &ways_out::DROPOUTS_MATCHED,
            Id::DropoutsSupport => &social_support::DROPOUTS_SUPPORT,
            Id::DyadDays => &relationships::DYAD_DAYS,
            Id::DyadDaysMatched => &ways_out::DYAD_DAYS_MATCHED,
            Id::DyadDaysSupport => &social_support::DYAD_DAYS_SUPPORT,
            Id::Dyads => &relationships::DYADS,
            Id::DyadsContacted => &relationships::DYADS_CONTACTED,
            Id::DyadsMatched => &ways_out::DYADS_MATCHED,
            Id::DyadsOpen => &relationships::DYADS_OPEN,
            Id::DyadsRated => &working_alliance::DYADS_RATED,
            Id::DyadsStanding => &social_support::DYADS_STANDING,
            Id::DyadsSupported => &social_support::DYADS_SUPPORTED,
            Id::Exits => &ways_out::EXITS,
            Id::ExitsMechanism => &ways_out::EXITS_MECHANISM,
            Id::ExitsSide => &ways_out::EXITS_SIDE,
            Id::OutcomePersons => &outcomes::OUTCOME_PERSONS,
            Id::OutcomeScorePoints => &outcomes::OUTCOME_SCORE_POINTS,
            Id::OutcomeScores => &outcomes::OUTCOME_SCORES,
            Id::Outcomes => &outcomes::OUTCOMES,
            Id::OutcomesRecovered => &outcomes::OUTCOMES_RECOVERED,
            Id::Pathway => &ways_out::PATHWAY,
            Id::PeerExits => &peer_role::PEER_EXITS,
            Id::PeersActive => &peer_role::PEERS_ACTIVE,
            Id::PeersOverloaded => &peer_role::PEERS_OVERLOADED,
            Id::PeersReflecting => &peer_role::PEERS_REFLECTING,
            Id::PeersSupervised => &peer_role::PEERS_SUPERVISED,
            Id::PeersTrained => &peer_role::PEERS_TRAINED,
            Id::RepairDays => &working_alliance::REPAIR_DAYS,
            Id::Repairs => &working_alliance::REPAIRS,
            Id::ServiceClients => &outcomes::SERVICE_CLIENTS,
            Id::ServiceUse => &outcomes::SERVICE_USE,
            Id::SupportRequestsDue => &social_support::SUPPORT_REQUESTS_DUE,
            Id::SupportRequestsMet => &social_support::SUPPORT_REQUESTS_MET,
        }
    }
}
