//! The oracle: model.md computed a second time, in batch, slowly and obviously, from the contract's messages alone.
//!
//! It shares no code with `rapport-model`. Where a question can be answered by looking at every day or every event
//! again, it is. Reading order: [`days`], [`words`], [`given`] (settings and instruments), [`log`] (which events
//! stand), [`scores`], [`alliance`], [`episode`], [`walk`] (a dyad's history), [`standing`] (support), [`series`]
//! (outcomes), [`site`] (everything of a site at an instant), then what is published: [`release`], [`alerts`],
//! [`rows`]; and [`compare`], which holds a product against it.

pub mod alerts;
pub mod alliance;
pub mod compare;
pub mod counts;
pub mod days;
pub mod dyads;
pub mod episode;
pub mod given;
pub mod log;
pub mod release;
pub mod rows;
pub mod scores;
pub mod series;
pub mod site;
pub mod standing;
pub mod walk;
pub mod words;

pub use given::{Given, Instrument, Settings, Target};

use log::Known;
use site::Site;

/// Everything that stands at T of one site: what the tests ask for most.
#[derive(Debug)]
pub struct Standing {
    /// Its rows by event id.
    pub rows: std::collections::BTreeMap<String, rows::Row>,
    /// Its alerts but withdrawn ones.
    pub alerts: Vec<alerts::Alert>,
}

/// What stands of each site at T.
pub fn standing_at_the_end(given: &Given, known: &Known) -> Vec<(String, Standing)> {
    let events = known.standing();
    let Some(now) = known.clock() else { return Vec::new() };
    let standing = |name: String| {
        let site = Site::at(given, known, &events, &name, now);
        let standing = Standing { rows: rows::rows(&site), alerts: alerts::alerts(&site) };
        (name, standing)
    };
    known.sites().into_iter().map(standing).collect()
}
