//! A message of librdkafka as the port's record.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rdkafka::message::{BorrowedMessage, Headers as _, Message, Timestamp};

use crate::port::{Headers, RecordRef};

/// Headers of a message, decoded when asked for.
struct Lazy<'a, 'm>(&'a BorrowedMessage<'m>);

impl Lazy<'_, '_> {
    /// All headers but those whose name is not UTF-8: rdkafka panics on such a name, and a record from outside must
    /// never stop a worker.
    fn each<'s>(&'s self, mut take: impl FnMut(&'s str, &'s [u8])) {
        let Some(headers) = self.0.headers() else { return };
        for index in 0..headers.count() {
            if let Ok(Some(header)) = catch_unwind(AssertUnwindSafe(|| headers.try_get(index))) {
                take(header.key, header.value.unwrap_or_default());
            }
        }
    }
}

impl Headers for Lazy<'_, '_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        let mut found = None;
        self.each(|key, value| {
            if key == name {
                found = Some(value);
            }
        });
        found
    }

    fn all(&self) -> Vec<(String, Vec<u8>)> {
        let mut all = vec![];
        self.each(|key, value| all.push((key.to_owned(), value.to_vec())));
        all
    }
}

/// Shows a message as a record while it lives; `prefix` is how many bytes of its topic's name are the deployment's.
pub(super) fn with<T>(
    message: &BorrowedMessage<'_>,
    prefix: usize,
    see: impl FnOnce(&RecordRef<'_>) -> T,
) -> T {
    see(&RecordRef {
        topic: message.topic().get(prefix..).unwrap_or_default(),
        partition: u32::try_from(message.partition()).unwrap_or(0),
        offset: u64::try_from(message.offset()).unwrap_or(0),
        key: message.key(),
        value: message.payload(),
        timestamp_ms: match message.timestamp() {
            Timestamp::NotAvailable => 0,
            Timestamp::CreateTime(at) | Timestamp::LogAppendTime(at) => at,
        },
        headers: &Lazy(message),
    })
}
