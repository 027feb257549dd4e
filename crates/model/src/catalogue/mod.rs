//! The instruments: metadata only, never item wording.

mod parse;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

pub use parse::CatalogueError;
pub use read::Problem;

/// What a client or peer instrument may measure.
pub const CONSTRUCTS: [&str; 21] = [
    "hope",
    "self_esteem",
    "self_efficacy",
    "empowerment",
    "autonomy",
    "wellbeing",
    "distress",
    "coping",
    "motivation",
    "isolation",
    "perceived_social_support",
    "social_functioning",
    "stigma",
    "normalisation",
    "satisfaction",
    "knowledge",
    "identity",
    "interpersonal_competence",
    "meaning",
    "quality_of_life",
    "engagement",
];

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

/// Where an instrument's numbers come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// Number of items, their scoring, what to send: a note for people, with its source.
    pub scoring: String,
    /// Each further number by its name in the catalogue file.
    pub figures: BTreeMap<&'static str, Figure>,
    /// How raw totals become the scores that are sent, where that is not plain arithmetic.
    pub conversion: Option<Conversion>,
}

/// A number and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The number, in millionths.
    pub micros: i64,
    /// Whom it was found in, or how; may be empty.
    pub population: String,
    /// Where it is published.
    pub source: String,
}

/// A published table from raw totals to scores. It is for the sender: what arrives has been converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The least raw total; the others follow by ones.
    pub first_raw: i64,
    /// The score of each raw total, in millionths.
    pub scores_micros: Vec<i64>,
    /// Where the table is published.
    pub source: String,
}

/// All instruments, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    instruments: Vec<Instrument>,
    provenance: Vec<Provenance>,
    by_id: BTreeMap<String, usize>,
}

static EMBEDDED: LazyLock<Result<Arc<Catalogue>, CatalogueError>> =
    LazyLock::new(|| Catalogue::parse(Catalogue::EMBEDDED_TOML).map(Arc::new));

impl Catalogue {
    /// The catalogue that ships with Rapport, as TOML: a start for one's own.
    pub const EMBEDDED_TOML: &'static str = concat!(
        include_str!("../../catalogue/instruments.toml"),
        "\n",
        include_str!("../../catalogue/items.toml")
    );

    /// The catalogue that ships with Rapport.
    pub fn embedded() -> Arc<Catalogue> {
        // It is held to be right by a test; were it not, it would be empty, and every measure an unknown_instrument.
        EMBEDDED.as_ref().map(Arc::clone).unwrap_or_default()
    }

    /// Reads a catalogue file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(toml: &str) -> Result<Catalogue, CatalogueError> {
        let mut catalogue = Catalogue::default();
        for (instrument, provenance) in parse::instruments(toml)? {
            catalogue.by_id.insert(instrument.id.clone(), catalogue.instruments.len());
            catalogue.instruments.push(instrument);
            catalogue.provenance.push(provenance);
        }
        Ok(catalogue)
    }

    /// The instrument with that id.
    pub fn get(&self, id: &str) -> Option<&Instrument> {
        self.by_id.get(id).and_then(|at| self.instruments.get(*at))
    }

    /// Where the numbers of that instrument come from.
    pub fn provenance(&self, id: &str) -> Option<&Provenance> {
        self.by_id.get(id).and_then(|at| self.provenance.get(*at))
    }

    /// All instruments in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.iter()
    }
}
