//! How relationships end, and clients who become peers.

use super::{Chapter, Guide};

pub(super) const INTRODUCTION: &str = "Clients and peers may leave at any mechanism, and leaving can be good: goals met, recovered, a new \
job, or becoming a peer. Every exit has a reason, a side (who ended it), a polarity (good, neutral, bad) and, where it is known, the \
mechanism it happened at. A *dropout* is an end for a bad reason, or a relationship without a meeting for six weeks that nobody ended: \
that is presumed lost, and taken back if the two meet again.";

const WAYS_OUT: &str = "The ways out, for clients and for peers.";
const MATCHING: &str = "None of the four: whether matching by experience, gender and so on matters is a question that the paper leaves to \
research.";

pub(super) const EXITS: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "How many relationships ended, by the reason recorded, and how many were presumed lost without one.",
    can_tell: "Why people leave, good reasons and bad.",
    cannot_tell: "The reason behind the reason. `presumed_lost` in great number means that nobody records ends, or that clients vanish.",
    speaks_to: WAYS_OUT,
    query: "max without (instance, job) (rapport_exits_90d)",
};

pub(super) const EXITS_SIDE: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "The same exits by who ended them: client, peer, service, or not known.",
    can_tell: "Whether clients walk away, peers give up or the service closes.",
    cannot_tell: "Whose fault it was.",
    speaks_to: WAYS_OUT,
    query: "max without (instance, job) (rapport_exits_side_90d)",
};

pub(super) const EXITS_MECHANISM: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "The same exits by the mechanism at which they happened, and by whether they were good, neutral or bad.",
    can_tell: "Which mechanism loses people, which is where to work.",
    cannot_tell: "What would have happened otherwise. For a presumed loss the mechanism is inferred: from an open breakdown, else from \
support that stood unmet, else it is `unknown`.",
    speaks_to: "All four mechanisms: at which of them people leave.",
    query: "max without (instance, job) (rapport_exits_mechanism_90d)",
};

pub(super) const DROPOUTS: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "How many relationships were lost: ended for a bad reason, or six weeks without a meeting.",
    can_tell: "Per 100 relationship-weeks: whether the service keeps people better or worse than before, by one written definition.",
    cannot_tell: "How you compare with others: dropout rates depend on the definition more than on the service.",
    speaks_to: WAYS_OUT,
    query: "site:rapport_dropouts_per_100_dyad_weeks:rate_90d",
};

pub(super) const DROPOUTS_MATCHED: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "How many of the dropouts were of relationships matched on gender, age, ethnicity, language, lived experience or interests.",
    can_tell: "With the days below: whether relationships matched so are lost more or less often.",
    cannot_tell: "Whether the match made the difference: people are matched on what seemed to matter for them. A relationship may be \
matched on several things and then counts at each.",
    speaks_to: MATCHING,
    query: "site_matched_on:rapport_dropouts_matched_per_100_dyad_weeks:rate_90d",
};

pub(super) const DYADS_MATCHED: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "How many relationships were open on at least one day of the window, by what they were matched on.",
    can_tell: "Of how many relationships the days in the next number are; where they are few, the days are not shown.",
    cannot_tell: "Anything where matching is not recorded: then all is `none`.",
    speaks_to: MATCHING,
    query: "max without (instance, job) (rapport_dyads_matched_90d)",
};

pub(super) const DYAD_DAYS_MATCHED: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "How many days of open relationships there were, by what they were matched on.",
    can_tell: "How common each kind of match is; dropouts by match are read against it.",
    cannot_tell: "Anything where matching is not recorded: then all is `none`.",
    speaks_to: MATCHING,
    query: "max without (instance, job) (rapport_dyad_days_matched_90d)",
};

pub(super) const PATHWAY: Guide = Guide {
    chapter: Chapter::WaysOut,
    sentence: "How many clients took a step towards becoming a peer for the first time: interested, applied, in training, active.",
    can_tell: "Whether the service grows its own peers, and at which step the way narrows.",
    cannot_tell: "What share of those interested arrives: the steps of one person fall into different windows.",
    speaks_to: "The ways out that lead back in: some clients become peers themselves.",
    query: "max without (instance, job) (rapport_pathway_90d)",
};
