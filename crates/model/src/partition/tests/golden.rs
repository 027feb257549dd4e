//! What half a year becomes: the golden records of the derived topics, in `proto/examples/derived`. `RAPPORT_BLESS=1`
//! writes them anew, to be read before they are committed.

use std::fmt::Write as _;
use std::path::Path;

use prost_reflect::{DescriptorPool, DynamicMessage};
use rapport_proto::examples;

use super::*;
use crate::alert;
use crate::event::Behaviour;

/// Half a year: a dyad that goes well, one that breaks down, is repaired and ends, one that falls silent, one
/// whose peer leaves; and of every alert one.
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
    of_every_alert(&mut add);
    drafts
}

/// What opens the alerts that meetings and ratings do not, and what is about one person alone.
fn of_every_alert(add: &mut impl FnMut(&str, i32, Body)) {
    let asked = |kind| {
        let requested = Set::from_iter([kind]);
        Body::Contact(Contact { requested, ..contact(Attendance::Attended) })
    };
    let behaviour = |enacted| {
        Body::Behaviour(Box::new(Behaviour { enacted, code: "shouting".into(), valence: Valence::Negative }))
    };
    let compared =
        Body::Comparison { by: Comparer::Client, direction: Direction::Upward, affect: Affect::Negative };
    let scored = |instrument: &str, rater, total: i64| {
        let scores = vec![("total".into(), total * 1_000_000)];
        Body::Measure(Box::new(Measure { instrument: instrument.into(), rater, scores: scores.into() }))
    };
    add("g-s", 140, asked(SupportType::Emotional));
    add("g-s", 147, asked(SupportType::Emotional));
    add("g-s", 148, asked(SupportType::PsychologicalTherapy));
    add("g-s", 149, behaviour(false));
    add("g-s", 150, behaviour(true));
    add("g-s", 151, compared.clone());
    add("g-s", 152, compared);
    add(
        "g-s",
        153,
        Body::Ruptured { cause: RuptureCause::BoundaryBreach, reported_by: Some(Reporter::Supervisor) },
    );
    add("g-s", 153, Body::Paused);
    add("g-s", 154, Body::Resumed);
    add("g-s", 155, Body::Repaired);
    add("h-s", 150, started());
    add("i-s", 150, started());
    for (n, score) in [4, 4, 4, 4, 3].into_iter().enumerate() {
        add("j-t", 150 + 7 * n as i32, rating(score));
    }
    add("-s", 130, Body::Joined);
    add("-s", 131, Body::Training { module: "safety".into() });
    add("-s", 140, Body::Reflection);
    add("-s", 141, Body::PeerSupportReceived);
    add(
        "-s",
        142,
        Body::Supervision { held: true, format: Some(SupervisionFormat::Group), scheduled: Some(true) },
    );
    add("-s", 143, scored("swemwbs-peer", Rater::Peer, 25));
    add("-s", 173, scored("swemwbs-peer", Rater::Peer, 21));
    add("g-", 141, scored("core-10", Rater::Client, 20));
    add("g-", 171, scored("core-10", Rater::Client, 9));
    add("g-", 172, Body::ServiceUse { kind: ServiceUseKind::AppointmentKept, quantity: 1 });
    add("g-", 173, Body::Pathway(PathwayStep::Interested));
}

/// Everything that becomes of it, last record by key: as topic and key say, and as it is kept for people.
fn derived() -> BTreeMap<(&'static str, String), String> {
    let mandatory_training = [("safety".to_owned(), 30)].into();
    let mut partition =
        partition_with(Settings { mandatory_training, overload_dyads: 2, ..Settings::default() });
    let mut records: Vec<_> = half_a_year().iter().map(|draft| draft.ingested(noon(0))).collect();
    records.push(tick(noon(180)));
    // A rupture that was noted by mistake, told and withdrawn.
    let mistaken = Body::Ruptured { cause: RuptureCause::Gossip, reported_by: None };
    records.push(draft("mistake", "h-s", noon(160), mistaken).ingested(noon(180)));
    records.push(retraction("sorry", "mistake", noon(179)).ingested(noon(180)));
    records.push(tick(midnight(188)));
    records.push(tick(midnight(189)));
    let mut lines = BTreeMap::new();
    for output in outputs(&mut partition, &records) {
        let key = output.key();
        let (file, line) = match &output {
            Output::Enriched { row: Some(row), .. } => ("enriched.jsonl", line_of(&key, row)),
            Output::Enriched { row: None, .. } => {
                lines.remove(&("enriched.jsonl", key));
                continue;
            }
            Output::Alert(alert) => ("alerts.jsonl", serde_json::to_string(alert).unwrap()),
            Output::NoAlert { .. } => panic!("nothing was erased"),
            Output::Release(release) => {
                lines.retain(|(file, _), _| *file != "release.json");
                // A line per sample, so that a difference can be read.
                ("release.json", release.json.replace("{\"name\"", "\n{\"name\""))
            }
        };
        lines.insert((file, key), line);
    }
    lines
}

/// An enriched row: its key, its bytes, and what they say.
fn line_of(key: &str, row: &v1::Enriched) -> String {
    let bytes = row.encode_to_vec();
    let pool = DescriptorPool::decode(rapport_proto::DESCRIPTORS).unwrap();
    let message = pool.get_message_by_name("rapport.v1.Enriched").unwrap();
    let row = DynamicMessage::decode(message, bytes.as_slice()).unwrap();
    serde_json::json!({ "key": key, "value_hex": examples::encode_hex(&bytes), "row": row }).to_string()
}

#[test]
fn what_half_a_year_becomes_is_the_golden_records() {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for ((file, _), line) in derived() {
        // Writing to a string cannot fail.
        let _ = writeln!(files.entry(file).or_default(), "{line}");
    }
    for (file, new) in files {
        let path = Path::new(examples::DERIVED_DIR).join(file);
        if std::env::var_os("RAPPORT_BLESS").is_some() {
            std::fs::write(path, new).unwrap();
            continue;
        }
        let golden = std::fs::read_to_string(path).unwrap();
        let differing = new.lines().zip(golden.lines()).filter(|(new, old)| new != old);
        let differing: Vec<_> = differing.map(|(new, old)| format!("{new}\n  was {old}")).collect();
        let (lines, were) = (new.lines().count(), golden.lines().count());
        assert!(new == golden, "{file}: {lines} lines, were {were}\n{}", differing.join("\n"));
    }
}

#[test]
fn the_golden_alerts_are_of_every_kind_and_every_state() {
    let records = examples::derived().unwrap();
    let alerts = records.iter().filter(|record| record.topic == rapport_proto::topics::ALERTS);
    let alerts: Vec<v1::Alert> = alerts.map(|it| serde_json::from_slice(&it.value).unwrap()).collect();
    for kind in alert::Kind::ALL {
        assert!(alerts.iter().any(|alert| alert.alert == kind.as_str()), "{}", kind.as_str());
    }
    for state in ["firing", "resolved", "withdrawn"] {
        assert!(alerts.iter().any(|alert| alert.state == state), "{state}");
    }
}
