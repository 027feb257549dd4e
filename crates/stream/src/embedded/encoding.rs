//! How a record lies in the store: when it was written, key, value and headers, each length a varint.

use crate::port::{Error, Headers, Output};

/// The largest record, key, value and headers together, bytes; what Kafka's topics allow too.
pub(super) const MAX_RECORD_BYTES: usize = 1 << 20;

/// Bytes of the time at the front; it is filled in when the transaction is written.
pub(super) const TIME_BYTES: usize = 8;

/// Writes a record to the end of `into`, its time still zero.
pub(super) fn encode(output: &Output<'_>, into: &mut Vec<u8>) -> Result<(), Error> {
    let headers: usize = output.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let size = output.key.map_or(0, <[u8]>::len) + output.value.map_or(0, <[u8]>::len) + headers;
    if size > MAX_RECORD_BYTES {
        return Err(Error::Unwritable(format!(
            "{size} bytes for topic {} are more than {MAX_RECORD_BYTES}",
            output.topic
        )));
    }
    into.extend_from_slice(&[0; TIME_BYTES]);
    put_optional(into, output.key);
    put_optional(into, output.value);
    for (name, value) in output.headers {
        put_bytes(into, name.as_bytes());
        put_bytes(into, value);
    }
    Ok(())
}

/// A record in the store, taken apart but not copied.
pub(super) struct Decoded<'a> {
    pub(super) timestamp_ms: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: EncodedHeaders<'a>,
}

/// Takes a record apart; `None` where it is damaged.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded<'_>> {
    let (time, mut rest) = bytes.split_first_chunk::<TIME_BYTES>()?;
    let key = take_optional(&mut rest)?;
    let value = take_optional(&mut rest)?;
    Some(Decoded { timestamp_ms: i64::from_le_bytes(*time), key, value, headers: EncodedHeaders(rest) })
}

/// Headers as they lie in the store.
pub(super) struct EncodedHeaders<'a>(&'a [u8]);

impl<'a> Iterator for EncodedHeaders<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let name = take_bytes(&mut self.0)?;
        let value = take_bytes(&mut self.0)?;
        Some((std::str::from_utf8(name).ok()?, value))
    }
}

impl Headers for EncodedHeaders<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        EncodedHeaders(self.0).filter(|(header, _)| *header == name).last().map(|(_, value)| value)
    }

    fn all(&self) -> Vec<(String, Vec<u8>)> {
        EncodedHeaders(self.0).map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
    }
}

fn put_varint(into: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        into.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

fn put_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(into, bytes.len());
    into.extend_from_slice(bytes);
}

/// Length plus one, so that absent and empty differ.
fn put_optional(into: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => into.push(0),
        Some(bytes) => {
            put_varint(into, bytes.len() + 1);
            into.extend_from_slice(bytes);
        }
    }
}

fn take_varint(from: &mut &[u8]) -> Option<usize> {
    let mut number = 0_usize;
    for shift in (0..28).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_varint(from)?;
    take(from, length)
}

fn take_optional<'a>(from: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    match take_varint(from)? {
        0 => Some(None),
        length => take(from, length - 1).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = (Option<Vec<u8>>, Option<Vec<u8>>, Vec<(String, Vec<u8>)>);

    fn encoded(parts: &Parts) -> Vec<u8> {
        let headers: Vec<(&str, &[u8])> =
            parts.2.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let output = Output {
            topic: "t",
            partition: None,
            key: parts.0.as_deref(),
            value: parts.1.as_deref(),
            headers: &headers,
        };
        let mut bytes = Vec::new();
        encode(&output, &mut bytes).unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was_written(parts: Parts) {
            let bytes = encoded(&parts);
            let decoded = decode(&bytes).unwrap();
            prop_assert_eq!(decoded.key, parts.0.as_deref());
            prop_assert_eq!(decoded.value, parts.1.as_deref());
            prop_assert_eq!(&decoded.headers.all(), &parts.2);
            for (name, _) in &parts.2 {
                let last = parts.2.iter().rev().find(|(header, _)| header == name).map(|(_, value)| value.as_slice());
                prop_assert_eq!(decoded.headers.header(name), last);
            }
        }

        #[test]
        fn damaged_bytes_are_told_and_never_end_the_process(bytes: Vec<u8>) {
            if let Some(decoded) = decode(&bytes) {
                decoded.headers.all();
            }
        }
    }

    #[test]
    fn a_record_of_more_than_a_mebibyte_can_never_be_written() {
        let value = vec![0; MAX_RECORD_BYTES];
        let mut output = Output { topic: "t", partition: None, key: None, value: Some(&value), headers: &[] };
        assert_eq!(encode(&output, &mut Vec::new()), Ok(()));
        output.key = Some(b"k");
        assert!(matches!(encode(&output, &mut Vec::new()), Err(Error::Unwritable(_))));
    }
}
