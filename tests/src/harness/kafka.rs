//! A real Kafka from its jars: one or several nodes, each broker and controller.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rapport_stream::kafka::{KafkaLog, KafkaSettings};
use rapport_stream::port::Log;
use serde_json::Value;

use super::{Port, Process, Proxy, Scratch, kcat, program, repository, stopwatch, wait_for, wait_until};

/// How long a cluster may take to answer for the first time.
const STARTING: Duration = Duration::from_secs(60);
/// A cluster's id is 16 bytes in base64.
const CLUSTER: &str = "cmFwcG9ydC10ZXN0cy0wMQ";

/// What kind of cluster is wanted.
#[derive(Debug, Clone)]
pub struct KafkaOptions {
    /// How many nodes.
    pub nodes: usize,
    /// Memory of each node's heap, MiB.
    pub heap_mib: u32,
    /// Whether the machine code may take its time to get good: right for measurements, slow to start.
    pub warm: bool,
    /// Whether clients reach each node through a [`Proxy`]; for one node, as nodes would reach each other through it too.
    pub proxied: bool,
    /// Further settings of the brokers.
    pub settings: Vec<(String, String)>,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        KafkaOptions { nodes: 1, heap_mib: 512, warm: false, proxied: false, settings: vec![] }
    }
}

struct Node {
    process: Option<Process>,
    broker: Port,
    proxy: Option<Proxy>,
    _controller: Port,
    config: PathBuf,
}

/// A running cluster.
pub struct Kafka {
    nodes: Vec<Node>,
    options: KafkaOptions,
    // Dropped after the nodes that write into it.
    scratch: Scratch,
}

/// A prefix of topics and groups that nobody else uses.
pub fn fresh_prefix(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}.", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Kafka {
    /// The one node that the tests of this process share; use a prefix of your own on it.
    pub fn shared() -> &'static Kafka {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        SHARED.get_or_init(|| Kafka::start(KafkaOptions::default()))
    }

    /// A cluster of one's own, answering.
    pub fn start(options: KafkaOptions) -> Kafka {
        let scratch = Scratch::new("kafka");
        let ports: Vec<(Port, Port)> = (0..options.nodes).map(|_| (Port::free(), Port::free())).collect();
        let voters: Vec<String> =
            (1..).zip(&ports).map(|(id, (_, controller))| format!("{id}@{}", controller.address())).collect();
        let voters = voters.join(",");
        let nodes = (1..)
            .zip(ports)
            .map(|(id, (broker, controller))| {
                let config = scratch.path().join(format!("node-{id}.properties"));
                let data = scratch.path().join(format!("data-{id}"));
                let proxy = options.proxied.then(|| Proxy::start(broker.address()));
                let listeners = Listeners {
                    broker: broker.address(),
                    advertised: proxy.as_ref().map_or_else(|| broker.address(), Proxy::address),
                    controller: controller.address(),
                };
                let text = properties(id, &listeners, &voters, &data.to_string_lossy(), &options);
                std::fs::write(&config, text).expect("a configuration can be written");
                Node { process: None, broker, proxy, _controller: controller, config }
            })
            .collect();
        let mut kafka = Kafka { nodes, options, scratch };
        kafka.format();
        for number in 0..kafka.nodes.len() {
            kafka.launch(number);
        }
        kafka.wait();
        kafka
    }

    fn format(&self) {
        for node in &self.nodes {
            let output = Command::new(program("java"))
                .args([
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    &jars(),
                    "kafka.tools.StorageTool",
                ])
                .args(["format", "--cluster-id", CLUSTER, "--config"])
                .arg(&node.config)
                .output()
                .expect("java runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    fn launch(&mut self, number: usize) {
        let heap = self.options.heap_mib;
        let mut args = vec![format!("-Xmx{heap}m"), format!("-Xms{heap}m")];
        if self.options.warm {
            args.push("-XX:+UseG1GC".to_owned());
        } else {
            args.extend(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"].map(str::to_owned));
        }
        args.extend(["-Dlog4j2.level=WARN".to_owned(), "-cp".to_owned(), jars(), "kafka.Kafka".to_owned()]);
        let node = &mut self.nodes[number];
        args.push(node.config.to_string_lossy().into_owned());
        let name = format!("kafka-{}", number + 1);
        node.process = Some(Process::start(&name, program("java"), args, &[], self.scratch.path()));
    }

    /// Waits until the cluster answers.
    pub fn wait(&mut self) {
        let log =
            KafkaLog::new(KafkaSettings { request_timeout_ms: 1_000, ..self.settings("") }, stopwatch())
                .expect("the settings are right");
        wait_until("Kafka to answer", STARTING, || {
            self.nodes.iter_mut().filter_map(|node| node.process.as_mut()).for_each(Process::assert_running);
            log.partitions("rapport.nothing").is_ok()
        });
    }

    /// Waits until every node answers and has a copy, in sync, of each partition that it shall have one of.
    pub fn wait_until_whole(&mut self) {
        wait_until("every node of Kafka to be in sync", STARTING, || {
            self.nodes.iter_mut().filter_map(|node| node.process.as_mut()).for_each(Process::assert_running);
            let metadata = self.metadata();
            let nodes = metadata["brokers"].as_array().map_or(0, Vec::len);
            let partitions = metadata["topics"].as_array().into_iter().flatten();
            let mut partitions = partitions.filter_map(|topic| topic["partitions"].as_array()).flatten();
            let copies = |of: &Value| of.as_array().map_or(0, Vec::len);
            nodes == self.nodes.len() && partitions.all(|it| copies(&it["isrs"]) == copies(&it["replicas"]))
        });
    }

    /// The numbers of the nodes that lead the partitions of a topic, in order; waits until each has a leader.
    pub fn leaders(&self, topic: &str) -> Vec<usize> {
        wait_for("every partition to have a leader", STARTING, || {
            let metadata = self.metadata();
            let topics = metadata["topics"].as_array()?;
            let topic = topics.iter().find(|it| it["topic"] == topic)?;
            let leader = |it: &Value| usize::try_from(it["leader"].as_u64()?).ok()?.checked_sub(1);
            topic["partitions"].as_array()?.iter().map(leader).collect()
        })
    }

    /// What kcat tells of nodes and topics; null where nobody answers.
    fn metadata(&self) -> Value {
        let output = kcat(["-b", &self.brokers(), "-L", "-J"]);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// `host:port` of its nodes as they advertise them, separated by commas.
    pub fn brokers(&self) -> String {
        let advertised =
            |node: &Node| node.proxy.as_ref().map_or_else(|| node.broker.address(), Proxy::address);
        let addresses: Vec<String> = self.nodes.iter().map(advertised).collect();
        addresses.join(",")
    }

    /// What stands between a node and its clients. Panics where nothing does.
    pub fn proxy(&self, number: usize) -> &Proxy {
        self.nodes[number].proxy.as_ref().expect("the cluster was started with proxies")
    }

    /// Settings for our backend under a prefix, with the shortest timeouts that a broker allows.
    pub fn settings(&self, prefix: &str) -> KafkaSettings {
        KafkaSettings {
            brokers: self.brokers(),
            topic_prefix: prefix.to_owned(),
            replication_factor: u16::try_from(self.nodes.len()).expect("clusters of tests are small"),
            session_timeout_ms: 6_000,
            transaction_timeout_ms: 5_000,
            request_timeout_ms: 10_000,
            ..KafkaSettings::default()
        }
    }

    /// Our backend under a prefix.
    pub fn log(&self, prefix: &str) -> KafkaLog {
        KafkaLog::new(self.settings(prefix), stopwatch()).expect("the settings are right")
    }

    /// Gives a topic more partitions, which nobody should do to one of ours.
    pub fn add_partitions(&self, topic: &str, partitions: u32) {
        self.alter(&["--alter", "--topic", topic, "--partitions", &partitions.to_string()]);
    }

    /// Deletes a topic, which nobody should do either.
    pub fn delete_topic(&self, topic: &str) {
        self.alter(&["--delete", "--topic", topic]);
    }

    /// Sets one of a topic's settings, `name=value`.
    pub fn set_topic(&self, topic: &str, setting: &str) {
        let what = ["--alter", "--topic", topic, "--add-config", setting];
        self.tool("kafka.admin.ConfigCommand", &what);
    }

    /// Forbids everybody something about a group. The cluster needs an authorizer among its settings.
    pub fn forbid_group(&self, group: &str) {
        let what = ["--add", "--deny-principal", "User:*", "--operation", "All", "--group", group, "--force"];
        self.tool("org.apache.kafka.tools.AclCommand", &what);
    }

    fn alter(&self, what: &[&str]) {
        self.tool("org.apache.kafka.tools.TopicCommand", what);
    }

    /// Forgets where a group is in a topic. Nobody of the group may be there.
    pub fn delete_positions(&self, group: &str, topic: &str) {
        self.alter_group(&["--delete-offsets", "--group", group, "--topic", topic]);
    }

    /// Sets a group back to the start of a topic. Nobody of the group may be there.
    pub fn reset_positions(&self, group: &str, topic: &str) {
        let what = ["--reset-offsets", "--to-earliest", "--execute", "--group", group, "--topic", topic];
        self.alter_group(&what);
    }

    fn alter_group(&self, what: &[&str]) {
        let said = self.tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", what);
        assert!(!said.contains("Error"), "{said}");
    }

    /// Runs one of Kafka's own tools; what it prints.
    fn tool(&self, class: &str, what: &[&str]) -> String {
        let output = Command::new(program("java"))
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", &jars()])
            .args([class, "--bootstrap-server", &self.brokers()])
            .args(what)
            .output()
            .expect("java runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
        said
    }

    /// A node's process, to be paused and resumed. Panics where it has been killed.
    pub fn node(&mut self, number: usize) -> &mut Process {
        self.nodes[number].process.as_mut().expect("the node runs")
    }

    /// The file in which a node keeps the first records of a partition.
    pub fn segment(&self, number: usize, topic: &str, partition: u32) -> PathBuf {
        let data = self.scratch.path().join(format!("data-{}", number + 1));
        data.join(format!("{topic}-{partition}/{:020}.log", 0))
    }

    /// SIGKILLs a node.
    pub fn kill(&mut self, number: usize) {
        self.nodes[number].process = None;
    }

    /// Starts a node again on its data, ending it first if it runs.
    pub fn restart(&mut self, number: usize) {
        if let Some(mut running) = self.nodes[number].process.take() {
            running.stop(STARTING);
        }
        self.launch(number);
    }
}

/// The class path: what scripts/install-test-tools has fetched.
fn jars() -> String {
    let directory = repository().join(".cache/kafka");
    assert!(directory.is_dir(), "Kafka's jars are not there: run scripts/install-test-tools");
    format!("{}/*", directory.display())
}

/// The addresses of a node.
struct Listeners {
    broker: String,
    advertised: String,
    controller: String,
}

fn properties(id: usize, listeners: &Listeners, voters: &str, data: &str, options: &KafkaOptions) -> String {
    let Listeners { broker, advertised, controller } = listeners;
    let copies = options.nodes.min(3);
    let in_sync = copies.div_ceil(2);
    let mut text = format!(
        "process.roles=broker,controller\n\
         node.id={id}\n\
         controller.quorum.voters={voters}\n\
         listeners=PLAINTEXT://{broker},CONTROLLER://{controller}\n\
         advertised.listeners=PLAINTEXT://{advertised}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
         log.dirs={data}\n\
         auto.create.topics.enable=false\n\
         min.insync.replicas={in_sync}\n\
         offsets.topic.replication.factor={copies}\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor={copies}\n\
         transaction.state.log.min.isr={in_sync}\n\
         transaction.state.log.num.partitions=4\n\
         transaction.abort.timed.out.transaction.cleanup.interval.ms=1000\n\
         share.coordinator.state.topic.replication.factor={copies}\n\
         group.initial.rebalance.delay.ms=0\n\
         log.cleaner.dedupe.buffer.size=16777216\n\
         num.network.threads=2\n\
         num.io.threads=4\n"
    );
    for (name, value) in &options.settings {
        text.push_str(&format!("{name}={value}\n"));
    }
    text
}
