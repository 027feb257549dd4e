//! Which record of each event arrived last; kept only where a test wants to see what becomes of that.

use std::collections::BTreeMap;

use rapport_proto::keys;
use rapport_stream::port::RecordRef;

/// The key of the last record of each event, by its partition, site and id.
#[derive(Debug, Default)]
pub(crate) struct Arrived(BTreeMap<(u32, String, String), String>);

impl Arrived {
    /// The key of another version of the event, where one arrived before this record.
    pub(crate) fn replaced_by(&mut self, record: &RecordRef<'_>) -> Option<String> {
        let key = std::str::from_utf8(record.key?).ok()?;
        let (site, id, _) = keys::parse_event(key)?;
        let event = (record.partition, site.to_owned(), id.to_owned());
        self.0.insert(event, key.to_owned()).filter(|earlier| earlier != key)
    }
}
