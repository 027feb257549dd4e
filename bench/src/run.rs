//! One run of the bench, from an empty Kafka to a page.

use std::fs;
use std::io::Write as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use rapport_tests::harness::repository;

use crate::apart::{grow, latency, loaded, replay};
use crate::backlog::{self, Backlog};
use crate::figures::{Figures, Run};
use crate::settings::{Part, Settings};
use crate::stage::Stage;
use crate::{chart, embedded, engine, page, streams};

/// Measures everything that is wanted, prints it, and writes it down.
///
/// # Errors
/// Where something cannot be started, stands still, or cannot be written.
pub fn run(settings: &Settings) -> Result<()> {
    if settings.wants(Part::Streams1) {
        streams::build()?;
    }
    let stage = Stage::start()?;
    let bar = bar("writing the backlog", settings.events)?;
    let mut backlog = backlog::write(&stage, settings, &bar)?;
    bar.finish_and_clear();
    let mut figures = describe(settings, &backlog)?;
    for round in 1..=settings.rounds {
        for part in settings.parts() {
            measure(&stage, &mut backlog, part, round, settings, &mut figures)?;
        }
    }
    figures.row_bytes = backlog.row_bytes;
    if !settings.only_engines {
        if settings.wants(Part::Indicators1) {
            figures.replay = Some(replay::measure(&stage)?);
            figures.loaded = Some(loaded::measure(&stage)?);
        }
        if settings.wants(Part::Ingest1) {
            let (rows, alerts) = latency::measure(&stage)?;
            (figures.latency, figures.alerted) = (Some(rows), Some(alerts));
        }
        figures.growth = grow::measure(settings.events)?;
    }
    report(settings, &figures)
}

fn bar(what: &'static str, length: u64) -> Result<ProgressBar> {
    // On anything but a terminal there is no bar.
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template(
        "{msg:44} {bar:24} {human_pos}/{human_len} ({per_sec}, {eta} left)",
    )?);
    bar.set_message(what);
    Ok(bar)
}

fn measure(
    stage: &Stage,
    backlog: &mut Backlog,
    part: Part,
    round: u32,
    settings: &Settings,
    figures: &mut Figures,
) -> Result<()> {
    let bar = bar(part.title(), 0)?;
    let measured = match part {
        Part::Embedded => embedded::run(settings, &bar)?,
        _ => engine::run(stage, backlog, part, round, &bar)?,
    };
    bar.finish_and_clear();
    writeln!(
        std::io::stdout(),
        "round {round} of {}: {}: {:.0} records/s, {:.2} processor seconds per million, {:.0} MiB",
        settings.rounds,
        part.title(),
        measured.rate(),
        measured.processor_per_million(),
        measured.peak_mib()
    )?;
    figures.runs.push(Run { part, round, measured });
    if part == Part::Indicators1 && backlog.row_bytes == 0 {
        backlog.row_bytes = engine::row_bytes(stage)?;
    }
    Ok(())
}

fn describe(settings: &Settings, backlog: &Backlog) -> Result<Figures> {
    Ok(Figures {
        machine: machine(),
        commit: commit()?,
        day: today(),
        seed: settings.seed,
        sites: settings.sites(),
        dyads: settings.dyads,
        events: backlog.shares.events,
        duplicates: backlog.shares.duplicates,
        out_of_order: backlog.shares.out_of_order,
        record_bytes: backlog.record_bytes,
        row_bytes: 0,
        runs: Vec::new(),
        replay: None,
        loaded: None,
        latency: None,
        alerted: None,
        growth: Vec::new(),
    })
}

#[expect(clippy::disallowed_methods, reason = "a page says when it was measured")]
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = kib.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0);
    format!("{cores} cores, {} GiB of memory, broker and clients sharing them", (kib + (1 << 19)) >> 20)
}

fn commit() -> Result<String> {
    let git = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("git").args(arguments).current_dir(repository()).output();
        Ok(String::from_utf8_lossy(&output.context("ask git for the commit")?.stdout).trim().to_owned())
    };
    let changed = if git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty() { "" } else { "+" };
    Ok(git(&["rev-parse", "--short=7", "HEAD"])? + changed)
}

fn report(settings: &Settings, figures: &Figures) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for table in page::tables(figures) {
        writeln!(out, "\n{}", table.terminal())?;
    }
    if settings.print_only {
        return Ok(());
    }
    let path = settings.out.join("performance.md");
    let old = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    for (name, text) in [
        ("performance.md", page::renewed(&old, figures)?),
        ("performance.svg", chart::svg(figures)),
        ("performance.json", serde_json::to_string_pretty(figures)? + "\n"),
    ] {
        let path = settings.out.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        writeln!(out, "wrote {}", path.display())?;
    }
    Ok(())
}
