//! A raw record in the making. Every text written here is a word or an id of the simulator's own, so nothing needs
//! escaping.

use std::fmt::Write as _;

use rapport_model::time::{DAY_US, Day, Instant};

/// Microseconds of a minute.
pub(crate) const MINUTE_US: i64 = 60_000_000;

/// A JSON object in the making.
pub(crate) struct Line {
    text: String,
    /// Where the site's clock stands against UTC, minutes.
    offset_minutes: i64,
}

impl Line {
    /// Begins an object.
    pub(crate) fn new(offset_minutes: i64) -> Line {
        let mut text = String::with_capacity(320);
        text.push('{');
        Line { text, offset_minutes }
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Line {
        self.name(name);
        self.text.push('"');
        self.text.push_str(value);
        self.text.push('"');
        self
    }

    /// An integer.
    pub(crate) fn number(&mut self, name: &str, value: i64) -> &mut Line {
        self.name(name);
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
        self
    }

    /// A flag.
    pub(crate) fn flag(&mut self, name: &str, value: bool) -> &mut Line {
        self.name(name);
        self.text.push_str(if value { "true" } else { "false" });
        self
    }

    /// A set of words; an empty one is left out.
    pub(crate) fn words(&mut self, name: &str, words: impl IntoIterator<Item = &'static str>) -> &mut Line {
        let mut words = words.into_iter().peekable();
        if words.peek().is_none() {
            return self;
        }
        self.name(name);
        let mut before = '[';
        for word in words {
            self.text.push(before);
            self.text.push('"');
            self.text.push_str(word);
            self.text.push('"');
            before = ',';
        }
        self.text.push(']');
        self
    }

    /// Scores in thousandths.
    pub(crate) fn scores(&mut self, scores: &[(&str, i64)]) -> &mut Line {
        self.name("scores");
        let mut before = '{';
        for (name, thousandths) in scores {
            self.text.push(before);
            // Writing to a String cannot fail.
            let _ = write!(self.text, "\"{name}\":{}.{:03}", thousandths / 1000, thousandths % 1000);
            before = ',';
        }
        self.text.push('}');
        self
    }

    /// An instant, as the site's own clock shows it: RFC 3339 with the site's offset, whole seconds.
    pub(crate) fn instant(&mut self, name: &str, at: Instant) -> &mut Line {
        self.name(name);
        let local = at.0 + self.offset_minutes * MINUTE_US;
        let seconds = local.rem_euclid(DAY_US) / 1_000_000;
        let day = Day(local.div_euclid(DAY_US) as i32);
        // Writing to a String cannot fail.
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let _ = write!(self.text, "\"{day}T{h:02}:{m:02}:{s:02}");
        if self.offset_minutes == 0 {
            self.text.push_str("Z\"");
        } else {
            let _ = write!(self.text, "+{:02}:{:02}\"", self.offset_minutes / 60, self.offset_minutes % 60);
        }
        self
    }

    /// Ends the object.
    pub(crate) fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}
