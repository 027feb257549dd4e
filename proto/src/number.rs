//! A decimal text that travels as a JSON number, digit for digit.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

/// Writes `value` as the JSON number it spells.
pub(crate) fn serialize<S: Serializer>(value: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let number: &RawValue = serde_json::from_str(value).map_err(S::Error::custom)?;
    number.serialize(serializer)
}

/// Reads a JSON number and keeps its spelling.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let number = Box::<RawValue>::deserialize(deserializer)?;
    let text = number.get();
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        Ok(text.to_owned())
    } else {
        Err(D::Error::custom("expected a number"))
    }
}
