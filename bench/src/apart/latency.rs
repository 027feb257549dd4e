//! From an event on the raw topic to its enriched row, through `ingest` and `indicators`, at a steady rate.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rapport_proto::topics::{ALL, ENRICHED, RAW};
use rapport_stream::port::{Log as _, Output, RecordRef};
use rapport_tests::harness::{stopwatch, wait_until};

use crate::engine::{self, Running};
use crate::figures::Latency;
use crate::records::{Entry, entries, plan};
use crate::stage::{PARTITIONS, Stage};

const PREFIX: &str = "latency.";
const RATE: u64 = 1_000;
const SECONDS: u64 = 20;
/// Rows of the first seconds are not timed: caches and connections are cold.
const WARMING: Duration = Duration::from_secs(3);
/// Events sent at once: every ten milliseconds.
const AT_ONCE: usize = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// An event to be sent: the key of its row, its partition, its site and its text.
struct Ready {
    row: String,
    partition: u32,
    site: String,
    raw: String,
}

/// Measures it.
///
/// # Errors
/// Where the cluster or a service fails.
pub fn measure(stage: &Stage) -> Result<Latency> {
    stage.fresh(PREFIX, &ALL)?;
    let (ingest, indicators) = (engine::ingest(stage, PREFIX, 1)?, engine::indicators(stage, PREFIX, 1)?);
    wait_until_ready(&ingest)?;
    wait_until_ready(&indicators)?;
    let (sent, seen) = send_and_see(stage, &ready()?)?;
    ingest.end(stage);
    indicators.end(stage);
    let begun = sent.values().min().copied().unwrap_or_default();
    let mut took: Vec<Duration> = seen
        .iter()
        .filter_map(|(row, at)| sent.get(row).filter(|sent| **sent > begun + WARMING).map(|sent| *at - *sent))
        .collect();
    took.sort_unstable();
    let at = |share: usize| -> Result<f64> {
        let place = (took.len() * share / 100).min(took.len().saturating_sub(1));
        Ok(took.get(place).context("see a row")?.as_secs_f64() * 1e3)
    };
    Ok(Latency { rate: RATE, rows: took.len() as u64, p50_ms: at(50)?, p99_ms: at(99)?, max_ms: at(100)? })
}

fn wait_until_ready(running: &Running) -> Result<()> {
    let port = running.port.as_ref().context("find the service's admin server")?;
    let url = format!("http://{}/readyz", port.address());
    wait_until("a service to be ready", PATIENCE, || {
        reqwest::blocking::get(&url).is_ok_and(|answer| answer.status().is_success())
    });
    Ok(())
}

/// Events of dyads, each once.
fn ready() -> Result<Vec<Ready>> {
    let wanted = RATE * SECONDS;
    let mut ready = BTreeMap::new();
    let mut order = Vec::new();
    entries(&plan(40, 50, 2), PARTITIONS, wanted * 2, |entry| {
        if let Entry::Event { partition, raw, event, .. } = entry
            && order.len() < wanted as usize
            && event.persons.client.is_some()
            && event.persons.peer.is_some()
        {
            let (key, _) = event.record(rapport_model::time::Instant(0));
            let row = key.rsplit_once('/').map_or(key.as_str(), |(row, _)| row).to_owned();
            let of = Ready { row: row.clone(), partition, site: event.site.to_string(), raw: raw.to_owned() };
            if ready.insert(row.clone(), of).is_none() {
                order.push(row);
            }
        }
        Ok(())
    })?;
    Ok(order.iter().filter_map(|row| ready.remove(row)).collect())
}

type Times = BTreeMap<String, Duration>;

/// Sends at the rate; when each event was on the raw topic, and when its row was first there.
fn send_and_see(stage: &Stage, ready: &[Ready]) -> Result<(Times, Times)> {
    let clock = stopwatch();
    std::thread::scope(|scope| {
        let seeing = scope.spawn(|| -> Result<Times> {
            let (mut seen, log) = (Times::new(), stage.log(PREFIX));
            let mut reader = log.reader(&[ENRICHED])?;
            let until = clock() + Duration::from_secs(SECONDS) + PATIENCE;
            while seen.len() < ready.len() && clock() < until {
                let mut note = |record: &RecordRef<'_>| {
                    let row = String::from_utf8_lossy(record.key.unwrap_or_default()).into_owned();
                    let now = clock();
                    seen.entry(row).or_insert(now);
                };
                reader.poll(Duration::from_millis(5), 1_000, &mut note)?;
            }
            Ok(seen)
        });
        let sent = send(stage, ready, &*clock)?;
        let seen = seeing.join().map_err(|_| anyhow::anyhow!("read rows"))??;
        Ok((sent, seen))
    })
}

fn send(stage: &Stage, ready: &[Ready], clock: &dyn Fn() -> Duration) -> Result<Times> {
    let mut appender = stage.log(PREFIX).appender()?;
    let (mut sent, begun) = (Times::new(), clock());
    for (number, some) in (0_u32..).zip(ready.chunks(AT_ONCE)) {
        let due = begun + Duration::from_millis(1_000 * AT_ONCE as u64 / RATE) * number;
        while clock() < due {
            breathe();
        }
        let outputs: Vec<Output<'_>> = some
            .iter()
            .map(|event| Output {
                topic: RAW,
                partition: Some(event.partition),
                key: Some(event.site.as_bytes()),
                value: Some(event.raw.as_bytes()),
                headers: &[],
            })
            .collect();
        appender.append(&outputs)?;
        let now = clock();
        sent.extend(some.iter().map(|event| (event.row.clone(), now)));
    }
    Ok(sent)
}

#[expect(clippy::disallowed_methods, reason = "the rate is kept by the clock")]
fn breathe() {
    std::thread::sleep(Duration::from_millis(1));
}
