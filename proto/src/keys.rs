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

/// The site, event id and version of a key of `rapport.events`; `None` of a tick or of anything else.
///
/// An event id may itself hold slashes: the site never does, and a version is 32 hex digits.
pub fn parse_event(key: &str) -> Option<(&str, &str, &str)> {
    let (site, rest) = key.split_once('/')?;
    let (event_id, version) = rest.rsplit_once('/')?;
    (version.len() == 32 && version.bytes().all(|b| b.is_ascii_hexdigit()))
        .then_some((site, event_id, version))
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
        assert_eq!(parse_event(&key), Some(("leeds", "a/b", version.as_str())));
        assert_eq!(parse_event(TICK), None);
        assert_eq!(parse_event(&day_tick("2026-01-01")), None);
    }
}
