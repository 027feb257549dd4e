//! One run: a log, two workers of each service, and a schedule of what happens when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::Registry;
use rapport_indicators::checkpoints::Checkpoints;
use rapport_indicators::service::{self as indicators, Indicators};
use rapport_ingest::judge::Judge;
use rapport_ingest::service::{self as ingest, Ingest, Partitions, Parts};
use rapport_model::catalogue::Catalogue;
use rapport_model::params::{Params, Settings};
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Rules, Sites};
use rapport_proto::topics;
use rapport_runtime::Clock;
use rapport_runtime::clock::ManualClock;
use rapport_stream::checkpoint::Directory;
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::faults::{Fault, FaultyLog, Plan, is_crash};
use rapport_stream::port::{Error, Log, Output, SessionSpec};
use rapport_stream::worker::{Limits, Service, Worker};
use rapport_tests::oracle::days::{DAY_US, Us};
use rapport_tests::oracle::log::Record;
use rapport_tests::random::Dice;
use tempfile::TempDir;

use super::WORLDS;
use super::tampered::{Mistake, Tampered};
use super::world::{LATEST_DAYS, Last, PARTITIONS, World, everything};

/// Workers of each service.
const WORKERS: usize = 2;
/// Far more rounds than any run needs to come to rest.
const CALM_ROUNDS: usize = 5_000;

/// What a seed says will happen.
pub struct Schedule {
    dice: Dice,
    /// When each raw record arrives, in order; the number is its place in the world.
    arrivals: Vec<(Us, usize)>,
    plan: Plan,
    /// Records in a transaction.
    most: u64,
    /// Whether `indicators` has checkpoints.
    pub with_checkpoints: bool,
}

impl Schedule {
    /// Everything arrives in time and nothing goes wrong.
    pub fn calm(world: &World) -> Schedule {
        let arrivals = world.raw.iter().enumerate().map(|(place, raw)| (raw.at, place)).collect();
        Schedule { dice: Dice::new(0), arrivals, plan: Plan::calm(0), most: 1_000, with_checkpoints: false }
    }

    /// Some records late, some twice, in some seeds all in any order at the end; and faults.
    pub fn of(seed: u64, world: &World) -> Schedule {
        let mut dice = Dice::new(seed);
        let is_backlog = dice.percent(20);
        let late = dice.pick(&[0, 10, 50]);
        let mut arrivals = Vec::new();
        for (place, raw) in world.raw.iter().enumerate() {
            for _ in 0..1 + usize::from(dice.percent(8)) {
                let delay =
                    if dice.percent(late) { dice.below(LATEST_DAYS as usize) as i64 * DAY_US } else { 0 };
                arrivals.push((if is_backlog { world.end } else { raw.at + delay }, place));
            }
        }
        if is_backlog {
            dice.shuffle(&mut arrivals);
        } else {
            arrivals.sort_unstable();
        }
        let most = 1 + dice.below(60) as u64;
        // With and without, in every world.
        let with_checkpoints = (seed / WORLDS).is_multiple_of(3);
        Schedule { dice, arrivals, plan: stormy(seed), most, with_checkpoints }
    }
}

/// Every fault, as often as lets a run of a few hundred steps get somewhere.
fn stormy(seed: u64) -> Plan {
    let often = [Fault::CrashAfterCommit, Fault::TornCommit, Fault::DoubtHappened, Fault::DoubtMissed];
    let moves = [Fault::Revoked, Fault::Lost];
    let seldom = [Fault::Crash, Fault::Unavailable];
    let per_record = [Fault::CrashInPoll, Fault::UnavailableInPoll, Fault::UnavailableInSend];
    let plan = Plan::calm(seed).with(Fault::SmallPoll, 500);
    let plan = often.into_iter().fold(plan, |plan, fault| plan.with(fault, 600));
    let plan = moves.into_iter().fold(plan, |plan, fault| plan.with(fault, 200));
    let plan = seldom.into_iter().fold(plan, |plan, fault| plan.with(fault, 60));
    per_record.into_iter().fold(plan, |plan, fault| plan.with(fault, 12))
}

/// A log with both services on it.
pub struct Run<'a> {
    world: &'a World,
    schedule: Schedule,
    mistake: Option<Mistake>,
    log: Arc<dyn Log>,
    faulty: Arc<FaultyLog>,
    earlier_faults: Vec<(Fault, u64)>,
    clock: Clock,
    hand: ManualClock,
    elapsed: Arc<AtomicU64>,
    params: Arc<Params>,
    judge: Judge,
    ingest: Vec<Option<Worker<Ingest>>>,
    indicators: Vec<Option<Worker<Tampered>>>,
    metrics: rapport_indicators::metrics::Metrics,
    /// Where checkpoints are, if there are any.
    checkpoints: Option<(Directory, TempDir)>,
}

impl<'a> Run<'a> {
    pub fn new(world: &'a World, schedule: Schedule, mistake: Option<Mistake>) -> Run<'a> {
        let start = world.raw.first().map_or(0, |raw| raw.at);
        let (clock, hand) = Clock::manual(start);
        // The log's own clock stands still, so that nothing outlives its retention.
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory(Arc::new(|| 0)).unwrap());
        log.create_topics(&topics::ALL, PARTITIONS).unwrap();
        let rules = Rules {
            sites: Sites::Any,
            catalogue: Catalogue::embedded(),
            keys: Keys::new(vec![("k1".to_owned(), vec![7; 32])]).unwrap(),
            pseudonymise_event_ids: true,
        };
        let params = Params { settings: Settings::default(), catalogue: Catalogue::embedded() };
        Run {
            world,
            mistake,
            metrics: rapport_indicators::metrics::Metrics::register(&Registry::new()).unwrap(),
            checkpoints: schedule.with_checkpoints.then(|| {
                let scratch = tempfile::tempdir().unwrap();
                (Directory::open(scratch.path()).unwrap(), scratch)
            }),
            faulty: Arc::new(FaultyLog::new(log.clone(), schedule.plan.clone())),
            schedule,
            log,
            earlier_faults: Vec::new(),
            clock,
            hand,
            elapsed: Arc::new(AtomicU64::new(0)),
            params: Arc::new(params),
            judge: Judge::new(Arc::new(rules), Default::default()),
            ingest: (0..WORKERS).map(|_| None).collect(),
            indicators: (0..WORKERS).map(|_| None).collect(),
        }
    }

    /// Plays the schedule to its end: a storm while the records arrive, then calm until each has been accepted; then
    /// a day later, after everything was started anew, the last tick, in a storm again; then calm.
    pub fn play(&mut self) -> Result<Last, String> {
        let mut appender = self.log.appender().map_err(|error| error.to_string())?;
        let mut arrived = 0;
        while arrived < self.schedule.arrivals.len() {
            if !self.schedule.dice.percent(30) {
                self.step_one()?;
                continue;
            }
            let until = (arrived + 1 + self.schedule.dice.below(60)).min(self.schedule.arrivals.len());
            for (at, place) in &self.schedule.arrivals[arrived..until] {
                self.hand.set((*at).max(self.clock.now_us()));
                let partition = Some(self.schedule.dice.below(PARTITIONS as usize) as u32);
                let value = Some(self.world.raw[*place].json.as_bytes());
                let record = Output { topic: topics::RAW, partition, key: None, value, headers: &[] };
                appender.append(&[record]).map_err(|error| error.to_string())?;
            }
            arrived = until;
        }
        self.calm_down()?;
        self.start_anew();
        self.hand.set(self.world.last);
        for _ in 0..60 {
            self.step_one()?;
        }
        self.calm_down()?;
        Ok(Last::of(&self.log, self.world.last))
    }

    /// What lies on `rapport.events`, by partition.
    pub fn events(&self) -> Vec<Vec<Record>> {
        everything(&self.log, topics::EVENTS)
    }

    /// How often each fault happened.
    pub fn counts(&self) -> Vec<(Fault, u64)> {
        self.earlier_faults.iter().copied().chain(self.faulty.counts()).collect()
    }

    /// Checkpoints written, loaded, failed and rejected.
    pub fn checkpoints(&self) -> [u64; 4] {
        self.metrics.checkpoints()
    }

    /// Throws everything away but the log.
    fn start_anew(&mut self) {
        self.earlier_faults = self.counts();
        self.faulty = Arc::new(FaultyLog::new(self.log.clone(), self.schedule.plan.clone()));
        self.ingest.iter_mut().for_each(|worker| *worker = None);
        self.indicators.iter_mut().for_each(|worker| *worker = None);
    }

    /// Heals the log and steps everybody until nobody has anything left to do.
    fn calm_down(&mut self) -> Result<(), String> {
        self.faulty.heal();
        let mut idle = 0;
        for _ in 0..CALM_ROUNDS {
            let mut all_idle = true;
            for number in 0..2 * WORKERS {
                all_idle &= self.step(number)?;
            }
            idle = if all_idle { idle + 1 } else { 0 };
            if idle == 3 {
                return Ok(());
            }
        }
        Err("the calm never came".to_owned())
    }

    fn step_one(&mut self) -> Result<(), String> {
        let number = self.schedule.dice.below(2 * WORKERS);
        if self.schedule.dice.percent(1) { self.stop(number) } else { self.step(number).map(drop) }
    }

    /// Stops a worker in good order; another takes its place when its turn comes.
    fn stop(&mut self, number: usize) -> Result<(), String> {
        let left = match number.checked_sub(WORKERS) {
            None => self.ingest[number].take().map(|mut worker| worker.leave()),
            Some(number) => self.indicators[number].take().map(|mut worker| {
                // What is committed now may end a checkpoint; whatever fails here fails again in leaving.
                let _ = worker.flush();
                worker.service_mut().wait_for_checkpoints();
                worker.leave()
            }),
        };
        match left {
            Some(Err(error)) if !is_crash(&error) => Err(format!("a worker ended: {error}")),
            _ => Ok(()),
        }
    }

    /// One step of one worker; one that crashed is thrown away and made anew when its turn comes.
    fn step(&mut self, number: usize) -> Result<bool, String> {
        match number.checked_sub(WORKERS) {
            None => {
                let mut worker = self.ingest[number].take().unwrap_or_else(|| self.new_ingest(number as u32));
                let idle = stepped(&mut worker)?;
                self.ingest[number] = idle.is_some().then_some(worker);
                Ok(idle.unwrap_or(false))
            }
            Some(number) => {
                let mut worker =
                    self.indicators[number].take().unwrap_or_else(|| self.new_indicators(number as u32));
                let idle = stepped(&mut worker)?;
                worker.service_mut().wait_for_checkpoints();
                self.indicators[number] = idle.is_some().then_some(worker);
                Ok(idle.unwrap_or(false))
            }
        }
    }

    fn new_worker<S: Service>(&self, group: &str, topics: Vec<String>, worker: u32, service: S) -> Worker<S> {
        let spec = SessionSpec { group: group.to_owned(), topics, instance: "i".to_owned(), worker };
        let limits = Limits { max_records: self.schedule.most, ..Limits::default() };
        let elapsed = self.elapsed.clone();
        // Every look at it takes a while: time passes by what is done, the same in every run.
        let stopwatch = Arc::new(move || Duration::from_millis(elapsed.fetch_add(7, Ordering::SeqCst)));
        Worker::new(self.faulty.clone(), spec, service, limits, stopwatch, Box::new(()))
    }

    fn new_ingest(&self, number: u32) -> Worker<Ingest> {
        let topics = vec![topics::RAW.to_owned()];
        let metrics = rapport_ingest::metrics::Metrics::register(&Registry::new(), &topics).unwrap();
        let service = Ingest::new(Parts {
            judge: self.judge.clone(),
            clock: Arc::new(self.clock.clone()),
            partitions: Partitions { events: PARTITIONS, rejected: PARTITIONS },
            topics: topics.clone(),
            tick_seconds: 60,
            rejected_bytes_max: 65_536,
            metrics,
        });
        self.new_worker(ingest::GROUP, topics, number, service)
    }

    fn new_indicators(&self, number: u32) -> Worker<Tampered> {
        let checkpoints = self.checkpoints.as_ref().map(|(directory, _)| {
            let directory = directory.clone();
            let (log, metrics) = (self.faulty.clone(), self.metrics.clone());
            Checkpoints::new(directory, 10, &self.params, log, self.clock.millis(), metrics)
        });
        let service =
            Indicators::new(self.params.clone(), number, self.metrics.clone()).with_checkpoints(checkpoints);
        self.new_worker(indicators::GROUP, indicators::topics(), number, Tampered::new(service, self.mistake))
    }
}

/// Whether the worker is idle after a step; `None` where it crashed.
fn stepped<S: Service>(worker: &mut Worker<S>) -> Result<Option<bool>, String> {
    match worker.step(Duration::ZERO) {
        Ok(step) => Ok(Some(step.idle)),
        Err(error) if is_crash(&error) => Ok(None),
        Err(Error::Unavailable(_)) => Ok(Some(false)),
        Err(error) => Err(format!("a worker ended: {error}")),
    }
}
