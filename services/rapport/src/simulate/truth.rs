//! What was planted, so that what Rapport says can be held against it.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was planted, by site.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// The plan's seed.
    pub seed: u64,
    /// First day simulated, YYYY-MM-DD.
    pub first_day: String,
    /// Last day simulated so far, YYYY-MM-DD.
    pub last_day: String,
    /// By name of the site.
    pub sites: BTreeMap<String, SiteTruth>,
}

/// What was planted at one site. Contacts that were retracted count nowhere, corrected ones as corrected.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SiteTruth {
    /// Relationships started.
    pub starts: u64,
    /// Contacts by attendance.
    pub contacts: BTreeMap<&'static str, u64>,
    /// Client-rated alliance measures.
    pub ratings: u64,
    /// Alliances that fell.
    pub falls: Vec<Fall>,
    /// Ruptures reported.
    pub ruptures: Vec<Noted>,
    /// Alliances that recovered after a fall or a rupture.
    pub repairs: Vec<Noted>,
    /// Relationships ended, by reason; those that ended because their peer left are under `peers_left`.
    pub ends: BTreeMap<&'static str, u64>,
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
    /// Peers who joined.
    pub peers_joined: u64,
    /// Peers who left, by reason.
    pub peers_left: BTreeMap<&'static str, u64>,
    /// Relationships that ended because their peer left.
    pub ends_by_peers_leaving: u64,
    /// What was sent.
    pub records: Records,
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
