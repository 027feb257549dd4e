//! Instants, UTC days and the four ways model.md compares days.

use std::fmt;

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub i64);

/// A UTC day: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub i32);

impl Instant {
    /// The UTC day this instant lies on.
    pub fn day(self) -> Day {
        Day(self.0.div_euclid(DAY_US) as i32)
    }

    /// The instant one microsecond earlier.
    pub fn just_before(self) -> Instant {
        Instant(self.0 - 1)
    }

    /// Reads RFC 3339 with an offset; 0–9 fraction digits are cut to microseconds, no leap second, year 1970 to 9999.
    ///
    /// `None` for anything else.
    pub fn parse(text: &str) -> Option<Instant> {
        parse_rfc3339(text)
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, with six fraction digits where there is a fraction and none otherwise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.rem_euclid(DAY_US);
        let (seconds, fraction) = (us / 1_000_000, us % 1_000_000);
        // Written with every row and alert: digit by digit takes a tenth of the time of formatting each number.
        let mut text = *b"yyyy-mm-ddThh:mm:ss.ffffffZ";
        let written = self.day().put(&mut text[..10]);
        put(&mut text[11..13], seconds / 3600);
        put(&mut text[14..16], seconds / 60 % 60);
        put(&mut text[17..19], seconds % 60);
        put(&mut text[20..26], fraction);
        let mut until = text.len();
        if fraction == 0 {
            (text[19], until) = (b'Z', 20);
        }
        if written {
            // In one piece: a string then grows once.
            return write_digits(f, &text[..until]);
        }
        self.day().fmt(f)?;
        write_digits(f, &text[10..until])
    }
}

/// Writes a number's last digits over all of `text`.
fn put(text: &mut [u8], mut number: i64) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn write_digits(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(text).map_err(|_| fmt::Error)?)
}

impl Day {
    /// Puts its digits in their places in `yyyy-mm-dd`; whether its year has four.
    fn put(self, text: &mut [u8]) -> bool {
        let (year, month, day) = civil(self);
        let has_four = (0..=9999).contains(&year);
        if has_four {
            put(&mut text[..4], year);
            put(&mut text[5..7], month);
            put(&mut text[8..], day);
        }
        has_four
    }

    /// 00:00 UTC of this day.
    pub fn start(self) -> Instant {
        Instant(i64::from(self.0) * DAY_US)
    }

    /// The day `n` days later (earlier where negative).
    pub fn plus(self, n: i32) -> Day {
        Day(self.0 + n)
    }

    /// Days from `earlier` to this day.
    pub fn since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }

    /// Whether this day is *within n days* of `a`: 0 ≤ self − a ≤ n.
    pub fn within(self, n: i32, a: Day) -> bool {
        (0..=n).contains(&self.since(a))
    }

    /// Whether this day is one of *the n days up to* `b`: b−n+1 … b.
    pub fn in_days_up_to(self, n: i32, b: Day) -> bool {
        (0..n).contains(&b.since(self))
    }

    /// Whether on this day *n days have passed* since `a`: self − a > n.
    pub fn passed(self, n: i32, a: Day) -> bool {
        self.since(a) > n
    }

    /// Whether this day and `other` are *twice in n days*: they differ by at most n−1.
    pub fn twice_in(self, n: i32, other: Day) -> bool {
        self.since(other).abs() < n
    }

    /// Day of the week, Monday = 0.
    pub fn weekday(self) -> i32 {
        (self.0 + 3).rem_euclid(7)
    }

    /// Reads YYYY-MM-DD; `None` for anything else.
    pub fn parse(text: &str) -> Option<Day> {
        let date: jiff::civil::Date = (text.len() == 10).then(|| text.parse().ok()).flatten()?;
        Some(Day(
            days_from_civil(i64::from(date.year()), i64::from(date.month()), i64::from(date.day())) as i32
        ))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"yyyy-mm-dd";
        if self.put(&mut text) {
            return write_digits(f, &text);
        }
        let (year, month, day) = civil(*self);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

fn civil(day: Day) -> (i64, i64, i64) {
    // Howard Hinnant's civil_from_days.
    let z = i64::from(day.0) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month + 9) % 12;
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// The first instant that is not read any more: the year 10000 begins.
const INSTANTS_END: Instant = Instant(253_402_300_800 * 1_000_000);

fn parse_rfc3339(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    let is = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|b| allowed.contains(b));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let mut at = 19;
    let mut fraction = 0;
    if is(at, b".") {
        let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        let kept = digits.min(6);
        fraction = number(at + 1, at + 1 + kept)? * 10_i64.pow(6 - kept as u32);
        at += 1 + digits;
    }
    let offset_minutes = match bytes.get(at)? {
        b'Z' | b'z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b":") => {
            let (h, m) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
            if h > 23 || m > 59 {
                return None;
            }
            (h * 60 + m) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let days_in_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1970..=9999).contains(&year)
        || !(1..=days_in_month).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let local = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let instant = Instant((local - offset_minutes * 60) * 1_000_000 + fraction);
    // An offset may lead out of the years that can be written down, and read again.
    (Instant(0)..INSTANTS_END).contains(&instant).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_rfc_3339_with_an_offset_and_cut_to_microseconds() {
        let read = |text| Instant::parse(text).map(|instant| instant.to_string());
        assert_eq!(
            read("2026-03-29T00:30:00.123456789+01:00").as_deref(),
            Some("2026-03-28T23:30:00.123456Z")
        );
        for (text, instant) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00Z"),
            ("9999-12-31T22:59:59.999999-01:00", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(instant));
        }
        assert_eq!(read("2024-02-29T23:59:59z").as_deref(), Some("2024-02-29T23:59:59Z"));
        for bad in [
            "2026-01-01T00:00:00",
            "2026-01-01",
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:59:59.999999+01:00",
            "9999-12-31T23:00:00-01:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+0100",
            "2026-13-01T00:00:00Z",
            " 2026-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn instants_of_any_year_are_written_with_a_fraction_only_where_there_is_one() {
        let written = |day: i64, us: i64| Instant(day * DAY_US + us).to_string();
        assert_eq!(written(0, 1), "1970-01-01T00:00:00.000001Z");
        assert_eq!(written(-1, DAY_US - 1_000_000), "1969-12-31T23:59:59Z");
        assert_eq!(written(2_932_897, 10_500_000), "10000-01-01T00:00:10.500000Z");
        assert_eq!(written(-719_529, 0), "-001-12-31T00:00:00Z");
        assert_eq!(Day(2_932_896).to_string(), "9999-12-31");
    }

    #[test]
    fn days_are_compared_as_the_model_says() {
        let a = Day(100);
        assert!(a.plus(14).within(14, a) && !a.plus(15).within(14, a) && !a.plus(-1).within(14, a));
        assert!(a.plus(-6).in_days_up_to(7, a) && !a.plus(-7).in_days_up_to(7, a));
        assert!(a.plus(29).passed(28, a) && !a.plus(28).passed(28, a));
        assert!(a.plus(27).twice_in(28, a) && !a.plus(28).twice_in(28, a));
        assert_eq!(Day::parse("2026-11-23").map(Day::weekday), Some(0));
        assert_eq!(Day::parse("2026-11-24").map(|day| day.to_string()).as_deref(), Some("2026-11-24"));
    }
}
