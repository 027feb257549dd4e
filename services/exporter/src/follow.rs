//! Follows `rapport.indicators` from its start for as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use rapport_proto::topics;
use rapport_runtime::health::{Flag, Pulse};
use rapport_runtime::{Health, Stop};
use rapport_stream::port::{Error, Log, Reader};

use crate::Deps;
use crate::disclosure::Rules;
use crate::metrics::Metrics;
use crate::page::{Limits, Page};
use crate::releases::{Outcome, Releases};

/// How long a poll waits for a record; while catching up the end comes as a poll without any.
const WAIT: Duration = Duration::from_millis(500);
const CATCH_UP_WAIT: Duration = Duration::from_millis(20);
/// Most records of a poll; a page is built after each poll that changed something.
const RECORDS_MAX: usize = 10_000;
/// How long to wait before a log that is away is asked again.
const RETRY: Duration = Duration::from_secs(1);
/// A loop that stands still for so long is stalled.
const STALLED: Duration = Duration::from_secs(60);

/// The loop.
pub(crate) struct Follower {
    log: Arc<dyn Log>,
    stop: Stop,
    releases: Releases,
    limits: Limits,
    page: Arc<Page>,
    metrics: Metrics,
    caught_up: Flag,
    pulse: Pulse,
}

impl Follower {
    pub(crate) fn new(
        limits: Limits,
        rules: Rules,
        deps: &Deps,
        page: Arc<Page>,
        metrics: Metrics,
        health: &Health,
    ) -> Self {
        Follower {
            log: deps.log.clone(),
            stop: deps.stop.clone(),
            releases: Releases::new(rules),
            limits,
            page,
            metrics,
            caught_up: health.flag("caught_up"),
            pulse: health.pulse("follow", STALLED),
        }
    }

    /// Follows until it is asked to stop. A log that is away is waited for; what is shown stays.
    pub(crate) fn run(mut self) -> Result<(), Error> {
        let mut reader: Option<Box<dyn Reader>> = None;
        while !self.stop.is_set() {
            self.pulse.beat();
            let done = match &mut reader {
                Some(reader) => self.poll(reader.as_mut()),
                None => self.log.reader(&[topics::INDICATORS]).map(|opened| reader = Some(opened)),
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

    fn poll(&mut self, reader: &mut dyn Reader) -> Result<(), Error> {
        let wait = if self.caught_up.is_set() { WAIT } else { CATCH_UP_WAIT };
        let (mut changed, releases, metrics) = (false, &mut self.releases, &self.metrics);
        reader.poll(wait, RECORDS_MAX, &mut |record| {
            metrics.records.inc();
            match releases.apply(record.key, record.value) {
                Outcome::Changed => changed = true,
                Outcome::Older => {}
                Outcome::Unusable => {
                    metrics.unusable.inc();
                    tracing::warn!(
                        partition = record.partition,
                        offset = record.offset,
                        "release could not be read"
                    );
                }
            }
        })?;
        let first = !self.caught_up.is_set() && reader.caught_up()?;
        if first || (changed && self.caught_up.is_set()) {
            self.metrics.built(self.page.show(&self.releases, self.limits));
        }
        if first {
            self.metrics.caught_up.set(1);
            self.caught_up.set(true);
            tracing::info!("caught up, releases are shown");
        }
        Ok(())
    }
}
