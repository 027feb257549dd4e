//! Configuration: compiled-in defaults, then one TOML file, then the environment; strict throughout.
//!
//! One file serves all services: each reads the sections it owns and passes over the others Rapport knows. A key or a
//! section nobody knows is an error that says what there is, so that a typing error is never a silent default. From the
//! environment, `RAPPORT_<SECTION>__<KEY>` sets a key (two underscores; deeper keys by further pairs) and commas
//! separate the elements of a list. Variables without two underscores are not ours. Secrets are only ever given as the
//! path of a file, in keys that end in `file`, so a configuration can be printed.

use std::path::Path;

use config::builder::DefaultState;
use config::{ConfigBuilder, Environment, File, FileFormat, Source, Value, ValueKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Sections of the file that Rapport knows.
pub const SECTIONS: [&str; 6] = ["log", "model", "ingest", "indicators", "exporter", "alerts"];

/// Why a configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is missing, or it is not TOML.
    #[error("read the configuration: {0}")]
    Unreadable(String),
    /// A section Rapport does not know.
    #[error("read the configuration: unknown section `{0}`; the sections are {known}", known = SECTIONS.join(", "))]
    UnknownSection(String),
    /// A key that does not belong, is missing, or has a value of another kind.
    #[error("read the configuration: {0}")]
    Invalid(String),
}

/// Reads the sections `own_sections`, the fields of `T`, which should refuse unknown fields.
///
/// `defaults` is TOML with at least every list there is, so that lists can be told from texts in the environment.
///
/// # Errors
/// As [`Error`] says; the text names the key or the section, where it stands and what there is.
pub fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    own_sections: &[&str],
) -> Result<T, Error> {
    load_from(defaults, file, own_sections, std::env::vars_os().filter_map(text))
}

/// As [`load`], with the environment as an argument.
///
/// # Errors
/// As [`load`].
pub fn load_from<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    own_sections: &[&str],
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, Error> {
    let unreadable = |error: config::ConfigError| Error::Unreadable(error.to_string());
    let defaults = File::from_str(defaults, FileFormat::Toml);
    let ours =
        environment.into_iter().filter(|(name, _)| name.starts_with("RAPPORT_") && name.contains("__"));
    let mut variables = Environment::with_prefix("RAPPORT")
        .prefix_separator("_")
        .separator("__")
        .try_parsing(true)
        .source(Some(ours.collect()));
    let lists = lists(&defaults.collect().map_err(unreadable)?);
    if !lists.is_empty() {
        // With a separator and no keys, every value would be taken for a list.
        variables = variables.list_separator(",");
    }
    for list in &lists {
        variables = variables.with_list_parse_key(list);
    }
    let mut layers: ConfigBuilder<DefaultState> = config::Config::builder().add_source(defaults);
    if let Some(path) = file {
        layers = layers.add_source(File::from(path).format(FileFormat::Toml).required(true));
    }
    let all = layers.add_source(variables).build().map_err(unreadable)?.collect().map_err(unreadable)?;
    let mut own = config::Map::new();
    for (section, value) in all {
        if own_sections.contains(&section.as_str()) {
            own.insert(section, value);
        } else if !SECTIONS.contains(&section.as_str()) {
            return Err(Error::UnknownSection(section));
        }
    }
    T::deserialize(Value::new(None, ValueKind::Table(own))).map_err(|error| Error::Invalid(error.to_string()))
}

/// The text of a file that the configuration names.
///
/// # Errors
/// Where it cannot be read; the text names the key and the file.
pub fn read_file(key: &str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::Invalid(format!("{key}: {}: {error}", path.display())))
}

/// The bytes of a file that another part of the configuration will name in its error.
///
/// # Errors
/// The file, and why it cannot be read.
pub fn read_named(file: &str) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{file}: {error}"))
}

/// The effective configuration as a TOML file that would give it again.
///
/// # Errors
/// Where `T` is not a table of tables.
pub fn print<T: Serialize>(config: &T) -> Result<String, Error> {
    toml::to_string(config).map_err(|error| Error::Invalid(error.to_string()))
}

fn text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// Paths of all lists in `table`.
fn lists(table: &config::Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in table {
        match &value.kind {
            ValueKind::Array(_) => found.push(key.clone()),
            ValueKind::Table(inner) => {
                found.extend(lists(inner).into_iter().map(|rest| format!("{key}.{rest}")))
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        ingest: Ingest,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ingest {
        topics: Vec<String>,
        workers: u32,
        name: String,
        http: Http,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Http {
        listen: String,
    }

    const DEFAULTS: &str =
        "[ingest]\ntopics = [\"a\"]\nworkers = 1\nname = \"x\"\n[ingest.http]\nlisten = \"l\"\n";

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rapport.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load_from(DEFAULTS, Some(&path), &["ingest"], environment).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = "[ingest]\nworkers = 2\nname = \"file\"\n[alerts]\nanything = 1\n";
        let environment = [
            ("RAPPORT_INGEST__NAME", "7"),
            ("RAPPORT_INGEST__TOPICS", "b,c"),
            ("RAPPORT_INGEST__HTTP__LISTEN", "0.0.0.0:1"),
            ("RAPPORT_INGEST_PORT", "tcp://injected"),
            ("PATH", "/bin"),
        ];
        let config = read(file, &environment).unwrap();
        let http = Http { listen: "0.0.0.0:1".to_owned() };
        let topics = vec!["b".to_owned(), "c".to_owned()];
        assert_eq!(config, Config { ingest: Ingest { topics, workers: 2, name: "7".to_owned(), http } });
    }

    #[test]
    fn without_any_list_among_the_defaults_a_text_is_a_text() {
        let defaults = "[ingest]\nlisten = \"l\"\n";
        let environment = [("RAPPORT_INGEST__LISTEN".to_owned(), "a,b".to_owned())];
        let read: BTreeMap<String, Http> = load_from(defaults, None, &["ingest"], environment).unwrap();
        assert_eq!(read["ingest"], Http { listen: "a,b".to_owned() });
    }

    #[test]
    fn a_key_or_section_nobody_knows_is_an_error_that_says_what_there_is() {
        let error = read("[ingest]\nworker = 2\n", &[]).unwrap_err();
        assert!(error.contains("worker") && error.contains("workers"), "{error}");
        let error = read("", &[("RAPPORT_INGEST__HTTP__LISTN", "x")]).unwrap_err();
        assert!(error.contains("listn") && error.contains("`listen`"), "{error}");
        let error = read("[ingst]\nworkers = 2\n", &[]).unwrap_err();
        assert!(error.contains("`ingst`") && error.contains("indicators"), "{error}");
        let error = read("[ingest]\nworkers = \"many\"\n", &[]).unwrap_err();
        assert!(error.contains("workers"), "{error}");
    }

    #[test]
    fn what_is_printed_gives_the_same_configuration_again() {
        let config = read("[ingest]\nworkers = 9\n", &[]).unwrap();
        assert_eq!(read(&print(&config).unwrap(), &[]).unwrap(), config);
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error() {
        let missing = Path::new("/nowhere/rapport.toml");
        let error = load_from::<Config>(DEFAULTS, Some(missing), &["ingest"], []).unwrap_err();
        assert!(error.to_string().contains("rapport.toml"), "{error}");
    }
}
