//! What others would build: a Kafka Streams job, compiled and started.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use rapport_tests::harness::{Process, program, repository};

/// Where it writes its rows.
pub const ROWS: &str = "streams.rows";
/// Its heap: enough that it is never short of it.
const HEAP: &str = "-Xmx2g";

/// Fetches what it is made of and compiles it; quick where that was done.
///
/// # Errors
/// Where that cannot be had.
pub fn build() -> Result<()> {
    let script = repository().join("bench/streams/build");
    let status = Command::new(&script).status().with_context(|| format!("run {}", script.display()))?;
    ensure!(status.success(), "build the Kafka Streams job: {} says why", script.display());
    Ok(())
}

/// Starts it with one thread, as that application.
pub fn start(brokers: &str, from: &str, application: &str, directory: &Path) -> Process {
    let classes = repository().join(".cache/streams");
    let class_path = format!("{0}/classes:{0}/jars/*", classes.display());
    let state = directory.join("state");
    let arguments = [
        HEAP,
        "-Xms2g",
        "-XX:+UseG1GC",
        "-Dlog4j2.level=WARN",
        "-cp",
        &class_path,
        "rapport.bench.Job",
        brokers,
        from,
        ROWS,
        application,
        &state.to_string_lossy(),
    ];
    Process::start("streams", program("java"), arguments, &[], directory)
}
