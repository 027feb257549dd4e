//! Every sample of a window, at 0: the closed sets.

use super::Window;
use crate::oracle::words;

/// A label and all its values.
type LabelSet<'a> = (&'a str, &'a [&'a str]);

const PLAIN: [&str; 21] = [
    "peers_active",
    "peers_supervised",
    "peers_trained",
    "peers_reflecting",
    "peers_overloaded",
    "dyads_open",
    "dyad_days",
    "dyads_rated",
    "dyads_contacted",
    "alliance_baselines",
    "alliance_baseline_squares",
    "alliance_baseline_df",
    "breakdowns_due",
    "breakdowns_repaired",
    "repairs",
    "repair_days",
    "contact_minutes",
    "dropouts",
    "advocacy_contacts",
    "advocacy_followed",
    "client_days",
];

const POINTS: [&str; 3] = ["alliance_score_points", "alliance_baseline_squares", "outcome_score_points"];

impl Window<'_> {
    /// Declares every sample of the window.
    pub(super) fn declare(&mut self) {
        for name in PLAIN {
            self.counts.declare(&self.name(name));
        }
        self.declare_dyads();
        self.declare_others();
        for name in POINTS {
            self.counts.are_points(&self.name(name));
        }
    }

    fn declare_each(&mut self, sets: &[(&str, &[LabelSet<'_>])]) {
        for (name, labels) in sets {
            self.counts.declare_by(&self.name(name), labels);
        }
    }

    fn declare_dyads(&mut self) {
        let reasons: Vec<&str> =
            words::REASONS.iter().map(|(reason, _, _)| *reason).chain(["presumed_lost"]).collect();
        let exit_mechanisms: Vec<&str> = words::MECHANISMS.iter().copied().chain(["none"]).collect();
        let basis: LabelSet<'_> = ("basis", &["received", "unmet"]);
        let six: LabelSet<'_> = ("support_type", &words::SIX);
        let five: LabelSet<'_> = ("support_type", &words::FIVE);
        self.declare_each(&[
            ("alliance_ratings", &[("component", &words::COMPONENTS)]),
            ("alliance_dyads", &[("component", &words::COMPONENTS)]),
            ("alliance_score_points", &[("component", &words::COMPONENTS)]),
            ("breakdowns", &[("mechanism", &words::MECHANISMS)]),
            ("breakdowns_detected", &[("by", &words::DETECTED_BY)]),
            ("contacts", &[("attendance", &words::ATTENDANCE)]),
            ("contacts_practice", &[("practice", &words::PRACTICES)]),
            ("contacts_support", &[five]),
            ("dyads_supported", &[five]),
            ("support_requests_due", &[six]),
            ("support_requests_met", &[six]),
            ("dropouts_support", &[six, basis]),
            ("dyads_standing", &[six, basis]),
            ("dyad_days_support", &[six, basis]),
            ("dropouts_matched", &[("matched_on", &words::MATCHED_ON)]),
            ("dyads_matched", &[("matched_on", &words::MATCHED_ON)]),
            ("dyad_days_matched", &[("matched_on", &words::MATCHED_ON)]),
            ("exits", &[("reason", &reasons)]),
            ("exits_side", &[("side", &words::SIDES)]),
            ("exits_mechanism", &[("mechanism", &exit_mechanisms), ("polarity", &words::POLARITIES)]),
        ]);
    }

    fn declare_others(&mut self) {
        let valence: LabelSet<'_> = ("valence", &["positive", "negative"]);
        let by: LabelSet<'_> = ("by", &["client", "peer"]);
        let direction: LabelSet<'_> = ("direction", &["upward", "lateral", "downward"]);
        let affect: LabelSet<'_> = ("affect", &["positive", "neutral", "negative"]);
        let construct: LabelSet<'_> = ("construct", &words::CONSTRUCTS);
        let person: LabelSet<'_> = ("person", &["client", "peer"]);
        let result: LabelSet<'_> = ("result", &["improved", "deteriorated", "unchanged"]);
        let alert: LabelSet<'_> = ("alert", &words::ALERTS);
        self.declare_each(&[
            ("peer_exits", &[("reason", &words::LEFT_REASONS)]),
            ("behaviours", &[("what", &["modelled", "enacted"]), valence]),
            ("behaviours_learned", &[valence]),
            ("comparisons", &[by, direction, affect]),
            ("outcomes", &[construct, person, result]),
            ("outcomes_recovered", &[construct, person]),
            ("outcome_scores", &[construct, person]),
            ("outcome_persons", &[construct, person]),
            ("outcome_score_points", &[construct, person]),
            ("service_clients", &[("kind", &words::SERVICE_USE)]),
            ("service_use", &[("kind", &words::SERVICE_USE)]),
            ("pathway", &[("step", &words::STEPS)]),
            ("alerts", &[alert]),
            ("alerts_acknowledged", &[alert]),
            ("alerts_confirmed", &[alert]),
        ]);
    }
}
