//! Everything that runs: our own programs over a real Kafka, with a real Prometheus and Alertmanager behind them. The
//! configurations are the ones in `deploy/`, with the addresses of this test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rapport_stream::kafka::KafkaLog;
use rapport_tests::harness::{
    Alertmanager, Kafka, Port, Process, Prometheus, Scratch, Webhook, built, fresh_prefix, repository,
};

use super::metrics::Page;

/// How long anything may take that takes a second or two where nobody else works.
pub const SOON: Duration = Duration::from_secs(60);
/// Partitions of every topic.
pub const PARTITIONS: u32 = 4;
/// Who may post events.
pub const TOKEN: &str = "a-token-of-the-end-to-end-test";
/// The secret of the pseudonyms.
pub const SECRET: &str = "a secret of the end-to-end test";

type Variables = BTreeMap<String, String>;

/// One of our services, as a process.
pub struct Service {
    program: &'static str,
    name: &'static str,
    port: Port,
    directory: PathBuf,
    variables: Variables,
    process: Option<Process>,
}

impl Service {
    fn new(program: &'static str, name: &'static str, directory: &Path) -> Service {
        let (port, directory) = (Port::free(), directory.to_owned());
        Service { program, name, port, directory, variables: Variables::new(), process: None }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// `http://…` of its admin server, with a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.port.address())
    }

    /// What it shows on /metrics; `None` where it does not answer.
    pub fn metrics(&self) -> Option<Page> {
        Page::get(&self.url("/metrics"))
    }

    /// Starts it; until it has been killed or stopped it runs.
    pub fn start(&mut self) {
        let variables: Vec<(&str, &str)> =
            self.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        let config = configuration(&self.directory);
        let args = ["--config", &*config.to_string_lossy(), "--instance", self.name];
        let process = Process::start(self.name, built(self.program), args, &variables, &self.directory);
        self.process = Some(process);
    }

    /// Waits until it is at work.
    pub fn wait_until_ready(&mut self) {
        let url = self.url("/readyz");
        self.process().wait_until_ready(&url, SOON);
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the service was started")
    }

    /// Everything it has said, in all its lives.
    pub fn log(&self) -> String {
        let path = self.directory.join(format!("{}.log", self.name));
        std::fs::read_to_string(path).expect("a service has a log")
    }
}

/// Everything that runs.
pub struct Stage {
    /// `ingest`.
    pub ingest: Service,
    /// `indicators`.
    pub indicators: Service,
    /// The exporter that Prometheus scrapes; it shows every number.
    pub exporter: Service,
    /// An exporter as it is deployed, that withholds small numbers.
    pub discreet: Service,
    /// `alerts`.
    pub alerts: Service,
    /// Where events are posted.
    pub events: String,
    /// Prometheus.
    pub prometheus: Prometheus,
    /// Alertmanager.
    pub alertmanager: Alertmanager,
    /// The receiver behind it.
    pub webhook: Webhook,
    /// The log, under the test's own prefix.
    pub log: KafkaLog,
    /// What stands before all topics' names.
    pub prefix: String,
    variables: Variables,
    // Dropped after those who write into it.
    scratch: Scratch,
}

impl Stage {
    /// Starts everything and waits until it is ready.
    pub fn start() -> Stage {
        let scratch = Scratch::new("end-to-end");
        let directory = scratch.path();
        let webhook = Webhook::start();
        let alertmanager = Alertmanager::start(&adapted(
            "deploy/alertmanager/alertmanager.yml",
            &[("http://webhook:9999", &webhook.url()), ("group_interval: 1m", "group_interval: 1s")],
        ));
        let service = |program, name| Service::new(program, name, directory);
        let mut services = [
            service("rapport-ingest", "ingest"),
            service("rapport-indicators", "indicators"),
            service("rapport-exporter", "exporter"),
            service("rapport-alerts", "alerts"),
            service("rapport-exporter", "discreet-exporter"),
        ];
        let prometheus = Prometheus::start(&scraping(directory, &services[..4], &alertmanager));
        let (prefix, events) = (fresh_prefix("end-to-end"), Port::free());
        configure(directory);
        let variables = variables(&prefix, &events, &alertmanager);
        for service in &mut services {
            service.variables.extend(variables.clone());
            let section = service.program.trim_start_matches("rapport-").to_uppercase();
            let address = service.port.address();
            service.set(&format!("RAPPORT_{section}__LISTEN"), &address);
        }
        services[2].set("RAPPORT_EXPORTER__DISCLOSURE", "exact");
        let [ingest, indicators, exporter, alerts, discreet] = services;
        let (log, events) = (Kafka::shared().log(&prefix), format!("http://{}/v1/events", events.address()));
        let mut stage = Stage {
            ingest,
            indicators,
            exporter,
            discreet,
            alerts,
            events,
            prometheus,
            alertmanager,
            webhook,
            log,
            prefix,
            variables,
            scratch,
        };
        stage.rapport(&["check-config"]);
        stage.rapport(&["topics"]);
        stage.services_mut().into_iter().for_each(Service::start);
        stage.services_mut().into_iter().for_each(Service::wait_until_ready);
        stage
    }

    /// All services.
    pub fn services(&self) -> [&Service; 5] {
        [&self.ingest, &self.indicators, &self.exporter, &self.discreet, &self.alerts]
    }

    /// All services.
    pub fn services_mut(&mut self) -> [&mut Service; 5] {
        let Stage { ingest, indicators, exporter, discreet, alerts, .. } = self;
        [ingest, indicators, exporter, discreet, alerts]
    }

    /// Runs the command `rapport` with the services' configuration; what it prints.
    pub fn rapport(&self, args: &[&str]) -> String {
        let mut command = Command::new(built("rapport"));
        command.args(args).arg("--config").arg(configuration(self.scratch.path())).envs(&self.variables);
        let output = command.output().expect("the command can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rapport {args:?}: {said}");
        String::from_utf8(output.stdout).expect("the command prints text")
    }

    /// `host:port` of Kafka.
    pub fn brokers(&self) -> String {
        Kafka::shared().brokers()
    }
}

/// A file of the repository in which things that must be there are replaced.
fn adapted(path: &str, replacements: &[(&str, &str)]) -> String {
    let mut text = std::fs::read_to_string(repository().join(path)).expect("a file of the repository");
    for (from, to) in replacements {
        assert!(text.contains(from), "{path} does not hold {from}");
        text = text.replace(from, to);
    }
    text
}

fn configuration(directory: &Path) -> PathBuf {
    directory.join("rapport.toml")
}

/// Writes the services' configuration, and the secrets it names.
fn configure(directory: &Path) {
    let secrets = format!("{}/", directory.display());
    let text = adapted("deploy/rapport.toml", &[("/run/secrets/rapport/", &secrets)]);
    std::fs::write(configuration(directory), text).expect("a file can be written");
    for (name, text) in [("k1.key", SECRET), ("tokens", TOKEN)] {
        std::fs::write(directory.join(name), text).expect("a file can be written");
    }
}

/// What the environment says in place of the configuration.
fn variables(prefix: &str, events: &Port, alertmanager: &Alertmanager) -> Variables {
    let variables = [
        ("LOG__PARTITIONS", PARTITIONS.to_string()),
        ("LOG__KAFKA__BROKERS", Kafka::shared().brokers()),
        ("LOG__KAFKA__TOPIC_PREFIX", prefix.to_owned()),
        // The shortest that brokers allow.
        ("LOG__KAFKA__SESSION_TIMEOUT_MS", "6000".to_owned()),
        ("LOG__KAFKA__TRANSACTION_TIMEOUT_MS", "5000".to_owned()),
        ("INGEST__HTTP__LISTEN", events.address()),
        // Often, so that the clock of the log is soon past whatever was sent.
        ("INGEST__TICK_SECONDS", "1".to_owned()),
        ("ALERTS__ALERTMANAGERS", alertmanager.url()),
        ("ALERTS__RESEND_SECONDS", "5".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (format!("RAPPORT_{name}"), value));
    // Everything they could ever say is looked through for what they must not say.
    variables.into_iter().chain([("RUST_LOG".to_owned(), "debug".to_owned())]).collect()
}

/// Prometheus' configuration, and the rules it reads.
fn scraping(directory: &Path, services: &[Service], alertmanager: &Alertmanager) -> String {
    let rules = directory.join("rules.yml");
    let text = adapted("deploy/prometheus/rules/rapport.yml", &[("interval: 30s", "interval: 1s")]);
    std::fs::write(&rules, text).expect("rules can be written");
    let address: Vec<String> = services.iter().map(|service| service.port.address()).collect();
    adapted(
        "deploy/prometheus/prometheus.yml",
        &[
            ("ingest:9461", &address[0]),
            ("indicators:9462", &address[1]),
            ("exporter:9463", &address[2]),
            ("alerts:9464", &address[3]),
            ("alertmanager:9093", alertmanager.url().trim_start_matches("http://")),
            ("rules/*.yml", &rules.to_string_lossy()),
            ("30s", "1s"),
        ],
    )
}
