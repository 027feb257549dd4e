//! How records enter `rapport.events` in a replay: with which clock, in which order, between which ticks.

use std::sync::Arc;

use prost::Message as _;
use rapport_model::params::Releases;
use rapport_model::raw::Accepted;
use rapport_model::time::Instant;
use rapport_proto::{headers, keys, topics, v1};
use rapport_stream::port::{Appender, Error, Log, Output};

use super::{BATCH, Options};

/// A tick's value.
fn tick(at: Instant) -> Vec<u8> {
    v1::Event { ingested_at_us: at.0, ..Default::default() }.encode_to_vec()
}

struct Record {
    key: String,
    value: Vec<u8>,
}

/// Where records enter.
pub(super) struct Entrance {
    appender: Box<dyn Appender>,
    options: Options,
    /// The last release boundary at or before T, less a microsecond.
    before_release: Instant,
    batch: Vec<Record>,
    /// With `daily`: everything accepted, to be entered in order of `recorded_at`.
    waiting: Vec<(Instant, Record)>,
}

impl Entrance {
    pub(super) fn new(log: &Arc<dyn Log>, options: Options, releases: Releases) -> Result<Entrance, Error> {
        let before_release = releases.boundary(options.at).just_before();
        let mut entrance = Entrance {
            appender: log.appender()?,
            options,
            before_release,
            batch: Vec::with_capacity(BATCH),
            waiting: Vec::new(),
        };
        if !options.daily {
            // The clock stands where it will stand when the last record is in, so that no earlier boundary is
            // crossed. A day's own key: the last tick would compact away one of the same key.
            let key = keys::day_tick(&before_release.day().to_string());
            entrance.write(Record { key, value: tick(before_release) })?;
        }
        Ok(entrance)
    }

    /// Enters an accepted record, now or in its turn.
    pub(super) fn enter(&mut self, accepted: &Accepted) -> Result<(), Error> {
        let recorded_at = accepted.event.recorded_at;
        if self.options.daily {
            let clock = recorded_at.min(self.options.at);
            let (key, value) = accepted.record(clock);
            self.waiting.push((clock, Record { key, value }));
            return Ok(());
        }
        let (key, value) = accepted.record(recorded_at.min(self.before_release));
        self.write(Record { key, value })
    }

    /// Enters what is waiting and lets the clock come to T. `assess` is called with how many were entered, of how many,
    /// whenever it is time to assess them.
    pub(super) fn close(
        mut self,
        assess: &mut dyn FnMut(u64, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|(clock, _)| *clock);
        let of = waiting.len() as u64;
        let mut day = waiting.first().map(|(clock, _)| clock.day());
        for (number, (clock, record)) in (1..).zip(waiting) {
            day = self.days(day, clock)?;
            self.write(record)?;
            if number % BATCH as u64 == 0 {
                self.flush()?;
                assess(number, of)?;
            }
        }
        self.days(day, self.options.at)?;
        self.tick(self.options.at)?;
        self.flush()?;
        assess(of, of)
    }

    /// Crosses the boundary of each day after `day` up to the one of `clock`, which is returned.
    fn days(
        &mut self,
        day: Option<rapport_model::time::Day>,
        clock: Instant,
    ) -> Result<Option<rapport_model::time::Day>, Error> {
        let Some(mut day) = day else { return Ok(None) };
        while day < clock.day() {
            day = day.plus(1);
            self.write(Record { key: keys::day_tick(&day.to_string()), value: tick(day.start()) })?;
        }
        Ok(Some(day))
    }

    fn tick(&mut self, at: Instant) -> Result<(), Error> {
        self.write(Record { key: keys::TICK.to_owned(), value: tick(at) })
    }

    fn write(&mut self, record: Record) -> Result<(), Error> {
        self.batch.push(record);
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let headers = [(headers::CONTENT_TYPE, headers::PROTOBUF.as_bytes())];
        let outputs: Vec<_> = self
            .batch
            .iter()
            .map(|record| Output {
                topic: topics::EVENTS,
                partition: Some(0),
                key: Some(record.key.as_bytes()),
                value: Some(&record.value),
                headers: &headers,
            })
            .collect();
        self.appender.append(&outputs)?;
        self.batch.clear();
        Ok(())
    }
}
