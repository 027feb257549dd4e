//! What is measured: each engine as a process of its own, over the same backlog, from outside.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use indicatif::ProgressBar;
use rapport_proto::topics::{ALERTS, ALL, ENRICHED, EVENTS, RAW};
use rapport_tests::harness::{Port, Process, Scratch};

use crate::alike::Like;
use crate::backlog::{Backlog, DAILY, DAY, SENT};
use crate::settings::Part;
use crate::stage::Stage;
use crate::streams;
use crate::watch::{Measured, Watch};

/// Where the bare loops write.
const COPIED: &str = "bare.copied";
/// How long a service may take to stop.
const STOPPING: Duration = Duration::from_secs(60);

/// One engine at work.
pub struct Running {
    /// Its process.
    pub process: Process,
    /// Its admin server, where it has one.
    pub port: Option<Port>,
    /// Its group; empty where it has none.
    group: String,
    topic: String,
    // Dropped after the process that writes into it.
    _scratch: Scratch,
}

/// A program that lies beside this one.
///
/// # Errors
/// Where nobody knows where this one lies.
pub fn beside(name: &str) -> Result<PathBuf> {
    Ok(std::env::current_exe().context("find this program")?.with_file_name(name))
}

/// Runs a part over the backlog, once.
///
/// # Errors
/// Where it cannot be started, or stands still.
pub fn run(stage: &Stage, backlog: &Backlog, part: Part, round: u32, bar: &ProgressBar) -> Result<Measured> {
    let prefix = prefix(part);
    prepare(stage, part, prefix)?;
    let mut running = start(stage, part, round, backlog)?;
    let all = stage.ends(&running.topic)?.iter().sum();
    bar.set_length(all);
    let watch = Watch::new(stage, &running.group, &running.topic)?;
    let measured = watch.follow(&mut running.process, all, bar)?;
    running.end(stage);
    Ok(measured)
}

impl Running {
    /// Stops it; the group of a service is forgotten, so that it begins anew the next time. All others have a new one each.
    pub fn end(mut self, stage: &Stage) {
        self.process.stop(STOPPING);
        if self.port.is_some() && !self.group.is_empty() {
            stage.forget(&self.group);
        }
    }

    /// Stops it; its group goes on to say how far it is.
    pub fn leave(mut self) {
        self.process.stop(STOPPING);
    }

    /// Its admin server.
    ///
    /// # Errors
    /// Where it has none.
    pub fn admin(&self) -> Result<String> {
        Ok(self.port.as_ref().context("find the service's admin server")?.address())
    }

    /// Waits until its admin server says that it is ready.
    ///
    /// # Errors
    /// Where it has none.
    pub fn wait_until_ready(&mut self, patience: Duration) -> Result<()> {
        let url = format!("http://{}/readyz", self.admin()?);
        self.process.wait_until_ready(&url, patience);
        Ok(())
    }
}

/// What a service says on /metrics of its admin server: the whole number on the line that begins so.
pub fn said(admin: &str, line: &str) -> Option<u64> {
    let text = reqwest::blocking::get(format!("http://{admin}/metrics")).ok()?.text().ok()?;
    text.lines().find_map(|said| said.strip_prefix(line))?.parse().ok()
}

fn prefix(part: Part) -> &'static str {
    match part {
        Part::Ingest1 | Part::Ingest2 => SENT,
        Part::Daily => DAILY,
        _ => DAY,
    }
}

/// Makes what is written empty.
fn prepare(stage: &Stage, part: Part, prefix: &str) -> Result<()> {
    match part {
        Part::BareCopy | Part::BareRow => stage.fresh_topic(COPIED),
        Part::BareAlike => likes(stage)?.iter().try_for_each(|like| stage.fresh_topic(&like.to)),
        Part::Streams1 => stage.fresh_topic(streams::ROWS),
        Part::Ingest1 | Part::Ingest2 => {
            let written: Vec<_> = ALL.into_iter().filter(|topic| topic.name != RAW).collect();
            stage.fresh(prefix, &written)
        }
        Part::Indicators1 | Part::Indicators2 | Part::Daily => {
            let kept = |name: &str| name == RAW || name == EVENTS;
            let written: Vec<_> = ALL.into_iter().filter(|topic| !kept(topic.name)).collect();
            stage.fresh(prefix, &written)
        }
        Part::BareRead | Part::BareKeep | Part::Embedded => Ok(()),
    }
}

fn start(stage: &Stage, part: Part, round: u32, backlog: &Backlog) -> Result<Running> {
    let unique = format!("bench.{}.{round}", part.name());
    match part {
        Part::Ingest1 => ingest(stage, SENT, 1),
        Part::Ingest2 => ingest(stage, SENT, 2),
        Part::Indicators1 => indicators(stage, DAY, 1, None),
        Part::Indicators2 => indicators(stage, DAY, 2, None),
        Part::Daily => indicators(stage, DAILY, 1, None),
        Part::Embedded => bail!("the embedded log is not on the Kafka"),
        Part::BareRead => bare(stage, &unique, &[]),
        Part::BareKeep => bare(stage, &unique, &["--keep"]),
        Part::BareCopy => bare(stage, &unique, &["--to", COPIED]),
        Part::BareRow => {
            ensure!(backlog.row_bytes > 0, "measure indicators-1 too: it says how large a row is");
            let bytes = backlog.row_bytes.to_string();
            bare(stage, &unique, &["--to", COPIED, "--bytes", &bytes])
        }
        Part::BareAlike => {
            let likes: Vec<String> = likes(stage)?.iter().map(Like::to_string).collect();
            let likes = likes.iter().flat_map(|like| ["--like", like]);
            bare(stage, &unique, &["--to", COPIED].into_iter().chain(likes).collect::<Vec<_>>())
        }
        Part::Streams1 => {
            let scratch = Scratch::new("streams");
            let from = format!("{DAY}{EVENTS}");
            let process = streams::start(&stage.brokers(), &from, &unique, scratch.path());
            Ok(Running { process, port: None, group: unique, topic: from, _scratch: scratch })
        }
    }
}

fn bare(stage: &Stage, group: &str, more: &[&str]) -> Result<Running> {
    let (scratch, topic) = (Scratch::new("bare"), format!("{DAY}{EVENTS}"));
    let brokers = stage.brokers();
    let mut arguments = vec!["bare", "--brokers", &brokers, "--from", &topic, "--group", group];
    arguments.extend(more);
    let process = Process::start("bare", beside("rapport-bench")?, &arguments, &[], scratch.path());
    Ok(Running { process, port: None, group: group.to_owned(), topic, _scratch: scratch })
}

/// What `indicators` wrote of each kind for a million records when it ran last.
fn likes(stage: &Stage) -> Result<Vec<Like>> {
    let count = |topic: &str| Ok::<u64, anyhow::Error>(stage.ends(&format!("{DAY}{topic}"))?.iter().sum());
    let read = count(EVENTS)?;
    let of = |topic: &str| {
        let (from, to) = (format!("{DAY}{topic}"), format!("{COPIED}.{topic}"));
        Ok(Like { from, to, per_million: count(topic)? * 1_000_000 / read.max(1) })
    };
    [ENRICHED, ALERTS].map(of).into_iter().collect()
}

/// Starts `indicators` over the topics with that prefix, with checkpoints in that directory if there is one.
///
/// # Errors
/// Where nobody knows where its program lies.
pub fn indicators(stage: &Stage, prefix: &str, workers: u32, checkpoints: Option<&Path>) -> Result<Running> {
    let mut own = vec![("INDICATORS__WORKERS", workers.to_string())];
    if let Some(directory) = checkpoints {
        own.push(("INDICATORS__CHECKPOINT__DIRECTORY", directory.to_string_lossy().into_owned()));
        own.push(("INDICATORS__CHECKPOINT__EVERY_RECORDS", "1".to_owned()));
    }
    let running = service(stage, prefix, "indicators", &own, "")?;
    Ok(running.reads(prefix, EVENTS, rapport_indicators::GROUP))
}

/// Starts `ingest` over the topics with that prefix.
///
/// # Errors
/// Where nobody knows where its program lies, or its key cannot be written.
pub fn ingest(stage: &Stage, prefix: &str, workers: u32) -> Result<Running> {
    let own = [("INGEST__WORKERS", workers.to_string())];
    Ok(service(stage, prefix, "ingest", &own, "")?.reads(prefix, RAW, rapport_ingest::GROUP))
}

/// Starts `alerts` over the topics with that prefix, for that Alertmanager.
///
/// # Errors
/// Where nobody knows where its program lies.
pub fn alerts(stage: &Stage, prefix: &str, alertmanager: &str) -> Result<Running> {
    service(stage, prefix, "alerts", &[], &format!("[alerts]\nalertmanagers = [\"{alertmanager}\"]\n"))
}

impl Running {
    fn reads(self, prefix: &str, topic: &str, group: &str) -> Running {
        Running { group: format!("{prefix}{group}"), topic: format!("{prefix}{topic}"), ..self }
    }
}

fn service(stage: &Stage, prefix: &str, name: &str, own: &[(&str, String)], config: &str) -> Result<Running> {
    let log = [
        ("LOG__BACKEND", "kafka".to_owned()),
        ("LOG__KAFKA__BROKERS", stage.brokers()),
        ("LOG__KAFKA__TOPIC_PREFIX", prefix.to_owned()),
        ("LOG__KAFKA__SESSION_TIMEOUT_MS", "6000".to_owned()),
        ("LOG__KAFKA__TRANSACTION_TIMEOUT_MS", "5000".to_owned()),
    ];
    launch(name, &[&log, own].concat(), config)
}

/// Starts a service with these variables and this configuration; it is of no group yet.
///
/// # Errors
/// Where nobody knows where its program lies, or its key cannot be written.
pub fn launch(name: &str, variables: &[(&str, String)], config: &str) -> Result<Running> {
    let (scratch, port) = (Scratch::new("bench"), Port::free());
    let config = configuration(scratch.path(), config)?;
    let listen = (format!("RAPPORT_{}__LISTEN", name.to_uppercase()), port.address());
    let variables = variables.iter().map(|(name, value)| (format!("RAPPORT_{name}"), value.clone()));
    let variables: Vec<(String, String)> = variables.chain([listen]).collect();
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let arguments = ["--config", &*config.to_string_lossy(), "--instance", "bench"];
    let program = beside(&format!("rapport-{name}"))?;
    let process = Process::start(name, program, arguments, &variables, scratch.path());
    Ok(Running { process, port: Some(port), group: String::new(), topic: String::new(), _scratch: scratch })
}

fn configuration(directory: &Path, more: &str) -> Result<PathBuf> {
    let (key, config) = (directory.join("k1.key"), directory.join("rapport.toml"));
    std::fs::write(&key, [7; 32]).context("write a key")?;
    let text = "[ingest]\nkeys = [{ name = \"k1\", file = \"k1.key\" }]\n[ingest.http]\nlisten = \"\"\n";
    std::fs::write(&config, [text, more].concat()).context("write a configuration")?;
    Ok(config)
}

/// Mean size of an enriched row, bytes.
///
/// # Errors
/// Where none can be read.
pub fn row_bytes(stage: &Stage) -> Result<u64> {
    Ok(stage.record_size(DAY, ENRICHED, 20_000)?.key_and_value)
}
