//! The table of a run of the fault suite: a line for each stage, written where `RAPPORT_FAULT_TABLE` says.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rapport_tests::harness::stopwatch;

/// A stage of the test that runs on this thread; its line is written when it ends, well or not.
pub struct Row {
    seed: u64,
    stopwatch: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Row {
    /// Begins with the seed that is really used.
    pub fn new(seed: u64) -> Row {
        Row { seed, stopwatch: stopwatch() }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        let Ok(table) = std::env::var("RAPPORT_FAULT_TABLE") else { return };
        let thread = std::thread::current();
        let name = thread.name().and_then(|path| path.rsplit("::").next()).unwrap_or_default();
        let outcome = if std::thread::panicking() { "failed" } else { "well" };
        let (sentence, seconds) = (name.replace('_', " "), (self.stopwatch)().as_secs());
        let line = format!("{sentence}\t{}\t{outcome}\t{seconds}\n", self.seed);
        let mut file =
            File::options().create(true).append(true).open(table).expect("the table can be written");
        file.write_all(line.as_bytes()).expect("the table can be written");
    }
}
