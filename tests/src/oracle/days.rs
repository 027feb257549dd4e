//! Days are UTC days, numbered from 1970-01-01; instants are microseconds since its midnight.

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Us = i64;
/// Days since 1970-01-01.
pub type Day = i64;

/// Microseconds in a day.
pub const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// The day of an instant.
pub fn day_of(at: Us) -> Day {
    at.div_euclid(DAY_US)
}

/// 00:00 of a day.
pub fn midnight(day: Day) -> Us {
    day * DAY_US
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The day as YYYY-MM-DD, found by counting years and months from 1970.
pub fn text(day: Day) -> String {
    assert!(day >= 0, "day {day} is before 1970");
    let mut left = day;
    let mut year = 1970;
    while left >= if is_leap(year) { 366 } else { 365 } {
        left -= if is_leap(year) { 366 } else { 365 };
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", left + 1)
}

/// The last release boundary at or before `at`.
pub fn boundary(at: Us, weekly: bool) -> Us {
    let mut day = day_of(at);
    // 1970-01-05 was a Monday.
    while weekly && (day - 4).rem_euclid(7) != 0 {
        day -= 1;
    }
    midnight(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_the_calendar_has_them() {
        assert_eq!(text(0), "1970-01-01");
        assert_eq!(text(59), "1970-03-01");
        assert_eq!(text(11_016), "2000-02-29");
        assert_eq!(text(20_453), "2025-12-31");
        assert_eq!(text(20_454), "2026-01-01");
    }

    #[test]
    fn a_weekly_boundary_is_a_monday() {
        // 2026-01-01 was a Thursday.
        assert_eq!(text(day_of(boundary(midnight(20_454) + 5, true))), "2025-12-29");
        assert_eq!(boundary(midnight(20_454) + 5, false), midnight(20_454));
    }
}
