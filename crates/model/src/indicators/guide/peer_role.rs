//! The peer's role: training, supervision, self-reflection and motivation.

use super::{Chapter, Guide};

pub(super) const INTRODUCTION: &str = "Peers enter first: their skills and persons are the intervention. *Training and supervision* \
(19 of the paper's 71 sources) give knowledge and confidence, teach empathy, boundaries and what to do when a client relapses or an \
alliance breaks; to send peers out without them is negligence. *Self-reflection and motivation* let people grow in the role when \
autonomy, relatedness and competence are met. The shares below are shares of the peers who are active, so that a peer who has paused \
does not count as one who is neglected.";

const TRAINING_AND_SUPERVISION: &str = "The peer's role: training and supervision.";

pub(super) const PEERS_ACTIVE: Guide = Guide {
    chapter: Chapter::PeerRole,
    sentence: "How many peers met at least one client.",
    can_tell: "How many people carry the service now.",
    cannot_tell: "How many peers are on the books, or how the work is shared among them.",
    speaks_to: "The peer's role.",
    query: "max without (instance, job) (rapport_peers_active_28d)",
};

pub(super) const PEERS_SUPERVISED: Guide = Guide {
    chapter: Chapter::PeerRole,
    sentence: "How many of the active peers had supervision that was held, not only planned.",
    can_tell: "Whether the people who carry the service are carried themselves.",
    cannot_tell: "Whether the supervision was any good, or what it was about.",
    speaks_to: TRAINING_AND_SUPERVISION,
    query: "site:rapport_peers_supervised:ratio_28d",
};

pub(super) const PEERS_TRAINED: Guide = Guide {
    chapter: Chapter::PeerRole,
    sentence: "How many of the active peers have all mandatory training, none of it expired on the last day.",
    can_tell: "Whether clients meet peers whose training is complete and recent. Which modules are mandatory, and for how long each \
is valid, is a setting; where none is set, everybody counts as trained.",
    cannot_tell: "What people learned, or whether training that was never recorded took place.",
    speaks_to: TRAINING_AND_SUPERVISION,
    query: "site:rapport_peers_trained:ratio_28d",
};

pub(super) const PEERS_REFLECTING: Guide = Guide {
    chapter: Chapter::PeerRole,
    sentence: "How many of the active peers recorded a reflection on their own work.",
    can_tell: "Whether reflecting is a habit here.",
    cannot_tell: "What was reflected on: Rapport never sees the text. Reflection that nobody records is not seen either.",
    speaks_to: "The peer's role: self-reflection and motivation.",
    query: "site:rapport_peers_reflecting:ratio_28d",
};

pub(super) const PEERS_OVERLOADED: Guide = Guide {
    chapter: Chapter::PeerRole,
    sentence: "How many of the active peers have more open relationships on the last day than the limit you set (15 unless changed).",
    can_tell: "Whether work is piling up on a few, before they leave overwhelmed.",
    cannot_tell: "How heavy the work is: three people in crisis may be more than twenty who are well. A peer without any meeting in the \
window is not among the active and does not count.",
    speaks_to: "The peer's role: what overwhelms a peer is a way out of it.",
    query: "site:rapport_peers_overloaded:ratio_28d",
};

pub(super) const PEER_EXITS: Guide = Guide {
    chapter: Chapter::PeerRole,
    sentence: "How many peers left, and why.",
    can_tell: "Whether peers go on to a job, or go because they were overwhelmed, unsupported or crossed a boundary.",
    cannot_tell: "The reason behind the reason: it is the word that whoever recorded it chose.",
    speaks_to: "The peer's role: the ways out of it.",
    query: "max without (instance, job) (rapport_peer_exits_90d)",
};
