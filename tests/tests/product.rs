//! The product's fold, asked what it published.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rapport_model::catalogue::Catalogue;
use rapport_model::params::{Params, Settings};
use rapport_model::partition::{Output, Partition};
use rapport_proto::v1;

use rapport_tests::oracle::log::Record;

/// The catalogue that is shipped, as text.
pub const CATALOGUE: &str = Catalogue::EMBEDDED_TOML;

/// What stands on the derived topics: the last record of every key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Published {
    /// Releases by site and day, as they are written.
    pub releases: BTreeMap<(String, String), String>,
    /// Rows by site and event id.
    pub rows: BTreeMap<(String, String), v1::Enriched>,
    /// Alerts by id.
    pub alerts: BTreeMap<String, v1::Alert>,
}

impl Published {
    /// The rows of a site.
    pub fn rows_of(&self, site: &str) -> BTreeMap<String, v1::Enriched> {
        let of_site = self.rows.iter().filter(|((row_site, _), _)| row_site == site);
        of_site.map(|((_, id), row)| (id.clone(), row.clone())).collect()
    }

    /// The alerts of a site.
    pub fn alerts_of(&self, site: &str) -> Vec<v1::Alert> {
        self.alerts.values().filter(|alert| alert.site == site).cloned().collect()
    }

    /// Takes an output in.
    pub fn take(&mut self, output: Output) {
        match output {
            Output::Enriched { site, event_id, row } => {
                let key = (site.to_string(), event_id.to_string());
                match row {
                    Some(row) => self.rows.insert(key, row),
                    None => self.rows.remove(&key),
                };
            }
            Output::Release(release) => {
                self.releases.insert((release.site.to_string(), release.day.to_string()), release.json);
            }
            Output::Alert(alert) => {
                self.alerts.insert(alert.alert_id.clone(), alert);
            }
            Output::NoAlert { alert_id, .. } => {
                self.alerts.remove(&alert_id);
            }
        }
    }
}

/// A catalogue, read once.
fn parsed(text: &str) -> Arc<Catalogue> {
    static READ: Mutex<BTreeMap<String, Arc<Catalogue>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().expect("nobody stops while reading");
    let known = read.entry(text.to_owned());
    known.or_insert_with(|| Arc::new(Catalogue::parse(text).expect("the catalogue is right"))).clone()
}

/// What the product publishes from the records of a partition.
pub fn published(settings: &Settings, catalogue: &str, records: &[Record]) -> Published {
    let (settings, catalogue) = (settings.clone(), parsed(catalogue));
    let mut partition = Partition::new(Arc::new(Params { settings, catalogue }));
    let mut published = Published::default();
    let mut outputs = Vec::new();
    for (key, value) in records {
        partition.apply(Some(key.as_bytes()), value.as_deref(), &mut outputs).expect("a canonical record");
        outputs.drain(..).for_each(|output| published.take(output));
    }
    published
}
