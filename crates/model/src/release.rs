//! A release: all samples of a site at a boundary, laid out from what its dyads add to the days of its windows.

mod board;

use std::collections::BTreeMap;

use rapport_proto::v1;

use crate::indicators::{CATALOGUE, Id, WINDOWS};
use crate::params::{MODEL_VERSION, Releases};
use crate::time::{Day, Instant};

pub use board::{AHEAD, Board, Entry, Tally};

impl Releases {
    /// The last release boundary at or before `t`.
    pub fn boundary(self, t: Instant) -> Instant {
        let day = t.day();
        match self {
            Releases::Daily => day.start(),
            Releases::Weekly => day.plus(-day.weekday()).start(),
        }
    }
}

/// Where in [`Counts`] each sample of a release is, in the order of samples.
#[derive(Debug, Clone)]
pub struct Layout {
    /// First cell of each indicator.
    offsets: Vec<usize>,
    cells: usize,
    samples: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    name: String,
    labels: BTreeMap<String, String>,
    cell: usize,
    /// The window's place in [`WINDOWS`]; 0 where there is none.
    window: usize,
    points: bool,
}

impl Layout {
    /// The layout of [`CATALOGUE`].
    pub fn new() -> Layout {
        let mut layout = Layout { offsets: Vec::with_capacity(CATALOGUE.len()), cells: 0, samples: vec![] };
        for indicator in CATALOGUE {
            layout.offsets.push(layout.cells);
            let points = indicator.in_points();
            for labels in indicator.series() {
                for (window, name) in indicator.sample_names().into_iter().enumerate() {
                    layout.samples.push(Place {
                        name,
                        labels: labels.clone(),
                        cell: layout.cells,
                        window,
                        points,
                    });
                }
                layout.cells += 1;
            }
        }
        layout.samples.sort();
        layout
    }

    /// How many cells there are.
    fn cells(&self) -> usize {
        self.cells
    }

    /// The cell `series` of `id`.
    fn cell(&self, id: Id, series: usize) -> u16 {
        let cell = self.offsets[id as usize] + series;
        debug_assert!(self.offsets.get(id as usize + 1).is_none_or(|next| cell < *next));
        cell as u16
    }
}

impl Default for Layout {
    fn default() -> Self {
        Layout::new()
    }
}

/// Counts of one site at a boundary.
///
/// A cell holds, per window, what is in that window and in no shorter one: windows that end on one day hold each other,
/// so one addition serves all.
#[derive(Debug, Clone)]
pub struct Counts<'a> {
    layout: &'a Layout,
    cells: Vec<[i64; WINDOWS.len()]>,
}

/// The shortest window that a day `age` days before the windows' end is in; `None` of days before all windows or after.
fn shortest_window(age: i32) -> Option<usize> {
    if age < 0 {
        return None;
    }
    WINDOWS.iter().position(|window| age < window.days)
}

impl Counts<'_> {
    /// The release of these counts: of `site`, whose first standing event is of `first_day`, at the boundary `clock`.
    pub fn release(&self, site: &str, first_day: Day, clock: Instant) -> v1::Release {
        let samples = self.layout.samples.iter().map(|place| {
            let sum: i64 = self.cells[place.cell][..=place.window].iter().sum();
            v1::Sample {
                name: place.name.clone(),
                labels: place.labels.clone(),
                value: if place.points { points(sum) } else { sum.to_string() },
            }
        });
        v1::Release {
            site: site.to_owned(),
            release: clock.just_before().day().to_string(),
            first_day: first_day.to_string(),
            clock: clock.to_string(),
            model_version: MODEL_VERSION.to_owned(),
            samples: samples.collect(),
        }
    }
}

/// Millionths, not negative, as points with six decimals.
fn points(micros: i64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_the_json_of_the_model_key_by_key() {
        let layout = Layout::new();
        let mut board = Board::new(&layout);
        let mut tally = Tally::new(&layout, Day(20_099));
        tally.on(Id::DropoutsSupport, 5, Day(20_099 - 7), 3);
        tally.on(Id::AllianceScorePoints, 3, Day(20_099), 1_250_001);
        board.advance(Day(20_099));
        board.enter(&tally.into_entries());
        let mut release = board.counts(&layout).release("leeds", Day(20_000), Day(20_100).start());
        let wanted = ["alliance_score_points_7d", "dropouts_support_28d", "dropouts_support_7d"];
        release.samples.retain(|sample| {
            let labels: Vec<_> = sample.labels.values().map(String::as_str).collect();
            wanted.contains(&sample.name.as_str()) && matches!(*labels, ["total"] | ["unmet", "emotional"])
        });
        let json = serde_json::to_string(&release).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"site":"leeds","release":"2025-01-11","first_day":"2024-10-04","clock":"2025-01-12T00:00:00Z","#,
                r#""model_version":"1","samples":[{"name":"alliance_score_points_7d","labels":{"component":"total"},"#,
                r#""value":1.250001},"#,
                r#"{"name":"dropouts_support_28d","labels":{"basis":"unmet","support_type":"emotional"},"value":3},"#,
                r#"{"name":"dropouts_support_7d","labels":{"basis":"unmet","support_type":"emotional"},"value":0}]}"#
            )
        );
        assert_eq!(serde_json::from_str::<v1::Release>(&json).unwrap(), release);
    }

    #[test]
    fn samples_are_sorted_by_name_then_labels_and_each_stands_once() {
        let layout = Layout::new();
        let release = Board::new(&layout).counts(&layout).release("leeds", Day(0), Day(1).start());
        let keys: Vec<_> = release.samples.iter().map(|sample| (&sample.name, &sample.labels)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert_eq!(release.samples.iter().filter(|sample| sample.name == "dyads").count(), 7);
        assert_eq!(release.samples.iter().filter(|sample| sample.name == "exits_mechanism_28d").count(), 18);
        assert!(release.samples.iter().all(|sample| matches!(sample.value.as_str(), "0" | "0.000000")));
    }

    #[test]
    fn boundaries_are_midnights_or_those_of_mondays() {
        let wednesday = Day::parse("2026-11-25").unwrap();
        assert_eq!(Releases::Daily.boundary(wednesday.start()), wednesday.start());
        assert_eq!(Releases::Daily.boundary(wednesday.start().just_before()), wednesday.plus(-1).start());
        assert_eq!(Releases::Weekly.boundary(wednesday.start()), wednesday.plus(-2).start());
        assert_eq!(Releases::Weekly.boundary(wednesday.plus(-2).start()), wednesday.plus(-2).start());
        assert_eq!(
            Releases::Weekly.boundary(wednesday.plus(-2).start().just_before()),
            wednesday.plus(-9).start()
        );
    }
}
