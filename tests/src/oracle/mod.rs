//! The oracle: model.md computed a second time, in batch, slowly and obviously, from the contract's messages alone.
//!
//! It shares no code with `rapport-model`. Where a question can be answered by looking at every day or every event
//! again, it is. Reading order: [`days`], [`words`], [`log`] (which events stand), [`scores`], [`alliance`],
//! [`episode`], [`walk`] (a dyad's history), [`standing`] (support), then what is published: [`release`], [`alerts`],
//! [`rows`]; and [`compare`], which holds a product against it.

pub mod alerts;
pub mod alliance;
pub mod compare;
pub mod counts;
pub mod days;
pub mod episode;
pub mod given;
pub mod log;
pub mod release;
pub mod rows;
pub mod scores;
pub mod standing;
pub mod walk;
pub mod words;

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
    /// Whether releases are made each Monday instead of each day.
    pub weekly: bool,
    /// Id of the primary alliance instrument.
    pub alliance_instrument: String,
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
            weekly: false,
            alliance_instrument: "wai-sr".to_owned(),
        }
    }
}

/// An instrument, as far as the alliance is concerned. Scores are in millionths.
#[derive(Debug, Clone)]
pub struct Instrument {
    /// Whether its target is `alliance`.
    pub alliance: bool,
    /// Least and greatest score of each subscale.
    pub subscales: BTreeMap<String, (i64, i64)>,
    /// Least and greatest total.
    pub total: Option<(i64, i64)>,
    /// Whether a high score is bad.
    pub high_is_bad: bool,
    /// Pooled within-dyad SD: σ.
    pub sd: i64,
}

/// Settings and instruments.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The settings.
    pub settings: Settings,
    /// The instruments by id.
    pub instruments: BTreeMap<String, Instrument>,
}
