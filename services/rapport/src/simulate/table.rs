//! The truth as a table.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use super::truth::{SiteTruth, Truth};

type Row = (&'static str, fn(&SiteTruth) -> u64);

const ROWS: [Row; 16] = [
    ("relationships started", |site| site.starts),
    ("contacts", |site| sum(&site.contacts)),
    ("  of those attended", |site| site.contacts.get("attended").copied().unwrap_or_default()),
    ("alliance ratings", |site| site.ratings),
    ("falls, sudden", |site| site.falls.iter().filter(|fall| fall.kind == "sudden").count() as u64),
    ("falls, slow", |site| site.falls.iter().filter(|fall| fall.kind == "slow").count() as u64),
    ("ruptures reported", |site| site.ruptures.len() as u64),
    ("alliances that recovered", |site| site.repairs.len() as u64),
    ("relationships ended", |site| sum(&site.ends) + site.ends_by_peers_leaving),
    ("silent dropouts", |site| site.silent_dropouts.len() as u64),
    ("  of those came back", |site| {
        site.silent_dropouts.iter().filter(|lost| lost.returned.is_some()).count() as u64
    }),
    ("requests for support", |site| sum(&site.requests)),
    ("  of those unmet", |site| sum(&site.requests_unmet)),
    ("pauses", |site| site.pauses),
    ("records sent", |site| site.records.sent()),
    ("  of those bad", |site| site.records.bad),
];

fn sum(counts: &BTreeMap<&'static str, u64>) -> u64 {
    counts.values().sum()
}

/// What was planted, a column per site and one for all, for people to read.
pub fn table(truth: &Truth) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let mut header = vec![format!("planted {} to {}", truth.first_day, truth.last_day)];
    header.extend(truth.sites.keys().cloned());
    header.push("all".to_owned());
    table.set_header(header);
    for (name, value) in ROWS {
        let values: Vec<u64> = truth.sites.values().map(value).collect();
        let mut row = vec![name.to_owned()];
        row.extend(values.iter().map(u64::to_string));
        row.push(values.iter().sum::<u64>().to_string());
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
