//! What all kinds have in common.

use super::super::{stretch::Part, wording};
use super::*;
use crate::timeline::Rule;

/// A stretch of that kind as its rule would make it, as far as its words depend on it.
fn stretches_of(kind: Kind) -> Vec<Stretch> {
    let body = Body::Reflection;
    let stretch = Stretch::opened(
        kind,
        &Event { occurred_at: noon(1), recorded_at: noon(1), id: "e".into(), body },
        noon(1),
    );
    let rules = [Rule::FarBelow, Rule::TwoOfThree, Rule::Reported, Rule::MissedInWatch, Rule::Exit];
    rules.map(|rule| Stretch { rule: Some(rule), ..stretch.clone() }).into()
}

#[test]
fn every_kind_has_a_name_and_a_tier_of_its_own_kind() {
    let mut names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 14);
    let of_tier = |tier| Kind::ALL.into_iter().filter(|kind| kind.tier() == tier).collect::<Vec<_>>();
    assert_eq!(
        of_tier("page"),
        [
            Kind::AllianceBreakdown,
            Kind::BreakdownUnrepaired,
            Kind::ProfessionalHelpWanted,
            Kind::HarmfulBehaviour,
            Kind::PeerWellbeingFall
        ]
    );
    assert_eq!(of_tier("digest").len(), 7);
    assert_eq!(
        (of_tier("safeguarding"), of_tier("operations")),
        (vec![Kind::Safeguarding], vec![Kind::SiteSilent])
    );
}

#[test]
fn every_kind_but_safeguarding_says_what_is_so_how_sure_it_is_and_what_to_do() {
    for kind in Kind::ALL {
        for stretch in stretches_of(kind) {
            let Some(words) = wording::of(&stretch) else {
                assert_eq!(kind, Kind::Safeguarding);
                continue;
            };
            let expected = words.expected_false_alarms.unwrap_or("of this nothing is known");
            for text in [words.summary, words.next_step, expected] {
                assert!(text.len() > 20 && !text.ends_with('.'), "{kind:?}: {text}");
                assert!(text.chars().next().is_some_and(char::is_lowercase), "{kind:?}: {text}");
                for word in ["fault", "blame", "worst", "best", "score of", "client rated", "failed", "bad "]
                {
                    assert!(!text.contains(word), "{kind:?}: {word} in {text}");
                }
            }
            assert!(words.rule.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        }
    }
}

#[test]
fn a_component_is_a_part_of_the_identity_only_where_it_is_one_of_the_subject() {
    let [stretch, ..] = &stretches_of(Kind::AllianceBreakdown)[..] else { panic!("one") };
    let with = |part: Part| Stretch { part, ..stretch.clone() }.id(ABOUT_PEER);
    assert_eq!(with(Part::Component(Component::Bond)), with(Part::None));
    assert_ne!(with(Part::Support(SupportType::Emotional)), with(Part::Support(SupportType::Appraisal)));
}

#[test]
fn what_changed_is_told_once_and_what_did_not_is_not() {
    let [stretch, ..] = &stretches_of(Kind::AllianceBreakdown)[..] else { panic!("one") };
    let over = stretch.clone().until(Some(noon(3)));
    let told = |before: &[&Stretch], after: &[&Stretch]| -> Vec<(String, Option<String>)> {
        let owned = |list: &[&Stretch]| list.iter().map(|one| (*one).clone()).collect::<Vec<_>>();
        let changes = differences(&owned(before), &owned(after), ABOUT_PEER, noon(9));
        changes.into_iter().map(|(_, alert)| (alert.state, alert.until)).collect()
    };
    let (third, ninth) = (noon(3).to_string(), noon(9).to_string());
    assert_eq!(told(&[], &[stretch]), [("firing".to_owned(), None)]);
    assert_eq!(told(&[stretch], &[stretch]), []);
    assert_eq!(told(&[stretch], &[&over]), [("resolved".to_owned(), Some(third.clone()))]);
    assert_eq!(told(&[stretch], &[]), [("withdrawn".to_owned(), Some(ninth))]);
    assert_eq!(told(&[&over], &[]), [("withdrawn".to_owned(), Some(third))], "it was over before");
}
