//! Reads a catalogue file as far as the oracle needs it, apart from the product's reader.

use std::collections::BTreeMap;

use super::{Given, Instrument, Settings};

impl Given {
    /// Default settings and the instruments of a catalogue file.
    pub fn from_catalogue(text: &str) -> Given {
        let file: toml::Table = text.parse().expect("a catalogue is TOML");
        let entries = file["instrument"].as_array().expect("a list of instruments");
        let instruments = entries.iter().map(|entry| (text_of(entry, "id"), instrument(entry))).collect();
        Given { settings: Settings::default(), instruments }
    }
}

fn text_of(entry: &toml::Value, field: &str) -> String {
    entry[field].as_str().expect("a text").to_owned()
}

fn millionths(value: &toml::Value) -> i64 {
    let number = value.as_float().or(value.as_integer().map(|integer| integer as f64));
    (number.expect("a number") * 1e6 + 0.5).floor() as i64
}

fn range(bounds: &toml::Value) -> (i64, i64) {
    (millionths(&bounds["min"]), millionths(&bounds["max"]))
}

fn instrument(entry: &toml::Value) -> Instrument {
    let subscales = entry.get("subscales").and_then(toml::Value::as_table);
    let subscales: BTreeMap<String, (i64, i64)> = subscales
        .map(|table| table.iter().map(|(name, bounds)| (name.clone(), range(bounds))).collect())
        .unwrap_or_default();
    Instrument {
        alliance: text_of(entry, "target") == "alliance",
        subscales,
        total: entry.get("total").map(range),
        high_is_bad: text_of(entry, "direction") == "high_is_bad",
        sd: entry.get("within_dyad_sd").map_or(0, |sd| millionths(&sd["value"])),
    }
}
