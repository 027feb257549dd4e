//! What would Rapport have said about this file? The whole way from raw records to releases, rows and alerts, in one
//! process over a temporary log, with a clock that is an argument: the same file and the same options give the same
//! bytes.

mod entry;
mod said;

use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;

use rapport_indicators::metrics::Metrics;
use rapport_indicators::{GROUP, Indicators};
use rapport_model::params::Params;
use rapport_model::raw::{CloudEvent, Form, Rejection, Rules, accept};
use rapport_model::time::Instant;
use rapport_proto::topics;
use rapport_runtime::metrics::registry;
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::{Log, SessionSpec};
use rapport_stream::worker::{Limits, Worker};

use crate::failure::Failure;
use crate::lines::Lines;

use self::entry::Entrance;
pub use self::said::{Rows, Said};

/// When the replay takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Where the ingest clock stands, or where it stops: T.
    pub at: Instant,
    /// Whether the clock follows `recorded_at`, so that every day's release comes out as it would have been.
    pub daily: bool,
}

/// A record that was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// Number of its line, from 1.
    pub line: u64,
    /// Why.
    pub rejection: Rejection,
}

/// How far a replay is, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes of the input were read.
    Read(u64),
    /// So many of so many events were assessed.
    Assessed(u64, u64),
}

/// Records handed to the log at a time.
pub(crate) const BATCH: usize = 10_000;

/// Replays `input`, whose records end at 0x0A.
///
/// Without `daily`, all records are entered just before the last release boundary, then the clock steps to `at`: one
/// release comes out, the latest, and no alert is told that only stood until the rest of the file was read. With it, records are entered in stable order of `recorded_at`, with that as the
/// clock, and every day's boundary is crossed on its own. Either way a record is accepted or not by `at`.
///
/// # Errors
/// Where the input cannot be read, or there is no place for the temporary log.
pub fn replay(
    input: impl BufRead,
    rules: &Rules,
    params: &Arc<Params>,
    options: Options,
    watch: &mut dyn FnMut(Progress),
) -> Result<Said, Failure> {
    let failed = |error: rapport_stream::port::Error| Failure::failed(error);
    let millis = options.at.0.div_euclid(1000);
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::temporary(Arc::new(move || millis)).map_err(failed)?);
    // One partition: sites do not know of each other, and one worker reads them all.
    log.create_topics(&topics::ALL, 1).map_err(failed)?;
    let mut worker = assessor(&log, params)?;
    // The group is there before its records, so that none is compacted away unread.
    worker.run_until_idle().map_err(failed)?;

    let mut said = Said::default();
    let mut entrance = Entrance::new(&log, options, params.settings.releases).map_err(failed)?;
    let mut lines = Lines::new(input);
    loop {
        let next =
            lines.next_line().map_err(|error| Failure::failed(format!("read the records: {error}")))?;
        let Some((line, bytes)) = next else { break };
        said.lines = line;
        match accept(bytes, Form::Json, CloudEvent::default(), rules, options.at) {
            Ok(accepted) => {
                said.accepted += 1;
                entrance.enter(&accepted).map_err(failed)?;
            }
            Err(rejection) => said.rejected.push(Rejected { line, rejection }),
        }
        if line.is_multiple_of(BATCH as u64) {
            watch(Progress::Read(lines.bytes()));
            worker.run_until_idle().map_err(failed)?;
        }
    }
    entrance
        .close(&mut |entered, of| {
            watch(Progress::Assessed(entered, of));
            worker.run_until_idle()
        })
        .map_err(failed)?;
    worker.run_until_idle().map_err(failed)?;
    worker.leave().map_err(failed)?;
    said.collect(&*log).map_err(failed)?;
    if !options.daily {
        said.leave_out_withdrawn();
    }
    Ok(said)
}

/// The `indicators` service, stepped by hand.
fn assessor(log: &Arc<dyn Log>, params: &Arc<Params>) -> Result<Worker<Indicators>, Failure> {
    let spec = SessionSpec {
        group: GROUP.to_owned(),
        topics: vec![topics::EVENTS.to_owned()],
        instance: "replay".to_owned(),
        worker: 0,
    };
    // Counted, and never shown.
    let metrics = registry().and_then(|registry| Metrics::register(&registry)).map_err(Failure::failed)?;
    let service = Indicators::new(params.clone(), 0, metrics);
    // Nothing here waits, so no time passes: transactions end by their size.
    Ok(Worker::new(log.clone(), spec, service, Limits::default(), Arc::new(|| Duration::ZERO), Box::new(())))
}

#[cfg(test)]
mod tests;
