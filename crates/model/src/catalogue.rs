//! The instruments: metadata only, never item wording.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Whom an instrument is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The alliance of a client and a peer.
    Alliance,
    /// A client.
    Client,
    /// A peer.
    Peer,
}

/// Range of a score, in millionths of the instrument's own scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Least score.
    pub min_micros: i64,
    /// Greatest score.
    pub max_micros: i64,
}

/// One instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrument {
    /// Its id in events.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whom it is about.
    pub target: Target,
    /// What it measures: a construct of the model; empty for target alliance.
    pub construct: String,
    /// Ranges by the name of the subscale (`bond`, `goal`, `task` of an alliance instrument).
    pub subscales: BTreeMap<String, Range>,
    /// Range of the total; an instrument without one has no total.
    pub total: Option<Range>,
    /// Whether a high score is bad.
    pub high_is_bad: bool,
    /// Pooled within-dyad SD on the 0–1 scale, millionths; required for target alliance.
    pub within_dyad_sd_micros: Option<i64>,
    /// Least change that is reliable, millionths of the instrument's own scale.
    pub reliable_change_micros: Option<i64>,
    /// Clinical cut-off, millionths of the instrument's own scale.
    pub cut_off_micros: Option<i64>,
    /// Licence note.
    pub licence: String,
}

/// All instruments, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    instruments: Vec<Instrument>,
}

impl Catalogue {
    /// The instrument with that id.
    pub fn get(&self, id: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|instrument| instrument.id == id)
    }

    /// All instruments in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.iter()
    }
}
