//! What the dyads of a site add to days, kept from one release to the next.
//!
//! A dyad says what it adds as if nothing more happened to it: so much on a day, one on each day of a run, or one as long
//! as it stays so. It says so again only when something has happened or time has turned it; a release adds up days.

use crate::indicators::{CATALOGUE, Id, Span, WINDOWS};
use crate::time::Day;

use super::{Counts, Layout, shortest_window};

/// Days of the longest window.
const LONGEST: i32 = WINDOWS[WINDOWS.len() - 1].days;

/// Days after a release on which a dyad may already add something: what is due is due at most 28 days later, and support
/// stands for 28 days.
pub const AHEAD: i32 = 29;

/// Days of the board: those of the longest window and those ahead, and some more for a round number.
const ROWS: usize = 128;

const _: () = assert!(LONGEST + AHEAD < ROWS as i32);

/// Something that a dyad adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// So much on a day.
    On {
        /// The cell.
        cell: u16,
        /// The day.
        day: Day,
        /// How much.
        value: i64,
    },
    /// One on each day of a run.
    Run {
        /// The cell.
        cell: u16,
        /// First day.
        from: Day,
        /// Last day; `None` where the run goes on until time or an event ends it.
        to: Option<Day>,
    },
    /// One in every window until time or an event changes it.
    Now {
        /// The cell.
        cell: u16,
    },
}

impl Entry {
    /// The first day whose windows hold nothing of these, if nothing of them goes on.
    pub fn gone_on(entries: &[Entry]) -> Option<Day> {
        let last = entries.iter().filter_map(|entry| match entry {
            Entry::On { day, .. } => Some(*day),
            Entry::Run { to, .. } => *to,
            Entry::Now { .. } => None,
        });
        last.max().map(|last| last.plus(LONGEST))
    }
}

/// Takes down what one dyad adds, as of the end of a day.
#[derive(Debug)]
pub struct Tally<'a> {
    layout: &'a Layout,
    day: Day,
    entries: Vec<Entry>,
}

impl<'a> Tally<'a> {
    /// An empty one.
    pub fn new(layout: &'a Layout, day: Day) -> Tally<'a> {
        Tally { layout, day, entries: Vec::new() }
    }

    /// Adds `value` to the cell `series` of `id` on `day`; a day before all windows counts for nothing.
    pub fn on(&mut self, id: Id, series: usize, day: Day, value: i64) {
        debug_assert!(!is_of_days(id) && day <= self.day.plus(AHEAD));
        if self.day.since(day) < LONGEST && value != 0 {
            self.entries.push(Entry::On { cell: self.layout.cell(id, series), day, value });
        }
    }

    /// Adds one to the cell `series` of `id`, one of those that count days, on each day of a run.
    pub fn run(&mut self, id: Id, series: usize, from: Day, to: Option<Day>) {
        debug_assert!(is_of_days(id) && to.is_none_or(|to| from <= to && to < self.day.plus(AHEAD)));
        self.entries.push(Entry::Run { cell: self.layout.cell(id, series), from, to });
    }

    /// Adds one to the cell `series` of `id` in every window.
    pub fn now(&mut self, id: Id, series: usize) {
        self.entries.push(Entry::Now { cell: self.layout.cell(id, series) });
    }

    /// What was taken down.
    pub fn into_entries(mut self) -> Vec<Entry> {
        self.entries.shrink_to_fit();
        self.entries
    }
}

/// Whether an indicator counts days in runs. Its cells hold by how much one day differs from the day before; those of the
/// others hold what is of that day.
fn is_of_days(id: Id) -> bool {
    id.indicator().span == Span::Days
}

/// The days of a site's windows and those ahead.
#[derive(Debug)]
pub struct Board {
    cells: usize,
    /// Whether a cell is of an indicator that counts days in runs.
    of_days: Vec<bool>,
    /// The first day of the longest window.
    first: Day,
    /// A row of cells per day, at the day's remainder by the number of rows.
    rows: Vec<i64>,
    /// Of cells that count days: how many runs cover the day before the first.
    before: Vec<i64>,
    now: Vec<i64>,
}

impl Board {
    /// An empty one.
    pub fn new(layout: &Layout) -> Board {
        let cells = layout.cells();
        let mut of_days = vec![false; cells];
        for indicator in CATALOGUE.iter().filter(|indicator| is_of_days(indicator.id)) {
            let first = usize::from(layout.cell(indicator.id, 0));
            of_days[first..first + indicator.series().len()].fill(true);
        }
        let (before, now) = (vec![0; cells], vec![0; cells]);
        Board { cells, of_days, first: Day(i32::MIN / 2), rows: vec![0; cells * ROWS], before, now }
    }

    /// Lets the windows end on `day`, which is not before the day they ended on. What lies before them is forgotten.
    pub fn advance(&mut self, day: Day) {
        let first = day.plus(1 - LONGEST);
        for gone in (self.first.0..first.0).take(ROWS) {
            let row = self.row(Day(gone));
            for cell in 0..self.cells {
                let value = std::mem::take(&mut self.rows[row + cell]);
                if self.of_days[cell] {
                    self.before[cell] += value;
                }
            }
        }
        self.first = first;
    }

    /// Adds what a dyad adds.
    pub fn enter(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.apply(entry, 1));
    }

    /// Takes away what a dyad added.
    pub fn strike(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.apply(entry, -1));
    }

    /// The counts of the windows.
    pub fn counts<'a>(&self, layout: &'a Layout) -> Counts<'a> {
        let mut cells: Vec<[i64; WINDOWS.len()]> = self.now.iter().map(|now| [*now, 0, 0]).collect();
        let mut running = self.before.clone();
        for age in (0..LONGEST).rev() {
            let Some(window) = shortest_window(age) else { continue };
            let row = self.row(self.first.plus(LONGEST - 1 - age));
            let values = &self.rows[row..row + self.cells];
            for (cell, value) in values.iter().enumerate() {
                if self.of_days[cell] {
                    running[cell] += value;
                    cells[cell][window] += running[cell];
                } else {
                    cells[cell][window] += value;
                }
            }
        }
        Counts { layout, cells }
    }

    fn apply(&mut self, entry: &Entry, sign: i64) {
        match *entry {
            Entry::On { cell, day, value } => {
                if day >= self.first {
                    let row = self.row(day);
                    self.rows[row + usize::from(cell)] += sign * value;
                }
            }
            Entry::Run { cell, from, to } => {
                self.step(cell, from, sign);
                if let Some(to) = to {
                    self.step(cell, to.plus(1), -sign);
                }
            }
            Entry::Now { cell } => self.now[usize::from(cell)] += sign,
        }
    }

    fn step(&mut self, cell: u16, day: Day, by: i64) {
        let cell = usize::from(cell);
        if day < self.first {
            self.before[cell] += by;
        } else {
            let row = self.row(day);
            self.rows[row + cell] += by;
        }
    }

    /// Where the row of `day` begins.
    fn row(&self, day: Day) -> usize {
        day.0.rem_euclid(ROWS as i32) as usize * self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(board: &Board, layout: &Layout, name: &str) -> [String; 3] {
        let release = board.counts(layout).release("leeds", Day(0), Day(1).start());
        ["_7d", "_28d", "_90d"].map(|suffix| {
            let name = format!("{name}{suffix}");
            release.samples.iter().find(|sample| sample.name == name).unwrap().value.clone()
        })
    }

    fn tally(layout: &Layout, day: i32, take: impl Fn(&mut Tally<'_>)) -> Vec<Entry> {
        let mut tally = Tally::new(layout, Day(day));
        take(&mut tally);
        tally.into_entries()
    }

    #[test]
    fn a_longer_window_holds_what_the_shorter_ones_hold() {
        let layout = Layout::new();
        let mut board = Board::new(&layout);
        board.advance(Day(200));
        board.enter(&tally(&layout, 200, |tally| {
            for age in [-1, 0, 6, 7, 27, 28, 89, 90] {
                tally.on(Id::Dropouts, 0, Day(200 - age), 1);
            }
        }));
        assert_eq!(windows(&board, &layout, "dropouts"), ["2", "4", "6"]);
        board.advance(Day(201));
        assert_eq!(windows(&board, &layout, "dropouts"), ["2", "4", "6"], "one came into each and one left");
        board.advance(Day(500));
        assert_eq!(windows(&board, &layout, "dropouts"), ["0", "0", "0"]);
    }

    #[test]
    fn a_run_counts_each_of_its_days_as_they_come_and_is_taken_away_whole() {
        let layout = Layout::new();
        for jump in [1, 5, 100, 1000] {
            let mut board = Board::new(&layout);
            board.advance(Day(200));
            let open = tally(&layout, 200, |tally| tally.run(Id::DyadDays, 0, Day(199), None));
            let past = tally(&layout, 200, |tally| tally.run(Id::DyadDays, 0, Day(150), Some(Day(202))));
            board.enter(&open);
            board.enter(&past);
            assert_eq!(windows(&board, &layout, "dyad_days"), ["9", "30", "53"]);
            board.advance(Day(200 + jump));
            board.strike(&past);
            let days = |n: i32| n.min(jump + 2).to_string();
            assert_eq!(
                windows(&board, &layout, "dyad_days"),
                [days(7), days(28), days(90)],
                "{jump} days later"
            );
            board.strike(&open);
            assert_eq!(windows(&board, &layout, "dyad_days"), ["0", "0", "0"]);
        }
    }
}
