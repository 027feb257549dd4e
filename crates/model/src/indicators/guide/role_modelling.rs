//! Role modelling: social learning, social comparison, strengths-based advocacy.

use super::{Chapter, Guide};

pub(super) const INTRODUCTION: &str = "*Social learning* (20 of the paper's 71 sources): people copy models who resemble them. \
*Social comparison* (6): to compare oneself upward usually hurts those with low self-esteem, but with a valued and liked peer it can \
lift; peers may gain from seeing how far they have come. *Strengths-based advocacy*: a peer breaks down barriers to other services. \
The mechanism has a dark side, for clients and for peers, and Rapport counts that too.";

const LEARNING: &str = "Role modelling: social learning.";
const ADVOCACY: &str = "Role modelling: strengths-based advocacy.";

pub(super) const BEHAVIOURS: Guide = Guide {
    chapter: Chapter::RoleModelling,
    sentence: "How often peers modelled a behaviour and clients enacted one, wanted or harmful.",
    can_tell: "Whether role modelling is noticed here at all, and whether harmful behaviour is among it.",
    cannot_tell: "How much was not noticed: it is what people thought worth recording.",
    speaks_to: LEARNING,
    query: "max without (instance, job) (rapport_behaviours_90d)",
};

pub(super) const BEHAVIOURS_LEARNED: Guide = Guide {
    chapter: Chapter::RoleModelling,
    sentence: "How often a client enacted what a peer had modelled to them in the 28 days before.",
    can_tell: "Whether what peers show is taken up, the harmful as well as the wanted.",
    cannot_tell: "That the client learned it from the peer: they may have done it anyway. The codes must be the same on both sides.",
    speaks_to: LEARNING,
    query: "site_valence:rapport_behaviours_learned:ratio_90d",
};

pub(super) const COMPARISONS: Guide = Guide {
    chapter: Chapter::RoleModelling,
    sentence: "How often clients or peers compared themselves with the other, in which direction, and how it felt.",
    can_tell: "Whether comparison lifts or hurts, and whom.",
    cannot_tell: "How people feel who do not speak of it.",
    speaks_to: "Role modelling: social comparison.",
    query: "site_by_direction:rapport_comparisons_negative:ratio_90d",
};

pub(super) const ADVOCACY_CONTACTS: Guide = Guide {
    chapter: Chapter::RoleModelling,
    sentence: "In how many meetings, 28 days ago or longer, the peer spoke up for the client's strengths and access to services.",
    can_tell: "How many meetings the share of followed advocacy is made of.",
    cannot_tell: "Anything about advocacy of the last 28 days: what follows it is still open.",
    speaks_to: ADVOCACY,
    query: "max without (instance, job) (rapport_advocacy_contacts_90d)",
};

pub(super) const ADVOCACY_FOLLOWED: Guide = Guide {
    chapter: Chapter::RoleModelling,
    sentence: "How many of those meetings were followed within 28 days by an appointment that the client kept.",
    can_tell: "Whether advocacy goes with using other services.",
    cannot_tell: "That the advocacy brought it about. Where appointments kept are not recorded, it is always 0.",
    speaks_to: ADVOCACY,
    query: "site:rapport_advocacy_followed:ratio_90d",
};
