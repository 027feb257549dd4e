//! A site from which nothing comes any more.

use rapport_proto::v1;

use super::{Alert, Subject};
use crate::oracle::days::{Us, day_of, midnight};
use crate::oracle::log::{order, precedence};
use crate::oracle::site::Site;

/// The present silence, if it has lasted long enough.
pub(super) fn alert(site: &Site<'_>) -> Option<Alert> {
    let records: Vec<&(v1::Event, Us)> =
        site.known.versions().filter(|(version, _)| version.site == site.name).collect();
    let newest = records.iter().map(|(_, ingested_at)| *ingested_at).max()?;
    let since = midnight(day_of(newest) + site.given.settings.silent_days + 1);
    let newest = records.iter().filter(|(_, ingested_at)| *ingested_at == newest).map(|(event, _)| event);
    let last = newest.max_by(|a, b| order(a).cmp(&order(b)).then(precedence(a).cmp(&precedence(b))))?;
    let subject = Subject { site, client: None, peer: None };
    (since <= site.now).then(|| subject.opened_by_time("site_silent", last, since))
}
