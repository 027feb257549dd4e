//! A page of /metrics.

use std::collections::BTreeMap;

/// Labels of a series.
pub type Labels = BTreeMap<String, String>;

/// A page of /metrics, read.
#[derive(Debug, Clone)]
pub struct Page {
    /// As it was sent.
    pub text: String,
    /// Every series and its value.
    pub series: BTreeMap<(String, Labels), f64>,
}

impl Page {
    /// Fetches and reads a page; `None` where nobody answers.
    pub fn get(url: &str) -> Option<Page> {
        let text = reqwest::blocking::get(url).ok()?.error_for_status().ok()?.text().ok()?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let series = lines.map(series).collect();
        Some(Page { text, series })
    }

    /// Every series of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Labels, f64)> {
        self.series
            .iter()
            .filter(move |((other, _), _)| other == name)
            .map(|((_, labels), value)| (labels, *value))
    }

    /// The sum of all series of that name.
    pub fn sum(&self, name: &str) -> f64 {
        self.all(name).map(|(_, value)| value).sum()
    }
}

/// `name{label="value",…} number`; no label of ours has a value that needs escaping.
fn series(line: &str) -> ((String, Labels), f64) {
    let (series, value) = line.rsplit_once(' ').expect("a series and its value");
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
    let labels = labels.map(|label| {
        let (name, value) = label.split_once('=').expect("a label has a value");
        (name.to_owned(), value.trim_matches('"').to_owned())
    });
    ((name.to_owned(), labels.collect()), value.parse().expect("a value is a number"))
}
