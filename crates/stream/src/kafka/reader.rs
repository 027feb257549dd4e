//! Reading whole topics from their start, without a group.
//!
//! When has everything been read? The target is the high watermark at opening, open transactions included: the last
//! stable offset would be too early, for a commit may be decided and not yet marked in every partition. Markers occupy
//! offsets and are never delivered, so that a position alone may never reach the target: the end of a partition counts
//! too, but only once no transaction from before the target is open. So a partition is read from then on, and not before:
//! librdkafka tells of each end once, and to be assigned the same partition anew in order to hear it again can end the
//! process (an assertion fails where a partition is taken away twice before its fetcher has stopped).

use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::Offset;

use super::admin::{Asking, unchanged};
use super::polling::{Seen, round};
use super::{Shared, errors, record};
use crate::port::{Error, Reader, RecordRef};

/// How often it is asked whether open transactions have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

struct Side;

impl ClientContext for Side {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, text: &str) {
        tracing::debug!(facility, text, "kafka client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if !matches!(error, KafkaError::Global(rdkafka::error::RDKafkaErrorCode::PartitionEOF)) {
            tracing::debug!(%error, reason, "kafka consumer");
        }
    }
}

impl ConsumerContext for Side {}

/// One partition on its way to the target.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The high watermark at opening.
    target: u64,
    /// Whether no transaction from before the target is open: it is read.
    stable: bool,
    /// Whether everything before the target has been read.
    done: bool,
}

/// One topic; a client of its own, because the end of a partition is told without the topic's name.
struct Tail {
    full: String,
    consumer: BaseConsumer<Side>,
    /// As many as the topic had at opening.
    partitions: Vec<Progress>,
    /// An error that came after records; reported by the next poll.
    held: Option<Error>,
}

/// A reader on Kafka.
pub(super) struct KafkaReader {
    shared: Arc<Shared>,
    tails: Vec<Tail>,
    looked: Duration,
}

impl KafkaReader {
    pub(super) fn open(shared: Arc<Shared>, topics: &[&str]) -> Result<Self, Error> {
        let asking = Asking::new(&shared)?;
        let tails = topics
            .iter()
            .map(|topic| Tail::open(&shared, &asking, topic))
            .collect::<Result<Vec<Tail>, Error>>()?;
        let looked = shared.elapsed();
        Ok(KafkaReader { shared, tails, looked })
    }

    /// Asks whether transactions that were open have ended, and reads what they held up.
    fn look(&mut self) -> Result<(), Error> {
        let now = self.shared.elapsed();
        if now < self.looked + LOOK_AGAIN {
            return Ok(());
        }
        self.looked = now;
        for tail in &mut self.tails {
            tail.read_stable(self.shared.request_timeout())?;
        }
        Ok(())
    }
}

impl Tail {
    fn open(shared: &Shared, asking: &Asking<'_>, topic: &str) -> Result<Self, Error> {
        let full = shared.settings.full(topic);
        let partitions = (0..asking.count(topic)?)
            .map(|partition| {
                let (low, target) = asking.bounds(&full, partition)?;
                Ok(Progress { target, stable: false, done: low >= target })
            })
            .collect::<Result<Vec<Progress>, Error>>()?;
        let consumer: BaseConsumer<Side> = shared
            .settings
            .reading()
            .create_with_context(Side)
            .map_err(|error| errors::of_asking("make a consumer", &error))?;
        let mut tail = Tail { full, consumer, partitions, held: None };
        tail.read_stable(shared.request_timeout())?;
        Ok(tail)
    }

    /// Begins to read the partitions of which no transaction from before the target is open any more; where one cannot be
    /// asked for, none is begun.
    fn read_stable(&mut self, timeout: Duration) -> Result<(), Error> {
        if self.partitions.iter().all(|partition| partition.stable) {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        let mut begun = self.partitions.clone();
        for (number, partition) in (0_i32..).zip(&mut begun).filter(|(_, partition)| !partition.stable) {
            // This client reads committed records only, so the end it is told is the last stable offset.
            let (_, end) = self
                .consumer
                .fetch_watermarks(&self.full, number, timeout)
                .map_err(|error| errors::of_asking("ask for a partition's end", &error))?;
            partition.stable = u64::try_from(end).is_ok_and(|end| end >= partition.target);
            if partition.stable {
                list.add_partition_offset(&self.full, number, Offset::Beginning)
                    .map_err(|error| Error::Unusable(error.to_string()))?;
            }
        }
        if list.count() > 0 {
            self.consumer
                .incremental_assign(&list)
                .map_err(|error| errors::of_asking("read a topic", &error))?;
        }
        self.partitions = begun;
        Ok(())
    }

    fn poll(
        &mut self,
        shared: &Shared,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(&RecordRef<'_>),
    ) -> Result<usize, Error> {
        let prefix = shared.settings.topic_prefix.len();
        let Tail { full, consumer, partitions, held } = self;
        if let Some(error) = held.take() {
            return Err(error);
        }
        let known = (full.get(prefix..).unwrap_or_default(), partitions.len() as u32);
        let unchanged = || unchanged(shared, std::iter::once(known));
        let round = round(consumer, &|| shared.elapsed(), wait, max, &mut |polled| match polled {
            Ok(message) => {
                record::with(&message, prefix, &mut *each);
                if let Some(partition) = numbered(partitions, message.partition()) {
                    partition.done |= u64::try_from(message.offset()).unwrap_or(0) + 1 >= partition.target;
                }
                Ok(Seen::Record)
            }
            Err(KafkaError::PartitionEOF(number)) => {
                if let Some(partition) = numbered(partitions, number) {
                    partition.done = true;
                }
                Ok(Seen::Nothing)
            }
            Err(error) if errors::is_of_group(&error) => Ok(Seen::Nothing),
            Err(error) => Ok(errors::weigh(&error, unchanged).into()),
        })?;
        *held = round.held;
        if round.delivered > 0 {
            return Ok(round.delivered);
        }
        match held.take().or(round.passing) {
            Some(error) => Err(error),
            None => Ok(0),
        }
    }
}

fn numbered(partitions: &mut [Progress], number: i32) -> Option<&mut Progress> {
    partitions.get_mut(usize::try_from(number).ok()?)
}

impl Reader for KafkaReader {
    fn poll(
        &mut self,
        wait: Duration,
        max: usize,
        each: &mut dyn FnMut(&RecordRef<'_>),
    ) -> Result<usize, Error> {
        self.look()?;
        let Self { shared, tails, .. } = self;
        let mut delivered = 0;
        for tail in &mut *tails {
            delivered += tail.poll(shared, Duration::ZERO, max.saturating_sub(delivered), each)?;
        }
        // Nothing lay ready: wait at each topic for its share.
        let share = wait / u32::try_from(tails.len().max(1)).unwrap_or(1);
        for tail in tails {
            if delivered == 0 {
                delivered += tail.poll(shared, share, max, each)?;
            }
        }
        Ok(delivered)
    }

    fn caught_up(&mut self) -> Result<bool, Error> {
        // What is held may be that something was passed over.
        let has_all = |tail: &Tail| tail.held.is_none() && tail.partitions.iter().all(|it| it.done);
        Ok(self.tails.iter().all(has_all))
    }
}
