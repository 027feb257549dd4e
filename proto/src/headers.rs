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

/// Topic that a derived or rejected record comes from.
pub const SOURCE_TOPIC: &str = "rapport_source_topic";
/// Partition that a derived record comes from, decimal.
pub const SOURCE_PARTITION: &str = "rapport_source_partition";
/// Offset that a derived record comes from, decimal.
pub const SOURCE_OFFSET: &str = "rapport_source_offset";
/// The clock of the partition when the record was derived, microseconds, decimal.
pub const INGESTED_AT: &str = "rapport_ingested_at_us";

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
