//! The figures of a release that people look at first, by mechanism.

use std::collections::BTreeMap;

use rapport_proto::v1;

/// A mechanism, or what comes of all of them, with its figures.
pub struct Section {
    /// For people.
    pub title: &'static str,
    /// In the order they are shown.
    pub rows: &'static [Row],
}

/// A figure.
pub struct Row {
    /// For people.
    pub label: &'static str,
    /// Whether it is shown where there is little room, too.
    pub always: bool,
    count: Samples,
    /// What the count is a share of; without it the count is shown.
    of: Option<Samples>,
}

/// Samples of a release that are added up: those of that name with one of the words under each label.
struct Samples(&'static str, &'static [(&'static str, &'static [&'static str])]);

const fn count(label: &'static str, always: bool, count: Samples) -> Row {
    Row { label, always, count, of: None }
}

const fn share(label: &'static str, always: bool, count: Samples, of: Samples) -> Row {
    Row { label, always, count, of: Some(of) }
}

/// Therapy is asked for, too, but no peer may give it.
const FIVE: &[&str] = &["informational", "companionship", "emotional", "instrumental", "appraisal"];
const CLIENTS: (&str, &[&str]) = ("person", &["client"]);
const PEERS: (&str, &[&str]) = ("person", &["peer"]);
const IMPROVED: (&str, &[&str]) = ("result", &["improved"]);
const DETERIORATED: (&str, &[&str]) = ("result", &["deteriorated"]);

const fn met(
    label: &'static str,
    always: bool,
    kinds: &'static [(&'static str, &'static [&'static str])],
) -> Row {
    share(
        label,
        always,
        Samples("support_requests_met_28d", kinds),
        Samples("support_requests_due_28d", kinds),
    )
}

/// All figures.
pub const SECTIONS: &[Section] = &[
    Section {
        title: "Peer role",
        rows: &[
            count("peers active", true, Samples("peers_active_28d", &[])),
            share("supervised", true, Samples("peers_supervised_28d", &[]), Samples("peers_active_28d", &[])),
            share("trained", false, Samples("peers_trained_28d", &[]), Samples("peers_active_28d", &[])),
            share(
                "reflecting",
                false,
                Samples("peers_reflecting_28d", &[]),
                Samples("peers_active_28d", &[]),
            ),
            count("overloaded", false, Samples("peers_overloaded_28d", &[])),
            count("left, 90 d", false, Samples("peer_exits_90d", &[])),
        ],
    },
    Section {
        title: "Working alliance",
        rows: &[
            count("dyads open", true, Samples("dyads_open_28d", &[])),
            share(
                "contacts attended",
                false,
                Samples("contacts_28d", &[("attendance", &["attended"])]),
                Samples("contacts_28d", &[]),
            ),
            share(
                "mean alliance rating",
                false,
                Samples("alliance_score_points_28d", &[("component", &["total"])]),
                Samples("alliance_ratings_28d", &[("component", &["total"])]),
            ),
            count("breakdowns, 90 d", true, Samples("breakdowns_90d", &[])),
            count("repairs, 90 d", true, Samples("repairs_90d", &[])),
        ],
    },
    Section {
        title: "Social support",
        rows: &[
            met("requests met", true, &[("support_type", FIVE)]),
            met("  informational", false, &[("support_type", &["informational"])]),
            met("  companionship", false, &[("support_type", &["companionship"])]),
            met("  emotional", false, &[("support_type", &["emotional"])]),
            met("  instrumental", false, &[("support_type", &["instrumental"])]),
            met("  appraisal", false, &[("support_type", &["appraisal"])]),
            count(
                "lost, asked in vain, 90 d",
                true,
                Samples("dropouts_support_90d", &[("basis", &["unmet"])]),
            ),
        ],
    },
    Section {
        title: "Role modelling",
        rows: &[
            count("behaviours modelled", false, Samples("behaviours_28d", &[("what", &["modelled"])])),
            count("behaviours learned", true, Samples("behaviours_learned_28d", &[])),
            count("comparisons", false, Samples("comparisons_28d", &[])),
            share(
                "comparisons that hurt",
                true,
                Samples("comparisons_28d", &[("affect", &["negative"])]),
                Samples("comparisons_28d", &[]),
            ),
            share(
                "advocacy followed up",
                false,
                Samples("advocacy_followed_28d", &[]),
                Samples("advocacy_contacts_28d", &[]),
            ),
        ],
    },
    Section {
        title: "Outcomes and ways out",
        rows: &[
            share(
                "clients improved",
                true,
                Samples("outcomes_28d", &[CLIENTS, IMPROVED]),
                Samples("outcomes_28d", &[CLIENTS]),
            ),
            share(
                "clients deteriorated",
                true,
                Samples("outcomes_28d", &[CLIENTS, DETERIORATED]),
                Samples("outcomes_28d", &[CLIENTS]),
            ),
            share(
                "peers deteriorated",
                false,
                Samples("outcomes_28d", &[PEERS, DETERIORATED]),
                Samples("outcomes_28d", &[PEERS]),
            ),
            count("relationships over, 90 d", false, Samples("exits_mechanism_90d", &[])),
            count("dropouts, 90 d", true, Samples("dropouts_90d", &[])),
        ],
    },
];

/// Millionths; `None` where the release does not have the sample.
type Sum = Option<i64>;

/// The figures of one site's release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Day of the release, YYYY-MM-DD.
    pub release: String,
    /// Sums by title and label: the count, and what it is a share of.
    sums: BTreeMap<(&'static str, &'static str), (Sum, Sum)>,
}

/// What stands in a place of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// A count.
    Count(i64),
    /// A share in per cent.
    Percent(i64),
    /// The release does not have it, or it is a share of nothing.
    Nothing,
}

impl Figures {
    /// The figures of a release.
    pub fn of(release: &v1::Release) -> Figures {
        let mut by_name: BTreeMap<&str, Vec<&v1::Sample>> = BTreeMap::new();
        for sample in &release.samples {
            by_name.entry(&sample.name).or_default().push(sample);
        }
        let mut sums = BTreeMap::new();
        for section in SECTIONS {
            for row in section.rows {
                let of = row.of.as_ref().and_then(|of| of.sum(&by_name));
                sums.insert((section.title, row.label), (row.count.sum(&by_name), of));
            }
        }
        Figures { release: release.release.clone(), sums }
    }

    /// The figure of a row of a section.
    pub fn shown(&self, section: &Section, row: &Row) -> Shown {
        let (count, of) = self.sums.get(&(section.title, row.label)).copied().unwrap_or_default();
        match (count, of) {
            (Some(count), None) if row.of.is_none() => Shown::Count(count / MILLION),
            (Some(count), Some(of)) if of > 0 => {
                let percent = (200 * i128::from(count) + i128::from(of)) / (2 * i128::from(of));
                Shown::Percent(i64::try_from(percent).unwrap_or(i64::MAX))
            }
            _ => Shown::Nothing,
        }
    }
}

const MILLION: i64 = 1_000_000;

impl Samples {
    fn sum(&self, by_name: &BTreeMap<&str, Vec<&v1::Sample>>) -> Sum {
        let wanted = |sample: &&&v1::Sample| {
            self.1.iter().all(|(label, words)| {
                sample.labels.get(*label).is_some_and(|word| words.contains(&word.as_str()))
            })
        };
        let samples = by_name.get(self.0)?;
        Some(samples.iter().filter(wanted).map(|sample| millionths(&sample.value)).sum())
    }
}

/// A JSON number with at most six decimals, not negative, as a release has them.
fn millionths(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<6}");
    let read = |digits: &str| digits.parse::<i64>().unwrap_or_default();
    read(whole).saturating_mul(MILLION).saturating_add(read(part.get(..6).unwrap_or_default()))
}

/// Adds up figures of several sites; the release is the oldest one's.
pub fn total<'a>(figures: impl IntoIterator<Item = &'a Figures>) -> Figures {
    let plus = |one: Sum, other: Sum| match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    };
    let mut total = Figures::default();
    for figures in figures {
        if total.release.is_empty() || figures.release < total.release {
            total.release.clone_from(&figures.release);
        }
        for (key, (count, of)) in &figures.sums {
            let sums = total.sums.entry(*key).or_default();
            *sums = (plus(sums.0, *count), plus(sums.1, *of));
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use rapport_model::indicators::CATALOGUE;

    use super::*;

    type Written = (&'static str, &'static [(&'static str, &'static str)], &'static str);

    fn release(samples: &[Written]) -> Figures {
        let sample = |(name, labels, value): &Written| v1::Sample {
            name: (*name).to_owned(),
            labels: labels.iter().map(|(label, word)| ((*label).to_owned(), (*word).to_owned())).collect(),
            value: (*value).to_owned(),
        };
        Figures::of(&v1::Release { samples: samples.iter().map(sample).collect(), ..Default::default() })
    }

    fn shown(figures: &Figures, label: &str) -> Shown {
        let mut all = SECTIONS.iter().flat_map(|section| section.rows.iter().map(move |row| (section, row)));
        let (section, row) = all.find(|(_, row)| row.label == label).unwrap();
        figures.shown(section, row)
    }

    #[test]
    fn counts_are_added_up_over_labels_and_shares_over_sites_and_what_is_absent_is_nothing() {
        let leeds = release(&[
            ("breakdowns_90d", &[("mechanism", "working_alliance")], "2"),
            ("breakdowns_90d", &[("mechanism", "unknown")], "1"),
            ("comparisons_28d", &[("by", "client"), ("affect", "negative")], "1"),
            ("comparisons_28d", &[("by", "peer"), ("affect", "positive")], "2"),
            ("alliance_score_points_28d", &[("component", "total")], "1.500001"),
            ("alliance_score_points_28d", &[("component", "bond")], "9.000000"),
            ("alliance_ratings_28d", &[("component", "total")], "2"),
            ("peers_active_28d", &[], "0"),
            ("peers_supervised_28d", &[], "0"),
        ]);
        assert_eq!(shown(&leeds, "breakdowns, 90 d"), Shown::Count(3));
        assert_eq!(shown(&leeds, "comparisons that hurt"), Shown::Percent(33));
        assert_eq!(shown(&leeds, "mean alliance rating"), Shown::Percent(75));
        assert_eq!(shown(&leeds, "supervised"), Shown::Nothing);
        assert_eq!(shown(&leeds, "repairs, 90 d"), Shown::Nothing);
        let york = release(&[("comparisons_28d", &[("by", "client"), ("affect", "negative")], "3")]);
        let both = total([&leeds, &york]);
        assert_eq!(shown(&both, "comparisons that hurt"), Shown::Percent(67));
        assert_eq!(shown(&both, "breakdowns, 90 d"), Shown::Count(3));
    }

    #[test]
    fn every_figure_is_of_an_indicator_of_the_model() {
        for row in SECTIONS.iter().flat_map(|section| section.rows) {
            for samples in [Some(&row.count), row.of.as_ref()].into_iter().flatten() {
                let name = samples.0.trim_end_matches("_28d").trim_end_matches("_90d");
                let known = CATALOGUE.iter().find(|indicator| indicator.name == name).unwrap();
                for (label, words) in samples.1 {
                    let (_, set) = known.labels.iter().find(|(known, _)| known == label).unwrap();
                    assert!(words.iter().all(|word| set.words().contains(word)), "{}: {words:?}", samples.0);
                }
            }
        }
    }
}
