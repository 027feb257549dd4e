//! Follows `rapport.alerts` from its start for as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use rapport_model::time::Instant;
use rapport_proto::headers::{SOURCE, Source};
use rapport_proto::topics;
use rapport_runtime::health::{Flag, Pulse};
use rapport_runtime::{Clock, Health, Stop};
use rapport_stream::port::{Error, Headers, Log, Reader, RecordRef};

use crate::Deps;
use crate::deliver::Board;
use crate::ledger::{Ledger, Outcome, Times};
use crate::metrics::Metrics;

/// How long a poll waits for a record; while catching up the end comes as a poll without any.
const WAIT: Duration = Duration::from_millis(500);
const CATCH_UP_WAIT: Duration = Duration::from_millis(20);
/// Most records of a poll.
const RECORDS_MAX: usize = 10_000;
/// How long to wait before a log that is away is asked again.
const RETRY: Duration = Duration::from_secs(1);
/// A loop that stands still for so long is stalled.
const STALLED: Duration = Duration::from_secs(60);

/// The loop.
pub(crate) struct Follower {
    log: Arc<dyn Log>,
    clock: Clock,
    stop: Stop,
    board: Arc<Board>,
    metrics: Metrics,
    caught_up: Flag,
    pulse: Pulse,
}

impl Follower {
    pub(crate) fn new(deps: &Deps, board: Arc<Board>, metrics: Metrics, health: &Health) -> Follower {
        Follower {
            log: deps.log.clone(),
            clock: deps.clock.clone(),
            stop: deps.stop.clone(),
            board,
            metrics,
            caught_up: health.flag("caught_up"),
            pulse: health.pulse("follow", STALLED),
        }
    }

    /// Follows until it is asked to stop. A log that is away is waited for; what is known goes on being delivered.
    pub(crate) fn run(self) -> Result<(), Error> {
        let mut reader: Option<Box<dyn Reader>> = None;
        while !self.stop.is_set() {
            self.pulse.beat();
            let done = match &mut reader {
                Some(reader) => self.poll(reader.as_mut()),
                None => self.log.reader(&[topics::ALERTS]).map(|opened| reader = Some(opened)),
            };
            match done {
                Ok(()) => {}
                Err(Error::Unavailable(cause)) => {
                    tracing::warn!(%cause, "log unavailable");
                    self.metrics.retries.inc();
                    self.stop.wait_for(RETRY);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn poll(&self, reader: &mut dyn Reader) -> Result<(), Error> {
        let mut outcome = Ok(0);
        let live = self.caught_up.is_set();
        let wait = if live { WAIT } else { CATCH_UP_WAIT };
        // Records are taken in outside the board's lock: a poll may wait.
        let mut records = Vec::new();
        let mut keep = |record: &RecordRef<'_>| {
            let written = if live { self.clock.now_us() } else { record.timestamp_ms.saturating_mul(1000) };
            let times = times(record.headers, Instant(written));
            records.push((record.key.map(<[u8]>::to_vec), record.value.map(<[u8]>::to_vec), times));
        };
        match reader.poll(wait, RECORDS_MAX, &mut keep) {
            Ok(_) => {}
            Err(error) => outcome = Err(error),
        }
        let first = !live && outcome.is_ok() && reader.caught_up()?;
        self.board.change(live || first, |ledger| {
            let mut new = false;
            for (key, value, times) in &records {
                new |= self.take(ledger, key.as_deref(), value.as_deref(), *times);
            }
            ledger.forget(Instant(self.clock.now_us()));
            self.metrics.firing(&ledger.firing());
            self.metrics.held_back(ledger.held_back());
            new
        });
        if first {
            self.metrics.caught_up.set(1);
            self.caught_up.set(true);
            tracing::info!("caught up, alerts are delivered");
        }
        outcome.map(drop)
    }

    fn take(&self, ledger: &mut Ledger, key: Option<&[u8]>, value: Option<&[u8]>, times: Times) -> bool {
        self.metrics.records.inc();
        match ledger.apply(key, value, times) {
            Outcome::Deliver => return true,
            Outcome::Nothing => {}
            Outcome::Backfill => self.metrics.backfills.inc(),
            Outcome::Unusable => {
                self.metrics.unusable.inc();
                tracing::warn!("alert could not be read");
            }
        }
        false
    }
}

/// When a record was made that was written at `written`; what an earlier version wrote may not say when it was derived.
fn times(headers: &dyn Headers, written: Instant) -> Times {
    let source = headers.header(SOURCE).and_then(Source::parse);
    let derived = source.and_then(|source| source.clock_us).map_or(written, Instant);
    Times { written, derived, recorded: source.and_then(|source| source.recorded_us).map(Instant) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_record_was_derived_and_its_event_recorded_is_in_its_header_or_else_when_it_was_written() {
        let said = |value: &str| {
            let headers = vec![(SOURCE.to_owned(), value.as_bytes().to_vec())];
            times(&headers, Instant(7))
        };
        let unsaid = Times { written: Instant(7), derived: Instant(7), recorded: None };
        assert_eq!(said("rapport.events/3/9@5"), Times { derived: Instant(5), ..unsaid });
        let recorded = Some(Instant(4));
        assert_eq!(said("rapport.events/3/9@5/4"), Times { derived: Instant(5), recorded, ..unsaid });
        assert_eq!((said("rapport.events/3/9"), said("no source")), (unsaid, unsaid));
        assert_eq!(times(&Vec::new(), Instant(7)), unsaid);
    }
}
