//! What runs: `ingest` and `indicators` as processes on the Kafka that all tests share, or on one of the test's own, and
//! what is sent to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rapport::simulate::{Arrival, Kind};
use rapport_model::time::{DAY_US, Instant};
use rapport_proto::topics::{ALL, RAW};
use rapport_stream::failpoint;
use rapport_stream::kafka::{KafkaLog, KafkaSettings};
use rapport_stream::port::{Appender, Log, Output};
use rapport_tests::harness::{Kafka, Port, Process, Scratch, built, fresh_prefix, stopwatch, wait_until};
use rapport_tests::random::Dice;

use super::load::load;
use super::row::Row;
use crate::end_to_end::charity::now;
use crate::end_to_end::metrics::Page;
use crate::end_to_end::topics::wait_until_judged;
use crate::seeds::number;

/// How long anything may take; a session of a group that nobody takes over ends after six seconds.
pub const SOON: Duration = Duration::from_secs(90);
/// Partitions of every topic.
pub const PARTITIONS: u32 = 4;
/// What `ingest` counts of raw records.
pub const INGESTED: &str = "rapport_ingest_records_total";
/// What `indicators` counts of records of `rapport.events`.
pub const FOLDED: &str = "rapport_indicators_records_total";
/// Programs, the instances they run as, and what they count.
pub const PROGRAMS: [(&str, &str, &str); 2] =
    [("rapport-ingest", "ingest", INGESTED), ("rapport-indicators", "indicators", FOLDED)];
/// More memory than this no service needs for so few events, bytes.
const MEMORY: u64 = 512 << 20;
/// How long what is sent may take to reach a Kafka of the test's own, milliseconds: its brokers are killed and cut off,
/// and a record that had to be given up would leave nobody knowing where the next one lies.
const PATIENCE_MS: u32 = 60_000;

/// A service that was started.
pub struct Service {
    /// Its process.
    pub process: Process,
    program: &'static str,
    port: Port,
}

/// Everything of one test.
pub struct Stage {
    /// The log, under the test's own prefix.
    pub log: KafkaLog,
    /// What is drawn by chance.
    pub dice: Dice,
    /// Partitions and offsets of the raw topic that hold what must be rejected.
    pub bad: BTreeSet<(u32, u64)>,
    /// Records in each partition of the raw topic.
    pub sent: [u64; PARTITIONS as usize],
    /// `host:port` of the brokers, for clients that are not ours.
    pub brokers: String,
    prefix: String,
    /// Days to come whose midnight the clock has been carried over.
    pub days_ahead: i32,
    services: BTreeMap<String, Service>,
    // Dropped after the services that work on it.
    own: Option<Kafka>,
    load: VecDeque<Arrival>,
    /// Numbers of the sites of which something was sent.
    sites: BTreeSet<u32>,
    appender: Box<dyn Appender>,
    config: PathBuf,
    scratch: Scratch,
    _row: Row,
}

/// The program that was built beforehand; where it stands for a later version, of another build if one is given.
fn built_for(program: &str, environment: &[(&str, &str)]) -> PathBuf {
    match std::env::var_os("RAPPORT_FAULT_OTHER_BUILD") {
        Some(folder) if environment.contains(&(failpoint::NEWER, "1")) => PathBuf::from(folder).join(program),
        _ => built(program),
    }
}

impl Stage {
    /// Topics, a configuration, and some thousand records that are ready to be sent; `bad` of a hundred are to be rejected.
    pub fn start(name: &str, seed: u64, bad: u32) -> Stage {
        let prefix = fresh_prefix(name);
        let kafka = Kafka::shared();
        Stage::set_up(name, seed, bad, prefix.clone(), kafka.log(&prefix), kafka.brokers())
    }

    /// The same on a Kafka of the test's own, to which anything may be done.
    pub fn start_on(kafka: Kafka, name: &str, seed: u64, bad: u32) -> Stage {
        let patient = KafkaSettings {
            transaction_timeout_ms: PATIENCE_MS,
            session_timeout_ms: PATIENCE_MS + 1,
            ..kafka.settings("")
        };
        let log = KafkaLog::new(patient, stopwatch()).expect("the settings are right");
        let mut stage = Stage::set_up(name, seed, bad, String::new(), log, kafka.brokers());
        stage.own = Some(kafka);
        stage
    }

    fn set_up(name: &str, seed: u64, bad: u32, prefix: String, log: KafkaLog, brokers: String) -> Stage {
        let scratch = Scratch::new(name);
        log.create_topics(&ALL, PARTITIONS).expect("topics can be made");
        let config = scratch.path().join("rapport.toml");
        let text = format!(
            "[log]\nbackend = \"kafka\"\npartitions = {PARTITIONS}\n[log.kafka]\nbrokers = \"{brokers}\"\n\
             topic_prefix = \"{prefix}\"\nsession_timeout_ms = 6000\ntransaction_timeout_ms = 5000\n\
             [ingest]\nkeys = [{{ name = \"k1\", file = \"k1.key\" }}]\ntick_seconds = 1\n[ingest.http]\nlisten = \"\"\n"
        );
        std::fs::write(&config, text).expect("a configuration can be written");
        std::fs::write(scratch.path().join("k1.key"), [7; 32]).expect("a key can be written");
        Stage {
            appender: log.appender().expect("the raw topic can be written to"),
            log,
            dice: Dice::new(seed),
            bad: BTreeSet::new(),
            sent: [0; PARTITIONS as usize],
            brokers,
            prefix,
            days_ahead: 0,
            services: BTreeMap::new(),
            own: None,
            load: load(seed, bad),
            sites: BTreeSet::new(),
            config,
            scratch,
            _row: Row::new(seed),
        }
    }

    /// The name of a topic or group on the cluster.
    pub fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The Kafka of the test's own. Panics where it is the shared one, which is not to be touched.
    pub fn kafka(&mut self) -> &mut Kafka {
        self.own.as_mut().expect("the stage has a Kafka of its own")
    }

    /// Adds a section to the configuration of what is started from now on.
    pub fn configure(&self, section: &str) {
        let text = std::fs::read_to_string(&self.config).expect("the configuration can be read");
        std::fs::write(&self.config, text + section).expect("a configuration can be written");
    }

    /// Starts a program of ours as that instance, with a failpoint if one is wanted.
    pub fn spawn(&mut self, program: &'static str, instance: &str, failpoint: Option<&str>) {
        let environment = failpoint.map(|failpoint| (failpoint::VARIABLE, failpoint));
        self.launch(program, instance, instance, environment.as_slice());
    }

    /// Starts a program of ours with something left out.
    pub fn spawn_broken(&mut self, program: &'static str, instance: &str, broken: &str, failpoint: &str) {
        let environment = [(failpoint::BROKEN, broken), (failpoint::VARIABLE, failpoint)];
        self.spawn_with(program, instance, &environment);
    }

    /// Starts a program of ours with more in its environment.
    pub fn spawn_with(&mut self, program: &'static str, instance: &str, environment: &[(&str, &str)]) {
        self.launch(program, instance, instance, environment);
    }

    /// Starts a program of ours as that instance, which this test calls otherwise.
    pub fn spawn_as(&mut self, program: &'static str, instance: &str, name: &str) {
        self.launch(program, instance, name, &[]);
    }

    fn launch(&mut self, program: &'static str, instance: &str, name: &str, more: &[(&str, &str)]) {
        let port = Port::free();
        let section = program.trim_start_matches("rapport-").to_uppercase();
        let listen = (format!("RAPPORT_{section}__LISTEN"), port.address());
        let checkpoints = self.checkpoints(name).to_string_lossy().into_owned();
        let mut environment = vec![(listen.0.as_str(), listen.1.as_str())];
        if with_checkpoints() {
            environment.push(("RAPPORT_INDICATORS__CHECKPOINT__DIRECTORY", &checkpoints));
            environment.push(("RAPPORT_INDICATORS__CHECKPOINT__EVERY_RECORDS", "20"));
        }
        environment.extend(more);
        let config = self.config.to_string_lossy().into_owned();
        let process = Process::start(
            name,
            built_for(program, &environment),
            ["--config", &config, "--instance", instance],
            &environment,
            self.scratch.path(),
        );
        self.services.insert(name.to_owned(), Service { process, program, port });
    }

    /// Where a service keeps its checkpoints.
    pub fn checkpoints(&self, name: &str) -> PathBuf {
        self.scratch.path().join(format!("{name}-checkpoints"))
    }

    /// Removes the checkpoints of a service that does not run, if there are any.
    pub fn forget_checkpoints(&self, name: &str) {
        let directory = self.checkpoints(name);
        if directory.exists() {
            std::fs::remove_dir_all(directory).expect("they can be removed");
        }
    }

    /// Starts `ingest` and `indicators`, one each, and waits until they are ready.
    pub fn spawn_both(&mut self) {
        self.spawn("rapport-ingest", "ingest", None);
        self.spawn("rapport-indicators", "indicators", None);
        self.wait_until_ready("ingest");
        self.wait_until_ready("indicators");
    }

    /// A service that was started.
    pub fn service(&mut self, instance: &str) -> &mut Service {
        self.services.get_mut(instance).expect("it was started")
    }

    /// SIGKILL; what it used is looked at first.
    pub fn kill(&mut self, instance: &str) {
        let mut service = self.services.remove(instance).expect("it was started");
        service.check();
        service.process.kill();
    }

    /// SIGTERM; it ends well.
    pub fn stop(&mut self, instance: &str) {
        let mut service = self.services.remove(instance).expect("it was started");
        service.check();
        assert!(service.process.stop(SOON).success(), "{instance} ends badly:\n{}", service.process.log());
    }

    /// Forgets a service that has ended by itself, and says what it said.
    pub fn bury(&mut self, instance: &str) -> String {
        self.services.remove(instance).expect("it was started").process.log()
    }

    /// Waits until a service says that it is ready.
    pub fn wait_until_ready(&mut self, instance: &str) {
        let service = self.service(instance);
        let url = format!("http://{}/readyz", service.port.address());
        service.process.wait_until_ready(&url, SOON);
    }

    /// Puts so many more records on the raw topic.
    pub fn feed(&mut self, records: usize) {
        let some: Vec<Arrival> = self.load.drain(..records.min(self.load.len())).collect();
        assert_eq!(some.len(), records, "there is nothing left to send");
        self.sites.extend(some.iter().filter(|one| one.kind != Kind::Bad).map(|one| one.site));
        let raw = |one: &Arrival| (one.kind == Kind::Bad, Some(one.json.clone().into_bytes()));
        self.put(&some.iter().map(raw).collect::<Vec<_>>(), &[]);
    }

    /// Puts records with those headers on the raw topic, each with whether it must be rejected.
    pub fn put(&mut self, records: &[(bool, Option<Vec<u8>>)], headers: &[(&str, &[u8])]) {
        let mut outputs = Vec::new();
        for (bad, value) in records {
            let partition = self.dice.below(PARTITIONS as usize);
            let number = u32::try_from(partition).expect("a small number");
            if *bad {
                self.bad.insert((number, self.sent[partition]));
            }
            self.sent[partition] += 1;
            let value = value.as_deref();
            outputs.push(Output { topic: RAW, partition: Some(number), key: None, value, headers });
        }
        self.appender.append(&outputs).expect("the raw topic can be written to");
    }

    /// Puts more records there, and waits until one of the services, whichever, is somewhere within them.
    pub fn feed_and_wait(&mut self, records: usize) {
        let (_, instance, counter) = self.dice.pick(&PROGRAMS);
        let enough = self.counted(instance, counter) + 1.0 + self.dice.below(records / 2) as f64;
        self.feed(records);
        self.wait_for_count(instance, counter, enough);
    }

    /// Turns the order of the next so many records around: what was recorded last arrives first.
    pub fn turn_around(&mut self, records: usize) {
        self.load.make_contiguous()[..records].reverse();
    }

    /// Of how many sites something was sent that is not bad.
    pub fn sites(&self) -> usize {
        self.sites.len()
    }

    /// How many records were sent, to all partitions.
    pub fn all_sent(&self) -> usize {
        usize::try_from(self.sent.iter().sum::<u64>()).expect("a small number")
    }

    /// Waits until everything that was sent is judged; the clock of the newest record of each partition.
    pub fn wait_until_judged(&self) -> BTreeMap<u32, i64> {
        wait_until_judged(&self.log, self.all_sent(), SOON).1
    }

    /// Waits until everything that was sent is judged, everything judged is folded, and everybody's clock is past it.
    pub fn settle(&mut self) {
        let newest = self.wait_until_judged();
        // No other record is of the instant of a tick that carries the clock over a midnight, and none need follow it.
        let past = |clock: i64| clock - i64::from(clock % DAY_US == 0);
        let newest =
            std::array::from_fn(|partition| newest.get(&(partition as u32)).copied().map_or(0, past));
        self.wait_for_clocks(&newest);
        self.services.values_mut().for_each(Service::check);
    }

    /// Waits until the clocks of all partitions are past those.
    fn wait_for_clocks(&mut self, past: &[i64; PARTITIONS as usize]) {
        wait_until("indicators to process everything", SOON, || {
            let clocks: Vec<_> = self.pages("rapport-indicators").iter().flat_map(clocks).collect();
            (0..PARTITIONS).zip(past).all(|(partition, past)| {
                clocks.iter().any(|(number, clock)| *number == partition && clock > past)
            })
        });
    }

    /// Carries the clock over the next midnight that it was not carried over yet, and waits until the releases are made,
    /// and with them everything that came before. That midnight.
    pub fn make_releases(&mut self) -> Instant {
        self.days_ahead += 1;
        let midnight = now().day().plus(self.days_ahead).start();
        tick(&self.config, midnight);
        self.wait_for_clocks(&[midnight.0 - 1; PARTITIONS as usize]);
        midnight
    }

    /// The pages of metrics of those that answer.
    fn pages(&self, program: &str) -> Vec<Page> {
        let of_program = self.services.values().filter(|service| service.program == program);
        of_program.filter_map(Service::page).collect()
    }

    /// The page of metrics of a service; `None` where it does not answer.
    pub fn page(&self, instance: &str) -> Option<Page> {
        self.services[instance].page()
    }

    /// What a service counts under that name; 0 where it does not answer.
    pub fn counted(&self, instance: &str, name: &str) -> f64 {
        self.page(instance).map_or(0.0, |page| page.sum(name))
    }

    /// Waits until a service has counted so much.
    pub fn wait_for_count(&mut self, instance: &str, name: &str, least: f64) {
        wait_until(&format!("{instance} to count {least} {name}"), SOON, || {
            self.counted(instance, name) >= least
        });
    }
}

impl Service {
    fn page(&self) -> Option<Page> {
        Page::get(&format!("http://{}/metrics", self.port.address()))
    }

    fn check(&mut self) {
        let peak = self.process.peak_memory();
        assert!(peak < MEMORY, "{} has used {peak} bytes", self.program);
    }
}

/// Whether `indicators` has checkpoints in this run: unless `RAPPORT_FAULT_CHECKPOINTS` is 0.
pub fn with_checkpoints() -> bool {
    number("RAPPORT_FAULT_CHECKPOINTS", 1) > 0
}

/// The clocks of the partitions that a page of `indicators` shows.
pub fn clocks(page: &Page) -> Vec<(u32, i64)> {
    let clocks = page.all("rapport_indicators_clock_timestamp_seconds");
    let clock = |(labels, seconds): (&BTreeMap<String, String>, f64)| {
        (labels["partition"].parse().expect("a number"), Instant((seconds * 1e6).round() as i64).0)
    };
    clocks.map(clock).collect()
}

/// Carries the clock to an instant, which may be some days ahead: the log is gone with the test.
pub fn tick(config: &Path, at: Instant) {
    let mut command = Command::new(built("rapport"));
    command.args(["tick", "--far-ahead", "--at", &at.to_string(), "--config"]).arg(config);
    let output = command.output().expect("the command can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
