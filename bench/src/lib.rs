//! `make bench`: Rapport on a real Kafka beside what its limit is and what others do, in one run on one machine.
//!
//! Reading order: [`settings`] (what is asked for), [`records`] and [`backlog`] (what is read), [`stage`] (the Kafka),
//! [`engine`] (what is measured) with [`bare`], [`alike`], [`streams`] and [`embedded`], [`apart`] (what is measured by itself), [`figures`] (what
//! came out), [`page`] and [`chart`].

pub mod alike;
pub mod apart;
pub mod backlog;
pub mod bare;
pub mod chart;
pub mod embedded;
pub mod engine;
pub mod figures;
pub mod least;
pub mod own;
pub mod page;
pub mod records;
pub mod run;
pub mod settings;
pub mod stage;
pub mod streams;
pub mod watch;
