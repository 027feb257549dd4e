//! A log on which things go wrong, by a seed.
//!
//! [`FaultyLog`] stands in front of any log and does to those who use it what Kafka, networks and machines do: crashes
//! at any point, transactions that tear or whose outcome is unknown, partitions that move, calls that fail. What it
//! does follows from the seed and from the calls made of it, so a run of one thread can be repeated. Records keep
//! their order and are delivered once per start, as the port promises; duplicates and disorder are for the input.

mod random;
mod session;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rapport_proto::topics::TopicSpec;

use self::random::Random;
use self::session::FaultySession;
use crate::port::{
    Appender, Created, Error, Log, Output, Reader, RecordRef, Session, SessionSpec, TopicLimits,
    TopicPartition,
};

/// The cause of the [`Error::Unusable`] that a crashed session returns from every call.
pub const CRASH: &str = "crash on purpose";

/// Whether an error says that a session crashed: its worker must be thrown away and made anew.
pub fn is_crash(error: &Error) -> bool {
    matches!(error, Error::Unusable(cause) if cause == CRASH)
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A call of a session is its last; nothing uncommitted remains. Rolled per call.
    Crash,
    /// A session crashes before a record of a poll. Rolled per record.
    CrashInPoll,
    /// A commit happens and the session crashes before anyone learns of it. Rolled per commit.
    CrashAfterCommit,
    /// Some first records of a transaction become visible, the rest and the positions never do; then doubt, or a
    /// crash. What Jepsen saw of Kafka's first transaction protocol. Rolled per commit.
    TornCommit,
    /// A commit happens and its outcome is in doubt. Rolled per commit.
    DoubtHappened,
    /// A commit does not happen and its outcome is in doubt. Rolled per commit.
    DoubtMissed,
    /// Some partitions are asked back, and are free to come again. Rolled per poll.
    Revoked,
    /// Some partitions are lost, and are free to come again. Rolled per poll.
    Lost,
    /// A poll delivers at most three records. Rolled per poll.
    SmallPoll,
    /// A call has no effect and may be made again. Rolled per call.
    Unavailable,
    /// A poll ends before one of its records, which comes with the next one. Rolled per record.
    UnavailableInPoll,
    /// A record cannot be handed over. Rolled per record sent.
    UnavailableInSend,
}

/// All kinds.
pub const FAULTS: [Fault; 12] = [
    Fault::Crash,
    Fault::CrashInPoll,
    Fault::CrashAfterCommit,
    Fault::TornCommit,
    Fault::DoubtHappened,
    Fault::DoubtMissed,
    Fault::Revoked,
    Fault::Lost,
    Fault::SmallPoll,
    Fault::Unavailable,
    Fault::UnavailableInPoll,
    Fault::UnavailableInSend,
];

/// How often each fault happens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    seed: u64,
    /// Out of ten thousand rolls.
    rates: BTreeMap<Fault, u32>,
}

impl Plan {
    /// No faults.
    pub fn calm(seed: u64) -> Self {
        Self { seed, rates: BTreeMap::new() }
    }

    /// Every fault, often enough that a few dozen transactions see most of them.
    pub fn stormy(seed: u64) -> Self {
        let rate = |fault: Fault| match fault {
            Fault::Crash | Fault::Unavailable => 100,
            Fault::CrashInPoll | Fault::UnavailableInPoll | Fault::UnavailableInSend => 40,
            Fault::CrashAfterCommit | Fault::TornCommit | Fault::DoubtHappened | Fault::DoubtMissed => 500,
            Fault::Revoked | Fault::Lost => 300,
            Fault::SmallPoll => 5_000,
        };
        Self { seed, rates: FAULTS.iter().map(|fault| (*fault, rate(*fault))).collect() }
    }

    /// The same plan with one rate set: so many out of ten thousand.
    #[must_use]
    pub fn with(mut self, fault: Fault, per_ten_thousand: u32) -> Self {
        self.rates.insert(fault, per_ten_thousand);
        self
    }
}

/// What everyone who uses the log shares.
struct Weather {
    plan: Plan,
    calm: AtomicBool,
    counts: Mutex<BTreeMap<Fault, u64>>,
    /// How many have gone by a name: each has numbers of its own.
    names: Mutex<BTreeMap<String, u64>>,
}

impl Weather {
    fn dice(self: &Arc<Self>, name: &str) -> Dice {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let count = names.entry(name.to_owned()).or_default();
        *count += 1;
        let random = Random::new(self.plan.seed, &format!("{name} {count}"));
        Dice { weather: self.clone(), random }
    }
}

/// Decides what goes wrong for one session, reader or appender.
struct Dice {
    weather: Arc<Weather>,
    random: Random,
}

impl Dice {
    /// Whether that fault happens now; it is counted if it does.
    fn roll(&mut self, fault: Fault) -> bool {
        let rate = self.weather.plan.rates.get(&fault).copied().unwrap_or(0);
        if rate == 0 || self.weather.calm.load(Ordering::Relaxed) {
            return false;
        }
        let happens = self.random.below(10_000) < rate as usize;
        if happens {
            let mut counts = self.weather.counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(fault).or_default() += 1;
        }
        happens
    }

    fn unavailable(&mut self) -> Result<(), Error> {
        if self.roll(Fault::Unavailable) { Err(unavailable()) } else { Ok(()) }
    }
}

fn unavailable() -> Error {
    Error::Unavailable("fault on purpose".to_owned())
}

/// A log in front of another one, on which things go wrong.
pub struct FaultyLog {
    inner: Arc<dyn Log>,
    weather: Arc<Weather>,
}

impl FaultyLog {
    /// Puts faults in front of a log.
    pub fn new(inner: Arc<dyn Log>, plan: Plan) -> Self {
        let weather =
            Weather { plan, calm: AtomicBool::new(false), counts: Mutex::default(), names: Mutex::default() };
        Self { inner, weather: Arc::new(weather) }
    }

    /// From now on nothing goes wrong any more.
    pub fn heal(&self) {
        self.weather.calm.store(true, Ordering::Relaxed);
    }

    /// How often each fault has happened.
    pub fn counts(&self) -> BTreeMap<Fault, u64> {
        self.weather.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Log for FaultyLog {
    fn session(&self, spec: &SessionSpec) -> Result<Box<dyn Session>, Error> {
        let mut dice = self.weather.dice(&format!("{}/{}/{}", spec.group, spec.instance, spec.worker));
        dice.unavailable()?;
        let inner = self.inner.session(spec)?;
        Ok(Box::new(FaultySession::new(inner, self.inner.appender()?, dice)))
    }

    fn reader(&self, topics: &[&str]) -> Result<Box<dyn Reader>, Error> {
        let dice = self.weather.dice(&format!("reader of {}", topics.join(",")));
        Ok(Box::new(FaultyReader { inner: self.inner.reader(topics)?, dice }))
    }

    fn appender(&self) -> Result<Box<dyn Appender>, Error> {
        Ok(Box::new(FaultyAppender { inner: self.inner.appender()?, dice: self.weather.dice("appender") }))
    }

    fn partitions(&self, topic: &str) -> Result<Option<u32>, Error> {
        self.inner.partitions(topic)
    }

    fn create_topics(&self, topics: &[TopicSpec], partitions: u32) -> Result<Vec<Created>, Error> {
        self.inner.create_topics(topics, partitions)
    }

    fn fingerprint(&self, at: &TopicPartition, offset: u64) -> Result<Option<u32>, Error> {
        self.weather.dice("fingerprint").unavailable()?;
        self.inner.fingerprint(at, offset)
    }

    fn limits(&self, topic: &str) -> Result<TopicLimits, Error> {
        self.inner.limits(topic)
    }
}

struct FaultyReader {
    inner: Box<dyn Reader>,
    dice: Dice,
}

impl Reader for FaultyReader {
    fn poll(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(&RecordRef<'_>),
    ) -> Result<usize, Error> {
        self.dice.unavailable()?;
        let max = if self.dice.roll(Fault::SmallPoll) { max.min(1 + self.dice.random.below(3)) } else { max };
        self.inner.poll(wait, max, each)
    }

    fn caught_up(&mut self) -> Result<bool, Error> {
        self.dice.unavailable()?;
        self.inner.caught_up()
    }
}

struct FaultyAppender {
    inner: Box<dyn Appender>,
    dice: Dice,
}

impl Appender for FaultyAppender {
    fn append(&mut self, outputs: &[Output<'_>]) -> Result<(), Error> {
        self.dice.unavailable()?;
        self.inner.append(outputs)
    }
}
