//! How what follows from a record is written: topic, key, value, headers.

use prost::Message;
use rapport_model::partition::Output;
use rapport_model::time::Instant;
use rapport_proto::{headers, topics};
use rapport_stream::port::{self, Error, RecordRef, Sink};

/// Writes outputs of one record after another; keeps its buffers.
#[derive(Default)]
pub struct Writer {
    value: Vec<u8>,
}

/// Where outputs come from.
pub struct Source<'a> {
    /// Topic, partition and offset of the record.
    topic: &'a str,
    partition: u32,
    place: String,
    offset: String,
    clock: String,
}

impl<'a> Source<'a> {
    /// That record, with the clock of its partition once it was applied.
    pub fn of(record: &RecordRef<'a>, clock: Instant) -> Source<'a> {
        Source {
            topic: record.topic,
            partition: record.partition,
            place: record.partition.to_string(),
            offset: record.offset.to_string(),
            clock: clock.0.to_string(),
        }
    }
}

/// What an output's CloudEvents headers say.
struct Cloud<'a> {
    kind: &'static str,
    site: &'a str,
    time: String,
}

impl Writer {
    /// Writes one output to the partition of its source's number.
    ///
    /// # Errors
    /// The sink's.
    pub fn send(&mut self, source: &Source<'_>, output: &Output, sink: &mut dyn Sink) -> Result<(), Error> {
        let (topic, value) = self.encode(output)?;
        let cloud = describe(output);
        let key = output.key();
        let ce_source = ["rapport/", cloud.site].concat();
        let content_type = if topic == topics::ENRICHED { headers::PROTOBUF } else { headers::JSON };
        let mut all: Vec<(&str, &[u8])> = Vec::with_capacity(11);
        all.push((headers::CONTENT_TYPE, content_type.as_bytes()));
        all.push((headers::CE_SPECVERSION, b"1.0"));
        all.push((headers::CE_ID, key.as_bytes()));
        all.push((headers::CE_SOURCE, ce_source.as_bytes()));
        all.push((headers::CE_TYPE, cloud.kind.as_bytes()));
        if !cloud.time.is_empty() {
            all.push((headers::CE_TIME, cloud.time.as_bytes()));
        }
        all.push((headers::SOURCE_TOPIC, source.topic.as_bytes()));
        all.push((headers::SOURCE_PARTITION, source.place.as_bytes()));
        all.push((headers::SOURCE_OFFSET, source.offset.as_bytes()));
        all.push((headers::INGESTED_AT, source.clock.as_bytes()));
        sink.send(port::Output {
            topic,
            partition: Some(source.partition),
            key: Some(key.as_bytes()),
            value,
            headers: &all,
        })
    }

    /// The topic, and the value if there is one: in the buffer, where it has yet to be written.
    fn encode<'a>(&'a mut self, output: &'a Output) -> Result<(&'static str, Option<&'a [u8]>), Error> {
        self.value.clear();
        match output {
            Output::Enriched { row: None, .. } => Ok((topics::ENRICHED, None)),
            Output::Enriched { row: Some(row), .. } => {
                self.value.reserve(row.encoded_len());
                row.encode_raw(&mut self.value);
                Ok((topics::ENRICHED, Some(&self.value)))
            }
            Output::Release(release) => Ok((topics::INDICATORS, Some(release.json.as_bytes()))),
            Output::Alert(alert) => {
                let unwritable = |error: serde_json::Error| Error::Unwritable(error.to_string());
                serde_json::to_writer(&mut self.value, alert).map_err(unwritable)?;
                Ok((topics::ALERTS, Some(&self.value)))
            }
            Output::NoAlert { .. } => Ok((topics::ALERTS, None)),
        }
    }
}

fn describe(output: &Output) -> Cloud<'_> {
    match output {
        Output::Enriched { site, row, .. } => {
            let event = row.as_ref().and_then(|row| row.event.as_ref());
            let time = event.map(|event| Instant(event.occurred_at_us).to_string());
            Cloud { kind: "rapport.v1.Enriched", site, time: time.unwrap_or_default() }
        }
        Output::Release(release) => {
            Cloud { kind: "rapport.v1.Release", site: &release.site, time: release.clock().to_string() }
        }
        Output::Alert(alert) => {
            Cloud { kind: "rapport.v1.Alert", site: &alert.site, time: alert.since.clone() }
        }
        Output::NoAlert { site, .. } => Cloud { kind: "rapport.v1.Alert", site, time: String::new() },
    }
}
