//! docs/model.md is made of the table of indicators, of what [`Id::guide`] says of each, and of the kinds of alert.
//! `RAPPORT_BLESS=1 cargo test -p rapport-model --test model_page` writes it anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;
use std::fs;

use rapport_model::alert;
use rapport_model::indicators::{CATALOGUE, Chapter, Id, Indicator, Kind, LabelSet, WINDOWS, With};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/model.md");
const BEFORE: &str = include_str!("model_page/before.md");
const AFTER: &str = include_str!("model_page/after.md");

/// Longest line of a paragraph.
const WIDTH: usize = 110;

/// A paragraph, broken at spaces.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().unwrap();
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            let space = if last.is_empty() { "" } else { " " };
            let _ = write!(last, "{space}{word}");
        }
    }
    lines.join("\n")
}

/// The first of its names, and how the others end.
fn names(indicator: &Indicator) -> String {
    let names = indicator.sample_names();
    let shown = |(n, name): (usize, &String)| match name.strip_prefix(indicator.name) {
        Some(suffix) if n > 0 => format!("`{suffix}`"),
        _ => format!("`rapport_{name}`"),
    };
    names.iter().enumerate().map(shown).collect::<Vec<_>>().join(", ")
}

fn labels(indicator: &Indicator) -> String {
    let label = |(label, set): &(&str, LabelSet)| match set {
        LabelSet::Construct => format!("`{label}`: [the constructs](#the-constructs)"),
        LabelSet::Alert => format!("`{label}`: [the kinds of alert](#the-kinds-of-alert)"),
        set => format!("`{label}`: {}", set.words().join(", ")),
    };
    indicator.labels.iter().map(label).collect::<Vec<_>>().join("; ")
}

/// How small numbers of it are treated, where that is not by its own size.
fn goes_with(indicator: &Indicator) -> Option<String> {
    let Kind::Sum { with, of, .. } = indicator.kind else { return None };
    let count = |count: With| {
        let fixed = count.fixed.iter().map(|(label, word)| format!("{{{label}=\"{word}\"}}"));
        format!("`{}{}`", count.id.indicator().name, fixed.collect::<String>())
    };
    let counts: Vec<_> = [Some(with), of].into_iter().flatten().map(count).collect();
    Some(format!("A sum, shown or withheld with {}.", counts.join(" and with ")))
}

fn section(page: &mut String, indicator: &Indicator) {
    let guide = indicator.id.guide();
    let _ = write!(page, "### `{}`\n\n{}\n\n", indicator.name, wrapped(guide.sentence));
    let mut item = |what: &str, text: &str| {
        let text = wrapped(&format!("- *{what}:* {text}")).replace('\n', "\n  ");
        let _ = writeln!(page, "{text}");
    };
    item("It can tell", guide.can_tell);
    item("It cannot tell", guide.cannot_tell);
    item("It speaks to", guide.speaks_to);
    let sum = goes_with(indicator).map(|text| format!(" {text}")).unwrap_or_default();
    item("Exactly", &format!("{}.{sum}", indicator.help));
    item("Samples", &names(indicator));
    if !indicator.labels.is_empty() {
        item("Labels", &labels(indicator));
    }
    let _ = write!(page, "\n```promql\n{}\n```\n\n", guide.query);
}

fn alerts(page: &mut String) {
    page.push_str("### The kinds of alert\n\n| alert | goes to | it opens | it ends |\n|---|---|---|---|\n");
    for kind in alert::Kind::ALL {
        let to = match kind.tier() {
            "page" => "supervisors, at once",
            "digest" => "supervisors, in the digest",
            "safeguarding" => "the safeguarding lead, and nobody else",
            "operations" => "whoever runs Rapport",
            tier => panic!("nobody knows who reads {tier}"),
        };
        let _ = writeln!(page, "| `{}` | {to} | {} | {} |", kind.as_str(), kind.opens(), kind.closes());
    }
    let text = "While a safeguarding alert about a pair fires, all other alerts about that pair are recorded and not delivered: they would \
         tell the wrong people. One that was told before is told as over some minutes later. Once the safeguarding lead has \
         closed the alert, what still fires is told, again where it was told before.";
    let _ = write!(page, "\n{}\n\n", wrapped(text));
}

fn constructs(page: &mut String) {
    page.push_str("### The constructs\n\n");
    let words = LabelSet::Construct.words().join(", ");
    let text = format!(
        "What an instrument may measure in a client or a peer: {words}. Your instruments decide which of them you see: \
         `rapport instruments` lists them, with what each may and may not tell. What none of them measures is not shown."
    );
    let _ = write!(page, "{}\n\n", wrapped(&text));
}

fn page() -> String {
    let mut page = BEFORE.to_owned();
    for chapter in Chapter::ALL {
        let _ = write!(page, "\n## {}\n\n{}\n\n", chapter.title(), wrapped(chapter.introduction()));
        for id in READ_IN_ORDER.iter().filter(|id| id.guide().chapter == chapter) {
            section(&mut page, id.indicator());
        }
        match chapter {
            Chapter::Outcomes => constructs(&mut page),
            Chapter::Alerts => alerts(&mut page),
            _ => {}
        }
    }
    format!("{}\n\n{AFTER}", page.trim_end())
}

/// All indicators in the order in which they are best read within their chapter.
const READ_IN_ORDER: [Id; 57] = [
    Id::Dyads,
    Id::DyadsOpen,
    Id::DyadsContacted,
    Id::Contacts,
    Id::ContactMinutes,
    Id::DyadDays,
    Id::ClientDays,
    Id::PeersActive,
    Id::PeersSupervised,
    Id::PeersTrained,
    Id::PeersReflecting,
    Id::PeersOverloaded,
    Id::PeerExits,
    Id::DyadsRated,
    Id::AllianceRatings,
    Id::AllianceDyads,
    Id::AllianceScorePoints,
    Id::ContactsPractice,
    Id::Breakdowns,
    Id::BreakdownsDetected,
    Id::BreakdownsDue,
    Id::BreakdownsRepaired,
    Id::Repairs,
    Id::RepairDays,
    Id::AllianceBaselines,
    Id::AllianceBaselineSquares,
    Id::AllianceBaselineDf,
    Id::ContactsSupport,
    Id::DyadsSupported,
    Id::SupportRequestsDue,
    Id::SupportRequestsMet,
    Id::DropoutsSupport,
    Id::DyadsStanding,
    Id::DyadDaysSupport,
    Id::Behaviours,
    Id::BehavioursLearned,
    Id::Comparisons,
    Id::AdvocacyContacts,
    Id::AdvocacyFollowed,
    Id::Exits,
    Id::ExitsSide,
    Id::ExitsMechanism,
    Id::Dropouts,
    Id::DropoutsMatched,
    Id::DyadsMatched,
    Id::DyadDaysMatched,
    Id::Pathway,
    Id::Outcomes,
    Id::OutcomesRecovered,
    Id::OutcomeScores,
    Id::OutcomePersons,
    Id::OutcomeScorePoints,
    Id::ServiceClients,
    Id::ServiceUse,
    Id::Alerts,
    Id::AlertsAcknowledged,
    Id::AlertsConfirmed,
];

#[test]
fn the_page_about_the_model_says_what_is_computed() {
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        fs::write(PAGE, page()).unwrap();
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    let differs = page().lines().zip(written.lines()).position(|(made, written)| made != written);
    assert_eq!(differs, None, "docs/model.md differs from that line on: RAPPORT_BLESS=1 writes it anew");
    assert_eq!(page().len(), written.len(), "docs/model.md differs in length");
}

#[test]
fn every_indicator_stands_on_the_page_once_and_under_its_exported_name() {
    let page = page();
    for indicator in CATALOGUE {
        let heading = format!("\n### `{}`\n", indicator.name);
        assert_eq!(page.matches(&heading).count(), 1, "{}", indicator.name);
        let first = &indicator.sample_names()[0];
        assert_eq!(page.matches(&format!("`rapport_{first}`")).count(), 1, "{first}");
    }
    assert_eq!(READ_IN_ORDER.len(), CATALOGUE.len());
    for window in WINDOWS {
        assert!(BEFORE.contains(&format!("{} days", window.days)), "the page does not explain {window:?}");
    }
}

#[test]
fn every_text_on_the_page_is_made_of_sentences() {
    for indicator in CATALOGUE {
        let guide = indicator.id.guide();
        for text in [guide.sentence, guide.can_tell, guide.cannot_tell, guide.speaks_to] {
            assert!(
                text.ends_with('.') && text.starts_with(char::is_uppercase),
                "{}: {text}",
                indicator.name
            );
            assert!(!text.contains("  "), "{}: {text}", indicator.name);
        }
    }
    for kind in alert::Kind::ALL {
        for text in [kind.opens(), kind.closes()] {
            assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{}: {text}", kind.as_str());
            assert!(!text.contains('|'), "{}: {text}", kind.as_str());
        }
    }
}
