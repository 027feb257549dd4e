//! Plays the charity: sends what its sites send and moves the clock, first through a year, then on and on.

use std::iter::Peekable;
use std::sync::Arc;
use std::time::Duration;

use rapport_model::time::{DAY_US, Day, Instant};
use rapport_proto::{headers, topics};
use rapport_runtime::Stop;
use rapport_stream::port::{Appender, Error, Output};

use super::answers;
use super::board::Board;
use crate::simulate::{Arrival, Kind, Plan, Simulation, generate, site_name};

/// Longest that a step of the first year is waited for: a service that is slow is a nuisance, not an error.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the live clock moves.
const BEAT: Duration = Duration::from_millis(100);

/// Moves the ingest clock.
pub trait Hand: Send {
    /// Sets it.
    fn set(&mut self, now: Instant);
}

impl Hand for rapport_runtime::ManualClock {
    fn set(&mut self, now: Instant) {
        rapport_runtime::ManualClock::set(self, now.0);
    }
}

/// Plays the charity.
pub struct Driver {
    arrivals: Peekable<Simulation>,
    appender: Box<dyn Appender>,
    board: Arc<Board>,
    hand: Box<dyn Hand>,
    stop: Stop,
    first: Day,
    days: i32,
    /// Simulated microseconds per beat once live; 0 ends the demo after the year.
    beat_us: i64,
}

impl Driver {
    /// A charity of that plan, whose first `days` days pass as fast as they are taken in; then a day takes
    /// `seconds_per_day`, or, where that is 0, the clock stops.
    pub fn new(
        plan: &Plan,
        appender: Box<dyn Appender>,
        board: Arc<Board>,
        hand: Box<dyn Hand>,
        stop: Stop,
        seconds_per_day: f64,
    ) -> Driver {
        // The plan's days are the ones that pass quickly; the charity goes on for a century.
        let endless = Plan { days: 36_500, ..plan.clone() };
        let beat_us = match seconds_per_day {
            seconds if seconds > 0.0 => (DAY_US as f64 * BEAT.as_secs_f64() / seconds) as i64,
            _ => 0,
        };
        Driver {
            arrivals: generate(&endless).peekable(),
            appender,
            board,
            hand,
            stop,
            first: plan.start,
            days: i32::try_from(plan.days).unwrap_or(i32::MAX / 2),
            beat_us,
        }
    }

    /// Plays until it is stopped, or until the year is over where nothing follows.
    ///
    /// # Errors
    /// Those of the log.
    pub fn run(mut self) -> Result<(), Error> {
        let mut day = self.first;
        let end = self.first.plus(self.days);
        while day < end && !self.stop.is_set() {
            // Two days a step. The clock stands at the start of the second: nothing is more than a day ahead of it.
            self.clock(day.plus(1).start());
            day = day.plus(2).min(end);
            self.send_until(day.start(), true)?;
        }
        let mut now = day.start();
        self.clock(now);
        self.board.seen().live = true;
        self.board.wake();
        while self.beat_us > 0 && !self.stop.wait_for(BEAT) {
            now = Instant(now.0 + self.beat_us);
            self.clock(now);
            self.send_until(now, false)?;
        }
        Ok(())
    }

    fn clock(&mut self, now: Instant) {
        self.hand.set(now);
        self.board.seen().clock = now;
    }

    /// Sends what arrives before `until`; with `wait`, comes back once it has been taken in.
    fn send_until(&mut self, until: Instant, wait: bool) -> Result<(), Error> {
        let mut batch = Vec::new();
        let answers = answers::given(&mut self.board.seen());
        while let Some(arrival) = self.arrivals.next_if(|arrival| arrival.arrives_at < until) {
            batch.push(arrival);
        }
        // What is sent to one partition is taken in in order: with the last one all are there.
        let last = batch.iter().rev().find(|arrival| matches!(arrival.kind, Kind::Event | Kind::Correction));
        let last = last.and_then(|arrival| Some((site_name(arrival.site), event_id(arrival)?)));
        if let Some((site, id)) = &last {
            self.board.expect(site, id);
        }
        let headers = [(headers::CONTENT_TYPE, headers::JSON.as_bytes())];
        let records = answers.iter().chain(batch.iter().map(|arrival| &arrival.json));
        let outputs: Vec<_> = records
            .map(|json| Output {
                topic: topics::RAW,
                partition: Some(0),
                key: None,
                value: Some(json.as_bytes()),
                headers: &headers,
            })
            .collect();
        if !outputs.is_empty() {
            self.appender.append(&outputs)?;
        }
        if let Some((site, id)) = last.filter(|_| wait) {
            let mut waited = Duration::ZERO;
            while !self.stop.is_set()
                && waited < PATIENCE
                && !self.board.await_event(&site, &id, Duration::from_millis(500))
            {
                waited += Duration::from_millis(500);
            }
        }
        Ok(())
    }
}

/// The id in a record of the simulator's, where it comes first.
fn event_id(arrival: &Arrival) -> Option<String> {
    let rest = arrival.json.strip_prefix("{\"event_id\":\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}
