//! A real Prometheus.

use std::time::Duration;

use serde_json::Value;

use super::{Port, Process, Scratch, program};

/// A running Prometheus.
pub struct Prometheus {
    process: Process,
    port: Port,
    client: reqwest::blocking::Client,
    scratch: Scratch,
}

impl Prometheus {
    /// Starts one with that configuration (`prometheus.yml`); rule files are named by absolute paths.
    pub fn start(config: &str) -> Prometheus {
        let (scratch, port) = (Scratch::new("prometheus"), Port::free());
        let file = scratch.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("a configuration can be written");
        let args = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", scratch.path().join("data").display()),
            format!("--web.listen-address={}", port.address()),
            "--web.enable-lifecycle".to_owned(),
            // What it has to say before it knows its Alertmanagers is lost, and said again after so long.
            "--rules.alert.resend-delay=1s".to_owned(),
        ];
        let mut process = Process::start("prometheus", program("prometheus"), args, &[], scratch.path());
        let client = reqwest::blocking::Client::new();
        process.wait_until_ready(&format!("http://{}/-/ready", port.address()), Duration::from_secs(30));
        Prometheus { process, port, client, scratch }
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Reads another configuration.
    pub fn reload(&self, config: &str) {
        let file = self.scratch.path().join("prometheus.yml");
        std::fs::write(file, config).expect("a configuration can be written");
        let answer = self.client.post(format!("{}/-/reload", self.url())).send().expect("Prometheus answers");
        assert!(answer.status().is_success(), "{}", answer.text().unwrap_or_default());
    }

    /// The result of an instant query: an array of `{metric, value: [time, "number"]}`. Panics on a bad query.
    pub fn query(&self, expression: &str) -> Vec<Value> {
        let url = format!("{}/api/v1/query", self.url());
        let answer = self.client.post(url).form(&[("query", expression)]).send().expect("Prometheus answers");
        let mut body: Value = answer.json().expect("Prometheus answers in JSON");
        assert_eq!(body["status"], "success", "{expression}: {}", body["error"]);
        let kind = body["data"]["resultType"].take();
        match (kind.as_str(), body["data"]["result"].take()) {
            (Some("scalar"), value) => vec![serde_json::json!({"metric": {}, "value": value})],
            (_, Value::Array(samples)) => samples,
            (kind, _) => panic!("{expression} gives a {kind:?}"),
        }
    }

    /// The only number that a query gives; `None` where it gives none. Panics where it gives several.
    pub fn number(&self, expression: &str) -> Option<f64> {
        let samples = self.query(expression);
        assert!(samples.len() <= 1, "{expression} gives {} samples", samples.len());
        samples.first().map(|sample| {
            let number = sample["value"][1].as_str().expect("a sample has a value");
            number.parse().expect("a sample's value is a number")
        })
    }
}
