//! Everything that runs: our own programs over a real Kafka, with a real Prometheus and Alertmanager behind them. The
//! configurations are the ones in `deploy/`, with the addresses of this test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rapport_stream::kafka::KafkaLog;
use rapport_tests::harness::{
    Alertmanager, Kafka, Port, Process, Prometheus, Scratch, Webhook, fresh_prefix, repository, wait_until,
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
    more: Variables,
    process: Option<Process>,
    /// Where its log stays when the process is gone.
    log: PathBuf,
}

impl Service {
    fn new(program: &'static str, name: &'static str, directory: &Path) -> Service {
        let log = directory.join(format!("{name}.log"));
        Service { program, name, port: Port::free(), more: Variables::new(), process: None, log }
    }

    fn with(mut self, name: &str, value: &str) -> Service {
        self.more.insert(name.to_owned(), value.to_owned());
        self
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

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process().kill();
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the service was started")
    }

    /// Everything it has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a service has a log")
    }

    fn launch(&mut self, stage: &Common) {
        let variables: Vec<(&str, &str)> =
            stage.variables.iter().chain(&self.more).map(|(name, value)| (&**name, &**value)).collect();
        let config = stage.config.to_string_lossy();
        let args = ["--config", &*config, "--instance", self.name];
        let directory = stage.scratch.path();
        self.process = Some(Process::start(self.name, built(self.program), args, &variables, directory));
    }

    fn wait_until_ready(&mut self) {
        let (url, name) = (self.url("/readyz"), self.name);
        let process = self.process();
        wait_until(&format!("{name} to be ready"), SOON, || {
            process.assert_running();
            reqwest::blocking::get(&url).is_ok_and(|answer| answer.status().is_success())
        });
    }
}

/// What every service is given.
struct Common {
    config: PathBuf,
    variables: Variables,
    scratch: Scratch,
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
    common: Common,
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
        let ingest = Service::new("rapport-ingest", "ingest", directory);
        let indicators = Service::new("rapport-indicators", "indicators", directory);
        let exporter = Service::new("rapport-exporter", "exporter", directory)
            .with("RAPPORT_EXPORTER__DISCLOSURE", "exact");
        let discreet = Service::new("rapport-exporter", "discreet-exporter", directory);
        let alerts = Service::new("rapport-alerts", "alerts", directory);
        let prometheus = Prometheus::start(&scraping(
            directory,
            [&ingest, &indicators, &exporter, &alerts],
            &alertmanager,
        ));
        let (prefix, events) = (fresh_prefix("end-to-end"), Port::free());
        let log = Kafka::shared().log(&prefix);
        let mut variables = kafka_variables(&prefix);
        let mut set = |name: &str, value: String| variables.insert(format!("RAPPORT_{name}"), value);
        set("INGEST__HTTP__LISTEN", events.address());
        // Often, so that the clock of the log is soon past whatever was sent.
        set("INGEST__TICK_SECONDS", "1".to_owned());
        set("ALERTS__ALERTMANAGERS", alertmanager.url());
        set("ALERTS__RESEND_SECONDS", "5".to_owned());
        let services = [("INGEST", &ingest), ("INDICATORS", &indicators), ("ALERTS", &alerts)];
        for (section, service) in services {
            set(&format!("{section}__LISTEN"), service.port.address());
        }
        let [exporter, discreet] = [exporter, discreet].map(|service| {
            let address = service.port.address();
            service.with("RAPPORT_EXPORTER__LISTEN", &address)
        });
        let common = Common { config: configured(directory), variables, scratch };
        let events = format!("http://{}/v1/events", events.address());
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
            common,
        };
        stage.rapport(&["topics"]);
        stage.launch();
        stage
    }

    fn launch(&mut self) {
        let Stage { ingest, indicators, exporter, discreet, alerts, common, .. } = self;
        let services = [ingest, indicators, exporter, discreet, alerts];
        services.into_iter().for_each(|service| service.launch(common));
        self.services_mut().into_iter().for_each(Service::wait_until_ready);
    }

    /// Starts `indicators` again after its end.
    pub fn restart_indicators(&mut self) {
        self.indicators.launch(&self.common);
        self.indicators.wait_until_ready();
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
        command.args(args).arg("--config").arg(&self.common.config).envs(&self.common.variables);
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

/// A program that was built beforehand, like this test.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // target/<profile>/deps/<test>
    let profile = test.parent().and_then(Path::parent).expect("a test lies in a target directory");
    let program = profile.join(name);
    assert!(program.is_file(), "{name} is not built: run `cargo build --workspace --bins`");
    program
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

/// The services' configuration, and the secrets it names.
fn configured(directory: &Path) -> PathBuf {
    let secrets = format!("{}/", directory.display());
    let text = adapted("deploy/rapport.toml", &[("/run/secrets/rapport/", &secrets)]);
    let path = directory.join("rapport.toml");
    for (name, text) in [("rapport.toml", &*text), ("k1.key", SECRET), ("tokens", TOKEN)] {
        std::fs::write(directory.join(name), text).expect("a file can be written");
    }
    path
}

/// What the environment says of the log. Timeouts are the shortest that brokers allow.
fn kafka_variables(prefix: &str) -> Variables {
    let brokers = Kafka::shared().brokers();
    let partitions = PARTITIONS.to_string();
    let variables = [
        ("PARTITIONS", &*partitions),
        ("KAFKA__BROKERS", &brokers),
        ("KAFKA__TOPIC_PREFIX", prefix),
        ("KAFKA__SESSION_TIMEOUT_MS", "6000"),
        ("KAFKA__TRANSACTION_TIMEOUT_MS", "5000"),
    ];
    variables.map(|(name, value)| (format!("RAPPORT_LOG__{name}"), value.to_owned())).into()
}

/// Prometheus' configuration, and the rules it reads.
fn scraping(directory: &Path, services: [&Service; 4], alertmanager: &Alertmanager) -> String {
    let rules = directory.join("rules.yml");
    let text = adapted("deploy/prometheus/rules/rapport.yml", &[("interval: 30s", "interval: 1s")]);
    std::fs::write(&rules, text).expect("rules can be written");
    let [ingest, indicators, exporter, alerts] = services.map(|service| service.port.address());
    adapted(
        "deploy/prometheus/prometheus.yml",
        &[
            ("ingest:9461", &ingest),
            ("indicators:9462", &indicators),
            ("exporter:9463", &exporter),
            ("alerts:9464", &alerts),
            ("alertmanager:9093", alertmanager.url().trim_start_matches("http://")),
            ("rules/*.yml", &rules.to_string_lossy()),
            ("30s", "1s"),
        ],
    )
}
