//! Places at which a test can make a process die or dawdle. Without the feature `failpoints` they are nothing at all.

use crate::port::Output;

/// The environment variable that names a place and what is to happen there: `before_send_offsets=kill@3` ends the process, as
/// SIGKILL would, when the place is passed for the third time; `before_send_offsets=sleep:7000@3` stands still for so many
/// milliseconds. Several are separated by commas.
pub const VARIABLE: &str = "RAPPORT_FAILPOINT";

/// The environment variable that names what is to be left out, so that a test can show that it is missed: `replay`,
/// `transactions` or `versions`.
pub const BROKEN: &str = "RAPPORT_BROKEN";

/// The environment variable that says by how many seconds a clock of the machine is wrong, ahead or (negative) behind.
pub const CLOCK: &str = "RAPPORT_CLOCK_WRONG_BY";

/// The environment variable that makes a process write as one of a later version might, where it is 1: another format of
/// checkpoints, and in every record a header and a field that this version does not know.
pub const NEWER: &str = "RAPPORT_NEWER";

/// The header that only a later version writes.
pub const NEWER_HEADER: &str = "rapport_newer";

/// The place between outputs that are committed and the positions that are not, where there are no transactions.
pub const HALFWAY: &str = "between_outputs_and_positions";

/// All places, in the order in which a record passes them.
pub const ALL: [&str; 12] = [
    "in_replay",
    "before_send",
    "after_send",
    "before_send_offsets",
    "within_send_offsets",
    "after_send_offsets",
    "after_commit",
    "after_commit_before_merge",
    "before_checkpoint_rename",
    "after_checkpoint_rename",
    "in_revoke_before_commit",
    "on_renew",
];

/// Passes a place.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn pass(_: &'static str) {}

/// Whether something is to be left out.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn is_broken(_: &'static str) -> bool {
    false
}

/// Whether something is to be left out.
#[cfg(feature = "failpoints")]
pub fn is_broken(what: &'static str) -> bool {
    use std::sync::OnceLock;
    static BROKEN_PART: OnceLock<Option<String>> = OnceLock::new();
    BROKEN_PART.get_or_init(|| std::env::var(BROKEN).ok()).as_deref() == Some(what)
}

/// By how much a clock of the machine is wrong, microseconds.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn clock_error_us() -> i64 {
    0
}

/// By how much a clock of the machine is wrong, microseconds.
#[cfg(feature = "failpoints")]
pub fn clock_error_us() -> i64 {
    use std::sync::OnceLock;
    static WRONG_BY: OnceLock<i64> = OnceLock::new();
    let seconds = || std::env::var(CLOCK).ok()?.parse::<i64>().ok();
    *WRONG_BY.get_or_init(|| seconds().unwrap_or(0).saturating_mul(1_000_000))
}

/// Whether this process is one of a later version.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn is_newer() -> bool {
    false
}

/// Whether this process is one of a later version.
#[cfg(feature = "failpoints")]
pub fn is_newer() -> bool {
    use std::sync::OnceLock;
    static IS_NEWER: OnceLock<bool> = OnceLock::new();
    *IS_NEWER.get_or_init(|| std::env::var(NEWER).is_ok_and(|value| value == "1"))
}

/// Writes a record as this version does.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn written<T>(output: &Output<'_>, write: impl FnOnce(&Output<'_>) -> T) -> T {
    write(output)
}

/// Writes a record as this version does, or a later one.
#[cfg(feature = "failpoints")]
pub fn written<T>(output: &Output<'_>, write: impl FnOnce(&Output<'_>) -> T) -> T {
    use rapport_proto::{headers, topics};

    let content_type = output.headers.iter().find(|(name, _)| *name == headers::CONTENT_TYPE);
    // What is rejected is kept as it came.
    let (true, Some((_, content_type)), true) = (is_newer(), content_type, output.topic != topics::REJECTED)
    else {
        return write(output);
    };
    let value = output.value.map(|value| match value.strip_suffix(b"}") {
        Some(fields) if *content_type == headers::JSON.as_bytes() => [fields, b",\"newer\":1}"].concat(),
        // Field 2047, a number: 1.
        _ => [value, &[0xf8, 0x7f, 1]].concat(),
    });
    let headers = [output.headers, &[(NEWER_HEADER, b"1".as_slice())]].concat();
    write(&Output { value: value.as_deref(), headers: &headers, ..*output })
}

/// Passes a place.
#[cfg(feature = "failpoints")]
pub fn pass(place: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    struct Wanted {
        place: String,
        sleep: Option<Duration>,
        passage: u64,
        passed: AtomicU64,
    }
    static WANTED: OnceLock<Vec<Wanted>> = OnceLock::new();

    let wanted = |text: &str| {
        let (place, what) = text.split_once('=')?;
        let (what, passage) = what.split_once('@')?;
        let sleep = match what.split_once(':') {
            Some(("sleep", ms)) => Some(Duration::from_millis(ms.parse().ok()?)),
            _ => None,
        };
        let (place, passage) = (place.to_owned(), passage.parse().ok()?);
        Some(Wanted { place, sleep, passage, passed: AtomicU64::new(0) })
    };
    let all = WANTED
        .get_or_init(|| std::env::var(VARIABLE).unwrap_or_default().split(',').filter_map(wanted).collect());
    let Some(wanted) = all.iter().find(|wanted| wanted.place == place) else { return };
    if wanted.passed.fetch_add(1, Ordering::SeqCst) + 1 != wanted.passage {
        return;
    }
    match wanted.sleep {
        Some(time) => stand_still(time),
        // Nothing is unwound, flushed or said good-bye to.
        None => std::process::abort(),
    }
}

#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "a test wants a process that dawdles")]
fn stand_still(time: std::time::Duration) {
    std::thread::sleep(time);
}
