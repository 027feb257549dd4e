//! The JSON Schema of raw events is what the table says.
