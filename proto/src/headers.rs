//! Record headers.

/// Media type of the value: one of [`PROTOBUF`], [`JSON`].
pub const CONTENT_TYPE: &str = "content-type";
/// `content-type` of bare Protobuf.
pub const PROTOBUF: &str = "application/x-protobuf";
/// `content-type` of JSON.
pub const JSON: &str = "application/json";

/// CloudEvents: unique with `ce_source`.
pub const CE_ID: &str = "ce_id";
/// CloudEvents: who made the event.
pub const CE_SOURCE: &str = "ce_source";
/// CloudEvents: what kind of record this is.
pub const CE_TYPE: &str = "ce_type";
/// CloudEvents: when it happened, RFC 3339.
pub const CE_TIME: &str = "ce_time";
/// CloudEvents: `1.0`.
pub const CE_SPECVERSION: &str = "ce_specversion";

/// Where a derived or rejected record comes from: [`Source`].
pub const SOURCE: &str = "rapport_source";

/// Why a raw record was rejected: a reason of the model, never a value.
pub const REJECTED_REASON: &str = "rapport_rejected_reason";
/// Field that the rejection is about, `?` where it is none of the model's.
pub const REJECTED_FIELD: &str = "rapport_rejected_field";
/// How many bytes a rejected record had, where not all of them could be kept, decimal.
pub const REJECTED_LENGTH: &str = "rapport_rejected_length";
/// Kafka Connect's names, so that replay tools know a rejected record.
pub const CONNECT_TOPIC: &str = "__connect.errors.topic";
/// Kafka Connect's name for the partition of a rejected record, decimal.
pub const CONNECT_PARTITION: &str = "__connect.errors.partition";
/// Kafka Connect's name for the offset of a rejected record, decimal.
pub const CONNECT_OFFSET: &str = "__connect.errors.offset";

/// Where a record comes from, as `rapport_source` says it: `TOPIC/PARTITION/OFFSET`, and on what `indicators` derives `@CLOCK`
/// behind it. One header and not four: each costs the Kafka client about as much as the rest of a small record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source<'a> {
    /// The topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: u32,
    /// Offset in the partition.
    pub offset: u64,
    /// The clock of the partition when the record was derived, microseconds since 1970; only `indicators` has one.
    pub clock_us: Option<i64>,
}

impl<'a> Source<'a> {
    /// Puts down the header's value in place of what is in `text`.
    pub fn write(&self, text: &mut String) {
        let (mut partition, mut offset) = (itoa::Buffer::new(), itoa::Buffer::new());
        text.clear();
        let place = [self.topic, "/", partition.format(self.partition), "/", offset.format(self.offset)];
        place.iter().for_each(|part| text.push_str(part));
        if let Some(clock) = self.clock_us {
            text.push('@');
            text.push_str(itoa::Buffer::new().format(clock));
        }
    }

    /// The header's value.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// Reads the header's value; `None` where it is none.
    pub fn parse(value: &'a [u8]) -> Option<Source<'a>> {
        let text = std::str::from_utf8(value).ok()?;
        let (place, clock) = text.split_once('@').map_or((text, None), |(place, clock)| (place, Some(clock)));
        let (topic, place) = place.split_once('/')?;
        let (partition, offset) = place.split_once('/')?;
        let clock_us = clock.map(str::parse).transpose().ok()?;
        Some(Source { topic, partition: partition.parse().ok()?, offset: offset.parse().ok()?, clock_us })
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn where_a_record_comes_from_is_read_as_it_was_written() {
        let derived = Source { topic: "rapport.events", partition: 3, offset: u64::MAX, clock_us: Some(-1) };
        let judged = Source { topic: "x.rapport.raw", partition: 0, offset: 0, clock_us: None };
        for (source, said) in
            [(derived, "rapport.events/3/18446744073709551615@-1"), (judged, "x.rapport.raw/0/0")]
        {
            let mut text = "what was there".to_owned();
            source.write(&mut text);
            assert_eq!(text, said);
            assert_eq!(Source::parse(text.as_bytes()), Some(source));
        }
        for other in ["", "rapport.events", "a/b/c", "a/1/2@", "a/1/2/3", "a/-1/2"] {
            assert_eq!(Source::parse(other.as_bytes()), None, "{other}");
        }
    }
}
