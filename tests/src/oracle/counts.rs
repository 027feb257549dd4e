//! A release's samples while they are being counted.

use std::collections::BTreeMap;

/// A sample: its name, labels and decimal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Name, window included.
    pub name: String,
    /// Labels beside `site`: `label=value`, sorted, with commas.
    pub labels: String,
    /// Value as it is published.
    pub value: String,
}

/// Counts and sums by name and labels. Every sample must be declared before it is added to, so that closed sets are
/// complete and nothing else comes up.
#[derive(Debug, Default)]
pub struct Counts {
    counts: BTreeMap<(String, String), i128>,
    points: Vec<String>,
}

/// Labels as a sample has them.
pub fn labels<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<(&str, &str)> = pairs.into_iter().collect();
    pairs.sort_unstable();
    let mut text = String::new();
    for (label, value) in pairs {
        text.extend([if text.is_empty() { "" } else { "," }, label, "=", value]);
    }
    text
}

impl Counts {
    /// Declares a sample without labels.
    pub fn declare(&mut self, name: &str) {
        self.declare_by(name, &[]);
    }

    /// Declares all products of the labels' values.
    pub fn declare_by(&mut self, name: &str, sets: &[(&str, &[&str])]) {
        let mut products: Vec<Vec<(&str, &str)>> = vec![Vec::new()];
        for (label, values) in sets {
            let with = |product: &Vec<(_, _)>, value| [product.as_slice(), &[(*label, value)]].concat();
            let extended =
                products.iter().flat_map(|product| values.iter().map(|value| with(product, *value)));
            products = extended.collect();
        }
        for product in products {
            self.counts.insert((name.to_owned(), labels(product)), 0);
        }
    }

    /// Says that samples of that name are sums of millionths.
    pub fn are_points(&mut self, name: &str) {
        self.points.push(name.to_owned());
    }

    /// Adds to a sample.
    pub fn add(&mut self, name: &str, pairs: &[(&str, &str)], amount: i128) {
        let sample = (name.to_owned(), labels(pairs.iter().copied()));
        *self.counts.get_mut(&sample).unwrap_or_else(|| panic!("{sample:?} was not declared")) += amount;
    }

    /// The samples, sorted.
    pub fn samples(self) -> Vec<Sample> {
        let points = self.points;
        let publish = |((name, labels), count): ((String, String), i128)| {
            let value = if points.contains(&name) {
                assert!(count >= 0, "sums of millionths are never negative");
                format!("{}.{:06}", count / 1_000_000, count % 1_000_000)
            } else {
                count.to_string()
            };
            Sample { name, labels, value }
        };
        self.counts.into_iter().map(publish).collect()
    }
}
