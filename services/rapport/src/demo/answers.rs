//! Supervisors of the simulated sites: they see the alerts that really open, and answer most of them in time.

use rapport_model::time::DAY_US;

use super::board::{Seen, ToAnswer};

/// An answer is given so many days after an alert opened, at least and at most.
const DAYS: (i64, i64) = (2, 16);

/// The acknowledgements that are due by the clock, as raw records; the alerts are marked as answered.
pub(super) fn given(seen: &mut Seen) -> Vec<String> {
    let now = seen.clock;
    let mut records = Vec::new();
    for (alert_id, alert) in &mut seen.to_answer {
        // The id is as good as a draw, and the same in every run.
        let drawn =
            alert_id.get(..4).and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or_default();
        // Some alerts are never answered.
        let ignored = drawn % 11 == 0;
        let days = DAYS.0 + drawn % (DAYS.1 - DAYS.0 + 1);
        if ignored || alert.answered || now.0 < alert.since.0 + days * DAY_US {
            continue;
        }
        alert.answered = true;
        records.push(record(alert_id, alert, &now.to_string(), drawn % 5 != 0));
    }
    records
}

fn record(alert_id: &str, alert: &ToAnswer, now: &str, finding: bool) -> String {
    let action = if finding { "supervision" } else { "none" };
    format!(
        "{{\"event_id\":\"answer-{alert_id}\",\"type\":\"acknowledgement\",\"site\":\"{}\",\"occurred_at\":\"{now}\",\
         \"alert_id\":\"{alert_id}\",\"state\":\"closed\",\"action\":\"{action}\",\"finding\":{finding}}}",
        alert.site
    )
}

#[cfg(test)]
mod tests {
    use rapport_model::time::Instant;

    use super::*;

    #[test]
    fn an_alert_is_answered_once_within_its_days_and_some_never() {
        let since = Instant::parse("2026-01-01T09:00:00Z").unwrap();
        let mut seen = Seen::default();
        for number in 0..220_u32 {
            let to_answer = ToAnswer { site: "leeds".to_owned(), since, answered: false };
            seen.to_answer.insert(format!("{number:04x}{:028x}", 7), to_answer);
        }
        let mut answers = Vec::new();
        for day in 0..30 {
            seen.clock = Instant(since.0 + day * DAY_US);
            let today = given(&mut seen);
            assert!(today.is_empty() || (DAYS.0..=DAYS.1).contains(&day), "{day}");
            answers.extend(today);
        }
        assert_eq!(answers.len(), 200);
        let first: serde_json::Value = serde_json::from_str(&answers[0]).unwrap();
        assert_eq!((&first["type"], &first["state"]), (&"acknowledgement".into(), &"closed".into()));
    }
}
