//! Settings, and a catalogue file as far as the oracle needs it, read apart from the product's reader.

use std::collections::BTreeMap;

/// The settings the oracle needs, with the model's defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// n₀.
    pub baseline_ratings: i64,
    /// ν₀.
    pub prior_weight: i64,
    /// Most days from one rating to the next for both to be in a row.
    pub in_a_row_days: i64,
    /// Days without a rating after which a dyad is unmonitored.
    pub unmonitored_days: i64,
    /// Which day without contact, pauses left out, is that of a presumed dropout.
    pub dropout_days: i64,
    /// Days after which a pause ends by itself.
    pub pause_days: i64,
    /// Open dyads above which a peer is overloaded.
    pub overload_dyads: i64,
    /// Days without supervision after which it is overdue.
    pub supervision_days: i64,
    /// Days without a record after which a site is silent.
    pub silent_days: i64,
    /// Whether releases are made each Monday instead of each day.
    pub weekly: bool,
    /// Id of the primary alliance instrument.
    pub alliance_instrument: String,
    /// Id of the primary instrument by construct and person, where it is not the catalogue's first.
    pub primary_instruments: BTreeMap<(String, String), String>,
    /// Mandatory modules, and how many days each is valid; `None` for ever.
    pub mandatory_training: BTreeMap<String, Option<i64>>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            baseline_ratings: 4,
            prior_weight: 8,
            in_a_row_days: 90,
            unmonitored_days: 28,
            dropout_days: 43,
            pause_days: 90,
            overload_dyads: 15,
            supervision_days: 35,
            silent_days: 7,
            weekly: false,
            alliance_instrument: "wai-sr".to_owned(),
            primary_instruments: BTreeMap::new(),
            mandatory_training: BTreeMap::new(),
        }
    }
}

/// Whom an instrument is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Client and peer.
    Alliance,
    /// The client.
    Client,
    /// The peer.
    Peer,
}

/// An instrument. Scores are in millionths.
#[derive(Debug, Clone)]
pub struct Instrument {
    /// Its place in the catalogue.
    pub place: usize,
    /// Whom it is about.
    pub target: Target,
    /// What it measures; of an alliance nothing else.
    pub construct: Option<String>,
    /// Least and greatest score of each subscale.
    pub subscales: BTreeMap<String, (i64, i64)>,
    /// Least and greatest total.
    pub total: Option<(i64, i64)>,
    /// Whether a high score is bad.
    pub high_is_bad: bool,
    /// Pooled within-dyad SD: σ.
    pub sd: i64,
    /// Least change that is reliable.
    pub reliable_change: Option<i64>,
    /// The score at which the clinical side begins.
    pub cut_off: Option<i64>,
}

/// Settings and instruments.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The settings.
    pub settings: Settings,
    /// The catalogue file, as text.
    pub catalogue: String,
    /// The instruments by id.
    pub instruments: BTreeMap<String, Instrument>,
}

impl Given {
    /// Default settings and the instruments of a catalogue file.
    pub fn from_catalogue(text: &str) -> Given {
        let file: toml::Table = text.parse().expect("a catalogue is TOML");
        let entries = file["instrument"].as_array().expect("a list of instruments");
        let instruments = entries.iter().enumerate();
        let instruments = instruments.map(|(place, entry)| (text_of(entry, "id"), instrument(place, entry)));
        Given {
            settings: Settings::default(),
            catalogue: text.to_owned(),
            instruments: instruments.collect(),
        }
    }

    /// Id of the primary instrument of a construct and person, if any instrument measures it.
    pub fn primary(&self, construct: &str, target: Target) -> Option<&str> {
        let person = target.person()?;
        let set = self.settings.primary_instruments.get(&(construct.to_owned(), person.to_owned()));
        let measures = self.instruments.iter().filter(|(_, instrument)| {
            instrument.target == target && instrument.construct.as_deref() == Some(construct)
        });
        let first = measures.min_by_key(|(_, instrument)| instrument.place).map(|(id, _)| id);
        set.or(first).map(String::as_str)
    }
}

impl Target {
    /// The one person it is about.
    pub fn person(self) -> Option<&'static str> {
        match self {
            Target::Alliance => None,
            Target::Client => Some("client"),
            Target::Peer => Some("peer"),
        }
    }
}

fn text_of(entry: &toml::Value, field: &str) -> String {
    entry[field].as_str().expect("a text").to_owned()
}

fn number(value: &toml::Value) -> f64 {
    value.as_float().or(value.as_integer().map(|integer| integer as f64)).expect("a number")
}

fn millionths(number: f64) -> i64 {
    (number * 1e6 + 0.5).floor() as i64
}

fn range(bounds: &toml::Value) -> (i64, i64) {
    (millionths(number(&bounds["min"])), millionths(number(&bounds["max"])))
}

/// A published value, or z·SD·√(2(1−r)).
fn reliable_change(entry: &toml::Value) -> Option<i64> {
    let given = entry.get("reliable_change")?;
    if let Some(value) = given.get("value") {
        return Some(millionths(number(value)));
    }
    let of = |field: &str| number(&entry[field]["value"]);
    Some(millionths(number(&given["z"]) * of("sd") * (2.0 * (1.0 - of("reliability"))).sqrt()))
}

fn instrument(place: usize, entry: &toml::Value) -> Instrument {
    let subscales = entry.get("subscales").and_then(toml::Value::as_table);
    let subscales: BTreeMap<String, (i64, i64)> = subscales
        .map(|table| table.iter().map(|(name, bounds)| (name.clone(), range(bounds))).collect())
        .unwrap_or_default();
    let value = |field: &str| entry.get(field).map(|one| millionths(number(&one["value"])));
    Instrument {
        place,
        target: match text_of(entry, "target").as_str() {
            "alliance" => Target::Alliance,
            "client" => Target::Client,
            "peer" => Target::Peer,
            other => panic!("no target: {other}"),
        },
        construct: entry.get("construct").map(|_| text_of(entry, "construct")),
        subscales,
        total: entry.get("total").map(range),
        high_is_bad: text_of(entry, "direction") == "high_is_bad",
        sd: value("within_dyad_sd").unwrap_or(0),
        reliable_change: reliable_change(entry),
        cut_off: value("cut_off"),
    }
}
