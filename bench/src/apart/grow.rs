//! What a state costs as dyads grow: time and memory of the fold alone, each size in a process of its own.
//!
//! The same histories at every size, in ten times as many sites each time, so that nothing but the size differs. They are
//! simulated by the process that asks: memory that a simulation had and gave back would not be seen to be taken again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use rapport_model::catalogue::Catalogue;
use rapport_model::event::Decoder;
use rapport_model::params::{Params, Settings};
use rapport_model::partition::{Partition, Stats};
use rapport_model::raw::Accepted;
use rapport_model::time::Instant;
use rapport_proto::examples;
use rapport_tests::harness::Scratch;

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
/// Records made at once, each as many times as is asked for.
const AT_ONCE: usize = 1_000;
/// Ends a record, written in hex digits.
const END: u8 = b'\n';

/// Folds records of so many dyads and says what they cost
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Dyads, in ten thousands
    #[arg(long)]
    pub times: u64,
    /// The records of ten thousand dyads, one after the other
    #[arg(long)]
    pub records: PathBuf,
}

/// Measures all sizes, those of more events than `events` left out.
///
/// # Errors
/// Where a process cannot be run.
pub fn measure(events: u64) -> Result<Vec<Grown>> {
    // A quick look does without the large ones.
    let sizes: Vec<u64> = TIMES.into_iter().filter(|times| SIMULATED.0 * times <= events).collect();
    let scratch = Scratch::new("grow");
    let records = scratch.path().join("records");
    if !sizes.is_empty() {
        write(&records)?;
    }
    sizes
        .into_iter()
        .map(|times| {
            let output = Command::new(engine::beside("rapport-bench")?)
                .args(["grow", "--times", &times.to_string(), "--records"])
                .arg(&records)
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
    let mut written = BufReader::new(File::open(&arguments.records).context("open the records")?);
    let params = Params { settings: Settings::default(), catalogue: Catalogue::embedded() };
    let (mut partition, mut out) = (Partition::new(Arc::new(params)), Vec::new());
    let (memory, mut spent, mut applied) = (resident(), 0.0, 0);
    let (mut records, mut decoder, mut value) = (Vec::new(), Decoder::default(), Vec::new());
    loop {
        for _ in 0..AT_ONCE {
            value.clear();
            written.read_until(END, &mut value)?;
            let Some(digits) = value.strip_suffix(&[END]) else { break };
            let bytes = examples::decode_hex(std::str::from_utf8(digits)?).context("read a record")?;
            let decoded =
                decoder.decode(&bytes).map_err(|malformed| anyhow!("read a record: {malformed}"))?;
            let Some((name, persons, event)) = decoded.event else { continue };
            for copy in 0..arguments.times {
                let (site, persons) = (format!("{name}-{copy}").into(), persons.to_persons());
                records.push(Accepted { site, persons, event: event.clone() }.record(decoded.ingested_at));
            }
        }
        if records.is_empty() {
            break;
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

/// Writes the first events of as many dyads as are simulated, and what is known of their persons until all have begun: all
/// ingested on one day, so that there is one release a site at most.
fn write(path: &Path) -> Result<()> {
    let (histories, ingested_at) = histories()?;
    let mut file = BufWriter::new(File::create(path).context("make a file for the records")?);
    for event in histories {
        let (_, value) = event.record(ingested_at);
        file.write_all(examples::encode_hex(&value).as_bytes())?;
        file.write_all(&[END])?;
    }
    file.flush().context("write the records")
}

/// These events, and when they are ingested.
fn histories() -> Result<(Vec<Accepted>, Instant)> {
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
    Ok((histories, after(shares.last)))
}
