//! The records of a request's body.

use serde_json::value::RawValue;

/// What the body is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A record a line, unless it is an array.
    Lines,
    /// An array, or one record over any number of lines.
    Json,
}

/// Why a body has no records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It begins like an array and is none.
    NotAnArray,
    /// It has none.
    Empty,
    /// It has too many.
    TooMany,
}

/// The records of a body, untouched.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Records<'a> {
    /// Each record's bytes.
    pub(super) list: Vec<&'a [u8]>,
    /// Whether they are lines, counted from 1; otherwise they are an array's, counted from 0.
    pub(super) lines: bool,
}

impl Kind {
    /// By the media type; without one, and with the one curl sends unasked, lines. `None` of any other.
    pub(super) fn of(content_type: Option<&str>) -> Option<Kind> {
        let media_type = content_type.unwrap_or("application/x-ndjson").split(';').next().unwrap_or_default();
        match media_type.trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Kind::Json),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "text/plain"
            | "application/x-www-form-urlencoded" => Some(Kind::Lines),
            _ => None,
        }
    }
}

/// Takes a body apart.
pub(super) fn records(kind: Kind, bytes: &[u8], records_max: usize) -> Result<Records<'_>, Refused> {
    let first = bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace()).ok_or(Refused::Empty)?;
    let records = match (first, kind) {
        (b'[', _) => {
            let list: Vec<&RawValue> = serde_json::from_slice(bytes).map_err(|_| Refused::NotAnArray)?;
            Records { list: list.into_iter().map(|record| record.get().as_bytes()).collect(), lines: false }
        }
        (_, Kind::Json) => Records { list: vec![bytes], lines: false },
        // A record ends at 0x0A: what stands after the last one is a record only if there is something.
        (_, Kind::Lines) => {
            let list = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n').collect();
            Records { list, lines: true }
        }
    };
    match records.list.len() {
        0 => Err(Refused::Empty),
        many if many > records_max => Err(Refused::TooMany),
        _ => Ok(records),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(kind: Kind, body: &str) -> Result<(Vec<&str>, bool), Refused> {
        let text = |record| std::str::from_utf8(record).unwrap();
        records(kind, body.as_bytes(), 3)
            .map(|records| (records.list.into_iter().map(text).collect(), records.lines))
    }

    #[test]
    fn a_body_is_lines_or_an_array_or_one_record() {
        assert_eq!(list(Kind::Lines, "{}\n{\"a\":1}\n"), Ok((vec!["{}", "{\"a\":1}"], true)));
        assert_eq!(list(Kind::Lines, "{}\n\nx"), Ok((vec!["{}", "", "x"], true)));
        assert_eq!(list(Kind::Lines, " [{}, {\"a\": [1]}]\n"), Ok((vec!["{}", "{\"a\": [1]}"], false)));
        assert_eq!(list(Kind::Json, "{\n}\n"), Ok((vec!["{\n}\n"], false)));
        assert_eq!(list(Kind::Json, "[{}"), Err(Refused::NotAnArray));
        assert_eq!(list(Kind::Json, "[]"), Err(Refused::Empty));
        assert_eq!(list(Kind::Lines, " \n"), Err(Refused::Empty));
        assert_eq!(list(Kind::Lines, "1\n2\n3\n4"), Err(Refused::TooMany));
    }

    #[test]
    fn the_media_type_says_what_a_body_is() {
        assert_eq!(Kind::of(None), Some(Kind::Lines));
        assert_eq!(Kind::of(Some("Application/JSON; charset=utf-8")), Some(Kind::Json));
        assert_eq!(Kind::of(Some("application/x-ndjson")), Some(Kind::Lines));
        assert_eq!(Kind::of(Some("multipart/form-data")), None);
    }
}
