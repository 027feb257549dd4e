//! Child processes with a log, signals by their own id, and an end.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::wait::{wait_for, wait_until};

/// How much of a log is shown when a test fails.
const SHOWN: usize = 4_000;

type Order = (Command, Sender<io::Result<Child>>);

/// Starts a command from a thread that never ends: the kernel kills such a child when its *thread* is gone, and a
/// test's thread goes while a shared server must stay.
fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in inbox {
                answer.send(command.spawn()).ok();
            }
        });
        orders
    });
    let (answer, outcome) = channel();
    spawner.send((command, answer)).expect("the spawner lives");
    outcome.recv().expect("the spawner answers")
}

/// A running program.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with `args`; what it says goes to `<name>.log` in `directory`, behind what is already there.
    pub fn start(
        name: &str,
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = impl AsRef<str>>,
        environment: &[(&str, &str)],
        directory: &Path,
    ) -> Process {
        let log = directory.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log).expect("a log can be written");
        let err = out.try_clone().expect("a log can be shared");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program.as_ref());
        command.args(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        command.envs(environment.iter().copied()).current_dir(directory);
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = spawn(command)
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.as_ref().display()));
        Process { name: name.to_owned(), child, log }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has said.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.ended().is_none()
    }

    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        if self.is_running() {
            self.child.kill().expect("a child can be killed");
            self.child.wait().expect("a killed child ends");
        }
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(&mut self, deadline: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let what = format!("the end of {}", self.name);
        wait_for(&what, deadline, || self.ended())
    }

    /// SIGSTOP: it stands still, as under a hypervisor that has forgotten it.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits until its log holds a text; panics at once where it ends before.
    pub fn wait_for_log(&mut self, text: &str, deadline: Duration) {
        let what = format!("{} to say {text:?}", self.name);
        wait_until(&what, deadline, || {
            let said = self.log().contains(text);
            assert!(
                said || self.is_running(),
                "{} ended without saying {text:?}:\n{}",
                self.name,
                self.tail()
            );
            said
        });
    }

    /// Waits until it answers at that address that it is ready; panics at once where it ends before.
    pub fn wait_until_ready(&mut self, url: &str, deadline: Duration) {
        let client = reqwest::blocking::Client::new();
        wait_until(&format!("{} to be ready", self.name), deadline, || {
            self.assert_running();
            client.get(url).send().is_ok_and(|answer| answer.status().is_success())
        });
    }

    /// Panics, with the end of its log, if it has ended.
    pub fn assert_running(&mut self) {
        assert!(self.is_running(), "{} has ended:\n{}", self.name, self.tail());
    }

    /// The greatest amount of memory it has ever had resident, bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().split(' ').next())
            .and_then(|kib| kib.parse::<u64>().ok())
            .unwrap_or(0)
            * 1024
    }

    /// Processor time it has used so far.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th field behind it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
    }

    fn signal(&self, signal: Signal) {
        // The child has not been waited for, so that its id is still its own.
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a child has an id");
        kill_process(id, signal).ok();
    }

    fn tail(&self) -> String {
        let log = self.log();
        let from = log.char_indices().map(|(at, _)| at).find(|at| log.len() - at <= SHOWN).unwrap_or(0);
        log[from..].to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {} ({}) said last:\n{}", self.name, self.log.display(), self.tail());
        }
        // Killed also while stopped: SIGKILL reaches a stopped process.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
