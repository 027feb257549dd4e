//! The instruments that ship, and what a wrong catalogue is told.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_embedded_catalogue_is_right_and_measures_every_construct_of_clients_and_peers() {
    let catalogue = Catalogue::parse(Catalogue::EMBEDDED_TOML).unwrap();
    assert_eq!(*Catalogue::embedded(), catalogue);
    let items_of = |target, end: &str| {
        let plain = |i: &&Instrument| i.target == target && i.id.starts_with("item-");
        let is_ten = |i: &Instrument| {
            assert_eq!(i.total, Some(Range { min_micros: 0, max_micros: 10_000_000 }), "{}", i.id);
            assert_eq!(i.id, format!("item-{}{end}", i.construct.replace('_', "-")));
            i.construct.clone()
        };
        catalogue.iter().filter(plain).map(is_ten).collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<String> = CONSTRUCTS.map(str::to_owned).into();
    assert_eq!((items_of(Target::Client, ""), items_of(Target::Peer, "-peer")), (all.clone(), all));
    let scales =
        "wai-sr srs ors core-10 swemwbs rses gse ucla-3 mspss isel-12 brief-inspire-o adult-hope-scale";
    for id in scales.split(' ').chain(["item-alliance", "swemwbs-peer", "rses-peer"]) {
        let instrument = catalogue.get(id).unwrap();
        assert!(instrument.total.is_some(), "{id}");
        let scoring = &catalogue.provenance(id).unwrap().scoring;
        assert!(scoring.contains(['(', ';']), "{id} does not say where its scoring is from: {scoring}");
    }
}

#[test]
fn scales_come_before_plain_items_so_that_they_are_primary() {
    let catalogue = Catalogue::embedded();
    let first_item = catalogue.iter().position(|i| i.id == "item-hope").unwrap();
    assert!(catalogue.iter().skip(first_item).all(|i| i.id.starts_with("item-")));
}

#[test]
fn the_numbers_that_decide_over_people_are_those_of_their_sources() {
    let catalogue = Catalogue::embedded();
    let wai = catalogue.get("wai-sr").unwrap();
    let one_to_five = Range { min_micros: 1_000_000, max_micros: 5_000_000 };
    assert_eq!(wai.total, Some(one_to_five));
    assert_eq!(wai.subscales.keys().collect::<Vec<_>>(), ["bond", "goal", "task"]);
    assert!(wai.subscales.values().all(|range| *range == one_to_five));
    for alliance in catalogue.iter().filter(|i| i.target == Target::Alliance) {
        assert_eq!(alliance.within_dyad_sd_micros, Some(100_000));
        let figure = &catalogue.provenance(&alliance.id).unwrap().figures["within_dyad_sd"];
        assert_eq!(figure.source, "assumption: replace by your own after 100 dyads");
    }
    let changes: Vec<_> =
        catalogue.iter().filter_map(|i| Some((i.id.as_str(), i.reliable_change_micros?))).collect();
    assert_eq!(changes, [("core-10", 6_000_000), ("swemwbs", 2_870_000), ("swemwbs-peer", 2_870_000)]);
    let cut_offs: Vec<_> = catalogue
        .iter()
        .filter_map(|i| Some((i.id.as_str(), i.high_is_bad, i.cut_off_micros? / 1_000_000)))
        .collect();
    assert_eq!(cut_offs, [("core-10", true, 11), ("ors", false, 25), ("brief-inspire-o", false, 50)]);
    let bad = catalogue.iter().filter(|i| i.high_is_bad).map(|i| i.construct.as_str());
    assert_eq!(bad.collect::<BTreeSet<_>>(), BTreeSet::from(["distress", "isolation", "stigma"]));
}

#[test]
fn a_raw_sum_of_swemwbs_finds_its_metric_score_and_none_between_the_ends_is_whole() {
    let catalogue = Catalogue::embedded();
    for id in ["swemwbs", "swemwbs-peer"] {
        let table = catalogue.provenance(id).unwrap().conversion.as_ref().unwrap();
        let score = |raw: i64| table.scores_micros[(raw - table.first_raw) as usize];
        assert_eq!(table.scores_micros.len(), 29);
        assert_eq!(
            [7, 8, 21, 27, 34, 35].map(score),
            [7_000_000, 9_510_000, 19_250_000, 24_110_000, 32_550_000, 35_000_000]
        );
        // Of all 29, so that none of those between can be another; in millionths.
        assert_eq!(table.scores_micros.iter().sum::<i64>(), 585_660_000);
        assert!((8..35).all(|raw| score(raw) % 1_000_000 != 0), "the scoring note says so");
    }
}

const GOOD: &str = r#"[[instrument]]
id = "x"
name = "X"
target = "client"
construct = "hope"
direction = "high_is_good"
scoring = "one item"
licence = "free"
total = { min = 0, max = 10 }
sd = { value = 2, source = "s" }
reliability = { value = 0.5, source = "s" }
reliable_change = { z = 1.96, source = "s" }
cut_off = { value = 4.5, source = "s" }
"#;

#[test]
fn a_reliable_change_is_computed_from_z_sd_and_reliability() {
    let catalogue = Catalogue::parse(GOOD).unwrap();
    let x = catalogue.get("x").unwrap();
    assert_eq!((x.reliable_change_micros, x.cut_off_micros), (Some(3_920_000), Some(4_500_000)));
    let figures = &catalogue.provenance("x").unwrap().figures;
    let expected = |micros, population: &str| Figure {
        micros,
        population: population.to_owned(),
        source: "s".to_owned(),
    };
    assert_eq!(figures["sd"], expected(2_000_000, ""));
    assert_eq!(figures["reliable_change"], expected(3_920_000, "computed from z, SD and reliability"));
}

/// What `GOOD` is told after `from` was replaced by `to`.
fn told(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    Catalogue::parse(&GOOD.replace(from, to)).unwrap_err().to_string()
}

#[test]
fn a_wrong_catalogue_says_line_and_field() {
    for (from, to, expected) in [
        ("max = 10", "max = 0", "line 9, `total`: max is not above min"),
        ("max = 10", "max = \"ten\"", "line 9, `total.max`: it is not a number between -1000000 and 1000000"),
        ("max = 10", "max = 1e7", "line 9, `total.max`: it is not a number between -1000000 and 1000000"),
        ("total = { min = 0, max = 10 }\n", "", "line 1, `total`: there is neither a total nor a subscale"),
        ("max = 10", "top = 10, max = 10", "line 9, `total.top`: there is no such field"),
        ("z = 1.96", "value = 0.0", "line 12, `reliable_change`: it is not above 0"),
        ("z = 1.96", "value = -1", "line 12, `reliable_change`: it is not above 0"),
        ("z = 1.96", "value = 10.1", "line 12, `reliable_change`: it is not within the range of the total"),
        ("z = 1.96", "z = 1.96, value = 3", "line 12, `reliable_change`: it has either `value` or `z`"),
        ("sd = {", "[[instrument]]\n#", "z needs `sd` and `reliability`"),
        ("value = 4.5", "value = 11", "line 13, `cut_off`: it is not within the range of the total"),
        ("hope", "joy", "line 5, `construct`: it is none of the model's constructs"),
        ("construct = \"hope\"\n", "", "line 1, `construct`: it is missing"),
        ("\"client\"", "\"Client\"", "line 4, `target`: it is none of alliance, client, peer"),
        ("high_is_good", "up", "line 6, `direction`: it is none of high_is_good, high_is_bad"),
        ("\"free\"", "\" \"", "line 8, `licence`: it is empty"),
        ("\"free\"", "1", "line 8, `licence`: it is not a text in quotes"),
        ("licence = \"free\"\n", "", "line 1, `licence`: it is missing"),
        ("\"x\"", "\"X y\"", "line 2, `id`: it is not 1 to 64 lower-case letters, digits and hyphens"),
        ("0.5, source = \"s\"", "0.5", "line 11, `reliability.source`: it is missing"),
        ("value = 0.5", "value = 2", "line 11, `reliability`: it is not from 0 to 1"),
        ("{ value = 2, source = \"s\" }", "2", "line 10, `sd`: it is not a table"),
        ("[[instrument]]", "[instrument]", "line 1, `instrument`: it is not a list of tables"),
        ("[[instrument]]", "[[scale]]", "line 1, `scale`: there is no such field"),
        ("[[instrument]]", "[[instrument]", "line 1: "),
    ] {
        let told = told(from, to);
        assert!(told.contains(expected), "{from} -> {to}: {told}");
    }
    assert!(Catalogue::parse("").unwrap_err().to_string().ends_with("line 1, `instrument`: there is none"));
}

#[test]
fn an_alliance_instrument_needs_its_own_fields_and_no_others() {
    let alliance = GOOD.replace("\"client\"\nconstruct = \"hope\"", "\"alliance\"");
    let told = |toml: &str| Catalogue::parse(toml).unwrap_err().to_string();
    let sd = |value: &str| format!("{alliance}within_dyad_sd = {{ value = {value}, source = \"s\" }}\n");
    assert!(told(&alliance).ends_with("line 1, `within_dyad_sd`: an alliance instrument needs one"));
    assert!(told(&sd("1.5")).ends_with("line 13, `within_dyad_sd`: it is not above 0 and at most 1"));
    assert!(Catalogue::parse(&sd("0.1")).is_ok());
    let warmth = sd("0.1") + "subscales = { warmth = { min = 1, max = 5 } }\n";
    let expected = "line 14, `subscales.warmth`: an alliance has the components bond, goal and task";
    assert!(told(&warmth).ends_with(expected));
    let of_client = GOOD.to_owned() + "within_dyad_sd = { value = 0.1, source = \"s\" }\n";
    assert!(told(&of_client).ends_with("`within_dyad_sd`: only an alliance instrument has one"));
    let with_construct = GOOD.replace("\"client\"", "\"alliance\"");
    assert!(told(&with_construct).contains("line 5, `construct`: an alliance instrument has none"));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_lines() {
    let second = GOOD.replace("max = 10", "max = -1");
    let wrong = format!("{}{second}", GOOD.replace("hope", "joy").replace("licence", "license"));
    assert_eq!(
        Catalogue::parse(&wrong).unwrap_err().to_string(),
        "read the catalogue, 5 problems:
  line 1, `licence`: it is missing
  line 5, `construct`: it is none of the model's constructs
  line 8, `license`: there is no such field
  line 15, `id`: another instrument has it
  line 22, `total`: max is not above min"
    );
}

#[test]
fn a_conversion_table_spans_the_total_and_rises() {
    let told = |scores: &str| {
        let toml = format!("{GOOD}metric = {{ first = 0, scores = {scores}, source = \"s\" }}\n");
        Catalogue::parse(&toml)
    };
    assert!(told("[0, 2.5, 10]").is_ok());
    for wrong in ["[0, 2.5, 9]", "[1, 10]", "[0, 5, 5, 10]", "[]", "7"] {
        let error = told(wrong).unwrap_err().to_string();
        assert!(error.contains("line 14, `metric.scores`: it is not a list of numbers that rise"), "{error}");
    }
}
