//! A release: all samples of a site at a boundary, written from what its members add to the days of its windows.

mod board;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::json;

use crate::indicators::{CATALOGUE, Id};
use crate::params::{MODEL_VERSION, Releases};
use crate::time::{Day, Instant};

pub use board::{AHEAD, Board, Entry, Tally};

/// Days between two releases at most.
const DAYS_APART: i32 = 7;

impl Releases {
    /// The last release boundary at or before `t`.
    pub fn boundary(self, t: Instant) -> Instant {
        let day = t.day();
        match self {
            Releases::Daily => day.start(),
            Releases::Weekly => day.plus(-day.weekday()).start(),
        }
    }

    /// The release boundary after `t`.
    pub fn boundary_after(self, t: Instant) -> Instant {
        let days = match self {
            Releases::Daily => 1,
            Releases::Weekly => DAYS_APART,
        };
        self.boundary(t).day().plus(days).start()
    }
}

/// A release as it is written to `rapport.indicators`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The site.
    pub site: Arc<str>,
    /// The last day of its windows.
    pub day: Day,
    /// The record's value: the JSON of [`rapport_proto::v1::Release`].
    pub json: String,
}

impl Release {
    /// The boundary it is of: the instant after the last of its day.
    pub fn clock(&self) -> Instant {
        self.day.plus(1).start()
    }
}

/// The cells of a [`Board`], and the text of the samples they are written in.
///
/// Almost all samples of a release are 0: their text is made once, and a release is that text with numbers put in.
#[derive(Debug, Clone)]
pub struct Layout {
    /// First cell of each indicator.
    offsets: Vec<usize>,
    cells: usize,
    /// All samples as JSON, each at 0, with commas between them.
    zeros: String,
    /// In the order of samples.
    places: Vec<Place>,
}

/// A sample: whose number it is, and where it goes.
#[derive(Debug, Clone, Copy)]
struct Place {
    cell: usize,
    /// The window's place in [`WINDOWS`](crate::indicators::WINDOWS); 0 where there is none.
    window: usize,
    points: bool,
    /// Where its 0 begins in the text.
    at: usize,
}

impl Place {
    fn zero(self) -> &'static str {
        if self.points { "0.000000" } else { "0" }
    }
}

impl Layout {
    /// The layout of [`CATALOGUE`].
    pub fn new() -> Layout {
        let mut layout = Layout {
            offsets: Vec::with_capacity(CATALOGUE.len()),
            cells: 0,
            zeros: String::new(),
            places: vec![],
        };
        let mut samples = BTreeMap::new();
        for indicator in CATALOGUE {
            layout.offsets.push(layout.cells);
            for labels in indicator.series() {
                for (window, name) in indicator.sample_names().into_iter().enumerate() {
                    let place = Place { cell: layout.cells, window, points: indicator.in_points(), at: 0 };
                    samples.insert((name, labels.clone()), place);
                }
                layout.cells += 1;
            }
        }
        debug_assert!(layout.cells <= usize::from(u16::MAX) + 1);
        for ((name, labels), place) in samples {
            layout.append(&name, &labels, place);
        }
        layout
    }

    fn append(&mut self, name: &str, labels: &BTreeMap<String, String>, place: Place) {
        let comma = if self.zeros.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(self.zeros, r#"{comma}{{"name":{},"labels":{},"value":"#, json!(name), json!(labels));
        self.places.push(Place { at: self.zeros.len(), ..place });
        self.zeros.push_str(place.zero());
        self.zeros.push('}');
    }

    /// The release of what is on `board`: of `site`, whose first standing event is of `first_day`, for the day on which
    /// the board's windows end.
    pub fn release(&self, board: &Board, site: &Arc<str>, first_day: Day) -> Release {
        let mut release = Release { site: site.clone(), day: board.last_day(), json: String::new() };
        let (day, clock, json) = (release.day, release.clock(), &mut release.json);
        json.reserve(self.zeros.len() + self.zeros.len() / 16 + 256);
        let _ = write!(
            json,
            r#"{{"site":{},"release":"{day}","first_day":"{first_day}","clock":"{clock}","model_version":{},"samples":["#,
            json!(&**site),
            json!(MODEL_VERSION)
        );
        let mut written = 0;
        for place in &self.places {
            let sum = board.sum(place.cell, place.window);
            if sum == 0 {
                continue;
            }
            json.push_str(&self.zeros[written..place.at]);
            written = place.at + place.zero().len();
            let mut digits = itoa::Buffer::new();
            if place.points {
                debug_assert!(sum > 0);
                json.push_str(digits.format(sum / 1_000_000));
                json.push('.');
                // A digit in front keeps the zeros.
                json.push_str(&digits.format(1_000_000 + sum % 1_000_000)[1..]);
            } else {
                json.push_str(digits.format(sum));
            }
        }
        json.push_str(&self.zeros[written..]);
        json.push_str("]}");
        release
    }

    /// How many cells there are.
    fn cells(&self) -> usize {
        self.cells
    }

    /// The cell `series` of `id`.
    fn cell(&self, id: Id, series: usize) -> u16 {
        let cell = self.offsets[id as usize] + series;
        debug_assert!(cell < self.offsets.get(id as usize + 1).copied().unwrap_or(self.cells));
        cell as u16
    }
}

impl Default for Layout {
    fn default() -> Self {
        Layout::new()
    }
}

#[cfg(test)]
mod tests {
    use rapport_proto::v1;

    use super::*;

    fn release(layout: &Layout, board: &Board) -> (v1::Release, String) {
        let json = layout.release(board, &"leeds".into(), Day(20_000)).json;
        (serde_json::from_str(&json).unwrap(), json)
    }

    #[test]
    fn a_release_is_the_json_of_the_model_key_by_key() {
        let layout = Layout::new();
        let mut board = Board::new(&layout);
        let mut tally = Tally::new(&layout, Day(20_099));
        tally.on(Id::DropoutsSupport, 5, Day(20_099 - 7), 3);
        tally.on(Id::AllianceScorePoints, 3, Day(20_099), 1_250_001);
        board.advance(Day(20_099));
        board.enter(&tally.into_entries());
        let (mut release, json) = release(&layout, &board);
        assert_eq!(
            serde_json::to_string(&release).unwrap(),
            json,
            "byte for byte what the contract's type writes"
        );
        let wanted = ["alliance_score_points_7d", "dropouts_support_28d", "dropouts_support_7d"];
        release.samples.retain(|sample| {
            let labels: Vec<_> = sample.labels.values().map(String::as_str).collect();
            wanted.contains(&sample.name.as_str()) && matches!(*labels, ["total"] | ["unmet", "emotional"])
        });
        assert_eq!(
            serde_json::to_string(&release).unwrap(),
            concat!(
                r#"{"site":"leeds","release":"2025-01-11","first_day":"2024-10-04","clock":"2025-01-12T00:00:00Z","#,
                r#""model_version":"1","samples":[{"name":"alliance_score_points_7d","labels":{"component":"total"},"#,
                r#""value":1.250001},"#,
                r#"{"name":"dropouts_support_28d","labels":{"basis":"unmet","support_type":"emotional"},"value":3},"#,
                r#"{"name":"dropouts_support_7d","labels":{"basis":"unmet","support_type":"emotional"},"value":0}]}"#
            )
        );
    }

    #[test]
    fn samples_are_sorted_by_name_then_labels_and_each_stands_once() {
        let layout = Layout::new();
        let mut board = Board::new(&layout);
        board.advance(Day(0));
        let (release, _) = release(&layout, &board);
        let keys: Vec<_> = release.samples.iter().map(|sample| (&sample.name, &sample.labels)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        let expected: usize = CATALOGUE.iter().map(|it| it.series().len() * it.sample_names().len()).sum();
        assert_eq!(release.samples.len(), expected);
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
        assert_eq!(Releases::Daily.boundary_after(wednesday.start()), wednesday.plus(1).start());
        assert_eq!(Releases::Weekly.boundary_after(wednesday.start()), wednesday.plus(5).start());
        assert_eq!(Releases::Weekly.boundary_after(wednesday.plus(5).start()), wednesday.plus(12).start());
    }
}
