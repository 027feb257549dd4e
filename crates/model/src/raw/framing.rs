//! Which form a raw record has: by its `content-type`, or by Confluent framing.

use std::collections::BTreeSet;

use super::{Form, MAX_BYTES, Reason};

/// First byte of a record in Confluent framing. No JSON text and no Protobuf message begins with it.
const MAGIC: u8 = 0;

/// The form of a raw record and its payload, freed from its framing.
///
/// Without `content-type`, and with `application/json`, it is JSON; with `application/x-protobuf` or
/// `application/protobuf`, Protobuf. A record that begins with 0x00 and does not claim to be JSON is in Confluent
/// framing: it must name one of `schemas`, the ids under which `rapport.v1.RawEvent` is registered, and that file's first
/// message. Anything else is [`Reason::UnknownSchema`]; more than [`MAX_BYTES`] is [`Reason::TooLarge`], whatever it is.
pub fn detect_form<'a>(
    content_type: Option<&str>,
    bytes: &'a [u8],
    schemas: &BTreeSet<u32>,
) -> Result<(Form, &'a [u8]), Reason> {
    if bytes.len() > MAX_BYTES {
        return Err(Reason::TooLarge);
    }
    let media_type =
        content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let framed = bytes.first() == Some(&MAGIC);
    match media_type.as_deref() {
        None if framed => unframe(bytes, schemas),
        None | Some("application/json") => Ok((Form::Json, bytes)),
        Some("application/x-protobuf" | "application/protobuf") if framed => unframe(bytes, schemas),
        Some("application/x-protobuf" | "application/protobuf") => Ok((Form::Protobuf, bytes)),
        Some(_) => Err(Reason::UnknownSchema),
    }
}

/// Magic byte, schema id (4 bytes, big-endian), path of the message in its file: `[0]`, written 0x00 for short or
/// 0x02 0x00 (one index, zigzag) at length.
fn unframe<'a>(bytes: &'a [u8], schemas: &BTreeSet<u32>) -> Result<(Form, &'a [u8]), Reason> {
    let Some((head, rest)) = bytes.split_at_checked(5) else { return Err(Reason::UnknownSchema) };
    let id = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let payload = rest.strip_prefix(&[0x00]).or_else(|| rest.strip_prefix(&[0x02, 0x00]));
    match payload {
        Some(payload) if schemas.contains(&id) => Ok((Form::Protobuf, payload)),
        _ => Err(Reason::UnknownSchema),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_the_content_type_and_the_framing() {
        let schemas = BTreeSet::from([7]);
        let detect = |content_type, bytes| detect_form(content_type, bytes, &schemas);
        assert_eq!(detect(None, b"{}"), Ok((Form::Json, &b"{}"[..])));
        assert_eq!(detect(Some("Application/JSON; charset=utf-8"), b"{}"), Ok((Form::Json, &b"{}"[..])));
        assert_eq!(detect(Some("application/x-protobuf"), b"\x0a"), Ok((Form::Protobuf, &b"\x0a"[..])));
        assert_eq!(detect(Some("application/protobuf"), b""), Ok((Form::Protobuf, &b""[..])));
        assert_eq!(detect(Some("text/csv"), b"{}"), Err(Reason::UnknownSchema));
        for framed in [&b"\0\0\0\0\x07\0x"[..], b"\0\0\0\0\x07\x02\0x"] {
            assert_eq!(detect(None, framed), Ok((Form::Protobuf, &b"x"[..])));
            assert_eq!(detect(Some("application/x-protobuf"), framed), Ok((Form::Protobuf, &b"x"[..])));
            assert_eq!(detect(Some("application/json"), framed), Ok((Form::Json, framed)));
            assert_eq!(detect_form(None, framed, &BTreeSet::new()), Err(Reason::UnknownSchema));
        }
        for unknown in [&b"\0"[..], b"\0\0\0\0\x07", b"\0\0\0\0\x08\0x", b"\0\0\0\0\x07\x02\x02x"] {
            assert_eq!(detect(None, unknown), Err(Reason::UnknownSchema));
        }
        assert_eq!(detect(Some("text/csv"), &[0; MAX_BYTES + 1]), Err(Reason::TooLarge));
        assert_eq!(detect(None, &[b' '; MAX_BYTES]).map(|(form, _)| form), Ok(Form::Json));
    }
}
