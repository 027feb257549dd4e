//! The partitions a worker owns and where it stands in them.

use super::observer::Place;
use crate::port::{Start, TopicPartition};

/// A partition and how far it has been read.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) partition: TopicPartition,
    /// Offset of the next record to be replayed or processed.
    pub(super) next: u64,
    /// The group's committed position; records before it are replayed.
    pub(super) committed: u64,
    /// Whether records were processed since the last commit.
    pub(super) moved: bool,
    /// Replay is over although the last record before the committed position was never seen: compaction took it.
    quiet: bool,
}

impl Standing {
    /// A partition that is read from `next` on and whose group has that committed position.
    fn new(partition: TopicPartition, next: u64, committed: u64) -> Self {
        Self { partition, next, committed, moved: false, quiet: false }
    }

    /// What is to be committed: never behind what is committed already.
    pub(super) fn position(&self) -> u64 {
        self.next.max(self.committed)
    }

    pub(super) fn is_live(&self) -> bool {
        self.quiet || self.next >= self.committed
    }

    pub(super) fn start(&self) -> Start {
        start(self.next)
    }

    /// Ends the replay; whether it was not over yet.
    pub(super) fn end_replay(&mut self) -> bool {
        let was_live = self.is_live();
        self.quiet = true;
        !was_live
    }
}

/// Where reading starts whose next record is that.
pub(super) fn start(next: u64) -> Start {
    if next == 0 { Start::Beginning } else { Start::Offset(next) }
}

/// The partitions owned, sorted.
#[derive(Debug, Default)]
pub(super) struct Owned {
    standings: Vec<Standing>,
    /// Index of the last one found: records come in runs.
    last: usize,
}

impl Owned {
    pub(super) fn is_empty(&self) -> bool {
        self.standings.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Standing> {
        self.standings.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Standing> {
        self.standings.iter_mut()
    }

    pub(super) fn partitions(&self) -> Vec<TopicPartition> {
        self.standings.iter().map(|standing| standing.partition.clone()).collect()
    }

    pub(super) fn places(&self) -> Vec<Place> {
        let place = |standing: &Standing| Place {
            partition: standing.partition.clone(),
            next: standing.next,
            committed: standing.committed,
            live: standing.is_live(),
        };
        self.standings.iter().map(place).collect()
    }

    pub(super) fn any_live(&self) -> bool {
        self.standings.iter().any(Standing::is_live)
    }

    pub(super) fn all_live(&self) -> bool {
        self.standings.iter().all(Standing::is_live)
    }

    /// Those whose replay is not over.
    pub(super) fn replaying(&self) -> impl Iterator<Item = &Standing> {
        self.standings.iter().filter(|standing| !standing.is_live())
    }

    /// Ends the replay of all of them; gives back those it was not over for.
    pub(super) fn end_replay(&mut self) -> Vec<TopicPartition> {
        let ended =
            self.standings.iter_mut().filter_map(|standing| standing.end_replay().then_some(&*standing));
        ended.map(|standing| standing.partition.clone()).collect()
    }

    /// Sets a partition to where it is to be read from, whether or not it was owned.
    pub(super) fn begin(&mut self, partition: &TopicPartition, next: u64, committed: u64) {
        self.remove(partition);
        self.standings.push(Standing::new(partition.clone(), next, committed));
        self.standings.sort_by(|a, b| a.partition.cmp(&b.partition));
    }

    /// Returns whether it was owned.
    pub(super) fn remove(&mut self, partition: &TopicPartition) -> bool {
        let before = self.standings.len();
        self.standings.retain(|standing| standing.partition != *partition);
        self.last = 0;
        self.standings.len() < before
    }

    pub(super) fn find(&mut self, topic: &str, partition: u32) -> Option<&mut Standing> {
        let is_it = |standing: &Standing| {
            standing.partition.partition == partition && *standing.partition.topic == *topic
        };
        if !self.standings.get(self.last).is_some_and(is_it) {
            self.last = self.standings.iter().position(is_it)?;
        }
        self.standings.get_mut(self.last)
    }

    /// What a commit sends: the position of every partition of which one is known, or of all if none is.
    pub(super) fn positions(&self) -> Vec<(TopicPartition, u64)> {
        let unknown = self.standings.iter().all(|standing| standing.position() == 0);
        let known = self.standings.iter().filter(|standing| unknown || standing.position() > 0);
        known.map(|standing| (standing.partition.clone(), standing.position())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: u32) -> TopicPartition {
        TopicPartition { topic: "t".into(), partition: number }
    }

    #[test]
    fn a_partition_that_is_still_replayed_never_moves_the_committed_position_back() {
        let mut owned = Owned::default();
        owned.begin(&partition(0), 0, 7);
        owned.find("t", 0).unwrap().next = 3;
        assert!(!owned.any_live());
        assert_eq!(owned.positions(), [(partition(0), 7)]);
        owned.find("t", 0).unwrap().next = 7;
        assert!(owned.any_live());
    }

    #[test]
    fn positions_are_never_empty_while_something_is_owned() {
        let mut owned = Owned::default();
        owned.begin(&partition(1), 0, 0);
        owned.begin(&partition(0), 0, 0);
        assert_eq!(owned.positions(), [(partition(0), 0), (partition(1), 0)]);
        owned.find("t", 1).unwrap().next = 5;
        assert_eq!(owned.positions(), [(partition(1), 5)]);
    }

    #[test]
    fn a_partition_starts_where_it_is_to_be_read_from() {
        let mut owned = Owned::default();
        owned.begin(&partition(0), 9, 9);
        assert_eq!(owned.iter().map(Standing::start).collect::<Vec<_>>(), [Start::Offset(9)]);
        owned.begin(&partition(0), 0, 9);
        assert_eq!(owned.iter().map(Standing::start).collect::<Vec<_>>(), [Start::Beginning]);
    }
}
