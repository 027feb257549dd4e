//! What `indicators` costs where one thing grows far beyond what a charity has: a dyad's history, the dyads of a site, the
//! sites of a partition. Without a log; the outputs are encoded and thrown away.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::ValueEnum;
use rapport_calibrate::table::Table;
use rapport_indicators::Indicators;
use rapport_model::raw::{CloudEvent, Form, Rules, accept};
use rapport_model::time::{DAY_US, Instant};
use rapport_proto::topics::EVENTS;
use rapport_stream::port::TopicPartition;
use rapport_stream::worker::{Service as _, Stopwatch};
use rapport_tests::harness::stopwatch;

use super::fold::{Counted, reference, service};
use crate::engine;
use crate::own::resident;
use crate::records::{Record, rules, tick};

const HOUR_US: i64 = 3_600_000_000;
/// Of so many events of a long history one arrives late, by so many hours.
const LATE: (i64, i64) = (100, 50);
/// Events of each dyad of a large site.
const EVENTS_EACH: i64 = 5;
/// Polls that bring nothing, of each day: a day has some 800 000 of them where nothing happens.
const POLLS: usize = 1_000;
/// Days over which the dyads of a site begin, where not all begin on one.
const SPREAD: i64 = 28;
/// Days on which one dyad of a hundred has an event, and days after them on which nothing happens.
const DAYS: (i64, i64) = (10, 120);

/// Measures what a long history, a large site and many sites cost, each in a process of its own
///
/// The time in which others have the processor is left out, so that what else runs on the machine disturbs little.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Only this one
    pub world: Option<World>,
}

/// What is large.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum World {
    /// A client with 1 000, 10 000, 100 000 events, in order
    Client,
    /// The same, with one event of a hundred two days late
    Late,
    /// A site with 100 000 dyads
    Site,
    /// The same, with dyads that began on other days
    Spread,
    /// 10 000 sites with 10 dyads each
    Sites,
}

/// Measures and prints.
///
/// # Errors
/// Where a record cannot be made, a process cannot be run or nothing can be printed.
pub fn run(arguments: &Arguments) -> Result<()> {
    let Some(world) = arguments.world else {
        for world in World::value_variants() {
            let name = world.to_possible_value().context("name what is large")?;
            let mut child = Command::new(engine::beside("rapport-bench")?);
            let status =
                child.args(["bounds", name.get_name()]).status().context("run the bench as a child")?;
            ensure!(status.success(), "measure {}", name.get_name());
        }
        return Ok(());
    };
    let mut table =
        Table::new(&["", "calls", "µs a call", "longest, ms", "B an event", "outputs of the longest"]);
    match world {
        World::Client => long_histories(false, &mut table)?,
        World::Late => long_histories(true, &mut table)?,
        World::Site => many(&Many { sites: 1, dyads: 100_000, spread: 1 }, &mut table)?,
        World::Spread => many(&Many { sites: 1, dyads: 100_000, spread: SPREAD }, &mut table)?,
        World::Sites => many(&Many { sites: 10_000, dyads: 10, spread: 1 }, &mut table)?,
    }
    writeln!(std::io::stdout(), "{}\n", table.terminal())?;
    Ok(())
}

/// One dyad with an event each hour; where `late`, some arrive late.
fn long_histories(late: bool, table: &mut Table) -> Result<()> {
    for events in [1_000, 10_000, 100_000] {
        let mut bench = Bench::new()?;
        let held = resident();
        let (mut in_order, mut delayed) = (Cost::default(), Cost::default());
        for number in 0..events {
            // The place of a late one is left empty until its time has come.
            let is_late = |number: i64| late && number % LATE.0 == LATE.1;
            if !is_late(number) {
                let record = bench.event("site", 0, number, number)?;
                in_order.add(bench.process(record)?);
            }
            let due = number - LATE.1;
            if due >= 0 && is_late(due) {
                let record = bench.event("site", 0, due, number)?;
                delayed.add(bench.process(record)?);
            }
        }
        let bytes = bench.bytes_since(held) / events as u64;
        in_order.row(table, format!("a client's {events} events: one in order"), Some(bytes));
        if late {
            delayed.row(table, format!("a client's {events} events: a late one"), None);
        }
        bench.replay()?.row(table, format!("a client's {events} events: replayed, then folded"), None);
    }
    Ok(())
}

/// Sites with many dyads.
struct Many {
    sites: i64,
    dyads: i64,
    /// Days between two events of a dyad.
    spread: i64,
}

/// Some events of each dyad; then days on which one dyad of a hundred has another; then days on which nothing happens and time
/// alone turns them. Without a spread all dyads have their events, and are turned, on the same days: it cannot come worse.
fn many(many: &Many, table: &mut Table) -> Result<()> {
    let mut bench = Bench::new()?;
    let held = resident();
    let of_dyad = |dyad: i64| format!("site-{}", dyad % many.sites);
    let all = many.sites * many.dyads;
    let (mut event, mut busy, mut ahead) = (Cost::default(), Cost::default(), Cost::default());
    let begun = EVENTS_EACH * many.spread;
    for day in 0..begun {
        bench.idle(&mut ahead)?;
        busy.add(bench.process(tick(0, Instant(day * DAY_US)))?);
        for dyad in (0..all).filter(|dyad| dyad % many.spread == day % many.spread) {
            // All of a day within one hour.
            let record = bench.event(&of_dyad(dyad), dyad, day * 24 + 1, day * 24 + 1)?;
            event.add(bench.process(record)?);
        }
    }
    let bytes = bench.bytes_since(held) / (all * EVENTS_EACH) as u64;
    event.row(table, "an event".to_owned(), Some(bytes));
    let mut some = Cost::default();
    for day in begun..begun + DAYS.0 {
        bench.idle(&mut ahead)?;
        let spent = bench.process(tick(0, Instant(day * DAY_US + HOUR_US)))?;
        // The first of them still is of a day with all dyads.
        if day > begun {
            some.add(spent)
        } else {
            busy.add(spent)
        }
        for dyad in (0..all).filter(|dyad| dyad % 100 == day % 100) {
            let record = bench.event(&of_dyad(dyad), dyad, day * 24 + 2, day * 24 + 2)?;
            bench.process(record)?;
        }
    }
    busy.row(table, "the release after a day with many dyads".to_owned(), None);
    some.row(table, "the release after a day with 1 % of the dyads".to_owned(), None);
    let begun = begun + DAYS.0;
    let (mut quiet, mut turned) = (Cost::default(), Vec::new());
    for day in begun..begun + DAYS.1 {
        bench.idle(&mut ahead)?;
        let spent = bench.process(tick(0, Instant(day * DAY_US + HOUR_US)))?;
        turned.push((spent, day));
        quiet.add(spent);
    }
    quiet.row(table, "the release after a quiet day".to_owned(), None);
    turned.sort();
    for (spent, day) in turned.into_iter().rev().take(4) {
        let mut cost = Cost::default();
        cost.add(spent);
        cost.row(table, format!("of these, day {day}"), None);
    }
    ahead.row(table, "counting ahead, after a poll that brought nothing".to_owned(), None);
    bench.replay()?.row(table, "replayed, then folded".to_owned(), None);
    Ok(())
}

/// What a call took, and how many outputs it gave.
type Spent = (Duration, usize);

/// What calls cost.
#[derive(Default)]
struct Cost {
    calls: u32,
    all: Duration,
    longest: Spent,
}

impl Cost {
    fn add(&mut self, spent: Spent) {
        self.calls += 1;
        self.all += spent.0;
        self.longest = self.longest.max(spent);
    }

    fn row(&self, table: &mut Table, what: String, bytes: Option<u64>) {
        let micros = self.all.as_secs_f64() * 1e6 / f64::from(self.calls.max(1));
        let (longest, outputs) = self.longest;
        table.row([
            what,
            self.calls.to_string(),
            format!("{micros:.1}"),
            format!("{:.1}", longest.as_secs_f64() * 1e3),
            bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
            outputs.to_string(),
        ]);
    }
}

/// The service, with all records it was given.
struct Bench {
    rules: Rules,
    service: Indicators,
    meter: Meter,
    records: Vec<Record>,
    /// Bytes of the records.
    kept: usize,
}

impl Bench {
    fn new() -> Result<Bench> {
        let meter = Meter(stopwatch());
        Ok(Bench { rules: rules()?, service: service()?, meter, records: Vec::new(), kept: 0 })
    }

    /// An event of a dyad that occurred at an hour, accepted at another.
    fn event(&self, site: &str, dyad: i64, hour: i64, accepted: i64) -> Result<Record> {
        let (at, peer) = (Instant(hour * HOUR_US), dyad / 3);
        let json = format!(
            r#"{{"event_id":"{dyad}-{hour}","site":"{site}","occurred_at":"{at}","client":"c{dyad}","peer":"p{peer}",{}}}"#,
            what_happens(hour)
        );
        let cloud = CloudEvent { id: None, source: None, time: None };
        let clock = Instant(accepted * HOUR_US);
        let accepted = accept(json.as_bytes(), Form::Json, cloud, &self.rules, clock);
        let accepted = accepted.map_err(|rejection| anyhow!("make an event: {:?}", rejection.reason))?;
        let (key, value) = accepted.record(clock);
        Ok(Record { partition: 0, key, value })
    }

    /// Lets the service process a record, and keeps it.
    fn process(&mut self, record: Record) -> Result<Spent> {
        let (headers, mut sink) = (Vec::new(), Counted::default());
        let reference = reference(self.records.len() as u64, &record, &headers);
        let Bench { service, meter, .. } = self;
        let mut processed = Ok(());
        let spent = meter.spent(|| processed = service.process(&reference, &mut sink));
        processed.context("process a record")?;
        // What the bench keeps itself is not the service's.
        self.kept += record.key.capacity() + record.value.capacity();
        self.records.push(record);
        Ok((spent, sink.all()))
    }

    /// Lets the service do what it does while nothing happens.
    fn idle(&mut self, cost: &mut Cost) -> Result<()> {
        let mut sink = Counted::default();
        for _ in 0..POLLS {
            let Bench { service, meter, .. } = self;
            let mut done = Ok(());
            let spent = meter.spent(|| done = service.on_time(&mut sink));
            done.context("let time pass")?;
            cost.add((spent, 0));
        }
        Ok(())
    }

    /// Bytes of memory that came since then, but for the records that the bench keeps.
    fn bytes_since(&self, held: u64) -> u64 {
        let kept = self.kept + self.records.capacity() * size_of::<Record>();
        resident().saturating_sub(held).saturating_sub(kept as u64)
    }

    /// Replays all records into another service: what it costs to fold them when they all are noted.
    fn replay(&self) -> Result<Cost> {
        let mut again = service()?;
        let headers = Vec::new();
        for (offset, record) in (0..).zip(&self.records) {
            again.replay(&reference(offset, record, &headers));
        }
        let partition = TopicPartition { topic: EVENTS.into(), partition: 0 };
        let mut cost = Cost::default();
        cost.add((self.meter.spent(|| again.replayed(&partition)), 0));
        Ok(cost)
    }
}

/// What happens in an hour's event: a start, then contacts, ratings and what is learned.
fn what_happens(hour: i64) -> &'static str {
    match hour % 20 {
        _ if hour <= 1 => r#""type":"relationship","action":"started""#,
        3 => {
            r#""type":"measure","instrument":"wai-sr","rater":"client","scores":{"task":3.5,"bond":4,"goal":3}"#
        }
        7 => r#""type":"modelling","what":"modelled","behaviour":"asking_for_help","valence":"negative""#,
        9 => r#""type":"modelling","what":"enacted","behaviour":"asking_for_help","valence":"negative""#,
        11 => r#""type":"modelling","what":"comparison","direction":"upward","affect":"negative""#,
        13 => r#""type":"contact","attendance":"attended","requested":["emotional"]"#,
        15 => r#""type":"contact","attendance":"attended","requested":["emotional","psychological_therapy"]"#,
        17 => r#""type":"contact","attendance":"attended","support":["emotional"]"#,
        _ => r#""type":"contact","attendance":"attended","minutes":30"#,
    }
}

/// Measures what this thread does.
struct Meter(Stopwatch);

impl Meter {
    /// How long `work` takes, without the time in which other threads had the processor.
    fn spent(&self, work: impl FnOnce()) -> Duration {
        let (before, started) = (waited(), (self.0)());
        work();
        ((self.0)() - started).saturating_sub(waited().saturating_sub(before))
    }
}

/// How long this thread has waited for a processor.
fn waited() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').nth(1).and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}
