//! Everything marked ⚙ in the model: configuration with these defaults.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Target};

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

/// Greatest number of days that a setting may have: what takes ten years to notice is a typing error.
pub const MAX_DAYS: u32 = 3_650;

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[model] {key}: {reason}")]
pub struct SettingsError {
    /// Its key in section `[model]`.
    pub key: String,
    /// What it must be.
    pub reason: String,
}

fn refused(key: &str, reason: impl Into<String>) -> SettingsError {
    SettingsError { key: key.to_owned(), reason: reason.into() }
}

impl Settings {
    /// The instruments: those of the catalogue file, as `read` reads it, or those that come with Rapport.
    ///
    /// # Errors
    /// What `read` says, or what is wrong with the file.
    pub fn instruments(
        &self,
        read: impl FnOnce(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Arc<Catalogue>, SettingsError> {
        if self.catalogue_file.is_empty() {
            return Ok(Catalogue::embedded());
        }
        let wrong = |reason: String| refused("catalogue_file", reason);
        let bytes = read(&self.catalogue_file).map_err(wrong)?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        let catalogue = Catalogue::parse(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(catalogue.into())
    }

    /// Checks that the settings can work, and work with these instruments.
    ///
    /// # Errors
    /// The first setting that cannot.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), SettingsError> {
        for (key, value, least, greatest, unit) in [
            ("baseline_ratings", self.baseline_ratings, 1, 100, ""),
            ("prior_weight", self.prior_weight, 0, 1_000, ""),
            ("ratings_in_a_row_days", self.ratings_in_a_row_days, 1, MAX_DAYS, " days"),
            ("unmonitored_days", self.unmonitored_days, 1, MAX_DAYS, " days"),
            ("dropout_days", self.dropout_days, 1, MAX_DAYS, " days"),
            ("pause_days", self.pause_days, 1, MAX_DAYS, " days"),
            ("overload_dyads", self.overload_dyads, 1, 10_000, " dyads"),
            ("supervision_days", self.supervision_days, 1, MAX_DAYS, " days"),
            ("silent_days", self.silent_days, 1, MAX_DAYS, " days"),
        ] {
            if !(least..=greatest).contains(&value) {
                let reason = format!("{value} is not from {least} to {greatest}{unit}");
                return Err(refused(key, reason));
            }
        }
        // Of one rating and nothing assumed there is no spread to judge a second one by.
        if self.baseline_ratings + self.prior_weight < 2 {
            return Err(refused("baseline_ratings", "it is less than two together with prior_weight"));
        }
        for (module, days) in &self.mandatory_training {
            self.check_module(module, *days)?;
        }
        self.check_instruments(catalogue)
    }

    fn check_module(&self, module: &str, days: u32) -> Result<(), SettingsError> {
        let of_form = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if !(1..=64).contains(&module.len()) || !module.bytes().all(of_form) {
            let reason =
                format!("`{module}` is not 1 to 64 lower-case letters, digits, hyphens and underscores");
            return Err(refused("mandatory_training", reason));
        }
        if days > MAX_DAYS {
            let reason = format!("{days} is not from 0 (for ever) to {MAX_DAYS} days");
            return Err(refused(&format!("mandatory_training.{module}"), reason));
        }
        Ok(())
    }

    fn check_instruments(&self, catalogue: &Catalogue) -> Result<(), SettingsError> {
        let id = &self.alliance_instrument;
        if catalogue.get(id).is_none_or(|instrument| instrument.target != Target::Alliance) {
            let reason = format!("`{id}` is no alliance instrument of the catalogue");
            return Err(refused("alliance_instrument", reason));
        }
        for (key, id) in &self.primary_instruments {
            let fits = catalogue.get(id).is_some_and(|instrument| {
                let person = match instrument.target {
                    Target::Client => "client",
                    Target::Peer => "peer",
                    Target::Alliance => return false,
                };
                *key == format!("{}/{person}", instrument.construct)
            });
            if !fits {
                let reason = format!("`{id}` does not measure `{key}` in the catalogue");
                return Err(refused("primary_instruments", reason));
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.check(&Catalogue::embedded()).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_work() {
        assert_eq!(Settings::default().check(&Catalogue::embedded()), Ok(()));
    }

    #[test]
    fn a_number_that_cannot_be_meant_is_refused_by_the_name_of_its_key() {
        type Key = (&'static str, fn(&mut Settings) -> &mut u32);
        let days: [Key; 6] = [
            ("ratings_in_a_row_days", |s| &mut s.ratings_in_a_row_days),
            ("unmonitored_days", |s| &mut s.unmonitored_days),
            ("dropout_days", |s| &mut s.dropout_days),
            ("pause_days", |s| &mut s.pause_days),
            ("supervision_days", |s| &mut s.supervision_days),
            ("silent_days", |s| &mut s.silent_days),
        ];
        for (key, of) in days {
            for (value, works) in [(0, false), (1, true), (3_650, true), (3_651, false), (u32::MAX, false)] {
                let mut settings = Settings::default();
                *of(&mut settings) = value;
                let said = settings.check(&Catalogue::embedded()).map_err(|error| error.to_string());
                let expected = format!("[model] {key}: {value} is not from 1 to 3650 days");
                assert_eq!(said, if works { Ok(()) } else { Err(expected) });
            }
        }
        assert_eq!(
            refused(|s| s.overload_dyads = 0),
            "[model] overload_dyads: 0 is not from 1 to 10000 dyads"
        );
        assert!(refused(|s| s.prior_weight = 1_001).starts_with("[model] prior_weight: 1001 is not"));
    }

    #[test]
    fn a_baseline_needs_two_degrees_of_freedom_and_at_least_one_rating() {
        let works = |ratings, weight| {
            let settings =
                Settings { baseline_ratings: ratings, prior_weight: weight, ..Settings::default() };
            settings.check(&Catalogue::embedded()).is_ok()
        };
        assert_eq!([(0, 8), (1, 0), (1, 1), (2, 0)].map(|(n, nu)| works(n, nu)), [false, false, true, true]);
        let said = refused(|s| (s.baseline_ratings, s.prior_weight) = (1, 0));
        assert_eq!(said, "[model] baseline_ratings: it is less than two together with prior_weight");
    }

    #[test]
    fn training_and_instruments_are_checked_too() {
        let training =
            |module: &str, days| refused(|s| s.mandatory_training = [(module.to_owned(), days)].into());
        assert!(training("first aid", 365).starts_with("[model] mandatory_training: `first aid` is not 1"));
        assert_eq!(
            training("basics", 4_000),
            "[model] mandatory_training.basics: 4000 is not from 0 (for ever) to 3650 days"
        );
        assert_eq!(
            refused(|s| s.alliance_instrument = "core-10".to_owned()),
            "[model] alliance_instrument: `core-10` is no alliance instrument of the catalogue"
        );
        assert_eq!(
            refused(|s| s.primary_instruments = [("hope/peer".to_owned(), "item-hope".to_owned())].into()),
            "[model] primary_instruments: `item-hope` does not measure `hope/peer` in the catalogue"
        );
    }
}
