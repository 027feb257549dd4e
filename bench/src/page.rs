//! The figures as tables, and their place on the page: between two marks, the rest of the page is written by hand.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use rapport_calibrate::table::Table;

use crate::figures::{Figures, Spread};
use crate::settings::Part;
use crate::watch::Measured;

const BEGIN: &str = "<!-- written by make bench: begin -->";
const END: &str = "<!-- written by make bench: end -->";

/// Everything there is to show.
pub fn tables(figures: &Figures) -> Vec<Table> {
    let mut tables = vec![engines(figures)];
    tables.extend(ratios(figures));
    tables.extend(apart(figures));
    tables.extend(growth(figures));
    tables
}

/// A page with the newest figures in the place of those it had.
///
/// # Errors
/// Where the page has no place for them.
pub fn renewed(page: &str, figures: &Figures) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("find `{BEGIN}` on the page"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("find `{END}` on the page"))?;
    let mut text = format!("{before}{BEGIN}\n\n{}\n\n![Records a second](performance.svg)\n", about(figures));
    for table in tables(figures) {
        let _ = write!(text, "\n{}\n", table.markdown());
    }
    Ok(format!("{text}\n{END}{after}"))
}

fn about(figures: &Figures) -> String {
    let percent = |count: u64| count as f64 * 100.0 / figures.events.max(1) as f64;
    let rounds = figures.runs.iter().map(|run| run.round).max().unwrap_or(0);
    format!(
        "Commit {}, {}; {}. Seed {}: {} events of {} sites with {} dyads each, {:.1} % sent before, {:.1} % out of order; \
         canonical records of {} B, enriched rows of {} B without their headers. {} alternating rounds: medians, with least \
         and greatest in brackets.",
        figures.commit,
        figures.day,
        figures.machine,
        figures.seed,
        thousands(figures.events as f64),
        figures.sites,
        figures.dyads,
        percent(figures.duplicates),
        percent(figures.out_of_order),
        figures.record_bytes,
        figures.row_bytes,
        rounds,
    )
}

fn engines(figures: &Figures) -> Table {
    let mut table = Table::new(&["engine", "records/s", "processor s per million", "peak memory, MiB"]);
    for part in figures.parts() {
        let cell = |value: fn(&Measured) -> f64, show: fn(f64) -> String| {
            figures.of(part, value).map_or_else(String::new, |spread| with_spread(spread, show))
        };
        table.row([
            part.title().to_owned(),
            cell(Measured::rate, thousands),
            cell(Measured::processor_per_million, |value| format!("{value:.2}")),
            cell(Measured::peak_mib, thousands),
        ]);
    }
    table
}

fn with_spread(spread: Spread, show: fn(f64) -> String) -> String {
    format!("{} ({}–{})", show(spread.median), show(spread.least), show(spread.greatest))
}

/// How many times one engine's figure is another's, by medians.
pub fn ratio(figures: &Figures, one: Part, other: Part, value: fn(&Measured) -> f64) -> Option<f64> {
    Some(figures.of(one, value)?.median / figures.of(other, value)?.median)
}

fn ratios(figures: &Figures) -> Option<Table> {
    let ours = Part::Indicators1;
    let mut table = Table::new(&["ratio of medians", "measured", "goal"]);
    let rate: fn(&Measured) -> f64 = Measured::rate;
    let time: fn(&Measured) -> f64 = Measured::processor_per_million;
    let (alike, streams) = (Part::BareAlike, Part::Streams1);
    let rows = [
        ("records/s, `indicators` ÷ Kafka Streams", ours, streams, rate, "≥ 8"),
        ("processor time, Kafka Streams ÷ `indicators`", streams, ours, time, "≥ 8"),
        ("records/s, `indicators` ÷ bare loop of a row's size", ours, Part::BareRow, rate, "≥ 0.6"),
        ("records/s, `indicators` ÷ bare loop that writes the same", ours, alike, rate, "–"),
        ("processor time, bare loop that writes the same ÷ `indicators`", alike, ours, time, "–"),
        ("records/s, bare loop that writes the same ÷ Kafka Streams", alike, streams, rate, "–"),
        ("records/s, `ingest` ÷ bare copy", Part::Ingest1, Part::BareCopy, rate, "–"),
        ("records/s, 2 workers ÷ 1", Part::Indicators2, ours, rate, "–"),
    ];
    let mut any = false;
    for (name, one, other, value, goal) in rows {
        if let Some(measured) = ratio(figures, one, other, value) {
            any = true;
            table.row([name.to_owned(), format!("{measured:.2}"), goal.to_owned()]);
        }
    }
    any.then_some(table)
}

/// What a checkpoint costs of which nothing is made.
const READING: &str = "only to read those files and to add up their checksums";

fn apart(figures: &Figures) -> Option<Table> {
    let mut table = Table::new(&["by itself", "measured", "goal"]);
    if let Some(replay) = &figures.replay {
        let rate = replay.records as f64 / replay.seconds;
        table.row([
            format!("replay on assignment of {} records, records/s", thousands(replay.records as f64)),
            thousands(rate),
            "≥ 1 000 000".to_owned(),
        ]);
        table.row([
            "the same, processor s per million".to_owned(),
            format!("{:.2}", replay.processor_seconds * 1e6 / replay.records as f64),
            "≤ 1".to_owned(),
        ]);
        for (part, what) in [
            (Part::BareRead, "only to read them takes"),
            (Part::BareKeep, "to read and keep the least of them takes"),
        ] {
            let Some(bare) = figures.of(part, Measured::processor_per_million) else { continue };
            table.row([
                format!("of it what {what}, as measured above"),
                format!("{:.2}", bare.median),
                "–".to_owned(),
            ]);
        }
    }
    if let Some(loaded) = &figures.loaded {
        table.row([
            format!(
                "checkpoints of {} dyads, {} MiB: start to readiness, s; of it joining the group",
                thousands(loaded.dyads as f64),
                thousands(loaded.bytes as f64 / f64::from(1_u32 << 20)),
            ),
            format!("{:.2}; {:.2}", loaded.seconds, loaded.joining_seconds),
            "–".to_owned(),
        ]);
        let all = Some(loaded.processor_seconds);
        for (what, seconds, goal) in [("the same", all, "≤ 1"), (READING, loaded.reading_seconds, "–")] {
            let Some(seconds) = seconds else { continue };
            table.row([
                format!("{what}, processor s per million dyads"),
                format!("{:.2}", seconds * 1e6 / loaded.dyads.max(1) as f64),
                goal.to_owned(),
            ]);
        }
    }
    let latencies =
        [("enriched row", "–", &figures.latency), ("alert at Alertmanager", "p99 ≤ 500", &figures.alerted)];
    for (place, goal, latency) in latencies {
        let Some(latency) = latency else { continue };
        table.row([
            format!(
                "raw event to {place} at {} events/s ({} timed), p50, p99, slowest, ms",
                thousands(latency.rate as f64),
                thousands(latency.seen as f64),
            ),
            format!("{:.0}, {:.0}, {:.0}", latency.p50_ms, latency.p99_ms, latency.max_ms),
            goal.to_owned(),
        ]);
    }
    (figures.replay.is_some() || figures.latency.is_some()).then_some(table)
}

fn growth(figures: &Figures) -> Option<Table> {
    let mut table = Table::new(&[
        "dyads",
        "events kept",
        "µs a record",
        "bytes a dyad, all told",
        "bytes an event, all told",
    ]);
    for grown in &figures.growth {
        table.row([
            thousands(grown.dyads as f64),
            thousands(grown.events as f64),
            format!("{:.1}", grown.processor_seconds * 1e6 / grown.records.max(1) as f64),
            thousands(grown.bytes as f64 / grown.dyads.max(1) as f64),
            thousands(grown.bytes as f64 / grown.events.max(1) as f64),
        ]);
    }
    (!figures.growth.is_empty()).then_some(table)
}

/// A whole number with a space between thousands.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(thousands(1_234_567.4), "1\u{a0}234\u{a0}567");
        assert_eq!(thousands(999.0), "999");
    }
}
