//! The figures of a release that people look at first.

use std::collections::BTreeMap;

use rapport_proto::v1;

/// A few figures of one site's release; windows are those of the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Day of the release, YYYY-MM-DD.
    pub release: String,
    /// Dyads open on some day of the 28.
    pub open: u64,
    /// Contacts in 28 days.
    pub contacts: u64,
    /// Of those attended.
    pub attended: u64,
    /// Breakdowns opened in 90 days.
    pub breakdowns: u64,
    /// Repairs in 90 days.
    pub repairs: u64,
    /// Dropouts in 90 days.
    pub dropouts: u64,
    /// Of those, by type of support that stood unmet.
    pub dropouts_unmet: BTreeMap<String, u64>,
    /// Of those, by type of support that stood received.
    pub dropouts_received: BTreeMap<String, u64>,
}

impl Figures {
    /// The figures of a release.
    pub fn of(release: &v1::Release) -> Figures {
        let mut figures = Figures { release: release.release.clone(), ..Figures::default() };
        for sample in &release.samples {
            let value = sample.value.parse().unwrap_or_default();
            let label = |name: &str| sample.labels.get(name).map(String::as_str).unwrap_or_default();
            match sample.name.as_str() {
                "dyads_open_28d" => figures.open = value,
                "contacts_28d" => {
                    figures.contacts += value;
                    if label("attendance") == "attended" {
                        figures.attended = value;
                    }
                }
                "breakdowns_90d" => figures.breakdowns += value,
                "repairs_90d" => figures.repairs = value,
                "dropouts_90d" => figures.dropouts = value,
                "dropouts_support_90d" => {
                    let kinds = match label("basis") {
                        "unmet" => &mut figures.dropouts_unmet,
                        _ => &mut figures.dropouts_received,
                    };
                    kinds.insert(label("support_type").to_owned(), value);
                }
                _ => {}
            }
        }
        figures
    }
}

/// Adds up figures of several sites; the release is the first one's.
pub fn total<'a>(figures: impl IntoIterator<Item = &'a Figures>) -> Figures {
    let mut total = Figures::default();
    for one in figures {
        if total.release.is_empty() {
            total.release.clone_from(&one.release);
        }
        total.open += one.open;
        total.contacts += one.contacts;
        total.attended += one.attended;
        total.breakdowns += one.breakdowns;
        total.repairs += one.repairs;
        total.dropouts += one.dropouts;
        for (kind, value) in &one.dropouts_unmet {
            *total.dropouts_unmet.entry(kind.clone()).or_default() += value;
        }
        for (kind, value) in &one.dropouts_received {
            *total.dropouts_received.entry(kind.clone()).or_default() += value;
        }
    }
    total
}
