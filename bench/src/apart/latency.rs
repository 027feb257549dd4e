//! From an event on the raw topic to its enriched row, through `ingest` and `indicators`, at a steady rate; and of some that
//! report a rupture to their alert at an Alertmanager, through `alerts` too.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rapport_proto::topics::{ALL, ENRICHED, RAW};
use rapport_stream::port::{Log as _, Output, RecordRef};
use rapport_tests::harness::{Alertmanager, stopwatch};

use crate::engine;
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
/// One in so many is followed by a rupture, of a pair and a site of its own.
const ONE_OF: usize = 100;
/// How often the Alertmanager is asked: what is timed may be too long by that, never too short.
const ASKED_EVERY: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(60);
/// What a site of a rupture is called, but for its number.
const RUPTURED: &str = "ruptured-";

/// An event to be sent: the key of its row, its partition, its site and its text.
struct Ready {
    row: String,
    partition: u32,
    site: String,
    raw: String,
}

/// Measures both: to the row, and to the alert.
///
/// # Errors
/// Where the cluster, a service or the Alertmanager fails.
pub fn measure(stage: &Stage) -> Result<(Latency, Latency)> {
    stage.fresh(PREFIX, &ALL)?;
    let alertmanager = Alertmanager::silent();
    let mut services = [
        engine::ingest(stage, PREFIX, 1)?,
        engine::indicators(stage, PREFIX, 1, None)?,
        engine::alerts(stage, PREFIX, &alertmanager.url())?,
    ];
    services.iter_mut().try_for_each(|service| service.wait_until_ready(PATIENCE))?;
    let times = send_and_see(stage, &alertmanager, &with_ruptures(ready()?))?;
    services.into_iter().for_each(|service| service.end(stage));
    Ok((latency(&times.sent, &times.rows)?, latency(&times.sent, &times.alerts)?))
}

fn latency(sent: &Times, seen: &Times) -> Result<Latency> {
    let begun = sent.values().min().copied().unwrap_or_default();
    let timed = |key: &String| sent.get(key).filter(|sent| **sent > begun + WARMING);
    let mut took: Vec<Duration> =
        seen.iter().filter_map(|(key, at)| timed(key).map(|sent| *at - *sent)).collect();
    took.sort_unstable();
    let at = |share: usize| -> Result<f64> {
        let place = (took.len() * share / 100).min(took.len().saturating_sub(1));
        Ok(took.get(place).context("see what was sent")?.as_secs_f64() * 1e3)
    };
    Ok(Latency { rate: RATE, seen: took.len() as u64, p50_ms: at(50)?, p99_ms: at(99)?, max_ms: at(100)? })
}

/// The same with ruptures among them, a minute old.
fn with_ruptures(events: Vec<Ready>) -> Vec<Ready> {
    let at = a_minute_ago();
    let rupture = |number: usize| {
        let site = format!("{RUPTURED}{number}");
        let raw = serde_json::json!({
            "event_id": "R", "type": "alliance", "site": &site, "occurred_at": &at, "client": "C", "peer": "P",
            "action": "ruptured", "cause": "lack_of_trust",
        });
        let partition = number as u32 % PARTITIONS;
        Ready { row: site.clone(), partition, site, raw: raw.to_string() }
    };
    let with_its_rupture = |(number, event): (usize, Ready)| {
        [Some(event), number.is_multiple_of(ONE_OF).then(|| rupture(number / ONE_OF))].into_iter().flatten()
    };
    events.into_iter().enumerate().flat_map(with_its_rupture).collect()
}

#[expect(clippy::disallowed_methods, reason = "alerts of long ago are not delivered")]
fn a_minute_ago() -> String {
    (jiff::Timestamp::now() - Duration::from_secs(60)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
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

/// When each event was on the raw topic, by the key of its row or the site of its rupture; when its row was first there,
/// and when its alert.
struct Seen {
    sent: Times,
    rows: Times,
    alerts: Times,
}

/// Sends at the rate, and looks for what comes of it.
fn send_and_see(stage: &Stage, alertmanager: &Alertmanager, ready: &[Ready]) -> Result<Seen> {
    let clock = stopwatch();
    let until = clock() + Duration::from_secs(SECONDS) + PATIENCE;
    std::thread::scope(|scope| {
        let rows = scope.spawn(|| -> Result<Times> {
            let (mut seen, log) = (Times::new(), stage.log(PREFIX));
            let mut reader = log.reader(&[ENRICHED])?;
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
        let alerts = scope.spawn(|| {
            let mut seen = Times::new();
            let ruptures = ready.iter().filter(|event| event.site.starts_with(RUPTURED)).count();
            while seen.len() < ruptures && clock() < until {
                for alert in alertmanager.alerts() {
                    let site = alert["labels"]["site"].as_str().filter(|site| site.starts_with(RUPTURED));
                    if let Some(site) = site {
                        seen.entry(site.to_owned()).or_insert_with(&*clock);
                    }
                }
                pause(ASKED_EVERY);
            }
            seen
        });
        let sent = send(stage, ready, &*clock)?;
        let rows = rows.join().map_err(|_| anyhow::anyhow!("read rows"))??;
        let alerts = alerts.join().map_err(|_| anyhow::anyhow!("ask the Alertmanager"))?;
        Ok(Seen { sent, rows, alerts })
    })
}

fn send(stage: &Stage, ready: &[Ready], clock: &dyn Fn() -> Duration) -> Result<Times> {
    let mut appender = stage.log(PREFIX).appender()?;
    let (mut sent, begun) = (Times::new(), clock());
    for (number, some) in (0_u32..).zip(ready.chunks(AT_ONCE)) {
        let due = begun + Duration::from_millis(1_000 * AT_ONCE as u64 / RATE) * number;
        while clock() < due {
            pause(Duration::from_millis(1));
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
fn pause(time: Duration) {
    std::thread::sleep(time);
}
