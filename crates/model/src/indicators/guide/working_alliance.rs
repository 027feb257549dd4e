//! The working alliance: bond, goals and tasks, what breaks it and what mends it.

use super::{Chapter, Guide};

pub(super) const INTRODUCTION: &str = "The main mechanism in 33 of the paper's 71 sources: a bond, agreement on goals, and working \
together on tasks. Its practical parts are *experiential knowledge* (36 sources: shared hardship, self-disclosure, storytelling, done \
safely), *positive regard* (13: empathy, acceptance, active listening), *normalisation* and *empowerment*. Rapport sees the alliance \
mostly through what clients say of it: a relationship is compared with its own first ratings, never with other people's. A break that \
is repaired is no failure. In research, repair goes with good outcomes.";

const ALLIANCE: &str = "The working alliance: bond, goals, collaboration.";
const BREAKS: &str = "The working alliance, and, by the cause, whichever mechanism the break happened at.";

pub(super) const DYADS_RATED: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "In how many of the open relationships the client was asked about the alliance and answered.",
    can_tell: "Whether anybody is looking. Read it before every other number of this chapter.",
    cannot_tell: "How those who were not asked, or did not answer, see it; they are often the ones who are less well.",
    speaks_to: ALLIANCE,
    query: "site:rapport_dyads_rated:ratio_28d",
};

pub(super) const ALLIANCE_RATINGS: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "How many alliance ratings clients gave with the main instrument, in all and for bond, goals and tasks.",
    can_tell: "How many answers a mean score is made of.",
    cannot_tell: "How many clients gave them: one client may have rated ten times.",
    speaks_to: ALLIANCE,
    query: "max without (instance, job) (rapport_alliance_ratings_28d)",
};

pub(super) const ALLIANCE_DYADS: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "In how many relationships those ratings were given, in all and for bond, goals and tasks.",
    can_tell: "Of how many relationships a mean score is; where they are few, the mean is not shown.",
    cannot_tell: "Whether one of them was asked more often than others and weighs more in the mean.",
    speaks_to: ALLIANCE,
    query: "max without (instance, job) (rapport_alliance_dyads_28d)",
};

pub(super) const ALLIANCE_SCORE_POINTS: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "The sum of those ratings on a scale from 0 (worst) to 1 (best); divided by their number it is the mean alliance.",
    can_tell: "How the alliance of a whole site moves, and which part of it lags behind.",
    cannot_tell: "Whether it is good enough: most clients rate high, and no cut-off is validated. A mean also moves when other people \
are asked.",
    speaks_to: ALLIANCE,
    query: "site_component:rapport_alliance_score:mean_28d",
};

pub(super) const ALLIANCE_BASELINES: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "In how many relationships the client's first ratings became complete, so that later ones can be compared with them.",
    can_tell: "On how many pairs the next two numbers rest, and in how many relationships a fall can be seen from then on.",
    cannot_tell: "How those relationships go: it counts that the first ratings are there, not what they say. A relationship that ended \
and was taken up again is counted again.",
    speaks_to: "None: it says how much the check of the yardstick rests on.",
    query: "max without (instance, job) (rapport_alliance_baselines_90d)",
};

pub(super) const ALLIANCE_BASELINE_SQUARES: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "How far the first ratings of relationships scatter around each one's own mean (a sum of squares).",
    can_tell: "With the next number: how much one pair's ratings usually vary. If that is far from the spread your instrument catalogue \
assumes, breakdowns are found too often or too seldom, and the catalogue should be given your own value.",
    cannot_tell: "Anything about how people are.",
    speaks_to: "None: it checks the yardstick with which breaks of the alliance are found.",
    query: "site:rapport_alliance_within_dyad_sd:sqrt_90d",
};

pub(super) const ALLIANCE_BASELINE_DF: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "On how many independent comparisons that scatter rests (degrees of freedom).",
    can_tell: "Whether there is enough to judge by: below a few hundred, leave the assumed spread as it is.",
    cannot_tell: "Anything about how people are.",
    speaks_to: "None: it checks the yardstick with which breaks of the alliance are found.",
    query: "max without (instance, job) (rapport_alliance_baseline_df_90d)",
};

pub(super) const BREAKDOWNS: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "How many alliances broke down, by the mechanism at which it happened.",
    can_tell: "Where relationships break: in the alliance itself, over support that did not come, over comparison or harm, or over the \
peer's role.",
    cannot_tell: "That each was real. In stable relationships the rule for ratings raises a false one in about 4 to 9 of 100 within 12 \
sessions, and breakdowns are seen only where ratings are taken or ruptures reported.",
    speaks_to: BREAKS,
    query: "max without (instance, job) (rapport_breakdowns_90d)",
};

pub(super) const BREAKDOWNS_DETECTED: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "The same breakdowns by what showed them: ratings, a report, missed meetings, or only the end of the relationship.",
    can_tell: "Whether you learn of breaks in time. Many that show only by `exit` were not seen while something could be done.",
    cannot_tell: "Breaks that nobody rated, reported or acted on.",
    speaks_to: BREAKS,
    query: "site:rapport_breakdowns_per_100_dyad_weeks:rate_90d",
};

pub(super) const BREAKDOWNS_DUE: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "How many breakdowns have had 28 days in which they could be repaired.",
    can_tell: "How many breakdowns the share of repaired ones is made of.",
    cannot_tell: "Anything about breakdowns of the last 28 days: those are too young to be judged.",
    speaks_to: BREAKS,
    query: "max without (instance, job) (rapport_breakdowns_due_90d)",
};

pub(super) const BREAKDOWNS_REPAIRED: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "How many of those were repaired within 28 days: reported as repaired, or by two ratings back near the usual.",
    can_tell: "Whether supervision and peers mend what breaks.",
    cannot_tell: "Who mended it, or whether it will last.",
    speaks_to: BREAKS,
    query: "site:rapport_breakdowns_repaired:ratio_90d",
};

pub(super) const REPAIRS: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "How many breakdowns were repaired in the window, however long it took.",
    can_tell: "That alliances are being mended, and how many repairs the mean time to repair is made of.",
    cannot_tell: "What share was repaired: breakdowns that never are do not appear here.",
    speaks_to: BREAKS,
    query: "max without (instance, job) (rapport_repairs_90d)",
};

pub(super) const REPAIR_DAYS: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "How many days those repairs took, all together.",
    can_tell: "With the number of repairs: how long a mended break had lasted on average.",
    cannot_tell: "How long breaks last that were not repaired: the mean looks better where the hard ones end instead.",
    speaks_to: BREAKS,
    query: "site:rapport_repair_days:mean_90d",
};

pub(super) const CONTACTS_PRACTICE: Guide = Guide {
    chapter: Chapter::WorkingAlliance,
    sentence: "In how many meetings the peer did what the change model describes: self-disclosure, listening, setting goals together and \
so on.",
    can_tell: "Which practices are alive here, and which are taught but hardly ever recorded.",
    cannot_tell: "How well it was done, or how the client took it: it is what the peer or the form says.",
    speaks_to: "The working alliance: experiential knowledge (self-disclosure, storytelling), positive regard (active listening, empathy, \
acceptance), normalisation, empowerment (goal setting, shared decisions); and role modelling (strengths-based advocacy, role modelling).",
    query: "site_practice:rapport_contacts_practice:ratio_28d",
};
