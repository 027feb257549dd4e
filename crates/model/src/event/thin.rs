//! A string in one word.

use std::ops::Deref;

/// A string that takes one word where it stands: what few events have must not make all of them larger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thin(Box<Box<str>>);

impl Deref for Thin {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Thin {
    fn from(text: &str) -> Thin {
        Thin(Box::new(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use crate::event::{Body, Event};

    #[test]
    fn an_event_takes_six_words_besides_its_id() {
        assert_eq!((size_of::<Body>(), size_of::<Event>()), (16, 48));
    }
}
