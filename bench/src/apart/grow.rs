//! What a state costs as dyads grow: time and memory of the fold alone, each size in a process of its own.
//!
//! The same histories at every size, in ten times as many sites each time, so that nothing but the size differs.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use rapport_model::catalogue::Catalogue;
use rapport_model::params::{Params, Settings};
use rapport_model::partition::{Partition, Stats};
use rapport_model::raw::Accepted;

use crate::engine;
use crate::figures::Grown;
use crate::own::{processor_seconds, resident};
use crate::records::{Entry, after, entries, plan};

/// Dyads that are simulated, in how many sites; all others are the same in other sites.
const SIMULATED: (u64, u32) = (10_000, 20);
/// How many times as many are measured.
const TIMES: [u64; 3] = [1, 10, 100];
/// Events of a dyad: with ten, a million dyads would be ten million events.
const EVENTS: u32 = 5;
/// Places for dyads at each site; by no means all are taken at first.
const PLACES: u32 = 600;
/// Events that are simulated at most until so many dyads have begun.
const LONGEST: u64 = 1_000_000;
/// Records made at once, per site simulated.
const AT_ONCE: usize = 1_000;

/// Folds records of so many dyads and says what they cost
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Dyads, in ten thousands
    #[arg(long)]
    pub times: u64,
}

/// Measures all sizes, those of more events than `events` left out.
///
/// # Errors
/// Where a process cannot be run.
pub fn measure(events: u64) -> Result<Vec<Grown>> {
    // A quick look does without the large ones.
    let sizes = TIMES.into_iter().filter(|times| SIMULATED.0 * times <= events);
    sizes
        .map(|times| {
            let output = Command::new(engine::beside("rapport-bench")?)
                .args(["grow", "--times", &times.to_string()])
                .output()
                .context("run the bench as a child")?;
            ensure!(
                output.status.success(),
                "fold {times} times as many dyads: {}",
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
    let (histories, shares) = histories()?;
    // All is ingested on one day: one release a site at most.
    let ingested_at = after(shares.last);
    let params = Params { settings: Settings::default(), catalogue: Catalogue::embedded() };
    let (mut partition, mut out) = (Partition::new(Arc::new(params)), Vec::new());
    let (memory, mut spent, mut applied) = (resident(), 0.0, 0);
    let mut records = Vec::new();
    for some in histories.chunks(AT_ONCE) {
        for event in some {
            for copy in 0..arguments.times {
                let site = format!("{}-{copy}", event.site).into();
                let event = Accepted { site, persons: event.persons.clone(), event: event.event.clone() };
                records.push(event.record(ingested_at));
            }
        }
        let begun = processor_seconds();
        for (key, value) in &records {
            out.clear();
            partition
                .apply(Some(key.as_bytes()), Some(value), &mut out)
                .map_err(|malformed| anyhow!("fold a record: {malformed}"))?;
        }
        spent += processor_seconds() - begun;
        applied += records.len() as u64;
        records.clear();
    }
    drop(records);
    let bytes = resident().saturating_sub(memory);
    let Stats { events, dyads, .. } = partition.stats();
    let (events, dyads) = (events as u64, dyads as u64);
    let grown = Grown { dyads, events, records: applied, processor_seconds: spent, bytes };
    serde_json::to_writer(std::io::stdout(), &grown)?;
    writeln!(std::io::stdout())?;
    Ok(())
}

/// The first events of as many dyads as are simulated, and what is known of their persons until all have begun.
fn histories() -> Result<(Vec<Accepted>, crate::records::Shares)> {
    let (dyads, sites) = SIMULATED;
    let (mut begun, mut histories) = (BTreeMap::<_, u32>::new(), Vec::new());
    let shares = entries(&plan(sites, PLACES, 3), 1, LONGEST, |entry| {
        let Entry::Event { event, .. } = entry else { return Ok(()) };
        let persons = &event.persons;
        if persons.client.is_some() && persons.peer.is_some() {
            let of = (event.site.clone(), persons.client.clone(), persons.peer.clone());
            let full = begun.len() as u64 == dyads;
            match begun.get_mut(&of) {
                Some(count) if *count == EVENTS => return Ok(()),
                Some(count) => *count += 1,
                None if full => return Ok(()),
                None => drop(begun.insert(of, 1)),
            }
        } else if begun.len() as u64 == dyads {
            return Ok(());
        }
        histories.push(event.clone());
        Ok(())
    })?;
    ensure!(begun.len() as u64 == dyads, "only {} dyads have begun", begun.len());
    Ok((histories, shares))
}
