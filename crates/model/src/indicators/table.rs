//! The table.

use super::{Indicator, Kind, LabelSet, With};

macro_rules! windowed {
    (windowed) => {
        true
    };
    (today) => {
        false
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
            windowed: windowed!($when),
            kind: $kind,
        }),+];
    };
}

const COUNT: Kind = Kind::Count;

/// Days of dyads go with the dyads open.
const DYAD_DAYS: Kind = Kind::Sum { with: With { id: Id::DyadsOpen, same: &[], fixed: &[] }, points: false };

const CONTACT_MINUTES: Kind = Kind::Sum {
    with: With { id: Id::Contacts, same: &[], fixed: &[("attendance", "attended")] },
    points: false,
};

const REPAIR_DAYS: Kind = Kind::Sum { with: With { id: Id::Repairs, same: &[], fixed: &[] }, points: false };

const SCORE_POINTS: Kind =
    Kind::Sum { with: With { id: Id::AllianceRatings, same: &["component"], fixed: &[] }, points: true };

const BASELINE_SQUARES: Kind =
    Kind::Sum { with: With { id: Id::AllianceBaselineDf, same: &[], fixed: &[] }, points: true };

table! {
    AllianceBaselineDf "alliance_baseline_df" [] windowed, COUNT,
        "Degrees of freedom of the baselines of the primary alliance instrument filled in the window";
    AllianceBaselineSquares "alliance_baseline_squares" [] windowed, BASELINE_SQUARES,
        "Sum of squared deviations within the baselines of the primary alliance instrument filled in the window";
    AllianceRatings "alliance_ratings" [component: ScoreComponent] windowed, COUNT,
        "Client-rated measures of the primary alliance instrument in the window, by component they have";
    AllianceScorePoints "alliance_score_points" [component: ScoreComponent] windowed, SCORE_POINTS,
        "Sum of the normalised scores (0 to 1) of those measures, by component";
    Breakdowns "breakdowns" [mechanism: Mechanism] windowed, COUNT,
        "Breakdowns opened in the window, by mechanism";
    BreakdownsDetected "breakdowns_detected" [by: DetectedBy] windowed, COUNT,
        "Breakdowns opened in the window, by what showed them";
    BreakdownsDue "breakdowns_due" [] windowed, COUNT,
        "Breakdowns opened in a window of the same length that ended 28 days earlier";
    BreakdownsRepaired "breakdowns_repaired" [] windowed, COUNT,
        "Of the breakdowns due, those repaired within 28 days";
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
    DyadDays "dyad_days" [] windowed, DYAD_DAYS,
        "Sum over the days of the window of the dyads open that day";
    DyadDaysMatched "dyad_days_matched" [matched_on: MatchedOn] windowed, DYAD_DAYS,
        "Sum over the days of the window of the open dyads, by what client and peer were matched on";
    DyadDaysSupport "dyad_days_support" [support_type: RequestedType, basis: Basis] windowed, DYAD_DAYS,
        "Sum over the days of the window of the open dyads that stood so for that type of support that day";
    Dyads "dyads" [phase: Phase] today, COUNT,
        "Dyads with an open episode at the end of the release's day, by phase";
    DyadsContacted "dyads_contacted" [] windowed, COUNT,
        "Of the dyads open in the window, those with an attended contact in it";
    DyadsOpen "dyads_open" [] windowed, COUNT,
        "Dyads open on some day of the window";
    DyadsRated "dyads_rated" [] windowed, COUNT,
        "Of the dyads open in the window, those with an alliance rating in it";
    DyadsSupported "dyads_supported" [support_type: SupportType] windowed, COUNT,
        "Of the dyads open in the window, those that received that type of support in it";
    Exits "exits" [reason: ExitReason] windowed, COUNT,
        "Ends and standing presumed dropouts in the window, by reason";
    ExitsMechanism "exits_mechanism" [mechanism: ExitMechanism, polarity: Polarity] windowed, COUNT,
        "Ends and standing presumed dropouts in the window, by mechanism and polarity";
    ExitsSide "exits_side" [side: ExitSide] windowed, COUNT,
        "Ends and standing presumed dropouts in the window, by whose they are";
    RepairDays "repair_days" [] windowed, REPAIR_DAYS,
        "Sum of the days from the opening of a breakdown to its repair, of the repairs in the window";
    Repairs "repairs" [] windowed, COUNT,
        "Breakdowns repaired in the window";
    SupportRequestsDue "support_requests_due" [support_type: RequestedType] windowed, COUNT,
        "Requests for that type of support made in a window of the same length that ended 14 days earlier";
    SupportRequestsMet "support_requests_met" [support_type: RequestedType] windowed, COUNT,
        "Of the requests due, those met within 14 days";
}
