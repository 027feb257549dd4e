//! What a state costs as dyads grow: time and memory of the fold alone, each size in a process of its own.

use std::io::Write as _;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use rapport_model::catalogue::Catalogue;
use rapport_model::params::{Params, Settings};
use rapport_model::partition::{Partition, Stats};

use crate::figures::Grown;
use crate::records::{Entry, entries, plan};
use crate::{backlog, engine};

/// Dyads, and events for each of them.
const SIZES: [(u64, u64); 3] = [(10_000, 10), (100_000, 10), (1_000_000, 2)];
/// Dyads of a site.
const PER_SITE: u64 = 500;

/// Folds records of so many dyads and says what they cost
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Dyads
    #[arg(long)]
    pub dyads: u64,
    /// Events
    #[arg(long)]
    pub events: u64,
}

/// Measures all sizes that have no more events than the backlog.
///
/// # Errors
/// Where a process cannot be run.
pub fn measure(events: u64) -> Result<Vec<Grown>> {
    let sizes = SIZES.into_iter().filter(|(dyads, each)| dyads * each <= events);
    sizes
        .map(|(dyads, each)| {
            let output = Command::new(engine::beside("rapport-bench")?)
                .args(["grow", "--dyads", &dyads.to_string(), "--events", &(dyads * each).to_string()])
                .output()
                .context("run the bench as a child")?;
            ensure!(
                output.status.success(),
                "fold {dyads} dyads: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            serde_json::from_slice(&output.stdout).context("read what the child measured")
        })
        .collect()
}

/// The child: folds and prints.
///
/// # Errors
/// Where nothing can be printed.
pub fn child(arguments: &Arguments) -> Result<()> {
    let plan = plan(u32::try_from(arguments.dyads.div_ceil(PER_SITE))?, u32::try_from(PER_SITE)?, 3);
    // All is ingested on one day: one release a site at most.
    let ingested_at = backlog::ingested_at(&plan, arguments.events);
    let mut records = Vec::new();
    entries(&plan, 1, arguments.events, |entry| {
        if let Entry::Event { event, .. } = entry {
            records.push(event.record(ingested_at));
        }
        Ok(())
    })?;
    let params = Params { settings: Settings::default(), catalogue: Catalogue::embedded() };
    let (mut partition, mut out) = (Partition::new(Arc::new(params)), Vec::new());
    let (memory, begun) = (resident(), processor_seconds());
    for (key, value) in &records {
        out.clear();
        let applied = partition.apply(Some(key.as_bytes()), Some(value), &mut out);
        applied.map_err(|malformed| anyhow!("fold a record: {malformed}"))?;
    }
    let (spent, bytes) = (processor_seconds() - begun, resident().saturating_sub(memory));
    let Stats { events, dyads, .. } = partition.stats();
    let (events, dyads) = (events as u64, dyads as u64);
    let records = records.len() as u64;
    let grown = Grown { dyads, events, records, processor_seconds: spent, bytes };
    serde_json::to_writer(std::io::stdout(), &grown)?;
    writeln!(std::io::stdout())?;
    Ok(())
}

/// Processor time of this process.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

/// Bytes of memory the process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
