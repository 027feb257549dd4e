//! What is not enforced is not a rule: the house rules that no lint knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::visit::{self, Visit};

const LINES_OF_A_FILE: usize = 400;
const LINES_OF_A_FUNCTION: usize = 70;
const LINES_OF_A_MAIN: usize = 40;

/// What the core may depend on: no async, no log, no metrics, no configuration loader, no clock, no randomness, no I/O.
const DEPENDENCIES_OF_THE_CORE: [&str; 11] = [
    "hashbrown",
    "hmac",
    "itoa",
    "jiff",
    "prost",
    "rapport-proto",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "toml",
];

/// Words that keep their capital at the start of a text.
const PROPER_NAMES: [&str; 7] = ["Alertmanager", "Grafana", "HTTP", "JSON", "Kafka", "Prometheus", "TOML"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// All files below a folder of the repository, hidden folders and build results left out.
fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

struct File {
    /// Path from the root of the repository.
    name: String,
    text: String,
}

impl File {
    fn is_test(&self) -> bool {
        self.name.starts_with("tests/") || self.name.contains("/tests/") || self.name.ends_with("/tests.rs")
    }
}

/// The text files of the repository with one of these endings, sorted.
fn files(endings: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    files_below(&root(), &mut paths);
    paths.sort();
    let has_ending = |path: &PathBuf| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending));
    let read = |path: PathBuf| {
        let text = fs::read(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        File { name, text: String::from_utf8_lossy(&text).into_owned() }
    };
    let files: Vec<File> = paths.into_iter().filter(has_ending).map(read).collect();
    assert!(!files.is_empty(), "no file ends in {endings:?}");
    files
}

#[track_caller]
fn nothing(problems: Vec<String>) {
    assert!(problems.is_empty(), "{} places:\n{}", problems.len(), problems.join("\n"));
}

/// Places of code, comments left out, that hold one of these.
fn places(files: &[File], words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in words.iter().filter(|word| code.contains(word.as_str())) {
                found.push(format!("{}:{}: {word}", file.name, number + 1));
            }
        }
    }
    found
}

/// A word that this file must not hold itself.
fn word(parts: &[&str]) -> String {
    parts.concat()
}

#[test]
fn no_file_is_longer_than_can_be_read_at_once() {
    let too_long = |file: File| {
        let lines = file.text.lines().count();
        (lines > LINES_OF_A_FILE).then(|| format!("{}: {lines} lines", file.name))
    };
    nothing(files(&[".rs", ".proto"]).into_iter().filter_map(too_long).collect());
}

/// Collects functions that are too long, and texts of errors and logs that are written otherwise than agreed.
struct Reader<'a> {
    file: &'a str,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn measure(&mut self, name: &str, span: Span) {
        let lines = span.end().line - span.start().line + 1;
        let most = if name == "main" { LINES_OF_A_MAIN } else { LINES_OF_A_FUNCTION };
        if lines > most {
            self.problems.push(format!("{}:{}: {name} has {lines} lines", self.file, span.start().line));
        }
    }

    fn judge_text(&mut self, text: &str, line: usize) {
        let first = text.split([' ', ':', ',']).next().unwrap_or_default();
        let starts_upper = text.chars().next().is_some_and(char::is_uppercase);
        if text.ends_with('.') || (starts_upper && !PROPER_NAMES.contains(&first)) {
            self.problems.push(format!("{}:{line}: {text:?}", self.file));
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig.ident.to_string(), syn::spanned::Spanned::span(&function.block));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig.ident.to_string(), syn::spanned::Spanned::span(&function.block));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("error")
            && let syn::Meta::List(list) = &attribute.meta
        {
            let first = list.tokens.clone().into_iter().next();
            if let Some(Ok(text)) = first.map(|token| syn::parse2::<syn::LitStr>(token.into())) {
                self.judge_text(&text.value(), text.span().start().line);
            }
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if ["trace", "debug", "info", "warn", "error"].contains(&name.as_str()) {
            // Fields come first; the message is the last text that is a token of its own.
            let tokens: Vec<proc_macro2::TokenTree> = call.tokens.clone().into_iter().collect();
            let texts = tokens.into_iter().filter_map(|token| syn::parse2::<syn::LitStr>(token.into()).ok());
            if let Some(text) = texts.last() {
                self.judge_text(&text.value(), text.span().start().line);
            }
        }
    }
}

#[test]
fn no_function_is_too_long_and_errors_and_logs_are_lower_case_without_a_full_stop() {
    let mut problems = Vec::new();
    for file in files(&[".rs"]) {
        let parsed = syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.name));
        let mut reader = Reader { file: &file.name, problems: Vec::new() };
        reader.visit_file(&parsed);
        problems.append(&mut reader.problems);
    }
    nothing(problems);
}

#[test]
fn every_module_says_what_it_is_for() {
    let has_header = |file: &File| file.text.lines().any(|line| line.starts_with("//!"));
    nothing(files(&[".rs"]).into_iter().filter(|file| !has_header(file)).map(|file| file.name).collect());
}

#[test]
fn the_core_depends_on_nothing_that_could_make_it_impure() {
    let manifest: toml::Table =
        fs::read_to_string(root().join("crates/model/Cargo.toml")).unwrap().parse().unwrap();
    let dependencies: BTreeSet<&str> =
        manifest["dependencies"].as_table().unwrap().keys().map(String::as_str).collect();
    let allowed = BTreeSet::from(DEPENDENCIES_OF_THE_CORE);
    nothing(dependencies.difference(&allowed).map(|name| (*name).to_owned()).collect());
}

/// Tests that look at the client itself: one at what it does to transactions, one for transactions that nobody ended.
const MAY_NAME_THE_CLIENT: [&str; 3] =
    ["tests/Cargo.toml", "tests/tests/faults/stuck.rs", "tests/tests/kafka_log/torn.rs"];

#[test]
fn one_folder_names_the_kafka_client() {
    let name = word(&["rd", "kafka"]);
    let others: Vec<File> = files(&[".rs", "Cargo.toml"])
        .into_iter()
        .filter(|file| !file.name.starts_with("crates/stream/src/kafka/"))
        .filter(|file| !["Cargo.toml", "crates/stream/Cargo.toml"].contains(&file.name.as_str()))
        // What measures the client's own limit has to be the client.
        .filter(|file| !file.name.starts_with("bench/"))
        // So has what shows what the client does where it is used as documented.
        .filter(|file| !MAY_NAME_THE_CLIENT.contains(&file.name.as_str()))
        .collect();
    nothing(places(
        &others,
        &[format!("{name}::"), format!("use {name}"), format!("{name} ="), format!("{name}.")],
    ));
}

#[test]
fn nothing_reads_a_clock_but_the_runtime() {
    // What drives real programs from outside reads the clock they read; clippy asks it for its reason.
    let may =
        |file: &File| ["crates/runtime/", "tests/", "bench/"].iter().any(|at| file.name.starts_with(at));
    let others: Vec<File> = files(&[".rs"]).into_iter().filter(|file| !may(file)).collect();
    let clocks = ["SystemTime", "Instant", "Timestamp", "Zoned"].map(|clock| format!("{clock}::{}", "now("));
    nothing(places(&others, &clocks));
}

#[test]
fn nothing_that_is_shipped_dies_where_a_test_wants_it_to() {
    let feature = "failpoints";
    let may = |file: &File| file.name == "crates/stream/Cargo.toml";
    let others: Vec<File> =
        files(&["Cargo.toml", "Dockerfile", "compose.yaml"]).into_iter().filter(|file| !may(file)).collect();
    assert!(others.len() > 10, "there are manifests");
    nothing(places(&others, &[feature.to_owned()]));
    let stream = files(&["Cargo.toml"]).into_iter().find(may).expect("the stream crate has a manifest");
    let defaults = stream.text.lines().filter(|line| line.starts_with("default"));
    assert_eq!(defaults.count(), 0, "the stream crate turns a feature on by itself");
}

#[test]
fn no_test_is_skipped_and_none_waits_by_the_clock() {
    let all = files(&[".rs"]);
    nothing(places(&all, &[word(&["#[", "ignore"])]));
    // The one place in which tests wait for a condition, until a deadline; examples are no tests.
    let may =
        |file: &File| file.name == "tests/src/harness/wait.rs" || file.name.starts_with("tests/examples/");
    let tests: Vec<File> = all.into_iter().filter(|file| file.is_test() && !may(file)).collect();
    nothing(places(&tests, &[word(&["sleep", "("])]));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let paths =
        [word(&["/wo", "rk/"]), word(&["\"/wo", "rk\""]), word(&["/ro", "ot/"]), word(&["/ho", "me/"])];
    let endings = [".rs", ".toml", ".md", ".proto", ".yaml", ".yml", ".json", ".sh", ".py", "Makefile"];
    let mut found = Vec::new();
    for file in files(&endings) {
        for path in paths.iter().filter(|path| file.text.contains(path.as_str())) {
            found.push(format!("{}: {path}", file.name));
        }
    }
    nothing(found);
}

#[test]
fn every_crate_inherits_the_lints_of_the_workspace() {
    let workspace: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let inherits = |member: &&toml::Value| {
        let path = root().join(member.as_str().unwrap()).join("Cargo.toml");
        let manifest: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
        manifest.get("lints").and_then(|lints| lints.get("workspace")?.as_bool()) == Some(true)
    };
    nothing(members.iter().filter(|member| !inherits(member)).map(ToString::to_string).collect());
}

#[test]
fn the_readme_names_the_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for command in ["make demo", "make test"] {
        assert!(readme.contains(command), "the README does not name `{command}`");
    }
}
