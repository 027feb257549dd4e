//! A message of librdkafka as the port's record.

use std::cell::{Cell, OnceCell};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Header, Headers as _, Message, Timestamp};

use crate::port::{Headers, RecordRef};

/// Most headers that are read of a record: more than are ever kept of one.
const HEADERS_MAX: usize = 4_096;
/// After so many headers without a readable name those behind them are not read either: to find out costs each time as much as a
/// record does.
const UNREADABLE_MAX: usize = 4;

thread_local! {
    /// Whether a panic on this thread is one that is expected.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// The header at that place; `None` where its name is not UTF-8: rdkafka panics on such a name, and a record from outside must never
/// stop a worker, nor fill its standard error.
fn readable(headers: &BorrowedHeaders, index: usize) -> Option<Header<'_, &[u8]>> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                before(info);
            }
        }));
    });
    EXPECTED.set(true);
    let header = catch_unwind(AssertUnwindSafe(|| headers.try_get(index)));
    EXPECTED.set(false);
    header.ok().flatten()
}

/// Headers of a message, read once and when asked for.
struct Lazy<'a, 'm> {
    message: &'a BorrowedMessage<'m>,
    read: OnceCell<Vec<(&'a str, &'a [u8])>>,
}

impl<'a> Lazy<'a, '_> {
    fn read(&self) -> &[(&'a str, &'a [u8])] {
        self.read.get_or_init(|| {
            let Some(headers) = self.message.headers() else { return Vec::new() };
            let mut unreadable = 0;
            let mut read = Vec::new();
            for index in 0..headers.count().min(HEADERS_MAX) {
                match readable(headers, index) {
                    Some(header) => read.push((header.key, header.value.unwrap_or_default())),
                    None => unreadable += 1,
                }
                if unreadable == UNREADABLE_MAX {
                    break;
                }
            }
            read
        })
    }
}

impl Headers for Lazy<'_, '_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.read().iter().rfind(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn all(&self) -> Vec<(String, Vec<u8>)> {
        self.read().iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect()
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
        headers: &Lazy { message, read: OnceCell::new() },
    })
}
