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
/// behind it, and `/RECORDED` behind that where it comes from an event. One header and not five: each costs the Kafka client about as
/// much as the rest of a small record.
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
    /// When the event it comes from was recorded, microseconds since 1970; only where there is a clock, and not of a tick.
    pub recorded_us: Option<i64>,
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
            if let Some(recorded) = self.recorded_us {
                text.push('/');
                text.push_str(itoa::Buffer::new().format(recorded));
            }
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
        let (place, times) = cut(text, '@');
        let (topic, place) = place.split_once('/')?;
        let (partition, offset) = place.split_once('/')?;
        let (clock, recorded) = times.map_or((None, None), |times| {
            let (clock, recorded) = cut(times, '/');
            (Some(clock), recorded)
        });
        let number = |text: Option<&str>| text.map(str::parse).transpose().ok();
        let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
        Some(Source { topic, partition, offset, clock_us: number(clock)?, recorded_us: number(recorded)? })
    }
}

/// What is before a mark, and what is behind it if it is there.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn where_a_record_comes_from_is_read_as_it_was_written() {
        let (topic, offset) = ("rapport.events", u64::MAX);
        let derived = Source { topic, partition: 3, offset, clock_us: Some(-1), recorded_us: Some(-2) };
        let ticked = Source { recorded_us: None, ..derived };
        let judged = Source { topic: "x.rapport.raw", partition: 0, offset: 0, clock_us: None, ..ticked };
        for (source, said) in [
            (derived, "rapport.events/3/18446744073709551615@-1/-2"),
            (ticked, "rapport.events/3/18446744073709551615@-1"),
            (judged, "x.rapport.raw/0/0"),
        ] {
            let mut text = "what was there".to_owned();
            source.write(&mut text);
            assert_eq!(text, said);
            assert_eq!(Source::parse(text.as_bytes()), Some(source));
        }
        for other in ["", "rapport.events", "a/b/c", "a/1/2@", "a/1/2@3/", "a/1/2@3/4/5", "a/1/2/3", "a/-1/2"]
        {
            assert_eq!(Source::parse(other.as_bytes()), None, "{other}");
        }
    }
}
