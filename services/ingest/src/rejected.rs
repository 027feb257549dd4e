//! How a bad record is kept: its bytes, key and headers as they came, and why it was refused.

use rapport_model::raw::Rejection;
use rapport_proto::{headers, topics};
use rapport_stream::port::{Error, Output, RecordRef, Sink};

/// Most bytes of keys and headers that are carried over; what is larger says nothing about the event.
const KEY_BYTES_MAX: usize = 16_384;
const HEADER_BYTES_MAX: usize = 32_768;

/// Writes `record` to `rapport.rejected`, on a partition that follows from its own.
///
/// Of a value longer than `bytes_max` the first `bytes_max` bytes are kept, and a header says how long it was.
pub fn send(
    record: &RecordRef<'_>,
    rejection: Rejection,
    partitions: u32,
    bytes_max: usize,
    sink: &mut dyn Sink,
) -> Result<(), Error> {
    let own = Own::of(record, bytes_max);
    let mut original = record.headers.all();
    if original.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > HEADER_BYTES_MAX {
        original.clear();
    }
    let mut all: Vec<(&str, &[u8])> =
        original.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    all.push((headers::REJECTED_REASON, rejection.reason.as_str().as_bytes()));
    if let Some(field) = rejection.field {
        all.push((headers::REJECTED_FIELD, field.as_bytes()));
    }
    all.extend(own.headers(record.topic));
    sink.send(Output {
        topic: topics::REJECTED,
        partition: Some(record.partition % partitions.max(1)),
        key: record.key.filter(|key| key.len() <= KEY_BYTES_MAX),
        value: record.value.map(|value| &value[..value.len().min(bytes_max)]),
        headers: &all,
    })
}

/// Texts of our own headers.
struct Own {
    source: String,
    partition: String,
    offset: String,
    length: Option<String>,
}

impl Own {
    fn of(record: &RecordRef<'_>, bytes_max: usize) -> Own {
        let length = record.value.map(<[u8]>::len).filter(|length| *length > bytes_max);
        Own {
            source: record.source().to_text(),
            partition: record.partition.to_string(),
            offset: record.offset.to_string(),
            length: length.map(|length| length.to_string()),
        }
    }

    fn headers<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let (topic, partition, offset) =
            (topic.as_bytes(), self.partition.as_bytes(), self.offset.as_bytes());
        let place = [
            (headers::SOURCE, self.source.as_bytes()),
            (headers::CONNECT_TOPIC, topic),
            (headers::CONNECT_PARTITION, partition),
            (headers::CONNECT_OFFSET, offset),
        ];
        let length = self.length.as_ref().map(|length| (headers::REJECTED_LENGTH, length.as_bytes()));
        place.into_iter().chain(length)
    }
}
