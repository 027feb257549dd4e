//! `make bench`: measures, prints the tables, and writes the page, the chart and the figures.

use anyhow::Result;
use clap::Parser;
use rapport_bench::apart::{bounds, fold, grow};
use rapport_bench::{bare, run, settings};

/// Measures Rapport on a real Kafka beside a bare client loop and a Kafka Streams job
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    settings: settings::Settings,
    #[command(subcommand)]
    child: Option<Child>,
}

/// What the bench starts as a process of its own, to be measured like any other; and what is asked for by itself.
#[derive(Debug, clap::Subcommand)]
enum Child {
    /// Copies a topic's records in transactions until it is killed
    #[command(hide = true)]
    Bare(bare::Arguments),
    /// Folds records of so many dyads and says what they cost
    #[command(hide = true)]
    Grow(grow::Arguments),
    Fold(fold::Arguments),
    Bounds(bounds::Arguments),
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.child {
        Some(Child::Bare(arguments)) => bare::run(&arguments),
        Some(Child::Grow(arguments)) => grow::child(&arguments),
        Some(Child::Fold(arguments)) => fold::run(&arguments),
        Some(Child::Bounds(arguments)) => bounds::run(&arguments),
        None => run::run(&arguments.settings),
    }
}
