//! A real Alertmanager.

use std::time::Duration;

use serde_json::Value;

use super::{Port, Process, Scratch, program};

/// A running Alertmanager; alone, for Rapport tells every peer itself.
pub struct Alertmanager {
    process: Option<Process>,
    port: Port,
    client: reqwest::blocking::Client,
    scratch: Scratch,
}

impl Alertmanager {
    /// Starts one that pages nobody, for those who only look at what it holds.
    pub fn silent() -> Alertmanager {
        Alertmanager::start("route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n")
    }

    /// Starts one with that configuration (`alertmanager.yml`).
    pub fn start(config: &str) -> Alertmanager {
        let scratch = Scratch::new("alertmanager");
        std::fs::write(scratch.path().join("alertmanager.yml"), config)
            .expect("a configuration can be written");
        let client = reqwest::blocking::Client::new();
        let mut alertmanager = Alertmanager { process: None, port: Port::free(), client, scratch };
        alertmanager.launch();
        alertmanager
    }

    /// Starts it again on its data and address.
    pub fn launch(&mut self) {
        let directory = self.scratch.path();
        let args = [
            format!("--config.file={}", directory.join("alertmanager.yml").display()),
            format!("--storage.path={}", directory.join("data").display()),
            format!("--web.listen-address={}", self.port.address()),
            "--cluster.listen-address=".to_owned(),
        ];
        let mut process =
            Process::start("alertmanager", program("prometheus-alertmanager"), args, &[], directory);
        process.wait_until_ready(&format!("{}/-/ready", self.url()), Duration::from_secs(30));
        self.process = Some(process);
    }

    /// SIGKILLs it; its address stays its own.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Every alert it holds, as its API v2 shows them.
    pub fn alerts(&self) -> Vec<Value> {
        let answer =
            self.client.get(format!("{}/api/v2/alerts", self.url())).send().expect("Alertmanager answers");
        answer.json().expect("Alertmanager answers in JSON")
    }
}
