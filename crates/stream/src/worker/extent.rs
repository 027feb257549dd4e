//! How much the open transaction holds, and how much it may.

use std::time::Duration;

use super::Limits;

/// Most records taken by one poll, so that the clock is looked at now and then.
const POLL_RECORDS: u64 = 1024;
/// After so many commits transactions may be twice as large again that had become smaller.
const CALM: u32 = 64;
/// How many times transactions become half as large at most: of 50 000 records 48 are left.
const MOST_CAUTION: u32 = 10;

/// What has been read and sent since the last commit.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    since: Option<Duration>,
    records: u64,
    sent: u64,
    pub(super) bytes: u64,
    /// Bytes read and sent per record of the last poll that had any.
    bytes_per_record: u64,
    /// When a record last came, for the end of a replay.
    pub(super) heard: Option<Duration>,
    /// How many times the limits are halved: a transaction that was not committed, because a slow cluster did not take it in
    /// time, say, would not be the next time either.
    caution: u32,
    /// Commits since that last changed.
    commits: u32,
}

impl Transaction {
    /// Whether there is anything to commit.
    pub(super) fn is_open(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn add(&mut self, records: u64, sent: u64, bytes: u64, now: Duration) {
        if records + sent == 0 {
            return;
        }
        self.since.get_or_insert(now);
        self.records += records;
        self.sent += sent;
        self.bytes += bytes;
        if let Some(each) = bytes.checked_div(records) {
            self.bytes_per_record = each;
        }
    }

    /// What is left of the limits.
    fn limits(&self, limits: &Limits) -> Limits {
        Limits {
            commit_every: limits.commit_every / (1 << self.caution),
            max_records: (limits.max_records >> self.caution).max(1),
            max_bytes: limits.max_bytes >> self.caution,
            slow_commit: limits.slow_commit,
        }
    }

    /// The transaction was not committed: the next ones are half as large.
    pub(super) fn failed(&mut self) {
        (self.caution, self.commits) = ((self.caution + 1).min(MOST_CAUTION), 0);
    }

    /// The transaction was committed.
    pub(super) fn succeeded(&mut self) {
        self.commits += 1;
        if self.commits >= CALM {
            (self.caution, self.commits) = (self.caution.saturating_sub(1), 0);
        }
    }

    pub(super) fn is_due(&self, limits: &Limits, now: Duration) -> bool {
        let limits = self.limits(limits);
        self.since.is_some_and(|since| {
            now.saturating_sub(since) >= limits.commit_every
                || self.records >= limits.max_records
                || self.bytes >= limits.max_bytes
        })
    }

    /// How long a poll may wait without making the commit late.
    pub(super) fn wait(&self, limits: &Limits, now: Duration, wait: Duration) -> Duration {
        let limits = self.limits(limits);
        let left = |since| limits.commit_every.saturating_sub(now.saturating_sub(since));
        self.since.map_or(wait, |since| wait.min(left(since)))
    }

    /// How many records the next poll may take.
    pub(super) fn room(&self, limits: &Limits) -> usize {
        let limits = self.limits(limits);
        let by_bytes = limits.max_bytes.saturating_sub(self.bytes) / self.bytes_per_record.max(1);
        let by_records = limits.max_records.saturating_sub(self.records);
        // At most 1024, so the conversion cannot fail.
        by_bytes.min(by_records).clamp(1, POLL_RECORDS) as usize
    }

    pub(super) fn clear(&mut self) {
        let Self { bytes_per_record, heard, caution, commits, .. } = *self;
        *self = Self { bytes_per_record, heard, caution, commits, ..Self::default() };
    }
}
