//! What is shown of the numbers: recording rules, dashboards and the queries of docs/model.md ask only for what is
//! exported, and never let a withheld number pass as nothing.

use std::collections::BTreeSet;

use rapport_model::indicators::{self, CATALOGUE};
use serde_json::Value;

use crate::deploy_files::{read, repository, run};

const RULES: &str = "deploy/prometheus/rules/rapport.yml";
const TESTS_OF_RULES: &str = "deploy/prometheus/tests/rapport_test.yml";

/// Every name that looks like a metric in a PromQL expression.
fn metrics_in(expression: &str) -> BTreeSet<String> {
    expression
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
        .filter(|word| word.starts_with("rapport_") || word.contains(":rapport_"))
        .map(str::to_owned)
        .collect()
}

/// What the exporter shows: every indicator, by window, and three metrics about releases.
fn exported() -> BTreeSet<String> {
    let of_releases = ["release_timestamp_seconds", "site_first_day_timestamp_seconds", "withheld_samples"];
    let of_indicators = CATALOGUE.iter().flat_map(|indicator| indicator.sample_names());
    let names = of_releases.into_iter().map(str::to_owned).chain(of_indicators);
    names.map(|name| format!("rapport_{name}")).collect()
}

/// The recording rules: what each records, and its expression, comments left out, in one line.
fn rules() -> Vec<(String, String)> {
    let mut rules: Vec<(String, String)> = Vec::new();
    for line in read(RULES).lines().map(str::trim).take_while(|line| *line != "- name: rapport-pipeline") {
        if let Some(name) = line.strip_prefix("- record: ") {
            rules.push((name.to_owned(), String::new()));
        } else if let Some((_, expression)) = rules.last_mut()
            && !line.starts_with('#')
            && !line.starts_with("expr:")
        {
            expression.push_str(line);
            expression.push(' ');
        }
    }
    assert!(rules.len() >= 30, "{rules:?}");
    rules
}

fn recorded() -> BTreeSet<String> {
    rules().into_iter().map(|(name, _)| name).collect()
}

fn dashboards() -> Vec<(String, Value)> {
    let folder = repository().join("deploy/grafana/dashboards");
    let mut found: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.display().to_string(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!found.is_empty());
    found
}

/// The panels of a dashboard that show numbers.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let shows = |panel: &&Value| panel["type"] != "row" && panel["type"] != "text";
    dashboard["panels"].as_array().unwrap().iter().filter(shows).collect()
}

/// Words of an expression that would make up a number: over a label or over sites a sum leaves out what is withheld, and
/// `or` puts something in its place; gauges that are counts have no rate and no mean.
fn making_up(expression: &str) -> Vec<&str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| ["or", "sum", "absent", "vector", "avg", "rate", "increase"].contains(word)).collect()
}

#[test]
fn recording_rules_pass_promtool_and_their_own_tests() {
    run("promtool", &["check", "rules", RULES]);
    run("promtool", &["test", "rules", TESTS_OF_RULES]);
    run("promtool", &["check", "config", "deploy/prometheus/prometheus.yml"]);
    let tests = read(TESTS_OF_RULES);
    for name in recorded() {
        assert!(tests.contains(&format!("- expr: {name}\n")), "{name} has no test");
    }
}

#[test]
fn recording_rules_are_made_of_exported_indicators_only() {
    let exported = exported();
    for (record, expression) in rules() {
        let names = metrics_in(&expression);
        assert!(!names.is_empty(), "{record}");
        for name in names {
            assert!(exported.contains(&name), "{record}: {name} is not exported");
        }
        for replicated in ["instance", "job"] {
            assert!(expression.contains(replicated), "{record} tells replicas apart by {replicated}");
        }
    }
}

/// How many words the labels of that sample have between them.
fn words_of(sample: &str, labels: &str) -> usize {
    let name = sample.strip_prefix("rapport_").unwrap();
    let (indicator, _) = indicators::find(name).unwrap_or_else(|| panic!("there is no {name}"));
    let set = |label: &str| indicator.labels.iter().find(|(other, _)| *other == label).unwrap().1;
    labels.split(", ").map(|label| set(label).words().len()).product()
}

#[test]
fn a_recording_rule_sums_over_a_label_only_where_every_word_of_it_is_shown() {
    let mut sums = 0;
    for (record, expression) in rules() {
        for (at, _) in expression.match_indices("sum without (") {
            let rest = &expression[at + "sum without (".len()..];
            let (labels, rest) = rest.split_once(") (").unwrap();
            let summed = &rest[..=rest.find("))").unwrap()];
            let sample = metrics_in(summed).pop_first().unwrap();
            assert!(!summed.contains('{'), "{record}: {summed} leaves something out");
            let whole = format!("count without ({labels}) ({summed}) == {} ", words_of(&sample, labels));
            assert!(expression.contains(&whole), "{record}: there is no {whole:?} in {expression}");
            sums += 1;
        }
        let others = making_up(&expression).into_iter().filter(|word| *word != "sum");
        assert_eq!(others.collect::<Vec<_>>(), [""; 0], "{record}");
    }
    assert!(sums >= 4, "there are only {sums} sums");
}

#[test]
fn every_dashboard_panel_explains_itself_and_asks_for_what_is_exported_or_recorded() {
    let known: BTreeSet<String> = exported().union(&recorded()).cloned().collect();
    let mut uids = BTreeSet::new();
    for (path, dashboard) in dashboards() {
        assert!(uids.insert(dashboard["uid"].as_str().unwrap().to_owned()), "{path}: the uid is used twice");
        assert_eq!(
            dashboard["editable"],
            Value::Bool(false),
            "{path}: provisioned dashboards are not edited in place"
        );
        let mut ids = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(
                ids.insert(panel["id"].as_u64().unwrap()),
                "{path}: {}: the id is used twice",
                panel["title"]
            );
        }
        for panel in panels(&dashboard) {
            let title = format!("{path}: {}", panel["title"].as_str().unwrap());
            assert!(panel["description"].as_str().unwrap().len() > 40, "{title} does not explain itself");
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(!defaults["unit"].as_str().unwrap().is_empty(), "{title}: no unit");
            assert_eq!(defaults["noValue"], "withheld or no data", "{title}");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
            for target in panel["targets"].as_array().unwrap() {
                let expression = target["expr"].as_str().unwrap();
                let names = metrics_in(expression);
                assert!(!names.is_empty(), "{title}: {expression}");
                for name in names {
                    assert!(known.contains(&name), "{title}: nothing exports or records {name}");
                }
                assert!(expression.contains("site=~\"$site\""), "{title}: {expression}");
                assert_eq!(making_up(expression), [""; 0], "{title}: {expression}");
            }
        }
    }
}

/// The names of the alerts about Rapport itself.
fn alerts_of_the_pipeline() -> Vec<String> {
    let name = |line: &str| line.trim().strip_prefix("- alert: ").map(str::to_owned);
    read(RULES).lines().filter_map(name).collect()
}

#[test]
fn every_alert_about_rapport_itself_has_a_test_and_is_in_the_operations_guide() {
    let (tests, guide, alerts) = (read(TESTS_OF_RULES), read("docs/operations.md"), alerts_of_the_pipeline());
    assert!(alerts.len() >= 10, "{alerts:?}");
    for alert in alerts {
        assert!(guide.contains(&format!("`{alert}`")), "{alert} is not in the guide");
        // These two are what Prometheus' own manual shows.
        let is_plain = ["RapportWatchdog", "RapportServiceDown"].contains(&alert.as_str());
        assert!(is_plain || tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test");
    }
}

#[test]
fn a_panel_leaves_out_what_is_0_where_it_says_so_and_nowhere_else() {
    let mut panels_that_do = 0;
    for (path, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let title = format!("{path}: {}", panel["title"].as_str().unwrap());
            let says =
                panel["description"].as_str().unwrap().contains("left out, and small numbers are withheld");
            for target in panel["targets"].as_array().unwrap() {
                let expression = target["expr"].as_str().unwrap();
                assert_eq!(expression.ends_with(" > 0"), says, "{title}: {expression}");
            }
            panels_that_do += usize::from(says);
        }
    }
    assert!(panels_that_do >= 6, "{panels_that_do}");
}

#[test]
fn the_dashboards_show_all_four_mechanisms_and_what_becomes_of_people() {
    let recorded = recorded();
    let mut shown = BTreeSet::new();
    for (_, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let targets = panel["targets"].as_array().unwrap();
            shown.extend(targets.iter().flat_map(|target| metrics_in(target["expr"].as_str().unwrap())));
        }
    }
    // Of few cases a share says little: of these the dashboards show the numbers.
    let few = [
        "site_alert:rapport_alerts_confirmed:ratio_90d",
        "site_construct_person:rapport_outcomes_recovered:ratio_90d",
    ];
    let not_shown: Vec<_> = recorded.difference(&shown).collect();
    assert_eq!(not_shown, few);
    for name in ["peer_exits_90d", "breakdowns_90d", "comparisons_90d", "pathway_90d", "alerts_90d"] {
        assert!(shown.contains(&format!("rapport_{name}")), "{name}");
    }
}

/// The queries of docs/model.md, which is made of these.
fn queries() -> Vec<(&'static str, &'static str)> {
    CATALOGUE.iter().map(|indicator| (indicator.name, indicator.id.guide().query)).collect()
}

#[test]
fn the_queries_of_the_page_about_the_model_show_their_indicator_and_nothing_made_up() {
    let (exported, rules) = (exported(), rules());
    let page = read("docs/model.md");
    for (name, query) in queries() {
        assert!(page.contains(&format!("```promql\n{query}\n```")), "{name}");
        let mut names = metrics_in(query);
        for (_, expression) in rules.iter().filter(|(record, _)| metrics_in(query).contains(record)) {
            names.extend(metrics_in(expression));
        }
        let recorded: Vec<_> = names.iter().filter(|name| name.contains(':')).collect();
        let known = |name: &str| rules.iter().any(|(record, _)| record == name);
        assert!(recorded.iter().all(|name| known(name)), "{name}: nothing records one of {recorded:?}");
        let samples: Vec<_> = names.iter().filter(|name| !name.contains(':')).collect();
        assert!(samples.iter().all(|sample| exported.contains(*sample)), "{name}: {samples:?}");
        let own = samples.iter().filter_map(|sample| indicators::find(sample.strip_prefix("rapport_")?));
        assert!(
            own.map(|(indicator, _)| indicator.name).any(|shown| shown == name),
            "{name} is not in {query}"
        );
        assert_eq!(making_up(query), [""; 0], "{name}");
    }
}

#[test]
fn the_queries_of_the_page_about_the_model_are_promql() {
    let rules =
        queries().into_iter().map(|(name, query)| format!("      - {{record: {name}, expr: '{query}'}}\n"));
    let text = format!("groups:\n  - name: page\n    rules:\n{}", rules.collect::<String>());
    let file = std::env::temp_dir().join(format!("rapport-queries-{}.yml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    run("promtool", &["check", "rules", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn every_metric_that_a_deployed_file_names_exists() {
    let known: BTreeSet<String> = exported().union(&recorded()).cloned().collect();
    let mut of_services = BTreeSet::new();
    for file in [
        "deploy/prometheus/prometheus.yml",
        RULES,
        "deploy/alertmanager/alertmanager.yml",
        "deploy/compose.yaml",
    ] {
        for name in metrics_in(&read(file)).into_iter().filter(|name| !known.contains(name)) {
            assert!(is_registered(&name) == Some(true), "{file}: {name}");
            of_services.insert(name);
        }
    }
    // That somebody is told when alerts are not delivered.
    for name in ["caught_up", "post_failures_total", "refused_total", "unusable_records_total"] {
        assert!(of_services.contains(&format!("rapport_alerts_{name}")), "no rule looks at {name} of alerts");
    }
}

/// Whether the service whose metric that looks like registers it; `None` of one of no service.
fn is_registered(name: &str) -> Option<bool> {
    let (service, part) = name.trim_start_matches("rapport_").split_once('_')?;
    let own = read(&format!("services/{service}/src/metrics.rs"));
    let of_workers = read("crates/runtime/src/metrics.rs");
    let quoted = [format!("\"{name}\""), format!("\"{part}\"")];
    Some(quoted.iter().any(|quoted| own.contains(quoted) || of_workers.contains(quoted)))
}

#[test]
fn every_metric_of_a_service_that_the_operations_guide_names_is_one_it_registers() {
    let mut named = 0;
    for name in metrics_in(&read("docs/operations.md")) {
        let Some(is_registered) = is_registered(&name) else { continue };
        assert!(is_registered, "{name}");
        named += 1;
    }
    assert!(named >= 10, "the guide names {named}");
}
