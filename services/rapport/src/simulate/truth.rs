//! What was planted, so that what Rapport says can be held against it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::effects::{Effect, Seen};

/// What was planted, by site.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// The plan's seed.
    pub seed: u64,
    /// First day simulated, YYYY-MM-DD.
    pub first_day: String,
    /// Last day simulated so far, YYYY-MM-DD.
    pub last_day: String,
    /// Effects that were planted, and what came of each over all sites.
    pub effects: Vec<Effect>,
    /// By name of the site.
    pub sites: BTreeMap<String, SiteTruth>,
}

/// What was planted at one site. What was retracted counts nowhere, what was corrected as
/// corrected.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SiteTruth {
    /// Relationships started.
    pub starts: u64,
    /// Of those, beside another one of the same client.
    pub dyads_beside_another: u64,
    /// Contacts by attendance.
    pub contacts: BTreeMap<&'static str, u64>,
    /// Client-rated alliance measures, of any instrument.
    pub ratings: u64,
    /// Alliances that fell.
    pub falls: Vec<Fall>,
    /// Ruptures reported.
    pub ruptures: Vec<Noted>,
    /// The same by cause.
    pub rupture_causes: BTreeMap<&'static str, u64>,
    /// Alliances that recovered after a fall or a rupture.
    pub repairs: Vec<Noted>,
    /// Relationships ended, by reason; those that ended because their peer left are under `peers_left`.
    pub ends: BTreeMap<&'static str, u64>,
    /// The same by who ended them.
    pub ends_by: BTreeMap<&'static str, u64>,
    /// Clients who stopped coming without a word.
    pub silent_dropouts: Vec<Vanished>,
    /// Pauses begun.
    pub pauses: u64,
    /// Requests for support, one per contact and type.
    pub requests: BTreeMap<&'static str, u64>,
    /// Of those, not delivered within 14 days.
    pub requests_unmet: BTreeMap<&'static str, u64>,
    /// Contacts that delivered support, by type.
    pub delivered: BTreeMap<&'static str, u64>,
    /// Behaviours modelled, by valence.
    pub modelled: BTreeMap<&'static str, u64>,
    /// Behaviours enacted, by valence.
    pub enacted: BTreeMap<&'static str, u64>,
    /// Of those, modelled to that client in the 28 days before.
    pub learned: BTreeMap<&'static str, u64>,
    /// What learning is to be seen in.
    pub learning: Learning,
    /// Comparisons, by who compared, direction and affect.
    pub comparisons: BTreeMap<&'static str, BTreeMap<&'static str, BTreeMap<&'static str, u64>>>,
    /// Attended contacts with strengths-based advocacy.
    pub advocacy_contacts: u64,
    /// Appointments kept that came of it; others may follow it by chance.
    pub advocacy_followed: u64,
    /// Uses of services by kind: sums of quantities.
    pub service_use: BTreeMap<&'static str, u64>,
    /// Steps of clients towards becoming peers.
    pub pathway: BTreeMap<&'static str, u64>,
    /// Outcome measures by instrument, of clients and peers.
    pub outcome_measures: BTreeMap<&'static str, u64>,
    /// Training, supervision held and not held, reflection, support among peers.
    pub development: BTreeMap<&'static str, u64>,
    /// Of the trainings, those taken again because a module expires.
    pub trainings_repeated: u64,
    /// Peers who had more than 15 open relationships at some time.
    pub peers_overloaded: u64,
    /// Peers who joined.
    pub peers_joined: u64,
    /// Of those, who had been clients.
    pub peers_from_clients: u64,
    /// Peers who left, by reason.
    pub peers_left: BTreeMap<&'static str, u64>,
    /// Relationships that ended because their peer left.
    pub ends_by_peers_leaving: u64,
    /// Relationships that ended because their client died, in another one.
    pub ends_by_deaths: u64,
    /// Answers to alerts by state.
    pub acknowledgements: BTreeMap<&'static str, u64>,
    /// What was sent.
    pub records: Records,
    #[serde(skip)]
    pub(crate) seen: Seen,
}

/// Behaviours that each stood a chance at an attended contact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Learning {
    /// Contacts × behaviours modelled to that client in the 28 days before.
    pub contacts_after_modelling: u64,
    /// Contacts × behaviours not modelled then.
    pub contacts_otherwise: u64,
}

/// A fall of an alliance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fall {
    /// The source system's id of the client.
    pub client: String,
    /// The source system's id of the peer.
    pub peer: String,
    /// Day of the session it began at, YYYY-MM-DD.
    pub day: String,
    /// `sudden`: within one session; `slow`: over eight.
    pub kind: &'static str,
    /// How far it fell, in tenths of this dyad's own SD.
    pub tenths_of_sd: i64,
    /// The component that fell most.
    pub component: &'static str,
}

/// Something that happened to a dyad on a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noted {
    /// The source system's id of the client.
    pub client: String,
    /// The source system's id of the peer.
    pub peer: String,
    /// YYYY-MM-DD.
    pub day: String,
}

/// A client who stopped coming.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vanished {
    /// The source system's id of the client.
    pub client: String,
    /// The source system's id of the peer.
    pub peer: String,
    /// Day of the last attended contact, or of the start where there was none, YYYY-MM-DD.
    pub last_contact: String,
    /// Types asked for within the last 28 days and not given since.
    pub unmet: Vec<&'static str>,
    /// Day of the contact with which the client came back, if so, YYYY-MM-DD.
    pub returned: Option<String>,
}

/// Records sent, by what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Records {
    /// First versions of events.
    pub events: u64,
    /// Later versions of events.
    pub corrections: u64,
    /// Retractions.
    pub retractions: u64,
    /// Of events, corrections and retractions: sent a second time.
    pub duplicates: u64,
    /// Bad records.
    pub bad: u64,
    /// Of events: entered under the names of others at first.
    pub moved: u64,
    /// Of events: recorded more than two days after they happened.
    pub late: u64,
}

impl Records {
    /// All records sent.
    pub fn sent(&self) -> u64 {
        self.events + self.corrections + self.retractions + self.duplicates + self.bad
    }
}

/// Adds one to the count of `word`.
pub(crate) fn count(counts: &mut BTreeMap<&'static str, u64>, word: &'static str) {
    *counts.entry(word).or_default() += 1;
}
