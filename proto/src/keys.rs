//! Record keys of Rapport's topics.

/// Key of a tick on `rapport.events`.
pub const TICK: &str = "tick";

/// Key of the first tick of a UTC day, `day` as YYYY-MM-DD, so that day boundaries survive compaction.
pub fn day_tick(day: &str) -> String {
    format!("day/{day}")
}

/// Version of an event: `recorded_at` in microseconds as 16 hex digits (two's complement), then the first 16 hex digits
/// of the SHA-256 of the canonical encoding.
pub fn version(recorded_at_us: i64, sha256: &[u8; 32]) -> String {
    let hash = sha256[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    format!("{recorded_at_us:016x}{hash:016x}")
}

/// Key of a version of an event on `rapport.events`.
pub fn event(site: &str, event_id: &str, version: &str) -> String {
    format!("{site}/{event_id}/{version}")
}

/// `recorded_at` in microseconds and the start of the hash, of what [`version`] wrote; `None` of anything else.
pub fn parse_version(text: &str) -> Option<(i64, u64)> {
    let (recorded_at, hash) = text.as_bytes().split_at_checked(16)?;
    Some((number(recorded_at)? as i64, number(hash)?))
}

/// 16 hex digits. Each record that is replayed has two of these: the library's way, which allows for any length and sign, takes
/// a tenth of its time.
fn number(digits: &[u8]) -> Option<u64> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => NONE,
    };
    const NONE: u8 = 0x10;
    let mut seen = 0;
    let number = digits.iter().fold(0, |number, byte| {
        let digit = digit(*byte);
        seen |= digit;
        number << 4 | u64::from(digit)
    });
    (digits.len() == 16 && seen & NONE == 0).then_some(number)
}

/// The site, event id and version ([`parse_version`]) of a key of `rapport.events`; `None` of a tick or of anything else.
///
/// An event id may itself hold slashes: the site never does, and a version is 32 hex digits.
pub fn parse_event(key: &str) -> Option<(&str, &str, (i64, u64))> {
    let (rest, version) = key.split_at_checked(key.len().checked_sub(32)?)?;
    let (site, event_id) = rest.strip_suffix('/')?.split_once('/')?;
    Some((site, event_id, parse_version(version)?))
}

/// `recorded_at` in microseconds of the version that a key of [`event`] names; `None` of another key.
pub fn recorded_at_us(key: &[u8]) -> Option<i64> {
    let (.., (recorded_at, _)) = parse_event(std::str::from_utf8(key).ok()?)?;
    Some(recorded_at)
}

/// Key of a row on `rapport.enriched`.
pub fn enriched(site: &str, event_id: &str) -> String {
    let mut key = String::with_capacity(site.len() + 1 + event_id.len());
    push_enriched(&mut key, site, event_id);
    key
}

/// The same, added to `key`.
pub fn push_enriched(key: &mut String, site: &str, event_id: &str) {
    [site, "/", event_id].iter().for_each(|part| key.push_str(part));
}

/// Key of a release on `rapport.indicators`, `day` as YYYY-MM-DD.
pub fn release(site: &str, day: &str) -> String {
    format!("{site}/{day}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_key_is_taken_apart_as_it_was_put_together_even_with_slashes_in_the_id() {
        let version = version(255, &[0xab; 32]);
        assert_eq!(version, "00000000000000ffabababababababab");
        let key = event("leeds", "a/b", &version);
        assert_eq!(parse_event(&key), Some(("leeds", "a/b", (255, 0xabab_abab_abab_abab))));
        assert_eq!(
            parse_event(&key.to_uppercase()).map(|(.., version)| version),
            Some((255, 0xabab_abab_abab_abab))
        );
        assert_eq!(recorded_at_us(key.as_bytes()), Some(255));
        assert_eq!((recorded_at_us(TICK.as_bytes()), recorded_at_us(b"day/2026-01-01")), (None, None));
        assert_eq!(parse_event(TICK), None);
        assert_eq!(parse_event(&day_tick("2026-01-01")), None);
        assert_eq!(parse_event(&version), None);
        assert_eq!(parse_event(&format!("leeds/{version}")), None, "without an id");
    }

    #[test]
    fn a_version_is_32_hex_digits_and_nothing_else() {
        let before_1970 = version(-2, &[0x01; 32]);
        assert_eq!(parse_version(&before_1970), Some((-2, 0x0101_0101_0101_0101)));
        for (place, other) in [(0, '+'), (16, ' '), (31, 'g'), (3, '/'), (20, ':'), (9, '@'), (5, '`')] {
            let mut text: Vec<char> = before_1970.chars().collect();
            text[place] = other;
            let text: String = text.into_iter().collect();
            assert_eq!(parse_version(&text), None, "{text}");
        }
        assert_eq!(
            (parse_version(&before_1970[1..]), parse_version(&format!("{before_1970}0"))),
            (None, None)
        );
    }
}
