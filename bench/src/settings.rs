//! What is asked for.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::{Deserialize, Serialize};

/// Measures Rapport on a real Kafka beside a bare client loop and a Kafka Streams job
#[derive(Debug, Clone, Parser)]
#[command(after_help = "Examples:
  make bench
  make bench EVENTS=50000 ARGS=\"--rounds 1 --print-only\"
  make bench ARGS=\"--only indicators-1,bare-row,streams-1\"")]
pub struct Settings {
    /// Events of the backlog
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    pub events: u64,
    /// Sites; as many fewer as there are fewer events than the default [default: 200]
    #[arg(long)]
    pub sites: Option<u32>,
    /// Dyads of each site
    #[arg(long, default_value_t = 100)]
    pub dyads: u32,
    /// Seed of the simulated events
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Times each engine runs, taking turns; the page shows medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// What is measured [default: everything]
    #[arg(long, value_delimiter = ',', value_name = "PARTS")]
    pub only: Vec<Part>,
    /// Leave out what is measured apart: replay, latency, and the cost as dyads grow
    #[arg(long)]
    pub only_engines: bool,
    /// Folder of the page, the chart and the figures
    #[arg(long, default_value = "docs", value_name = "FOLDER")]
    pub out: PathBuf,
    /// Write no files
    #[arg(long)]
    pub print_only: bool,
}

/// Something that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// `ingest`, one worker
    #[value(name = "ingest-1")]
    Ingest1,
    /// `ingest`, two workers
    #[value(name = "ingest-2")]
    Ingest2,
    /// `indicators`, one worker
    #[value(name = "indicators-1")]
    Indicators1,
    /// `indicators`, two workers
    #[value(name = "indicators-2")]
    Indicators2,
    /// A bare loop that only reads the same records
    BareRead,
    /// A bare loop that reads the same records, takes them apart and keeps the least of them
    BareKeep,
    /// A bare loop that copies the same records
    BareCopy,
    /// A bare loop that writes records of an enriched row's size
    BareRow,
    /// A bare loop that writes what `indicators` wrote
    BareAlike,
    /// The Kafka Streams job, one thread
    #[value(name = "streams-1")]
    Streams1,
    /// `indicators`, one worker, over a backlog with a tick for each day
    Daily,
    /// `indicators`, one worker, over the embedded log; fewer events
    Embedded,
}

impl Part {
    /// As it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Part::Ingest1 => "ingest-1",
            Part::Ingest2 => "ingest-2",
            Part::Indicators1 => "indicators-1",
            Part::Indicators2 => "indicators-2",
            Part::BareRead => "bare-read",
            Part::BareKeep => "bare-keep",
            Part::BareCopy => "bare-copy",
            Part::BareRow => "bare-row",
            Part::BareAlike => "bare-alike",
            Part::Streams1 => "streams-1",
            Part::Daily => "daily",
            Part::Embedded => "embedded",
        }
    }

    /// As a table calls it.
    pub fn title(self) -> &'static str {
        match self {
            Part::Ingest1 => "`ingest`, 1 worker",
            Part::Ingest2 => "`ingest`, 2 workers",
            Part::Indicators1 => "`indicators`, 1 worker",
            Part::Indicators2 => "`indicators`, 2 workers",
            Part::BareRead => "bare loop, only reads the records",
            Part::BareKeep => "bare loop, reads and keeps the least of them",
            Part::BareCopy => "bare loop, copies the records",
            Part::BareRow => "bare loop, writes records of a row's size",
            Part::BareAlike => "bare loop, writes what `indicators` wrote",
            Part::Streams1 => "Kafka Streams, 1 thread",
            Part::Daily => "`indicators`, 1 worker, a release a day",
            Part::Embedded => "`indicators`, embedded log, a tenth of the events",
        }
    }
}

impl Settings {
    /// How many sites.
    pub fn sites(&self) -> u32 {
        let share = self.events.min(2_000_000) as f64 / 2_000_000.0;
        self.sites.unwrap_or(((200.0 * share) as u32).max(4))
    }

    /// Whether a part is wanted.
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The parts that are wanted, in the order they take turns in.
    pub fn parts(&self) -> Vec<Part> {
        Part::value_variants().iter().copied().filter(|part| self.wants(*part)).collect()
    }
}
