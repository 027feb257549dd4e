//! The newest release of each site, from the records of `rapport.indicators`.

use std::collections::BTreeMap;

use rapport_model::time::{Day, Instant};
use rapport_proto::v1;

use crate::disclosure::{Disclosed, Rules, disclose};

/// A release as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The last day of its windows.
    pub day: Day,
    /// The boundary it was computed at.
    pub boundary: Instant,
    /// The day of the site's first event.
    pub first_day: Day,
    /// Its samples.
    pub samples: Disclosed,
}

/// What a record did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What is shown is another.
    Changed,
    /// It is older than what is shown, or erases something older.
    Older,
    /// It cannot be read; what is shown stays.
    Unusable,
}

/// The newest release of each site.
#[derive(Debug)]
pub struct Releases {
    rules: Rules,
    sites: BTreeMap<String, Newest>,
}

#[derive(Debug, Default)]
struct Newest {
    shown: Option<Release>,
    /// Releases of days before this one were superseded or erased and do not come back.
    from: Option<Day>,
}

impl Releases {
    /// None yet.
    pub fn new(rules: Rules) -> Releases {
        Releases { rules, sites: BTreeMap::new() }
    }

    /// The sites that have a release, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Release)> {
        self.sites.iter().filter_map(|(site, newest)| Some((site.as_str(), newest.shown.as_ref()?)))
    }

    /// Takes in a record. A tombstone of the release that is shown, or of a newer one, takes the site off the page until
    /// its next release.
    pub fn apply(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Outcome {
        let Some((site, day)) = key.and_then(parse_key) else { return Outcome::Unusable };
        let newest = self.sites.entry(site.to_owned()).or_default();
        if newest.from.is_some_and(|from| day < from) {
            return Outcome::Older;
        }
        let release = match value {
            None => None,
            Some(value) => match read(&self.rules, site, day, value) {
                Some(release) => Some(release),
                None => return Outcome::Unusable,
            },
        };
        newest.from = Some(day);
        newest.shown = release;
        Outcome::Changed
    }
}

fn parse_key(key: &[u8]) -> Option<(&str, Day)> {
    let (site, day) = std::str::from_utf8(key).ok()?.split_once('/')?;
    Some((site, Day::parse(day)?))
}

fn read(rules: &Rules, site: &str, day: Day, value: &[u8]) -> Option<Release> {
    let release: v1::Release = serde_json::from_slice(value).ok()?;
    if release.site != site || Day::parse(&release.release) != Some(day) {
        return None;
    }
    Some(Release {
        day,
        boundary: Instant::parse(&release.clock)?,
        first_day: Day::parse(&release.first_day)?,
        samples: disclose(rules, &release.samples).ok()?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use rapport_model::catalogue::{Catalogue, Target};

    use super::*;
    use crate::disclosure::Policy;

    /// No releases yet, with the instruments that come with Rapport.
    pub(crate) fn none(policy: Policy) -> Releases {
        Releases::new(Rules::new(policy, &Catalogue::embedded()))
    }

    /// A release record: key and value.
    pub(crate) fn record(site: &str, day: &str, dropouts: u32) -> (Vec<u8>, Vec<u8>) {
        let boundary = Day::parse(day).unwrap().plus(1).start().to_string();
        let value = format!(
            r#"{{"site":"{site}","release":"{day}","first_day":"2025-01-01","clock":"{boundary}","model_version":"1",
            "samples":[{{"name":"dropouts_28d","labels":{{}},"value":{dropouts}}}]}}"#
        );
        (format!("{site}/{day}").into_bytes(), value.into_bytes())
    }

    fn apply(releases: &mut Releases, (key, value): (Vec<u8>, Vec<u8>)) -> Outcome {
        releases.apply(Some(&key), Some(&value))
    }

    #[test]
    fn every_golden_release_is_shown_but_for_what_is_withheld_or_measured_by_no_instrument() {
        let golden = rapport_proto::examples::derived().unwrap();
        let golden: Vec<_> =
            golden.into_iter().filter(|record| record.topic == rapport_proto::topics::INDICATORS).collect();
        assert!(!golden.is_empty());
        for record in golden {
            let release: v1::Release = serde_json::from_slice(&record.value).unwrap();
            let shown = |policy| {
                let mut releases = none(policy);
                assert_eq!(
                    releases.apply(Some(record.key.as_bytes()), Some(&record.value)),
                    Outcome::Changed
                );
                let samples = &releases.iter().next().unwrap().1.samples;
                (samples.shown.len() as u64, samples.withheld)
            };
            let measured = |sample: &&v1::Sample| {
                let of = (sample.labels.get("construct"), sample.labels.get("person"));
                let (Some(construct), Some(person)) = of else { return true };
                let catalogue = Catalogue::embedded();
                let target = if person == "peer" { Target::Peer } else { Target::Client };
                catalogue.iter().any(|one| one.target == target && one.construct == *construct)
            };
            let measured = release.samples.iter().filter(measured).count() as u64;
            assert_eq!(shown(Policy::Exact), (measured, 0));
            let (few, withheld) = shown(Policy::Nhs);
            assert!(withheld > 0 && few + withheld == measured, "{few} and {withheld} of {measured}");
        }
    }

    fn days(releases: &Releases) -> Vec<(String, String)> {
        releases.iter().map(|(site, release)| (site.to_owned(), release.day.to_string())).collect()
    }

    #[test]
    fn the_newest_release_by_its_day_is_shown_whatever_the_order() {
        let mut releases = none(Policy::Exact);
        assert_eq!(apply(&mut releases, record("leeds", "2026-01-02", 1)), Outcome::Changed);
        assert_eq!(apply(&mut releases, record("leeds", "2026-01-01", 2)), Outcome::Older);
        assert_eq!(apply(&mut releases, record("york", "2025-12-01", 2)), Outcome::Changed);
        let shown = |site: &str, day: &str| (site.to_owned(), day.to_owned());
        assert_eq!(days(&releases), [shown("leeds", "2026-01-02"), shown("york", "2025-12-01")]);
        // The same release again, with another number, takes the place of the first.
        assert_eq!(apply(&mut releases, record("leeds", "2026-01-02", 9)), Outcome::Changed);
        assert_eq!(releases.iter().next().unwrap().1.samples.shown[0].micros, 9_000_000);
    }

    #[test]
    fn a_site_whose_release_is_erased_is_gone_until_its_next_one() {
        let mut releases = none(Policy::Exact);
        apply(&mut releases, record("leeds", "2026-01-01", 1));
        apply(&mut releases, record("leeds", "2026-01-02", 1));
        assert_eq!(releases.apply(Some(b"leeds/2026-01-01"), None), Outcome::Older);
        assert_eq!(days(&releases).len(), 1);
        assert_eq!(releases.apply(Some(b"leeds/2026-01-02"), None), Outcome::Changed);
        assert_eq!(days(&releases), []);
        assert_eq!(apply(&mut releases, record("leeds", "2026-01-01", 1)), Outcome::Older);
        apply(&mut releases, record("leeds", "2026-01-03", 1));
        assert_eq!(days(&releases).len(), 1);
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let mut releases = none(Policy::Exact);
        apply(&mut releases, record("leeds", "2026-01-01", 1));
        let (key, value) = record("leeds", "2026-01-02", 1);
        let (_, others) = record("york", "2026-01-02", 1);
        for (key, value) in [
            (None, Some(value.as_slice())),
            (Some(b"leeds".as_slice()), Some(value.as_slice())),
            (Some(b"leeds/2026-13-01".as_slice()), Some(value.as_slice())),
            (Some(b"leeds/2026-01-03".as_slice()), Some(value.as_slice())),
            (Some(key.as_slice()), Some(b"{".as_slice())),
            (Some(key.as_slice()), Some(others.as_slice())),
        ] {
            assert_eq!(releases.apply(key, value), Outcome::Unusable);
        }
        assert_eq!(days(&releases), [("leeds".to_owned(), "2026-01-01".to_owned())]);
    }
}
