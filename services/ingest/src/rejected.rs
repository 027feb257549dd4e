//! How a bad record is kept: its bytes, key and headers as they came, and why it was refused.

use rapport_model::raw::Rejection;
use rapport_proto::{headers, topics};
use rapport_stream::port::{Error, Output, RecordRef, Sink};

/// Most bytes of keys and headers that are carried over; what is larger says nothing about the event.
const KEY_BYTES_MAX: usize = 16_384;
const HEADER_BYTES_MAX: usize = 32_768;
/// What a header takes beside its name and value: Kafka writes a length before each, of up to 5 bytes. Many small headers
/// would otherwise be several times what they are counted as.
const HEADER_OVERHEAD: usize = 10;
/// Room for our own headers, whose longest part is twice the name of a topic, and for Kafka's own fields of a record.
const OWN_BYTES_MAX: usize = 2_048;
/// `message.max.bytes` of the Kafka client: it takes no larger record, and a record that cannot be written ends the worker
/// each time it comes again.
const RECORD_BYTES_MAX: usize = 1_000_000;
/// Most bytes of a value that can be kept, whatever its key and headers.
pub const VALUE_BYTES_MAX: usize = RECORD_BYTES_MAX - KEY_BYTES_MAX - HEADER_BYTES_MAX - OWN_BYTES_MAX;

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
    let bytes = |(name, value): &(String, Vec<u8>)| name.len() + value.len() + HEADER_OVERHEAD;
    if original.iter().map(bytes).sum::<usize>() > HEADER_BYTES_MAX {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rapport_model::raw::Reason;
    use rapport_stream::kafka::{KafkaLog, KafkaSettings};
    use rapport_stream::port::{Appender, Log};

    use super::*;

    /// Hands what is sent to the Kafka client, which judges its size before it looks for a broker; there is none.
    struct Client(Box<dyn Appender>);

    impl Client {
        fn new() -> Client {
            let settings = KafkaSettings {
                brokers: "127.0.0.1:1".to_owned(),
                transaction_timeout_ms: 1_000,
                ..KafkaSettings::default()
            };
            Client(KafkaLog::new(settings, Arc::new(|| Duration::ZERO)).unwrap().appender().unwrap())
        }
    }

    impl Sink for Client {
        fn send(&mut self, output: Output<'_>) -> Result<(), Error> {
            match self.0.append(&[output]) {
                Err(Error::Unwritable(why)) => Err(Error::Unwritable(why)),
                _ => Ok(()),
            }
        }
    }

    /// What becomes of a record with these headers of which all that is ever kept is kept: key, value and our own headers
    /// as long as they can be.
    fn sent(headers: &Vec<(String, Vec<u8>)>, client: &mut Client) -> Result<(), Error> {
        let (key, value) = (vec![b'k'; KEY_BYTES_MAX], vec![b'v'; VALUE_BYTES_MAX + 1]);
        let record = RecordRef {
            topic: &"t".repeat(249),
            partition: u32::MAX,
            offset: u64::MAX,
            key: Some(&key),
            value: Some(&value),
            timestamp_ms: 0,
            headers,
        };
        let rejection =
            Rejection { reason: Reason::TooLarge, field: Some("a_field_of_a_name_as_long_as_it_gets") };
        send(&record, rejection, 1, VALUE_BYTES_MAX, client)
    }

    #[test]
    fn whatever_headers_a_rejected_record_has_it_fits_into_a_message_of_kafka() {
        let mut client = Client::new();
        let too_large = vec![0; 1_000_000];
        let output =
            Output { topic: "t", partition: Some(0), key: None, value: Some(&too_large), headers: &[] };
        assert!(matches!(client.send(output), Err(Error::Unwritable(_))), "the client judges sizes");
        for count in [HEADER_BYTES_MAX, HEADER_BYTES_MAX / 2, HEADER_BYTES_MAX / (1 + HEADER_OVERHEAD), 0] {
            let headers = vec![("h".to_owned(), vec![]); count];
            assert_eq!(sent(&headers, &mut client), Ok(()), "{count} headers");
        }
        let large = vec![("h".to_owned(), vec![0; HEADER_BYTES_MAX - 1 - HEADER_OVERHEAD])];
        assert_eq!(sent(&large, &mut client), Ok(()));
    }
}
