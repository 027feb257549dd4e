//! A disk that is full under the embedded log: `rapport up` on a file system of some megabytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rapport::simulate::{Arrival, Kind};
use rapport_proto::{keys, topics};
use rapport_stream::embedded::{Durability, EmbeddedLog};
use rapport_stream::port::{Log, RecordRef, SessionSpec, TopicPartition};
use rapport_tests::harness::{Port, Process, Scratch, built, wait_until};
use serde_json::Value;

use super::judge::{Read, nothing_is, unlike_the_oracle};
use super::load::load;
use super::row::Row;
use super::seed;
use super::stage::{PARTITIONS, SOON, clocks, tick, with_checkpoints};
use crate::end_to_end::charity::now;
use crate::end_to_end::metrics::Page;
use crate::end_to_end::topics::read;

/// What the log has before there is more, KiB; a log of these topics with nothing in it takes a good part of that.
const SMALL_KIB: u32 = 4 << 10;
const LARGE_KIB: u32 = 256 << 10;
/// Records of a request.
const REQUEST: usize = 50;
/// Records that are enough for any disk that small.
const MOST: usize = 50_000;
/// Requests after there is room again.
const MORE: usize = 4;

/// A file system in memory for as long as it lives, where this machine lets us have one.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: &Path, kib: u32) -> Option<Disk> {
        std::fs::create_dir_all(path).expect("a directory can be made");
        mount(&format!("size={kib}k"), path).then(|| Disk(path.to_owned()))
    }

    fn resize(&self, kib: u32) {
        assert!(mount(&format!("remount,size={kib}k"), &self.0), "the file system cannot be made larger");
    }
}

fn mount(options: &str, path: &Path) -> bool {
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path).status();
    mount.is_ok_and(|status| status.success())
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().expect("umount can be run");
    }
}

/// A machine of a charity.
struct Machine {
    process: Option<Process>,
    ports: Vec<(&'static str, Port)>,
    disk: Disk,
    scratch: Scratch,
}

impl Machine {
    fn new() -> Option<Machine> {
        let scratch = Scratch::new("disk");
        let disk = Disk::mount(&scratch.path().join("small"), SMALL_KIB)?;
        let dir = disk.0.display();
        let text = format!(
            "[log]\nbackend = \"embedded\"\ndir = \"{dir}\"\npartitions = {PARTITIONS}\n\
             [ingest]\nkeys = [{{ name = \"k1\", file = \"k1.key\" }}]\ntick_seconds = 1\n\
             pseudonymise_event_ids = false\n[ingest.http]\nrecords_per_second = 100000\n"
        );
        std::fs::write(scratch.path().join("rapport.toml"), text).expect("a configuration can be written");
        std::fs::write(scratch.path().join("k1.key"), [7; 32]).expect("a key can be written");
        let sections = ["INGEST__HTTP", "INGEST", "INDICATORS", "EXPORTER", "ALERTS"];
        let ports = sections.map(|section| (section, Port::free())).into();
        Some(Machine { process: None, ports, disk, scratch })
    }

    fn address(&self, section: &str) -> String {
        self.ports.iter().find(|(name, _)| *name == section).expect("a section").1.address()
    }

    fn up(&mut self) {
        let listen = |(section, port): &(&str, Port)| (format!("RAPPORT_{section}__LISTEN"), port.address());
        let mut environment: Vec<(String, String)> = self.ports.iter().map(listen).collect();
        if with_checkpoints() {
            let directory = self.disk.0.join("checkpoints").to_string_lossy().into_owned();
            environment.push(("RAPPORT_INDICATORS__CHECKPOINT__DIRECTORY".to_owned(), directory));
            environment.push(("RAPPORT_INDICATORS__CHECKPOINT__EVERY_RECORDS".to_owned(), "20".to_owned()));
        }
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (&**name, &**value)).collect();
        let args = ["up", "--config", "rapport.toml"];
        self.process =
            Some(Process::start("rapport", built("rapport"), args, &environment, self.scratch.path()));
    }

    fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("it was started")
    }

    fn wait_until_ready(&mut self) {
        let url = format!("http://{}/readyz", self.address("INDICATORS"));
        self.process().wait_until_ready(&url, SOON);
    }

    fn stop(&mut self) {
        assert!(self.process().stop(SOON).success(), "rapport ends badly:\n{}", self.process().log());
        self.process = None;
    }

    /// Posts records; whether they were taken.
    fn post(&self, records: &[Arrival]) -> bool {
        let body: String = records.iter().flat_map(|record| [record.json.as_str(), "\n"]).collect();
        let request = reqwest::blocking::Client::new()
            .post(format!("http://{}/v1/events", self.address("INGEST__HTTP")));
        let answer = request.header("content-type", "application/x-ndjson").body(body).send();
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until it has ended by itself, badly, and has said that there is no space.
    fn wait_until_it_gives_up(&mut self, said_before: usize) {
        let mut status = None;
        wait_until("rapport to end for want of space", SOON, || {
            status = self.process().ended();
            status.is_some()
        });
        let said = self.process().log()[said_before..].to_owned();
        assert!(status.is_some_and(|status| !status.success()), "it ends as if all were well:\n{said}");
        assert!(said.contains("No space left on device"), "it does not say why it ends:\n{said}");
        self.process = None;
    }

    /// How much it has said in all its lives, bytes.
    fn said(&self) -> usize {
        let log = std::fs::metadata(self.scratch.path().join("rapport.log")).expect("it has a log");
        usize::try_from(log.len()).expect("a small log")
    }

    /// The log, while no process has it.
    fn log(&self) -> EmbeddedLog {
        let clock = Arc::new(|| now().0 / 1_000);
        EmbeddedLog::open(&self.disk.0, Durability::Immediate, clock).expect("the log can be opened")
    }

    /// Runs it until everything is judged and folded, and stops it.
    fn finish(&mut self) {
        wait_until("everything to be judged and folded", SOON, || {
            let past = now().0;
            self.up();
            self.wait_for_clocks(past);
            self.stop();
            let log = self.log();
            let at_the_end = |group: &str, topic: &str| positions(&log, group, topic) == ends(&log, topic);
            at_the_end(rapport_ingest::GROUP, topics::RAW)
                && at_the_end(rapport_indicators::GROUP, topics::EVENTS)
        });
    }

    fn wait_for_clocks(&mut self, past: i64) {
        let url = format!("http://{}/metrics", self.address("INDICATORS"));
        let process = self.process();
        wait_until("the clocks to be past that", SOON, || {
            process.assert_running();
            let clocks = Page::get(&url).map_or(vec![], |page| clocks(&page));
            clocks.len() == PARTITIONS as usize && clocks.iter().all(|(_, clock)| *clock > past)
        });
    }

    /// Carries the clock over the next midnight.
    fn tick(&self) {
        tick(&self.scratch.path().join("rapport.toml"), now().day().plus(1).start());
    }
}

fn positions(log: &EmbeddedLog, group: &str, topic: &str) -> Vec<u64> {
    let spec = SessionSpec {
        group: group.to_owned(),
        topics: vec![topic.to_owned()],
        instance: "test".to_owned(),
        worker: 0,
    };
    let partition = |partition| TopicPartition { topic: topic.into(), partition };
    let partitions: Vec<TopicPartition> = (0..PARTITIONS).map(partition).collect();
    let mut session = log.session(&spec).expect("a session can be opened");
    let positions = session.committed(&partitions).expect("the positions can be read");
    positions.into_iter().map(Option::unwrap_or_default).collect()
}

/// The offsets behind the last record of each partition.
fn ends(log: &EmbeddedLog, topic: &str) -> Vec<u64> {
    let mut ends = vec![0; PARTITIONS as usize];
    let mut reader = log.reader(&[topic]).expect("a topic can be read");
    while !reader.caught_up().expect("a topic can be read") {
        let mut each = |record: &RecordRef<'_>| ends[record.partition as usize] = record.offset + 1;
        reader.poll(Duration::from_millis(10), 10_000, &mut each).expect("a topic can be read");
    }
    ends
}

/// Everything that is not as it must be, where these were sent and all but so many taken for sure.
fn wrong(log: &EmbeddedLog, sent: &[Arrival], doubtful: usize) -> Vec<String> {
    let read_all = |topic| read(log, topic);
    let found = Read::in_log(log);
    let mut wrong = unlike_the_oracle(&found);
    let raw: Vec<Vec<u8>> = read_all(topics::RAW).into_iter().filter_map(|record| record.value).collect();
    // Requests are taken whole or not at all; one that was not answered may have been taken all the same.
    if raw.len() != sent.len() && raw.len() != sent.len() + doubtful {
        wrong.push(format!("{} raw records are there of {} and {doubtful}", raw.len(), sent.len()));
    }
    let bad: BTreeSet<&[u8]> =
        sent.iter().filter(|one| one.kind == Kind::Bad).map(|one| one.json.as_bytes()).collect();
    let to_reject = raw.iter().filter(|value| bad.contains(value.as_slice())).count();
    if found.rejected.len() != to_reject {
        wrong.push(format!("{} records were rejected and not {to_reject}", found.rejected.len()));
    }
    let event_id = |one: &Arrival| {
        let record: Value = serde_json::from_str(&one.json).expect("a good record is JSON");
        record["event_id"].as_str().expect("it has an id").to_owned()
    };
    let expected: BTreeSet<String> = sent.iter().filter(|one| one.kind != Kind::Bad).map(event_id).collect();
    let ids = found.events.iter().filter_map(|record| Some(keys::parse_event(record.text())?.1.to_owned()));
    let ids: BTreeSet<String> = ids.collect();
    wrong
        .extend(expected.symmetric_difference(&ids).map(|id| format!("{id} is there: {}", ids.contains(id))));
    wrong
}

#[test]
fn a_full_disk_under_the_log_stops_rapport_which_says_why_and_with_room_again_it_goes_on_from_there() {
    let seed = seed(63);
    let _row = Row::new(seed);
    let Some(mut machine) = Machine::new() else {
        eprintln!("nothing can be mounted here: no disk is full");
        return;
    };
    // The same ones again where that does not fill the disk: nothing comes of them, and they need room all the same.
    let load: Vec<Arrival> = load(seed, 5).into_iter().cycle().take(MOST).collect();
    let mut sent = 0;
    machine.up();
    machine.wait_until_ready();
    while machine.post(&load[sent..sent + REQUEST]) {
        sent += REQUEST;
        assert!(sent + (MORE + 1) * REQUEST < load.len(), "the disk is too large for what there is to send");
    }
    machine.wait_until_it_gives_up(0);
    assert!(sent > 5 * REQUEST, "the disk was full after {sent} records");
    // Nor is it of any use as long as there is no room, and it says so again.
    let said = machine.said();
    machine.up();
    machine.wait_until_it_gives_up(said);

    machine.disk.resize(LARGE_KIB);
    machine.up();
    machine.wait_until_ready();
    for _ in 0..MORE {
        assert!(machine.post(&load[sent..sent + REQUEST]), "there is room and nothing is taken");
        sent += REQUEST;
    }
    machine.stop();
    machine.finish();
    machine.tick();
    machine.finish();
    let log = machine.log();
    let wrong = wrong(&log, &load[..sent], REQUEST);
    nothing_is(&wrong);
}
