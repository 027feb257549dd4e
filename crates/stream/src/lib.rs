//! The log port of Rapport and what stands behind it.
//!
//! [`port`] says what a log is: four traits that the services know and nothing else. [`embedded`] keeps a log in one
//! directory; [`kafka`] is the only place that names rdkafka; [`settings`] is the `[log]` section of a configuration;
//! [`worker`] is the exactly-once loop above either, [`checkpoint`] what spares it a part of a replay; [`sites`] holds the
//! topics of sites to one number of partitions; [`faults`] wraps a log so that seeded things go wrong, [`failpoint`] lets a
//! process die at a chosen place;
//! [`conformance`] says of any log whether it keeps the port's promises.

pub mod checkpoint;
pub mod conformance;
pub mod embedded;
pub mod failpoint;
pub mod faults;
pub mod kafka;
pub mod port;
pub mod settings;
pub mod sites;
pub mod worker;
