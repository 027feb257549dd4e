//! How many relationships there are, and how often people meet.

use super::{Chapter, Guide};

pub(super) const INTRODUCTION: &str = "The change model needs people who meet. These numbers say how many relationships there are, \
how often they meet and for how long. All other numbers are read against them: ten breakdowns mean one thing among twenty \
relationships and another among two hundred. A relationship is one client and one peer; an episode of it lasts from its start to its \
end, and the same two people may have several.";

const ALL_FOUR: &str = "All four mechanisms: none of them works without contact.";

pub(super) const DYADS: Guide = Guide {
    chapter: Chapter::Relationships,
    sentence: "Where each relationship stands at the end of the day: forming, working, unmonitored, on watch, broken down, paused or \
presumed lost.",
    can_tell: "How the caseload divides, and how much of it nobody is looking at: `unmonitored` means that the client has not been \
asked about the alliance for four weeks.",
    cannot_tell: "Whether a relationship is good. `working` says that ratings are coming in and that none of the rules for watch or \
breakdown applies.",
    speaks_to: ALL_FOUR,
    query: "max without (instance, job) (rapport_dyads)",
};

pub(super) const DYADS_OPEN: Guide = Guide {
    chapter: Chapter::Relationships,
    sentence: "How many relationships were open on at least one day of the window: begun, not ended, not paused, not presumed lost.",
    can_tell: "The size of the service, and whether a share beside it is a share of many or of few.",
    cannot_tell: "How many clients there are: a client with two peers has two relationships.",
    speaks_to: ALL_FOUR,
    query: "max without (instance, job) (rapport_dyads_open_28d)",
};

pub(super) const DYAD_DAYS: Guide = Guide {
    chapter: Chapter::Relationships,
    sentence: "How many days of open relationships the window held: two relationships open for a week are 14.",
    can_tell: "How much time there was in which something could happen. Rates such as dropouts per 100 relationship-weeks are made \
with it, so that a growing service is not mistaken for a failing one.",
    cannot_tell: "Anything about what happened in that time.",
    speaks_to: ALL_FOUR,
    query: "max without (instance, job) (rapport_dyad_days_90d)",
};

pub(super) const CLIENT_DAYS: Guide = Guide {
    chapter: Chapter::Relationships,
    sentence: "How many days the window held on which a client had an open relationship, counting each client once a day.",
    can_tell: "How much client time the service covered; service use is read against it.",
    cannot_tell: "How many clients there were: one client for 28 days and four clients for a week are the same number.",
    speaks_to: ALL_FOUR,
    query: "max without (instance, job) (rapport_client_days_90d)",
};

pub(super) const DYADS_CONTACTED: Guide = Guide {
    chapter: Chapter::Relationships,
    sentence: "In how many of the open relationships client and peer met at least once.",
    can_tell: "How many relationships exist on paper only.",
    cannot_tell: "Why two people did not meet, or whether one meeting was enough for them.",
    speaks_to: ALL_FOUR,
    query: "site:rapport_dyads_contacted:ratio_28d",
};

pub(super) const CONTACTS: Guide = Guide {
    chapter: Chapter::Relationships,
    sentence: "How many contacts were arranged, and whether they took place or who missed or cancelled them.",
    can_tell: "Whether meetings happen, and whether it is rather clients or peers who stay away.",
    cannot_tell: "Contacts that nobody recorded. Sites that record only meetings that took place look perfect.",
    speaks_to: ALL_FOUR,
    query: "site:rapport_contacts_attended:ratio_28d",
};

pub(super) const CONTACT_MINUTES: Guide = Guide {
    chapter: Chapter::Relationships,
    sentence: "How long the meetings that took place lasted, all together.",
    can_tell: "With the number of meetings: how long one lasts on average.",
    cannot_tell: "Whether the time was well spent. A meeting recorded without its length counts as no time and lowers the mean.",
    speaks_to: ALL_FOUR,
    query: "site:rapport_contact_minutes:mean_28d",
};
