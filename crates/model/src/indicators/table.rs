//! The table.

use super::{Indicator, Kind, LabelSet, Span, Unit, With};

macro_rules! span {
    (windowed) => {
        Span::Windows
    };
    (days) => {
        Span::Days
    };
    (today) => {
        Span::Today
    };
}

macro_rules! table {
    ($($id:ident $name:literal [$($label:ident: $set:ident),*] $when:ident, $kind:expr, $help:literal;)+) => {
        /// Which indicator; its place in [`CATALOGUE`] is `id as usize`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Id { $(#[doc = $help] $id),+ }

        /// All indicators, by name.
        pub const CATALOGUE: &[Indicator] = &[$(Indicator {
            id: Id::$id,
            name: $name,
            help: $help,
            labels: &[$((stringify!($label), LabelSet::$set)),*],
            span: span!($when),
            kind: $kind,
        }),+];
    };
}

const COUNT: Kind = Kind::Count;

const fn count(id: Id, same: &'static [&'static str]) -> With {
    With { id, same, fixed: &[] }
}

const fn whole(with: With, of: Option<With>) -> Kind {
    Kind::Sum { with, of, unit: Unit::Whole }
}

const OPEN: With = count(Id::DyadsOpen, &[]);

/// What is summed over all dyads or their clients goes with the dyads open.
const OF_DYADS: Kind = whole(OPEN, None);

/// What is summed over a part of them is scaled as what is summed over all, so that its share of that stays the true one,
/// and is of the dyads or clients of that part.
const DAYS_MATCHED: Kind = whole(OPEN, Some(count(Id::DyadsMatched, &["matched_on"])));

const DAYS_SUPPORT: Kind = whole(OPEN, Some(count(Id::DyadsStanding, &["support_type", "basis"])));

const SERVICE_USE: Kind = whole(OPEN, Some(count(Id::ServiceClients, &["kind"])));

const CONTACT_MINUTES: Kind = whole(
    With { id: Id::Contacts, same: &[], fixed: &[("attendance", "attended")] },
    Some(count(Id::DyadsContacted, &[])),
);

const REPAIR_DAYS: Kind = whole(count(Id::Repairs, &[]), None);

/// One client may have rated ten times: the number of ratings says nothing of how few people gave them.
const SCORE_POINTS: Kind = Kind::Sum {
    with: count(Id::AllianceRatings, &["component"]),
    of: Some(count(Id::AllianceDyads, &["component"])),
    unit: Unit::Scores,
};

const OUTCOME_POINTS: Kind = Kind::Sum {
    with: count(Id::OutcomeScores, &["construct", "person"]),
    of: Some(count(Id::OutcomePersons, &["construct", "person"])),
    unit: Unit::Scores,
};

/// Several degrees of freedom come of one baseline, so that their own size says nothing of how few cases there are.
const OF_BASELINES: With = count(Id::AllianceBaselines, &[]);

const BASELINE_DF: Kind = whole(OF_BASELINES, None);

const BASELINE_SQUARES: Kind = Kind::Sum { with: OF_BASELINES, of: None, unit: Unit::Squares };

table! {
    AdvocacyContacts "advocacy_contacts" [] windowed, COUNT,
        "Contacts attended with strengths-based advocacy in a window of the same length that ended 28 days earlier";
    AdvocacyFollowed "advocacy_followed" [] windowed, COUNT,
        "Of those advocacy contacts, those followed within 28 days by an appointment that their client kept";
    Alerts "alerts" [alert: Alert] windowed, COUNT,
        "Alerts whose stretch began in the window, by kind";
    AlertsAcknowledged "alerts_acknowledged" [alert: Alert] windowed, COUNT,
        "Of those alerts, those with an acknowledgement";
    AlertsConfirmed "alerts_confirmed" [alert: Alert] windowed, COUNT,
        "Of those alerts, those whose latest finding says that they were right";
    AllianceBaselineDf "alliance_baseline_df" [] windowed, BASELINE_DF,
        "Degrees of freedom of the baselines of the primary alliance instrument filled in the window";
    AllianceBaselineSquares "alliance_baseline_squares" [] windowed, BASELINE_SQUARES,
        "Sum of squared deviations within the baselines of the primary alliance instrument filled in the window";
    AllianceBaselines "alliance_baselines" [] windowed, COUNT,
        "Baselines of the primary alliance instrument filled in the window";
    AllianceDyads "alliance_dyads" [component: ScoreComponent] windowed, COUNT,
        "Dyads with a client-rated measure of the primary alliance instrument in the window, by component it has";
    AllianceRatings "alliance_ratings" [component: ScoreComponent] windowed, COUNT,
        "Client-rated measures of the primary alliance instrument in the window, by component they have";
    AllianceScorePoints "alliance_score_points" [component: ScoreComponent] windowed, SCORE_POINTS,
        "Sum of the normalised scores (0 to 1) of those measures, by component";
    Behaviours "behaviours" [what: Behaviour, valence: Valence] windowed, COUNT,
        "Behaviours that peers modelled and clients enacted in the window, by valence";
    BehavioursLearned "behaviours_learned" [valence: Valence] windowed, COUNT,
        "Behaviours enacted in the window that a peer had modelled to that client in the 28 days before";
    Breakdowns "breakdowns" [mechanism: Mechanism] windowed, COUNT,
        "Breakdowns opened in the window, by mechanism";
    BreakdownsDetected "breakdowns_detected" [by: DetectedBy] windowed, COUNT,
        "Breakdowns opened in the window, by what showed them";
    BreakdownsDue "breakdowns_due" [] windowed, COUNT,
        "Breakdowns opened in a window of the same length that ended 28 days earlier";
    BreakdownsRepaired "breakdowns_repaired" [] windowed, COUNT,
        "Of the breakdowns due, those repaired within 28 days";
    ClientDays "client_days" [] days, OF_DYADS,
        "Sum over the days of the window of the clients with a dyad open that day";
    Comparisons "comparisons" [by: Comparer, direction: Direction, affect: Affect] windowed, COUNT,
        "Comparisons in the window, by who compares, with whom, and how it felt";
    ContactMinutes "contact_minutes" [] windowed, CONTACT_MINUTES,
        "Minutes of the contacts attended in the window";
    Contacts "contacts" [attendance: Attendance] windowed, COUNT,
        "Contacts in the window, by attendance";
    ContactsPractice "contacts_practice" [practice: Practice] windowed, COUNT,
        "Contacts attended in the window with that practice";
    ContactsSupport "contacts_support" [support_type: SupportType] windowed, COUNT,
        "Contacts attended in the window that delivered that type of support";
    Dropouts "dropouts" [] windowed, COUNT,
        "Dropouts in the window: presumed dropouts that stand and ends of negative polarity";
    DropoutsMatched "dropouts_matched" [matched_on: MatchedOn] windowed, COUNT,
        "Dropouts in the window, by what client and peer were matched on";
    DropoutsSupport "dropouts_support" [support_type: RequestedType, basis: Basis] windowed, COUNT,
        "Dropouts in the window whose dyad stood so for that type of support";
    DyadDays "dyad_days" [] days, OF_DYADS,
        "Sum over the days of the window of the dyads open that day";
    DyadDaysMatched "dyad_days_matched" [matched_on: MatchedOn] days, DAYS_MATCHED,
        "Sum over the days of the window of the open dyads, by what client and peer were matched on";
    DyadDaysSupport "dyad_days_support" [support_type: RequestedType, basis: Basis] days, DAYS_SUPPORT,
        "Sum over the days of the window of the open dyads that stood so for that type of support that day";
    Dyads "dyads" [phase: Phase] today, COUNT,
        "Dyads with an open episode at the end of the release's day, by phase";
    DyadsContacted "dyads_contacted" [] windowed, COUNT,
        "Of the dyads open in the window, those with an attended contact in it";
    DyadsMatched "dyads_matched" [matched_on: MatchedOn] windowed, COUNT,
        "Dyads open on some day of the window, by what client and peer were matched on";
    DyadsOpen "dyads_open" [] windowed, COUNT,
        "Dyads open on some day of the window";
    DyadsRated "dyads_rated" [] windowed, COUNT,
        "Of the dyads open in the window, those with an alliance rating in it";
    DyadsStanding "dyads_standing" [support_type: RequestedType, basis: Basis] windowed, COUNT,
        "Dyads open on some day of the window on which they stood so for that type of support";
    DyadsSupported "dyads_supported" [support_type: SupportType] windowed, COUNT,
        "Of the dyads open in the window, those that received that type of support in it";
    Exits "exits" [reason: ExitReason] windowed, COUNT,
        "Ends and standing presumed dropouts in the window, by reason";
    ExitsMechanism "exits_mechanism" [mechanism: ExitMechanism, polarity: Polarity] windowed, COUNT,
        "Ends and standing presumed dropouts in the window, by mechanism and polarity";
    ExitsSide "exits_side" [side: ExitSide] windowed, COUNT,
        "Ends and standing presumed dropouts in the window, by whose they are";
    OutcomePersons "outcome_persons" [construct: Construct, person: Person] windowed, COUNT,
        "Persons with a score in the window of the primary instrument of a construct, rated by themselves";
    OutcomeScorePoints "outcome_score_points" [construct: Construct, person: Person] windowed, OUTCOME_POINTS,
        "Sum of the normalised scores (0 to 1) of those outcome scores, by construct and whom they are about";
    OutcomeScores "outcome_scores" [construct: Construct, person: Person] windowed, COUNT,
        "Scores in the window of the primary instrument of a construct, rated by the person they are about";
    Outcomes "outcomes" [construct: Construct, person: Person, result: Result] windowed, COUNT,
        "Persons by what became of a construct: their last score in the window against the first of its series";
    OutcomesRecovered "outcomes_recovered" [construct: Construct, person: Person] windowed, COUNT,
        "Of those that improved, persons whose first score was clinical and whose last is not";
    Pathway "pathway" [step: PathwayStep] windowed, COUNT,
        "Clients who took that step towards becoming a peer for the first time in the window";
    PeerExits "peer_exits" [reason: LeftReason] windowed, COUNT,
        "Peers leaving in the window, by reason";
    PeersActive "peers_active" [] windowed, COUNT,
        "Peers with an attended contact in the window";
    PeersOverloaded "peers_overloaded" [] windowed, COUNT,
        "Of the peers active in the window, those with more open dyads than they can carry at the end of the release's day";
    PeersReflecting "peers_reflecting" [] windowed, COUNT,
        "Of the peers active in the window, those with a reflection in it";
    PeersSupervised "peers_supervised" [] windowed, COUNT,
        "Of the peers active in the window, those with a supervision held in it";
    PeersTrained "peers_trained" [] windowed, COUNT,
        "Of the peers active in the window, those whose mandatory training is all valid at the end of the release's day";
    RepairDays "repair_days" [] windowed, REPAIR_DAYS,
        "Sum of the days from the opening of a breakdown to its repair, of the repairs in the window";
    Repairs "repairs" [] windowed, COUNT,
        "Breakdowns repaired in the window";
    ServiceClients "service_clients" [kind: ServiceUseKind] windowed, COUNT,
        "Clients who used other services in the window on a day with an open episode, by kind";
    ServiceUse "service_use" [kind: ServiceUseKind] windowed, SERVICE_USE,
        "Uses of other services in the window by clients with an open episode on that day, by kind";
    SupportRequestsDue "support_requests_due" [support_type: RequestedType] windowed, COUNT,
        "Requests for that type of support made in a window of the same length that ended 14 days earlier";
    SupportRequestsMet "support_requests_met" [support_type: RequestedType] windowed, COUNT,
        "Of the requests due, those met within 14 days";
}
