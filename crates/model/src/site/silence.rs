//! Whether a site has fallen silent: nothing came in from it for days (model.md section 6, `site_silent`).

use crate::alert::Stretch;
use crate::time::Instant;
use crate::versions::Version;

/// The newest record of a site, and the alert of its silence.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// The record accepted last.
    pub newest: Option<Version>,
    /// The alert as last settled.
    pub alert: Option<Stretch>,
    /// When time alone may open it.
    pub deadline: Option<Instant>,
}

impl Silence {
    /// Whether a record takes the place of the newest under its key although it was accepted before: compaction will not
    /// keep that one.
    pub fn is_outdated_by(&self, record: &Version) -> bool {
        self.newest.as_ref().is_some_and(|newest| {
            let is_same = newest.event.id == record.event.id && newest.id() == record.id();
            is_same && record.ingested_at < newest.ingested_at
        })
    }

    /// Notes a record; whether the alert is to be looked at: the site was taken to be silent, or was never looked at.
    pub fn note(&mut self, record: &Version) -> bool {
        let newer = self.newest.as_ref().is_none_or(|newest| newest.by_acceptance(record).is_lt());
        if newer {
            self.newest = Some(record.clone());
        }
        newer && (self.alert.is_some() || self.deadline.is_none())
    }
}
