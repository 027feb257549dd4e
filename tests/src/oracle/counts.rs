//! A release's samples while they are being counted.

use std::collections::BTreeMap;

/// Labels beside `site`.
pub type Labels = BTreeMap<String, String>;

/// A sample: its name, labels and decimal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Name, window included.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// Value as it is published.
    pub value: String,
}

/// Counts and sums by name and labels. Every sample must be declared before it is added to, so that closed sets are
/// complete and nothing else comes up.
#[derive(Debug, Default)]
pub struct Counts {
    counts: BTreeMap<(String, Labels), i128>,
    points: Vec<String>,
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Counts {
    /// Declares a sample without labels.
    pub fn declare(&mut self, name: &str) {
        self.declare_by(name, &[]);
    }

    /// Declares all products of the labels' values.
    pub fn declare_by(&mut self, name: &str, sets: &[(&str, &[&str])]) {
        let mut products: Vec<Labels> = vec![Labels::new()];
        for (label, values) in sets {
            let extended = products.iter().flat_map(|product| {
                values.iter().map(|value| {
                    let mut product = product.clone();
                    product.insert((*label).to_owned(), (*value).to_owned());
                    product
                })
            });
            products = extended.collect();
        }
        for product in products {
            self.counts.insert((name.to_owned(), product), 0);
        }
    }

    /// Says that samples of that name are sums of millionths.
    pub fn are_points(&mut self, name: &str) {
        self.points.push(name.to_owned());
    }

    /// Adds to a sample.
    pub fn add(&mut self, name: &str, pairs: &[(&str, &str)], amount: i128) {
        let sample = (name.to_owned(), labels(pairs));
        *self.counts.get_mut(&sample).unwrap_or_else(|| panic!("{sample:?} was not declared")) += amount;
    }

    /// The samples, sorted.
    pub fn samples(self) -> Vec<Sample> {
        let points = self.points;
        let publish = |((name, labels), count): ((String, Labels), i128)| {
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
