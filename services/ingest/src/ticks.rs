//! When the clock is written to the log.

use rapport_model::time::{Day, Instant};
use rapport_proto::{keys, v1};

/// The keys of the ticks that are due, and when to write the next.
#[derive(Debug, Clone)]
pub struct Ticks {
    every_us: i64,
    next: Option<Instant>,
    day: Option<Day>,
}

impl Ticks {
    /// Ticks each `every_seconds`, the first at once.
    pub fn new(every_seconds: u32) -> Ticks {
        Ticks { every_us: i64::from(every_seconds.max(1)) * 1_000_000, next: None, day: None }
    }

    /// Forgets what was written, so that the next tick is due at once: nobody knows whether it was.
    pub fn reset(&mut self) {
        (self.next, self.day) = (None, None);
    }

    /// The keys of the ticks that are due at `now`: none, `tick`, or with it the key of the day that begins.
    ///
    /// A clock that goes back writes nothing until it is where it was.
    pub fn due(&mut self, now: Instant) -> Vec<String> {
        if self.next.is_some_and(|next| now < next) {
            return Vec::new();
        }
        self.next = Some(Instant(now.0.saturating_add(self.every_us)));
        let mut due = Vec::new();
        if self.day.is_none_or(|day| day < now.day()) {
            self.day = Some(now.day());
            due.push(keys::day_tick(&now.day().to_string()));
        }
        due.push(keys::TICK.to_owned());
        due
    }
}

/// Value of a tick: an event that carries nothing but `ingested_at`.
pub fn value(now: Instant) -> Vec<u8> {
    prost::Message::encode_to_vec(&v1::Event { ingested_at_us: now.0, ..v1::Event::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_due_at_start_and_each_minute_and_once_more_for_a_new_day() {
        let mut ticks = Ticks::new(60);
        let at = |text| Instant::parse(text).unwrap();
        assert_eq!(ticks.due(at("2026-01-01T23:58:30Z")), ["day/2026-01-01", "tick"]);
        assert_eq!(ticks.due(at("2026-01-01T23:59:29Z")), Vec::<String>::new());
        assert_eq!(ticks.due(at("2026-01-01T23:59:30Z")), ["tick"]);
        assert_eq!(ticks.due(at("2026-01-01T23:00:00Z")), Vec::<String>::new());
        assert_eq!(ticks.due(at("2026-01-02T00:00:30Z")), ["day/2026-01-02", "tick"]);
        ticks.reset();
        assert_eq!(ticks.due(at("2026-01-02T00:00:31Z")), ["day/2026-01-02", "tick"]);
    }
}
