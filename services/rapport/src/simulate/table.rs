//! The truth as tables.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use super::effects::{Effect, Link};
use super::modelling::{BY_ONESELF, COPIED};
use super::truth::{SiteTruth, Truth};

type Value = fn(&SiteTruth) -> u64;
type Section = (&'static str, &'static [(&'static str, Value)]);

const SECTIONS: [Section; 6] = [
    ("peer role", &PEER_ROLE),
    ("working alliance", &ALLIANCE),
    ("social support", &SUPPORT),
    ("role modelling", &MODELLING),
    ("outcomes and ways out", &WAYS_OUT),
    ("records", &RECORDS),
];

const PEER_ROLE: [(&str, Value); 8] = [
    ("peers joined", |site| site.peers_joined),
    ("  who had been clients", |site| site.peers_from_clients),
    ("peers left", |site| sum(&site.peers_left)),
    ("peers ever overloaded", |site| site.peers_overloaded),
    ("trainings", |site| of(&site.development, "training")),
    ("supervisions held", |site| of(&site.development, "supervision_held")),
    ("  not held", |site| of(&site.development, "supervision_not_held")),
    ("reflections", |site| of(&site.development, "reflection")),
];

const ALLIANCE: [(&str, Value); 8] = [
    ("relationships started", |site| site.starts),
    ("contacts", |site| sum(&site.contacts)),
    ("  attended", |site| of(&site.contacts, "attended")),
    ("alliance ratings", |site| site.ratings),
    ("falls, sudden", |site| falls(site, "sudden")),
    ("falls, slow", |site| falls(site, "slow")),
    ("ruptures reported", |site| site.ruptures.len() as u64),
    ("alliances that recovered", |site| site.repairs.len() as u64),
];

const SUPPORT: [(&str, Value); 3] = [
    ("requests", |site| sum(&site.requests)),
    ("  unmet", |site| sum(&site.requests_unmet)),
    ("types given, by contact", |site| sum(&site.delivered)),
];

const MODELLING: [(&str, Value); 7] = [
    ("behaviours modelled", |site| sum(&site.modelled)),
    ("behaviours enacted", |site| sum(&site.enacted)),
    ("  learned", |site| sum(&site.learned)),
    ("comparisons", |site| site.comparisons.values().flat_map(BTreeMap::values).map(sum).sum()),
    ("  that hurt", |site| {
        site.comparisons.values().flat_map(BTreeMap::values).map(|affects| of(affects, "negative")).sum()
    }),
    ("contacts with advocacy", |site| site.advocacy_contacts),
    ("  kept an appointment", |site| site.advocacy_followed),
];

const WAYS_OUT: [(&str, Value); 6] = [
    ("outcome measures", |site| sum(&site.outcome_measures)),
    ("relationships ended", |site| sum(&site.ends) + site.ends_by_peers_leaving + site.ends_by_deaths),
    ("  because a peer left", |site| site.ends_by_peers_leaving),
    ("silent dropouts", |site| site.silent_dropouts.len() as u64),
    ("  came back", |site| site.silent_dropouts.iter().filter(|lost| lost.returned.is_some()).count() as u64),
    ("clients become peers", |site| of(&site.pathway, "active")),
];

const RECORDS: [(&str, Value); 5] = [
    ("records sent", |site| site.records.sent()),
    ("  corrections", |site| site.records.corrections),
    ("  retractions", |site| site.records.retractions),
    ("  duplicates", |site| site.records.duplicates),
    ("  bad", |site| site.records.bad),
];

fn sum(counts: &BTreeMap<&'static str, u64>) -> u64 {
    counts.values().sum()
}

fn of(counts: &BTreeMap<&'static str, u64>, word: &str) -> u64 {
    counts.get(word).copied().unwrap_or_default()
}

fn falls(site: &SiteTruth, kind: &str) -> u64 {
    site.falls.iter().filter(|fall| fall.kind == kind).count() as u64
}

/// What was planted, for people to read: counts by mechanism, a column for all sites and one per site, then effects.
pub fn table(truth: &Truth) -> String {
    let mut table = plain();
    let mut header = vec![format!("planted {} to {}", truth.first_day, truth.last_day), "all".to_owned()];
    header.extend(truth.sites.keys().cloned());
    table.set_header(header);
    for (section, rows) in SECTIONS {
        table.add_row([section.to_uppercase()]);
        for (name, value) in rows {
            let values: Vec<u64> = truth.sites.values().map(value).collect();
            let mut row = vec![(*name).to_owned(), values.iter().sum::<u64>().to_string()];
            row.extend(values.iter().map(u64::to_string));
            table.add_row(row);
        }
    }
    to_the_right(&mut table);
    format!("{}\n\n{}", trimmed(&table), effects(truth))
}

/// The effects: planted beside realised.
fn effects(truth: &Truth) -> String {
    let mut table = plain();
    table.set_header(["effect, SD per SD", "planted", "realised", "95% interval", "correlation", "pairs"]);
    for effect in &truth.effects {
        table.add_row(row(effect));
    }
    to_the_right(&mut table);
    let all = |value: Value| truth.sites.values().map(value).sum::<u64>();
    let learned = all(|site| sum(&site.learned));
    let by_oneself = all(|site| sum(&site.enacted)) - learned;
    let rate = |count: u64, of: Value| count as f64 / all(of) as f64;
    let times = rate(learned, |site| site.learning.contacts_after_modelling)
        / rate(by_oneself, |site| site.learning.contacts_otherwise);
    let planted = (COPIED + BY_ONESELF) / BY_ONESELF;
    let realised = if times.is_finite() { format!("{times:.1}") } else { "–".to_owned() };
    format!(
        "{}\n\nA behaviour is enacted so many times as often once it was modelled: planted {planted:.1}, realised \
         {realised}.\nWhere ratings stand for the alliance, the slope is the weaker: they are noisy.",
        trimmed(&table)
    )
}

fn row(effect: &Effect) -> [String; 6] {
    let name = match effect.effect {
        Link::AllianceToClientOutcomes => "alliance → client outcomes",
        Link::AllianceRatingsToClientOutcomes => "  as its ratings show it",
        Link::AllianceToPeerOutcomes => "alliance → peer outcomes",
        Link::SupportToClientOutcomes => "support given → client outcomes",
        Link::SupportToPeerOutcomes => "support given → peer outcomes",
        Link::SupervisionToAlliances => "supervision → alliances",
    };
    let number = |value: f64| format!("{value:.3}");
    let or_none = |value: Option<f64>| value.map_or("–".to_owned(), number);
    let interval = effect.interval.map_or("–".to_owned(), |(low, high)| format!("{low:.3} to {high:.3}"));
    [
        name.to_owned(),
        number(effect.planted),
        or_none(effect.realised),
        interval,
        or_none(effect.correlation),
        effect.pairs.to_string(),
    ]
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
}

fn to_the_right(table: &mut Table) {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
