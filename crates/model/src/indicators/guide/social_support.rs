//! Experience-based social support: given, asked for, met and unmet.

use super::{Chapter, Guide};

pub(super) const INTRODUCTION: &str = "Support from somebody who has been there (18 of the paper's 71 sources) comes in five types: \
*informational* (14), *companionship* (7), *emotional* (6), *instrumental* (3: meals, transport, paperwork) and *appraisal* (3: \
encouragement and feedback). Support strengthens the alliance, and a strong alliance makes support felt. Clients may also ask for \
*psychological therapy*, which peers do not give: such a request is a need the service cannot meet, and one of the ways out.";

const SUPPORT: &str = "Experience-based social support, by its five types.";
const ASSOCIATION: &str = "Whether the support made the difference. It is an association, not a cause: who is in distress asks for more \
and leaves more often.";

pub(super) const CONTACTS_SUPPORT: Guide = Guide {
    chapter: Chapter::SocialSupport,
    sentence: "In how many meetings each type of support was given.",
    can_tell: "What peers actually give, and which types are rare.",
    cannot_tell: "Whether it was what the client needed, or how much of it there was: a meeting either had it or had not.",
    speaks_to: SUPPORT,
    query: "site_support_type:rapport_contacts_support:ratio_28d",
};

pub(super) const DYADS_SUPPORTED: Guide = Guide {
    chapter: Chapter::SocialSupport,
    sentence: "How many of the open relationships received each type of support at least once.",
    can_tell: "Whether a type of support reaches many or is given again and again to the same few.",
    cannot_tell: "Whether those who did not receive it wanted it.",
    speaks_to: SUPPORT,
    query: "site_support_type:rapport_dyads_supported:ratio_28d",
};

pub(super) const SUPPORT_REQUESTS_DUE: Guide = Guide {
    chapter: Chapter::SocialSupport,
    sentence: "How many requests for each type of support have had 14 days in which they could be met.",
    can_tell: "What clients ask for, and how often they ask for therapy.",
    cannot_tell: "Needs that nobody voiced or recorded, and requests of the last 14 days.",
    speaks_to: "Experience-based social support; requests for psychological therapy speak to its limits.",
    query: "max without (instance, job) (rapport_support_requests_due_90d)",
};

pub(super) const SUPPORT_REQUESTS_MET: Guide = Guide {
    chapter: Chapter::SocialSupport,
    sentence: "How many of those requests were met in a meeting of the same two people within 14 days.",
    can_tell: "Whether clients get what they ask for, type by type. Psychological therapy never counts as met.",
    cannot_tell: "Help from elsewhere: only what the peer gave is seen.",
    speaks_to: SUPPORT,
    query: "site_support_type:rapport_support_requests_met:ratio_90d",
};

pub(super) const DROPOUTS_SUPPORT: Guide = Guide {
    chapter: Chapter::SocialSupport,
    sentence: "How many of the dropouts had received a type of support in the weeks before, or had asked for it and not got it.",
    can_tell: "With the days below: whether relationships are lost more often while a wish stands unmet than while it is met.",
    cannot_tell: ASSOCIATION,
    speaks_to: "Experience-based social support, and leaving for want of it.",
    query: "site_support_type:rapport_dropouts_support_per_100_dyad_weeks:rate_90d",
};

pub(super) const DYADS_STANDING: Guide = Guide {
    chapter: Chapter::SocialSupport,
    sentence: "In how many of the open relationships a type of support was received in the 28 days before some day, or asked for and not \
received.",
    can_tell: "Of how many relationships the days in the next number are; where they are few, the days are not shown.",
    cannot_tell: "For how long: a wish that stood open for one day counts like one that stood for a month.",
    speaks_to: SUPPORT,
    query: "max without (instance, job) (rapport_dyads_standing_90d)",
};

pub(super) const DYAD_DAYS_SUPPORT: Guide = Guide {
    chapter: Chapter::SocialSupport,
    sentence: "How many days relationships spent with a type of support received in the last 28 days, or asked for and not received.",
    can_tell: "For how long wishes stand open; dropouts by support are read against it.",
    cannot_tell: ASSOCIATION,
    speaks_to: SUPPORT,
    query: "max without (instance, job) (rapport_dyad_days_support_90d)",
};
