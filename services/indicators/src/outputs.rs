//! How what follows from a record is written: topic, key, value, headers.

use std::fmt::Write as _;

use prost::Message;
use rapport_model::partition::{Output, Outputs};
use rapport_model::time::Instant;
use rapport_proto::headers::{self, Source};
use rapport_proto::{keys, topics};
use rapport_stream::port::{self, Error, RecordRef, Sink};

use crate::metrics::Tally;

/// Writes outputs of one record after another; keeps its buffers.
#[derive(Default)]
pub struct Writer {
    key: String,
    value: Vec<u8>,
    /// Of `ce_source`, `ce_time` and `rapport_source`.
    source: String,
    time: String,
    from: String,
}

/// Writes a record's outputs as they come, so that not all have to be held.
pub struct Writing<'a> {
    source: Source<'a>,
    writer: &'a mut Writer,
    tally: &'a mut Tally,
    sink: &'a mut dyn Sink,
    written: Result<(), Error>,
}

impl<'a> Writing<'a> {
    /// Writes to `sink`, and counts in `tally`.
    pub fn new(
        record: &RecordRef<'a>,
        writer: &'a mut Writer,
        tally: &'a mut Tally,
        sink: &'a mut dyn Sink,
    ) -> Writing<'a> {
        let recorded_us = record.key.and_then(keys::recorded_at_us);
        Writing { source: Source { recorded_us, ..record.source() }, writer, tally, sink, written: Ok(()) }
    }

    /// # Errors
    /// That of the first output which could not be written; those after it were left.
    pub fn end(self) -> Result<(), Error> {
        self.written
    }
}

impl Outputs for Writing<'_> {
    fn clock(&mut self, clock: Instant) {
        self.source.clock_us = Some(clock.0);
    }

    fn put(&mut self, output: Output) {
        if self.written.is_ok() {
            self.tally.output(&output);
            self.written = self.writer.send(&self.source, &output, self.sink);
        }
    }
}

impl Writer {
    /// Writes one output to the partition of its source's number.
    ///
    /// # Errors
    /// The sink's.
    pub fn send(&mut self, source: &Source<'_>, output: &Output, sink: &mut dyn Sink) -> Result<(), Error> {
        self.describe(output);
        let Writer { key, value, source: ce_source, time, from } = self;
        source.write(from);
        output.write_key(key);
        let (topic, kind, value) = encode(output, value)?;
        let content_type = if topic == topics::ENRICHED { headers::PROTOBUF } else { headers::JSON };
        // Last, since it is left out where there is none.
        let all: [(&str, &[u8]); 7] = [
            (headers::CONTENT_TYPE, content_type.as_bytes()),
            (headers::CE_SPECVERSION, b"1.0"),
            (headers::CE_ID, key.as_bytes()),
            (headers::CE_SOURCE, ce_source.as_bytes()),
            (headers::CE_TYPE, kind.as_bytes()),
            (headers::SOURCE, from.as_bytes()),
            (headers::CE_TIME, time.as_bytes()),
        ];
        sink.send(port::Output {
            topic,
            partition: Some(source.partition),
            key: Some(key.as_bytes()),
            value,
            headers: &all[..all.len() - usize::from(time.is_empty())],
        })
    }

    /// Puts down what `ce_source` and `ce_time` say; no time where nothing says one.
    fn describe(&mut self, output: &Output) {
        let Writer { source, time, .. } = self;
        source.clear();
        time.clear();
        let mut at = |instant: Instant| {
            // Writing to a string cannot fail.
            let _ = write!(time, "{instant}");
        };
        let site = match output {
            Output::Enriched { site, row, .. } => {
                let event = row.as_ref().and_then(|row| row.event.as_ref());
                event.iter().for_each(|event| at(Instant(event.occurred_at_us)));
                &**site
            }
            Output::Release(release) => {
                at(release.clock());
                &release.site
            }
            Output::Alert(alert) => {
                time.push_str(&alert.since);
                &alert.site
            }
            Output::NoAlert { site, .. } => site,
        };
        ["rapport/", site].iter().for_each(|part| source.push_str(part));
    }
}

/// The topic, the type, and the value if there is one: in `buffer`, where it has yet to be written.
fn encode<'a>(
    output: &'a Output,
    buffer: &'a mut Vec<u8>,
) -> Result<(&'static str, &'static str, Option<&'a [u8]>), Error> {
    buffer.clear();
    let alert = (topics::ALERTS, "rapport.v1.Alert");
    let ((topic, kind), value) = match output {
        Output::Enriched { row, .. } => {
            let value = row.as_ref().map(|row| {
                // The buffer has grown to what rows need: its length is not looked up first.
                row.encode_raw(buffer);
                buffer.as_slice()
            });
            ((topics::ENRICHED, "rapport.v1.Enriched"), value)
        }
        Output::Release(release) => {
            ((topics::INDICATORS, "rapport.v1.Release"), Some(release.json.as_bytes()))
        }
        Output::Alert(told) => {
            let unwritable = |error: serde_json::Error| Error::Unwritable(error.to_string());
            serde_json::to_writer(&mut *buffer, told).map_err(unwritable)?;
            (alert, Some(buffer.as_slice()))
        }
        Output::NoAlert { .. } => (alert, None),
    };
    Ok((topic, kind, value))
}
