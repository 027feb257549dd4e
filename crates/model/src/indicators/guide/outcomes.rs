//! What becomes of people.

use super::{Chapter, Guide};

pub(super) const INTRODUCTION: &str = "The paper names outcomes for clients (hope, self-esteem, coping, less isolation, fewer \
admissions and more) and for peers (identity as a helper, competence, quality of life, meaning). Rapport measures those for which you \
use an instrument, and says no more than the instrument allows: a change counts only if it is larger than the instrument's reliable \
change, and where none is published nothing is called a change. There is no comparison group. These numbers cannot show that the \
service caused anything, and they can show that nothing changed or that something got worse.";

const OUTCOMES_OF_ALL: &str = "The outcomes of all four mechanisms.";
const NO_CAUSE: &str = "That the service brought it about: there is no comparison group, and people who fare badly are measured less \
often.";

pub(super) const OUTCOMES: Guide = Guide {
    chapter: Chapter::Outcomes,
    sentence: "How many people stand reliably better, reliably worse or about the same as when they were first measured.",
    can_tell: "For each construct (hope, distress and so on), for clients and for peers: how many moved by more than the instrument's \
error.",
    cannot_tell: NO_CAUSE,
    speaks_to: OUTCOMES_OF_ALL,
    query: "site_construct_person_result:rapport_outcomes:ratio_90d",
};

pub(super) const OUTCOMES_RECOVERED: Guide = Guide {
    chapter: Chapter::Outcomes,
    sentence: "How many of those who improved were in the clinical range at first and are not any more.",
    can_tell: "Whether improvement reaches as far as the instrument's cut-off. Where no cut-off is published it is always 0.",
    cannot_tell: NO_CAUSE,
    speaks_to: OUTCOMES_OF_ALL,
    query: "site_construct_person:rapport_outcomes_recovered:ratio_90d",
};

pub(super) const OUTCOME_SCORES: Guide = Guide {
    chapter: Chapter::Outcomes,
    sentence: "How many scores people gave of themselves with the main instrument of a construct.",
    can_tell: "How many answers a mean score is made of.",
    cannot_tell: "How many people gave them.",
    speaks_to: OUTCOMES_OF_ALL,
    query: "max without (instance, job) (rapport_outcome_scores_90d)",
};

pub(super) const OUTCOME_PERSONS: Guide = Guide {
    chapter: Chapter::Outcomes,
    sentence: "How many people gave those scores.",
    can_tell: "Of how many people a mean score is; where they are few, the mean is not shown.",
    cannot_tell: "Whether one of them was asked more often than others and weighs more in the mean.",
    speaks_to: OUTCOMES_OF_ALL,
    query: "max without (instance, job) (rapport_outcome_persons_90d)",
};

pub(super) const OUTCOME_SCORE_POINTS: Guide = Guide {
    chapter: Chapter::Outcomes,
    sentence: "The sum of those scores on a scale from 0 (worst) to 1 (best); divided by their number it is the mean.",
    can_tell: "How the people who were measured were doing on average.",
    cannot_tell: "Whether anybody changed: the mean moves when other people are measured. For change read `outcomes`.",
    speaks_to: OUTCOMES_OF_ALL,
    query: "site_construct_person:rapport_outcome_score:mean_90d",
};

pub(super) const SERVICE_CLIENTS: Guide = Guide {
    chapter: Chapter::Outcomes,
    sentence: "How many clients used other services while they had a peer, by what they used.",
    can_tell: "Whether the uses in the next number are those of many or of a few; where they are few, the uses are not shown.",
    cannot_tell: "Whether those who are not counted did without: what other services do not tell you is not counted.",
    speaks_to: "Role modelling (strengths-based advocacy leads to services), and the outcomes of all four.",
    query: "max without (instance, job) (rapport_service_clients_90d)",
};

pub(super) const SERVICE_USE: Guide = Guide {
    chapter: Chapter::Outcomes,
    sentence: "How much clients used other services while they had a peer: appointments kept and missed, admissions, days in hospital, \
crisis contacts, days of substance use.",
    can_tell: "Per 100 client-weeks: whether use goes up or down.",
    cannot_tell: "Whether more is better: an appointment kept is, a day in hospital may be. What other services do not tell you is not \
counted. Days on which the relationship was paused or lost count in the use, but not in the weeks.",
    speaks_to: "Role modelling (strengths-based advocacy leads to services), and the outcomes of all four.",
    query: "site_kind:rapport_service_use_per_100_client_weeks:rate_90d",
};
