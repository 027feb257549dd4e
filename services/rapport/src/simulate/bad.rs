//! Records as sources really spoil them, one for most of the reasons there are.

use super::draws::Draws;

/// A copy of a good record that will be rejected.
pub(crate) fn spoil(json: &str, draws: &mut Draws) -> String {
    let rest = json.strip_prefix('{').unwrap_or(json);
    match draws.whole(0, 7) {
        // Cut off on the way.
        0 => json[..json.len() / 2].to_owned(),
        // A key twice.
        1 => format!("{{\"event_id\":\"e0\",{rest}"),
        // A misspelt field.
        2 => format!("{{\"adress\":\"no such field\",{rest}"),
        // A type of a later version.
        3 => replace_text(json, "type", "horoscope"),
        // A site nobody listed, in letters no site may have.
        4 => replace_text(json, "site", "Atlantis!"),
        // Midnight does not exist twice.
        5 => replace_text(json, "occurred_at", "2025-02-30T24:00:00Z"),
        // A field that every event has.
        6 => json.replacen("\"event_id\":", "\"retracts\":null,\"event_id\":null,\"x\":", 1),
        // A clock a century ahead.
        _ => replace_text(json, "occurred_at", "2125-01-01T00:00:00Z"),
    }
}

/// The record with another text under that name.
fn replace_text(json: &str, name: &str, text: &str) -> String {
    let label = format!("\"{name}\":\"");
    let Some(from) = json.find(&label).map(|at| at + label.len()) else { return String::new() };
    let to = json[from..].find('"').map_or(json.len(), |length| from + length);
    format!("{}{text}{}", &json[..from], &json[to..])
}
