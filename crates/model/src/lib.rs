//! The pure core of Rapport: from raw events to indicators, alerts and enriched rows.
//!
//! The modules follow the data, and the modules of a step use only those of the steps before it:
//!
//! 1. [`time`], [`words`]: instants and days; the closed sets of the change model.
//! 2. [`catalogue`], [`params`]: instruments and everything that is configuration.
//! 3. [`raw`], [`pseudonym`], [`event`]: a raw record becomes a canonical event, or a rejection.
//! 4. [`scores`], [`support`], [`timeline`], [`dyad`]: a dyad's history, folded into episodes, phases, breakdowns.
//! 5. [`alert`], [`enriched`]: what follows from a dyad's history for supervisors and data teams.
//! 6. [`versions`], [`partition`]: which version of an event stands, and what the clock has reached, site by site.
//! 7. [`windows`], [`release`], [`indicators`]: what dyads add to the days of a site, and its releases.
//!
//! Nothing here reads a clock, does I/O or draws a random number: time is an argument, outputs are return values.

pub mod alert;
mod alliance;
pub mod catalogue;
pub mod dyad;
pub mod enriched;
pub mod event;
mod fold;
pub mod indicators;
pub mod params;
pub mod partition;
pub mod pseudonym;
pub mod raw;
pub mod release;
mod room;
pub mod scores;
mod site;
pub mod support;
pub mod time;
pub mod timeline;
pub mod versions;
pub mod windows;
pub mod words;
