//! `make calibrate`: measures the alliance rule, prints the tables, and writes the page, the chart and the counts.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use rapport_calibrate::figures::{CHECKED, measure};
use rapport_calibrate::scenario::Scenario;
use rapport_calibrate::{chart, page};

/// Measures the false alarms and the hits of the alliance rule on simulated pairs
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  make calibrate
  make calibrate ARGS=\"--seed 5 --pairs 100000 --print-only\"")]
struct Arguments {
    /// Seed of the simulated pairs
    #[arg(long, default_value_t = 4)]
    seed: u64,
    /// Pairs per scenario
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(CHECKED..))]
    pairs: u64,
    /// Folder of the page, the chart and the counts
    #[arg(long, default_value = "docs", value_name = "FOLDER")]
    out: PathBuf,
    /// Write no files
    #[arg(long)]
    print_only: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // On anything but a terminal there is no bar.
    let bar = ProgressBar::new(arguments.pairs * Scenario::all().len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{bar:32} {human_pos}/{human_len} pairs ({per_sec}, {eta} left)",
    )?);
    let figures = measure(arguments.seed, arguments.pairs, &|pairs| bar.inc(pairs))?;
    bar.finish_and_clear();
    let mut out = std::io::stdout().lock();
    writeln!(out, "seed {}, {} pairs in each scenario\n", figures.seed, figures.pairs())?;
    for table in [page::false_alarms(&figures)?, page::falls(&figures)?, page::expectations(&figures)?] {
        writeln!(out, "{}\n", table.terminal())?;
    }
    if arguments.print_only {
        return Ok(());
    }
    for (name, text) in [
        ("calibration.md", page::page(&figures)?),
        ("calibration.svg", chart::svg(&figures)?),
        ("calibration.json", serde_json::to_string(&figures)? + "\n"),
    ] {
        let path = arguments.out.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        writeln!(out, "wrote {}", path.display())?;
    }
    Ok(())
}
