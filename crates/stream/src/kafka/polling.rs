//! A round of polling a consumer: records first, and what went wrong behind them is not forgotten.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;

use crate::port::Error;

/// How long a round may take once it has a record: however slow its records are, the worker looks at its clock in between, and its
/// transaction is committed long before the cluster gives it up.
const ROUND: Duration = Duration::from_millis(100);

/// What something that was polled means.
pub(super) enum Seen {
    /// A record, which was delivered.
    Record,
    /// Nothing to anybody: librdkafka goes on by itself.
    Nothing,
    /// Something that went wrong.
    Wrong(Error),
}

impl From<Option<Error>> for Seen {
    fn from(error: Option<Error>) -> Seen {
        error.map_or(Seen::Nothing, Seen::Wrong)
    }
}

/// What a round brought.
#[derive(Default)]
pub(super) struct Round {
    /// Records delivered.
    pub delivered: usize,
    /// What may pass: many such may have gathered while nobody polled, and all be past, so what lies behind them says more.
    pub passing: Option<Error>,
    /// What ended the round, and is told only once: whoever delivered records before it has to keep it.
    pub held: Option<Error>,
}

/// Something that was polled.
pub(super) type Polled<'a> = Result<BorrowedMessage<'a>, KafkaError>;

/// Polls for at most `wait`, then takes what lies ready, up to `max` records and for at most [`ROUND`] of `elapsed`; `see` is given all
/// that comes.
///
/// # Errors
/// Those of `see`.
pub(super) fn round<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    elapsed: &dyn Fn() -> Duration,
    wait: Duration,
    max: usize,
    see: &mut dyn FnMut(Polled<'_>) -> Result<Seen, Error>,
) -> Result<Round, Error> {
    let mut round = Round::default();
    let mut patience = wait;
    let mut until = None;
    while round.delivered < max {
        let Some(polled) = consumer.poll(patience) else { break };
        match see(polled)? {
            Seen::Record => round.delivered += 1,
            Seen::Nothing => {}
            Seen::Wrong(error @ Error::Unavailable(_)) => round.passing = Some(error),
            Seen::Wrong(error) => {
                round.held = Some(error);
                break;
            }
        }
        patience = Duration::ZERO;
        let now = elapsed();
        if now > *until.get_or_insert(now + ROUND) {
            break;
        }
    }
    Ok(round)
}
