//! Membership of a group: what is assigned is reported, what is started is read, what is sent is committed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::Offset;

use super::admin::{Asking, unchanged};
use super::contexts::{ConsumerSide, Event};
use super::outbox::Outbox;
use super::polling::{Seen, round};
use super::{Shared, breathe, errors, record};
use crate::port::{Change, Each, Error, Session, SessionSpec, Sink, Start, TopicPartition};

/// How long closing a consumer may hold up its worker; the rest happens behind it.
const CLOSING: Duration = Duration::from_secs(5);

/// Where a partition of ours stands with librdkafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The group has given it to us, and waits for our answer.
    Offered,
    /// It is being read.
    Read,
}

/// A session on Kafka.
pub(super) struct KafkaSession {
    shared: Arc<Shared>,
    consumer: Option<BaseConsumer<ConsumerSide>>,
    outbox: Outbox,
    /// The topics read, and how many partitions each had when the session was opened.
    topics: BTreeMap<Arc<str>, u32>,
    owned: BTreeMap<TopicPartition, Standing>,
    /// An error that came after records; reported by the next poll.
    held: Option<Error>,
    /// Whether the group has assigned anything, be it nothing.
    joined: bool,
}

impl KafkaSession {
    pub(super) fn open(shared: Arc<Shared>, spec: &SessionSpec) -> Result<Self, Error> {
        let topics = counted(&shared, &spec.topics)?;
        // The producer comes first: no partition is ours before what an earlier one of its name left open is ended.
        let outbox = Outbox::open(Arc::clone(&shared), spec)?;
        let consumer: BaseConsumer<ConsumerSide> = shared
            .settings
            .consuming(spec)
            .create_with_context(ConsumerSide::default())
            .map_err(|error| errors::of_asking("make a consumer", &error))?;
        let names: Vec<String> = topics.keys().map(|topic| shared.settings.full(topic)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(|error| errors::of_asking("subscribe", &error))?;
        Ok(KafkaSession {
            shared,
            consumer: Some(consumer),
            outbox,
            topics,
            owned: BTreeMap::new(),
            held: None,
            joined: false,
        })
    }

    fn consumer(&self) -> Result<&BaseConsumer<ConsumerSide>, Error> {
        self.consumer.as_ref().ok_or_else(|| Error::Unusable("the session is closed".to_owned()))
    }

    /// Reports the changes that librdkafka has told of. Those about nothing are answered here: it waits for an answer.
    fn changes(&mut self) -> Result<Vec<Change>, Error> {
        let mut changes = vec![];
        while let Some(event) = self.consumer()?.context().next() {
            self.joined |= matches!(event, Event::Assigned(_));
            let (partitions, of): (_, fn(Vec<TopicPartition>) -> Change) = match event {
                Event::Assigned(partitions) => (partitions, Change::Assigned),
                Event::Revoked(partitions) => (partitions, Change::Revoked),
                Event::Lost(partitions) => (partitions, Change::Lost),
            };
            let partitions: Vec<TopicPartition> = partitions.iter().filter_map(|at| self.ours(at)).collect();
            let change = of(partitions.clone());
            if partitions.is_empty() {
                self.answer_nothing(&change);
                continue;
            }
            if let Change::Assigned(_) = change {
                self.owned.extend(partitions.into_iter().map(|at| (at, Standing::Offered)));
                // A group rebalances when a topic's partitions change, and then nothing lies where it should any more. But a
                // cluster that cannot be asked now is no reason to forget what it has just given.
                if let Err(error @ Error::Unusable(_)) = unchanged(&self.shared, counts(&self.topics)) {
                    return Err(error);
                }
            }
            changes.push(change);
        }
        Ok(changes)
    }

    fn answer_nothing(&self, change: &Change) {
        let Ok(consumer) = self.consumer() else { return };
        let none = TopicPartitionList::new();
        let answer = match change {
            Change::Assigned(_) => consumer.incremental_assign(&none),
            Change::Revoked(_) | Change::Lost(_) => consumer.incremental_unassign(&none),
        };
        if let Err(error) = answer {
            tracing::debug!(%error, "answering an empty assignment");
        }
    }

    fn ours(&self, (full, partition): &(String, i32)) -> Option<TopicPartition> {
        let name = full.strip_prefix(&self.shared.settings.topic_prefix)?;
        let (topic, _) = self.topics.get_key_value(name)?;
        Some(TopicPartition { topic: Arc::clone(topic), partition: u32::try_from(*partition).ok()? })
    }

    fn list<'a>(
        &self,
        places: impl Iterator<Item = (&'a TopicPartition, Offset)>,
    ) -> Result<TopicPartitionList, Error> {
        let mut list = TopicPartitionList::new();
        for (at, offset) in places {
            let partition = i32::try_from(at.partition).unwrap_or(i32::MAX);
            list.add_partition_offset(&self.shared.settings.full(&at.topic), partition, offset)
                .map_err(|error| Error::Unusable(error.to_string()))?;
        }
        Ok(list)
    }

    /// Where reading starts: an offset that is gone means the first one after it, one that is not yet means another log.
    fn offset(&self, asking: &Asking<'_>, at: &TopicPartition, start: Start) -> Result<Offset, Error> {
        let Start::Offset(offset) = start else { return Ok(Offset::Beginning) };
        let low = self.reaches(asking, at, offset)?;
        if offset < low {
            tracing::warn!(topic = %at.topic, partition = at.partition, offset, low, "records were deleted unread");
        }
        Ok(Offset::Offset(i64::try_from(offset.max(low)).unwrap_or(i64::MAX)))
    }

    /// The first offset of a partition, whose end must not lie before the group's position.
    fn reaches(&self, asking: &Asking<'_>, at: &TopicPartition, position: u64) -> Result<u64, Error> {
        let (low, high) = asking.bounds(&self.shared.settings.full(&at.topic), at.partition)?;
        if position > high {
            let TopicPartition { topic, partition } = at;
            return Err(Error::Unusable(format!(
                "{topic}/{partition} ends at {high}, before the group's position {position}: it was made anew or cut"
            )));
        }
        Ok(low)
    }

    /// A service that replays starts at the beginning, whatever the position: on another log it would never get there,
    /// and take for news what it has counted, or for counted what is news.
    fn believable(&self, partitions: &[TopicPartition], positions: &[Option<u64>]) -> Result<(), Error> {
        let asking = Asking::new(&self.shared)?;
        for (at, position) in partitions.iter().zip(positions) {
            if let Some(position) = position {
                self.reaches(&asking, at, *position)?;
            }
        }
        Ok(())
    }

    /// Moves partitions that are being read. One that was just assigned cannot be moved for a moment.
    fn seek(&self, mut places: Vec<(TopicPartition, Offset)>) -> Result<(), Error> {
        let started = self.shared.elapsed();
        while !places.is_empty() {
            let list = self.list(places.iter().map(|(at, offset)| (at, *offset)))?;
            let moved = self
                .consumer()?
                .seek_partitions(list, self.shared.request_timeout())
                .map_err(|error| errors::of_asking("move to another offset", &error))?;
            let failed: Vec<bool> = moved.elements().iter().map(|element| element.error().is_err()).collect();
            if self.shared.elapsed() > started + self.shared.request_timeout() && failed.contains(&true) {
                return Err(Error::Unavailable("move to another offset: not yet".to_owned()));
            }
            let mut failed = failed.into_iter();
            places.retain(|_| failed.next().unwrap_or(false));
            if !places.is_empty() {
                breathe();
            }
        }
        Ok(())
    }
}

/// How many partitions each of those topics has.
fn counted(shared: &Shared, topics: &[String]) -> Result<BTreeMap<Arc<str>, u32>, Error> {
    let asking = Asking::new(shared)?;
    topics.iter().map(|topic| Ok((Arc::from(topic.as_str()), asking.count(topic)?))).collect()
}

fn counts(topics: &BTreeMap<Arc<str>, u32>) -> impl Iterator<Item = (&str, u32)> {
    topics.iter().map(|(topic, count)| (&**topic, *count))
}

impl Session for KafkaSession {
    fn poll(&mut self, wait: Duration, max: usize, each: &mut Each<'_>) -> Result<Vec<Change>, Error> {
        if let Some(error) = self.held.take() {
            return Err(error);
        }
        self.outbox.serve();
        let changes = self.changes()?;
        if !changes.is_empty() {
            return Ok(changes);
        }
        let Self { shared, consumer, outbox, topics, .. } = self;
        let Some(consumer) = consumer else { return Ok(changes) };
        let prefix = shared.settings.topic_prefix.len();
        let round = round(consumer, &|| shared.elapsed(), wait, max, &mut |polled| match polled {
            Ok(message) => {
                record::with(&message, prefix, |record| each(record, outbox)).map(|()| Seen::Record)
            }
            Err(error) => Ok(errors::weigh(&error, || unchanged(shared, counts(topics))).into()),
        })?;
        self.held = round.held;
        if round.delivered > 0 {
            return Ok(vec![]);
        }
        if let Some(error) = self.held.take() {
            return Err(error);
        }
        let changes = self.changes()?;
        match round.passing {
            Some(error) if changes.is_empty() => Err(error),
            _ => Ok(changes),
        }
    }

    fn has_joined(&self) -> bool {
        self.joined
    }

    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.outbox
    }

    fn committed(&mut self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, Error> {
        let started = self.shared.elapsed();
        loop {
            let list = self.list(partitions.iter().map(|at| (at, Offset::Invalid)))?;
            let answer = self
                .consumer()?
                .committed_offsets(list, self.shared.request_timeout())
                .map_err(|error| errors::of_asking("read the group's positions", &error))?;
            let answer: Result<Vec<Option<u64>>, KafkaError> = answer
                .elements()
                .iter()
                .map(|element| {
                    element.error()?;
                    Ok(element.offset().to_raw().and_then(|offset| u64::try_from(offset).ok()))
                })
                .collect();
            match answer {
                Ok(offsets) => {
                    self.believable(partitions, &offsets)?;
                    return Ok(offsets);
                }
                // A transaction that is being decided: its end may move the position.
                Err(KafkaError::OffsetFetch(Code::UnstableOffsetCommit))
                    if self.shared.elapsed() < started + self.shared.request_timeout() =>
                {
                    breathe();
                }
                Err(error) => return Err(errors::of_asking("read the group's positions", &error)),
            }
        }
    }

    fn start(&mut self, places: &[(TopicPartition, Start)]) -> Result<(), Error> {
        let asking = Asking::new(&self.shared)?;
        let (mut offered, mut read) = (vec![], vec![]);
        for (at, start) in places {
            let offset = self.offset(&asking, at, *start)?;
            match self.owned.get(at) {
                Some(Standing::Offered) => offered.push((at.clone(), offset)),
                Some(Standing::Read) => read.push((at.clone(), offset)),
                None => {
                    return Err(Error::Unusable(
                        "a partition was started that is not the session's".to_owned(),
                    ));
                }
            }
        }
        if !offered.is_empty() {
            let list = self.list(offered.iter().map(|(at, offset)| (at, *offset)))?;
            self.consumer()?
                .incremental_assign(&list)
                .map_err(|error| errors::of_asking("take partitions", &error))?;
            self.owned.extend(offered.into_iter().map(|(at, _)| (at, Standing::Read)));
        }
        self.seek(read)
    }

    fn release(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        let mine: Vec<(TopicPartition, Standing)> = partitions
            .iter()
            .filter_map(|at| self.owned.remove(at).map(|standing| (at.clone(), standing)))
            .collect();
        let consumer = self.consumer()?;
        // What was offered and never taken is taken first: librdkafka gives up only what it has.
        let offered = mine.iter().filter(|(_, standing)| *standing == Standing::Offered);
        let offered = self.list(offered.map(|(at, _)| (at, Offset::End)))?;
        if offered.count() > 0
            && let Err(error) = consumer.incremental_assign(&offered)
        {
            tracing::debug!(%error, "taking partitions to give them up");
        }
        let all = self.list(mine.iter().map(|(at, _)| (at, Offset::Invalid)))?;
        if all.count() > 0 {
            consumer
                .incremental_unassign(&all)
                .map_err(|error| errors::of_asking("give up partitions", &error))?;
        }
        Ok(())
    }

    fn commit(&mut self, positions: &[(TopicPartition, u64)]) -> Result<(), Error> {
        if positions.is_empty() {
            return Err(Error::Unusable("a commit has no positions".to_owned()));
        }
        let offset = |offset: u64| Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        let list = self.list(positions.iter().map(|(at, next)| (at, offset(*next))))?;
        let consumer = self.consumer.as_ref();
        self.outbox.commit(&list, || consumer.and_then(Consumer::group_metadata))
    }

    fn renew(&mut self) -> Result<(), Error> {
        self.outbox.renew()
    }

    fn dirty(&self) -> bool {
        self.outbox.dirty()
    }
}

impl Drop for KafkaSession {
    /// Closing waits until every offer and demand of the group is answered, so they are; and it may wait for a broker
    /// that is gone, so it does so behind our back after a while.
    fn drop(&mut self) {
        let owned: Vec<TopicPartition> = self.owned.keys().cloned().collect();
        if let Err(error) = self.release(&owned) {
            tracing::debug!(%error, "giving up partitions while closing");
        }
        let Some(consumer) = self.consumer.take() else { return };
        consumer.context().close();
        let (closed, wait) = mpsc::channel();
        let closing = thread::Builder::new().name("kafka-close".to_owned()).spawn(move || {
            drop(consumer);
            // Nobody may be waiting any more.
            closed.send(()).ok();
        });
        if closing.is_ok() && wait.recv_timeout(CLOSING).is_err() {
            tracing::warn!("the consumer is still closing; its broker does not answer");
        }
    }
}
