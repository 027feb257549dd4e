//! Everything marked ⚙ in the model: configuration with these defaults.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;

/// Version of what is computed; it changes when the same events would give other numbers.
pub const MODEL_VERSION: &str = "1";

/// When a release is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Releases {
    /// At each 00:00 UTC.
    Daily,
    /// At each Monday's 00:00 UTC.
    Weekly,
}

/// Section `[model]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Path of a catalogue file; empty: the instruments that come with Rapport. Whoever reads the settings reads the file.
    pub catalogue_file: String,
    /// Release boundary.
    pub releases: Releases,
    /// Ratings that make a baseline: n₀.
    pub baseline_ratings: u32,
    /// Weight of the pooled within-dyad SD, in degrees of freedom: ν₀.
    pub prior_weight: u32,
    /// Most days from one rating to the next for both to be "in a row".
    pub ratings_in_a_row_days: u32,
    /// Days without a rating after which a dyad is unmonitored.
    pub unmonitored_days: u32,
    /// Days not paused without an attended contact before the day of a presumed dropout: the dropout is at 00:00 of
    /// the day with this number, counted from the last attended contact.
    pub dropout_days: u32,
    /// Days after which a pause ends by itself.
    pub pause_days: u32,
    /// Open dyads above which a peer is overloaded.
    pub overload_dyads: u32,
    /// Days without supervision after which it is overdue.
    pub supervision_days: u32,
    /// Days without a record after which a site is silent.
    pub silent_days: u32,
    /// Id of the primary alliance instrument.
    pub alliance_instrument: String,
    /// Id of the primary instrument per `construct/person`; where not set, the catalogue's first.
    pub primary_instruments: BTreeMap<String, String>,
    /// Mandatory training modules and how many days each is valid (0: for ever).
    pub mandatory_training: BTreeMap<String, u32>,
    /// What a person opens for an alert; `{alert_id}` stands for the id.
    pub alert_link: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            catalogue_file: String::new(),
            releases: Releases::Daily,
            baseline_ratings: 4,
            prior_weight: 8,
            ratings_in_a_row_days: 90,
            unmonitored_days: 28,
            dropout_days: 43,
            pause_days: 90,
            overload_dyads: 15,
            supervision_days: 35,
            silent_days: 7,
            alliance_instrument: "wai-sr".to_owned(),
            primary_instruments: BTreeMap::new(),
            mandatory_training: BTreeMap::new(),
            alert_link: "https://rapport.invalid/alerts/{alert_id}".to_owned(),
        }
    }
}

/// What every step of the model is given: settings and instruments.
#[derive(Debug, Clone)]
pub struct Params {
    /// Section `[model]`.
    pub settings: Settings,
    /// The instruments.
    pub catalogue: Arc<Catalogue>,
}
