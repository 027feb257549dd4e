//! What is shown: built when releases change, swapped in whole, turned into metrics at scrape time.
//!
//! Metrics are made anew at each scrape, so a label set that is gone is gone, and two scrapes never share anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};
use rapport_model::indicators::{self, CATALOGUE, Window};

use crate::disclosure::ONE_MICROS;
use crate::releases::{Release, Releases};

const WITHHELD: &str = "rapport_withheld_samples";
const RELEASE: &str = "rapport_release_timestamp_seconds";
const FIRST_DAY: &str = "rapport_site_first_day_timestamp_seconds";

/// Series that every site has beside its samples.
const SERIES_PER_SITE: usize = 3;

/// The page; empty until everything was read that was there at the start.
#[derive(Default)]
pub struct Page(ArcSwapOption<Vec<Family>>);

/// All series of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// Its help.
    pub help: String,
    /// Label pairs sorted by label, and value; each label set once.
    pub series: Vec<(Vec<(String, String)>, f64)>,
}

/// What a page may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most series shown.
    pub series_max: usize,
    /// Days by which a site's newest release may be older than the newest of all sites.
    pub behind_days: i32,
}

/// What is on a page, and what is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Built {
    /// Sites shown.
    pub sites: usize,
    /// Series shown.
    pub series: usize,
    /// Sites left out whole because the page was full.
    pub sites_left_out: usize,
    /// Sites left out because their newest release is too old beside those of others.
    pub sites_behind: usize,
    /// Samples of indicators this version does not know.
    pub unknown: u64,
}

impl Page {
    /// Shows these releases from now on, within the limits.
    pub fn show(&self, releases: &Releases, limits: Limits) -> Built {
        let (families, built) = build(releases, limits);
        self.0.store(Some(Arc::new(families)));
        built
    }
}

fn build(releases: &Releases, limits: Limits) -> (Vec<Family>, Built) {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut built = Built::default();
    // Beside each other and not beside a clock: the same releases give the same page, and where nothing is released at all
    // nothing vanishes. A site without a standing event gets no further release, and stays behind.
    let newest = releases.iter().map(|(_, release)| release.day).max().unwrap_or_default();
    for (site, release) in releases.iter() {
        if newest.since(release.day) > limits.behind_days {
            built.sites_behind += 1;
            continue;
        }
        let series = release.samples.shown.len() + SERIES_PER_SITE;
        if built.series + series > limits.series_max {
            built.sites_left_out += 1;
            continue;
        }
        built.series += series;
        built.sites += 1;
        built.unknown += release.samples.unknown;
        add(&mut families, site, release);
    }
    (families.into_values().collect(), built)
}

fn add(families: &mut BTreeMap<String, Family>, site: &str, release: &Release) {
    let mut put = |name: String, help: &dyn Fn() -> String, labels: Vec<(String, String)>, value: f64| {
        let family =
            families.entry(name.clone()).or_insert_with(|| Family { name, help: help(), series: vec![] });
        family.series.push((labels, value));
    };
    let site = ("site".to_owned(), site.to_owned());
    for shown in &release.samples.shown {
        let mut labels: Vec<_> = shown.labels.iter().map(|(l, word)| (l.clone(), word.clone())).collect();
        labels.push(site.clone());
        labels.sort();
        let help = || help(&shown.name);
        put(format!("rapport_{}", shown.name), &help, labels, float(shown.micros));
    }
    let own = [
        (
            WITHHELD,
            "Samples of the release shown that are withheld because a number is small.",
            release.samples.withheld as f64,
        ),
        (RELEASE, "Boundary of the release shown: its windows end just before.", seconds(release.boundary.0)),
        (FIRST_DAY, "Day of the site's first event.", seconds(release.first_day.start().0)),
    ];
    for (name, help, value) in own {
        put(name.to_owned(), &|| help.to_owned(), vec![site.clone()], value);
    }
}

fn help(name: &str) -> String {
    let Some((indicator, window)) = indicators::find(name) else { return String::new() };
    match window {
        Some(Window { days, .. }) => format!("{}. Window: the {days} days of the release.", indicator.help),
        None => format!("{}.", indicator.help),
    }
}

fn float(micros: i128) -> f64 {
    micros as f64 / ONE_MICROS as f64
}

fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

/// Makes metrics of the page at scrape time.
pub struct ReleaseCollector {
    page: Arc<Page>,
    descs: Vec<Desc>,
}

impl ReleaseCollector {
    /// A collector of everything a page can hold.
    ///
    /// # Errors
    /// Never in practice: names and labels are constants.
    pub fn new(page: Arc<Page>) -> prometheus::Result<ReleaseCollector> {
        let mut descs = Vec::new();
        for name in [WITHHELD, RELEASE, FIRST_DAY] {
            descs.push(desc(name.to_owned(), name.to_owned(), vec!["site".to_owned()])?);
        }
        for indicator in CATALOGUE {
            let labels = indicator.labels.iter().map(|(label, _)| (*label).to_owned());
            let labels: Vec<_> = labels.chain(["site".to_owned()]).collect();
            for name in indicator.sample_names() {
                descs.push(desc(format!("rapport_{name}"), help(&name), labels.clone())?);
            }
        }
        Ok(ReleaseCollector { page, descs })
    }
}

fn desc(name: String, help: String, labels: Vec<String>) -> prometheus::Result<Desc> {
    Desc::new(name, help, labels, Default::default())
}

impl Collector for ReleaseCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let page = self.page.0.load();
        page.iter().flat_map(|families| families.iter()).map(family).collect()
    }
}

fn family(family: &Family) -> MetricFamily {
    let mut made = MetricFamily::default();
    made.set_name(family.name.clone());
    made.set_help(family.help.clone());
    made.set_field_type(MetricType::GAUGE);
    made.set_metric(family.series.iter().map(|(labels, value)| metric(labels, *value)).collect());
    made
}

fn metric(labels: &[(String, String)], value: f64) -> Metric {
    let pair = |(label, word): &(String, String)| {
        let mut pair = LabelPair::default();
        pair.set_name(label.clone());
        pair.set_value(word.clone());
        pair
    };
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    let mut metric = Metric::default();
    metric.set_label(labels.iter().map(pair).collect());
    metric.set_gauge(gauge);
    metric
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::Policy;
    use crate::releases::tests::{none, record};

    fn rendered(releases: &Releases, series_max: usize) -> (String, Built) {
        within(releases, Limits { series_max, behind_days: 15 })
    }

    fn within(releases: &Releases, limits: Limits) -> (String, Built) {
        let page = Arc::new(Page::default());
        let registry = prometheus::Registry::new();
        registry.register(Box::new(ReleaseCollector::new(page.clone()).unwrap())).unwrap();
        assert_eq!(rapport_runtime::metrics::page(&registry).unwrap(), "", "nothing before the first page");
        let built = page.show(releases, limits);
        (rapport_runtime::metrics::page(&registry).unwrap(), built)
    }

    fn releases(policy: Policy, sites: &[&str]) -> Releases {
        let mut releases = none(policy);
        for site in sites {
            let (key, value) = record(site, "2026-01-02", 9);
            releases.apply(Some(&key), Some(&value));
        }
        releases
    }

    #[test]
    fn a_page_holds_the_disclosed_samples_of_each_site_and_says_which_release_they_are_of() {
        let (page, built) = rendered(&releases(Policy::Nhs, &["york", "leeds"]), 100);
        assert_eq!(built, Built { sites: 2, series: 8, sites_left_out: 0, sites_behind: 0, unknown: 0 });
        let lines: Vec<_> = page.lines().filter(|line| !line.starts_with("# HELP")).collect();
        assert_eq!(
            lines,
            [
                "# TYPE rapport_dropouts_28d gauge",
                "rapport_dropouts_28d{site=\"leeds\"} 10",
                "rapport_dropouts_28d{site=\"york\"} 10",
                "# TYPE rapport_release_timestamp_seconds gauge",
                "rapport_release_timestamp_seconds{site=\"leeds\"} 1767398400",
                "rapport_release_timestamp_seconds{site=\"york\"} 1767398400",
                "# TYPE rapport_site_first_day_timestamp_seconds gauge",
                "rapport_site_first_day_timestamp_seconds{site=\"leeds\"} 1735689600",
                "rapport_site_first_day_timestamp_seconds{site=\"york\"} 1735689600",
                "# TYPE rapport_withheld_samples gauge",
                "rapport_withheld_samples{site=\"leeds\"} 0",
                "rapport_withheld_samples{site=\"york\"} 0",
            ]
        );
        assert_eq!(page.lines().filter(|line| line.starts_with("# HELP")).count(), 4);
    }

    #[test]
    fn a_site_that_does_not_fit_is_left_out_whole_and_counted() {
        let (page, built) = rendered(&releases(Policy::Nhs, &["york", "leeds"]), 7);
        assert_eq!(built, Built { sites: 1, series: 4, sites_left_out: 1, sites_behind: 0, unknown: 0 });
        assert!(page.contains("leeds") && !page.contains("york"));
    }

    #[test]
    fn a_site_whose_newest_release_is_far_behind_the_newest_of_all_is_left_out_and_counted() {
        let mut releases = releases(Policy::Nhs, &["leeds", "york"]);
        let mut release = |site: &str, day: &str| {
            let (key, value) = record(site, day, 9);
            releases.apply(Some(&key), Some(&value));
            let (page, built) = rendered(&releases, 100);
            let shown = ["leeds", "york"].map(|site| page.contains(&format!("site=\"{site}\"")));
            assert_eq!((built.sites, built.sites_left_out), (2 - built.sites_behind, 0));
            (shown, built.sites_behind)
        };
        // Of both there is the release of 2 January.
        assert_eq!(release("leeds", "2026-01-17"), ([true, true], 0), "fifteen days behind");
        assert_eq!(release("leeds", "2026-01-18"), ([true, false], 1), "sixteen days behind");
        assert_eq!(release("york", "2026-01-04"), ([true, true], 0), "one more release");
        assert_eq!(release("york", "2026-02-14"), ([false, true], 1), "the other way round");
    }

    #[test]
    fn where_no_site_is_released_any_more_none_is_left_out_and_nor_is_the_only_one() {
        let (page, built) =
            within(&releases(Policy::Nhs, &["york"]), Limits { series_max: 100, behind_days: 8 });
        assert!(page.contains("york") && built.sites_behind == 0);
        assert_eq!(rendered(&none(Policy::Nhs), 100), (String::new(), Built::default()));
    }

    #[test]
    fn no_name_and_label_set_is_there_twice_on_a_page_with_every_indicator() {
        let samples: Vec<_> = CATALOGUE
            .iter()
            .flat_map(|indicator| {
                let value = if indicator.in_points() { "20.000000" } else { "20" };
                indicator.series().into_iter().flat_map(move |labels| {
                    indicator.sample_names().into_iter().map(move |name| {
                        serde_json::json!({"name": name, "labels": labels, "value": value.parse::<f64>().unwrap() as u64})
                    })
                })
            })
            .collect();
        let release = serde_json::json!({"site": "leeds", "release": "2026-01-02", "first_day": "2025-01-01",
            "clock": "2026-01-03T00:00:00Z", "model_version": "1", "samples": samples});
        let mut releases = none(Policy::Nhs);
        releases.apply(Some(b"leeds/2026-01-02"), Some(release.to_string().as_bytes()));
        let (page, built) = rendered(&releases, 100_000);
        assert_eq!(built.series, samples.len() + SERIES_PER_SITE);
        let mut series: Vec<_> = page
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.rsplit_once(' '))
            .collect();
        let all = series.len();
        series.sort_unstable();
        series.dedup_by_key(|(name, _)| *name);
        assert_eq!((series.len(), all), (built.series, built.series));
    }
}
