//! That random worlds hold everything: every word of every event, every phase, alert and result, every indicator.

use std::collections::BTreeSet;

use rapport_proto::v1;
use rapport_tests::oracle::log::{Known, Record};
use rapport_tests::oracle::{Given, release, standing_at_the_end, words};
use rapport_tests::random::{self, given::given};

use crate::product::CATALOGUE;

/// All values of the enums of fields, each as `Type field Value`.
macro_rules! every {
    ($($kind:literal $field:literal $values:ident),* $(,)?) => {
        [$(
            (1..)
                .map_while(|number| v1::$values::try_from(number).ok())
                .map(|value| format!("{} {} {value:?}", $kind, $field))
                .collect::<Vec<String>>()
        ),*]
    };
}

/// Every word that an event can hold.
fn every_word() -> Vec<String> {
    let words = every!(
        "Relationship" "action" RelationshipAction,
        "Relationship" "matched_on" MatchedOn,
        "Relationship" "ended_by" Side,
        "Relationship" "reason" EndReason,
        "Contact" "attendance" Attendance,
        "Contact" "channel" Channel,
        "Contact" "requested" SupportType,
        "Contact" "practices" Practice,
        "Alliance" "action" AllianceAction,
        "Alliance" "cause" RuptureCause,
        "Alliance" "reported_by" Reporter,
        "Measure" "rater" Rater,
        "Modelling" "what" ModellingWhat,
        "Modelling" "valence" Valence,
        "Modelling" "direction" Direction,
        "Modelling" "affect" Affect,
        "Modelling" "by" Comparer,
        "ServiceUse" "kind" ServiceUseKind,
        "Development" "kind" DevelopmentKind,
        "Development" "format" SupervisionFormat,
        "PeerChange" "action" PeerAction,
        "PeerChange" "reason" LeftReason,
        "Pathway" "step" PathwayStep,
        "Acknowledgement" "state" AcknowledgementState,
        "Acknowledgement" "action" AcknowledgementAction,
    );
    words.concat()
}

/// The words that an event holds.
fn words_in(event: &v1::Event) -> Vec<String> {
    let text = format!("{:?}", event.body.as_ref().expect("an event has a body"));
    let mut tokens = text.split([' ', ',', '(', ')', '[', ']', '{', '}']).filter(|token| !token.is_empty());
    let kind = tokens.next().expect("a body has a name");
    let mut field = "";
    let mut words = Vec::new();
    for token in tokens {
        match token.strip_suffix(':') {
            Some(name) => field = name,
            None => words.push(format!("{kind} {field} {token}")),
        }
    }
    words
}

/// The indicators of the last release that are not 0, windows left out.
fn counted(given: &Given, records: &[Record]) -> Vec<String> {
    let samples = release::last_releases(given, records).into_iter().flat_map(|release| release.samples);
    let counted = samples.filter(|sample| sample.value.contains(|c: char| ('1'..='9').contains(&c)));
    counted.map(|sample| format!("counted {}", base(&sample.name))).collect()
}

/// All indicators, as [`counted`] names them.
fn counted_at_all() -> Vec<String> {
    let records =
        rapport_tests::story::Story::new().on(0).contact(&[], &[]).records(rapport_tests::story::start_of(1));
    let samples = release::releases(&Given::from_catalogue(CATALOGUE), &records).remove(0).samples;
    samples.into_iter().map(|sample| format!("counted {}", base(&sample.name))).collect()
}

fn base(name: &str) -> &str {
    release::WINDOWS.iter().find_map(|days| name.strip_suffix(&format!("_{days}d"))).unwrap_or(name)
}

#[test]
fn random_worlds_hold_everything_that_the_oracle_tells_apart() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for seed in 0..150 {
        let given = given(CATALOGUE, seed);
        let records = random::world(&given, seed);
        let known = Known::of(&records);
        for event in known.standing() {
            seen.extend(words_in(&event));
        }
        seen.extend(counted(&given, &records));
        for (_, standing) in standing_at_the_end(&given, &known) {
            for row in standing.rows.into_values() {
                seen.extend(row.phase_after.map(str::to_owned));
                seen.extend(row.result.map(str::to_owned));
                seen.extend(row.ended.map(|(_, _, mechanism)| mechanism.to_owned()));
            }
            for alert in standing.alerts {
                let state = if alert.until.is_some() { "resolved" } else { "firing" };
                seen.extend([alert.alert.to_owned(), format!("{} {state}", alert.alert)]);
                seen.extend(alert.detected_by.map(str::to_owned));
                seen.extend(alert.component);
                seen.extend(alert.withdrawn_event.then(|| "withdrawn event".to_owned()));
            }
        }
    }
    let states =
        words::ALERTS.iter().flat_map(|alert| [format!("{alert} firing"), format!("{alert} resolved")]);
    // A silence that is over is none that stands.
    let states = states.filter(|state| state != "site_silent resolved");
    let words = words::PHASES.iter().chain(&words::MECHANISMS).chain(&words::DETECTED_BY);
    let words = words.chain(&words::COMPONENTS[..3]).chain(&words::FIVE);
    let words = words.chain(&["improved", "deteriorated", "unchanged", "withdrawn event"]);
    let words = words.map(|word| (*word).to_owned()).chain(states).chain(every_word());
    let all: Vec<String> = words.chain(counted_at_all()).collect();
    let missing: Vec<&String> = all.iter().filter(|word| !seen.contains(*word)).collect();
    assert!(missing.is_empty(), "never: {missing:?}");
}
