//! One release, sample by sample, as its record on `rapport.indicators`. `RAPPORT_BLESS=1` writes it anew, to be read
//! before it is committed.

use super::*;

/// Half a year: a dyad that goes well, one that breaks down, is repaired and ends, one that falls silent, one
/// whose peer leaves.
fn half_a_year() -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut add = |who: &str, day: i32, body: Body| {
        let id = format!("{who}-{}", drafts.len());
        drafts.push(draft(&id, who, noon(day), body));
    };
    for week in 0..26 {
        let kind = SupportType::FIVE[week as usize % 5];
        let mut meeting =
            contact(if week % 4 == 3 { Attendance::MissedByClient } else { Attendance::Attended });
        meeting.support.insert(kind);
        meeting.requested.insert(SupportType::ALL[week as usize % 6]);
        meeting.practices.insert(Practice::ALL[week as usize % 11]);
        add("c-p", 7 * week, Body::Contact(meeting));
        add("c-p", 7 * week, rating(4 + i64::from(week % 2)));
        if week < 23 {
            add("d-p", 7 * week + 1, Body::Contact(meeting));
            add("d-p", 7 * week + 1, rating(if (14..18).contains(&week) { 2 } else { 5 }));
        }
        if week < 18 {
            add("e-q", 7 * week + 2, Body::Contact(meeting));
        }
    }
    let matched = [MatchedOn::Age, MatchedOn::LivedExperience].into_iter().collect();
    add("e-q", 0, Body::Started { matched_on: matched });
    add("f-r", 150, started());
    add("d-p", 160, ended(EndReason::GoalsMet));
    add("-r", 170, Body::Left { reason: LeftReason::Unsupported });
    drafts
}

#[test]
fn the_release_of_half_a_year_is_the_golden_one() {
    let mut partition = partition();
    let records: Vec<_> = half_a_year().iter().map(|draft| draft.ingested(noon(0))).collect();
    let mut out = outputs(&mut partition, &records);
    out.extend(partition.take(&tick(midnight(180))));
    let Some(Output::Release(Release { json, .. })) = out.last() else { panic!("{out:?}") };
    // A line per sample, so that a difference can be read.
    let lines = json.replace("{\"name\"", "\n{\"name\"") + "\n";
    let golden = include_str!("release.json");
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/partition/tests/release.json");
        std::fs::write(path, lines).unwrap();
    } else if lines != golden {
        let differing = lines.lines().zip(golden.lines()).filter(|(new, old)| new != old);
        let differing: Vec<_> = differing.map(|(new, old)| format!("{new}\n  was {old}")).collect();
        panic!("{} lines, were {}\n{}", lines.lines().count(), golden.lines().count(), differing.join("\n"));
    }
}
