//! Alerts.

use super::*;

#[test]
fn an_alert_counts_on_the_day_it_opened_and_as_confirmed_only_where_it_is_acknowledged() {
    let kind = alert::Kind::AllianceBreakdown;
    let count = |age, acknowledged, confirmed| {
        let (taken, ()) = take(&params(), 0, |windows, tally| {
            windows.count_alert(kind, at(age, 0), acknowledged, confirmed, tally);
        });
        [Id::Alerts, Id::AlertsAcknowledged, Id::AlertsConfirmed].map(|id| taken.of(id, &[kind.as_str()]))
    };
    assert_eq!(count(6, false, false), [[1, 1, 1], [0, 0, 0], [0, 0, 0]]);
    assert_eq!(count(7, true, false), [[0, 1, 1], [0, 1, 1], [0, 0, 0]]);
    assert_eq!(count(28, true, true), [[0, 0, 1], [0, 0, 1], [0, 0, 1]]);
    assert_eq!(count(89, false, true), [[0, 0, 1], [0, 0, 0], [0, 0, 0]]);
    assert_eq!(count(90, true, true), [[0; 3]; 3]);
}
