//! What the members of a site add to days, kept from one release to the next.
//!
//! A member says what it adds as if nothing more happened to it: so much on a day, one on each day of a run, or one as
//! long as it stays so. It says so again only when something has happened or time has turned it. The sums of the windows
//! are kept as the windows move, so that a release only reads them.

use crate::indicators::{Id, Span, WINDOWS};
use crate::time::Day;

use super::{DAYS_APART, Layout};

/// Days of the longest window.
const LONGEST: i32 = WINDOWS[WINDOWS.len() - 1].days;

/// Days after a release on which a member may already add something: what is due is due at most 28 days later, and support
/// stands for 28 days.
pub const AHEAD: i32 = 29;

/// Days of the board: those of the longest window, those that lie ahead of the next release, which is counted while the
/// windows end on the day of the last, the day after them, and some more for a round number.
const DAYS: i32 = 128;

const _: () = assert!(LONGEST + DAYS_APART + AHEAD < DAYS);

/// Something that a member of a site adds.
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

/// Takes down what one member adds, as of the end of a day.
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

    /// Adds one to the cell `series` of `id` on each day of a run.
    pub fn run(&mut self, id: Id, series: usize, from: Day, to: Option<Day>) {
        debug_assert!(is_of_days(id) && from <= self.day.plus(AHEAD));
        debug_assert!(to.is_none_or(|to| from <= to && to < self.day.plus(AHEAD)));
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

/// Whether an indicator counts days in runs.
fn is_of_days(id: Id) -> bool {
    id.indicator().span == Span::Days
}

/// By day: so much of each, at the day's remainder by their number. All days before the windows are 0.
type Days = [i64; DAYS as usize];

fn place(day: Day) -> usize {
    day.0.rem_euclid(DAYS) as usize
}

/// The runs of a cell.
#[derive(Debug, Clone)]
struct Runs {
    /// By how many more runs cover a day than the day before.
    steps: Days,
    /// How many runs cover the last day of the windows, and the day before each window.
    covering: [i64; 1 + WINDOWS.len()],
}

/// The sums of a site's windows, and what they are made of day by day.
#[derive(Debug)]
pub struct Board {
    /// The last day of the windows.
    day: Day,
    /// By cell, of each window.
    sums: Vec<[i64; WINDOWS.len()]>,
    /// By cell, what is on the days of the longest window and those ahead; `None` where nothing ever was. Most cells of
    /// a site are of things that never happen there.
    days: Vec<Option<Box<Days>>>,
    /// By cell, the runs; `None` where there never were any.
    runs: Vec<Option<Box<Runs>>>,
}

impl Board {
    /// An empty one, with windows long past.
    pub fn new(layout: &Layout) -> Board {
        let cells = layout.cells();
        let sums = vec![[0; WINDOWS.len()]; cells];
        Board { day: Day(i32::MIN / 2), sums, days: vec![None; cells], runs: vec![None; cells] }
    }

    /// The day on which the windows end.
    pub fn last_day(&self) -> Day {
        self.day
    }

    /// What is in a window of a cell.
    pub(super) fn sum(&self, cell: usize, window: usize) -> i64 {
        self.sums[cell][window]
    }

    /// Lets the windows end on `day`, which is not before the day they ended on. What lies before them is forgotten.
    pub fn advance(&mut self, day: Day) {
        debug_assert!(day >= self.day);
        // After as many days as the board has nothing differs from day to day any more.
        let come = || (self.day.0 + 1..=day.0).take(DAYS as usize).map(Day);
        for (sums, days) in self.sums.iter_mut().zip(&mut self.days) {
            let Some(days) = days else { continue };
            for day in come() {
                let value = days[place(day)];
                for (sum, window) in sums.iter_mut().zip(WINDOWS) {
                    *sum += value - days[place(day.plus(-window.days))];
                }
                days[place(day.plus(-LONGEST))] = 0;
            }
        }
        for (sums, runs) in self.sums.iter_mut().zip(&mut self.runs) {
            let Some(runs) = runs else { continue };
            for day in come() {
                runs.move_to(day);
                let [last, before @ ..] = runs.covering;
                sums.iter_mut().zip(before).for_each(|(sum, before)| *sum += last - before);
            }
        }
        self.day = day;
    }

    /// Adds what a member adds.
    pub fn enter(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.apply(entry, 1));
    }

    /// Takes away what a member added.
    pub fn strike(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.apply(entry, -1));
    }

    fn apply(&mut self, entry: &Entry, sign: i64) {
        match *entry {
            Entry::On { cell, day, value } => self.add(cell.into(), day, sign * value),
            Entry::Run { cell, from, to } => {
                self.step(cell.into(), from, sign);
                if let Some(to) = to {
                    self.step(cell.into(), to.plus(1), -sign);
                }
            }
            Entry::Now { cell } => self.sums[usize::from(cell)].iter_mut().for_each(|sum| *sum += sign),
        }
    }

    /// Adds `value` on `day`; a day that the windows have left is forgotten.
    fn add(&mut self, cell: usize, day: Day, value: i64) {
        let age = self.day.since(day);
        if age >= LONGEST {
            return;
        }
        self.days[cell].get_or_insert_with(|| Box::new([0; DAYS as usize]))[place(day)] += value;
        for (sum, window) in self.sums[cell].iter_mut().zip(WINDOWS) {
            if (0..window.days).contains(&age) {
                *sum += value;
            }
        }
    }

    /// Lets `by` more runs cover `day` and all days after it.
    fn step(&mut self, cell: usize, day: Day, by: i64) {
        let age = self.day.since(day);
        let runs = self.runs[cell].get_or_insert_with(|| {
            Box::new(Runs { steps: [0; DAYS as usize], covering: [0; 1 + WINDOWS.len()] })
        });
        if age < LONGEST {
            runs.steps[place(day)] += by;
        }
        let [last, before @ ..] = &mut runs.covering;
        if age >= 0 {
            *last += by;
        }
        for ((sum, before), window) in self.sums[cell].iter_mut().zip(before).zip(WINDOWS) {
            *sum += by * i64::from((age + 1).clamp(0, window.days));
            if age >= window.days {
                *before += by;
            }
        }
    }
}

impl Runs {
    /// Lets the windows end on `day`, the day after the day they ended on.
    fn move_to(&mut self, day: Day) {
        let [last, before @ ..] = &mut self.covering;
        *last += self.steps[place(day)];
        for (before, window) in before.iter_mut().zip(WINDOWS) {
            *before += self.steps[place(day.plus(-window.days))];
        }
        self.steps[place(day.plus(-LONGEST))] = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static LAYOUT: LazyLock<Layout> = LazyLock::new(Layout::new);

    /// What each window of the first cell of `id` holds.
    fn windows(board: &Board, id: Id) -> [i64; WINDOWS.len()] {
        board.sums[usize::from(LAYOUT.cell(id, 0))]
    }

    fn tally(day: i32, take: impl Fn(&mut Tally<'_>)) -> Vec<Entry> {
        let mut tally = Tally::new(&LAYOUT, Day(day));
        take(&mut tally);
        tally.into_entries()
    }

    #[test]
    fn a_longer_window_holds_what_the_shorter_ones_hold() {
        let mut board = Board::new(&LAYOUT);
        board.advance(Day(200));
        board.enter(&tally(200, |tally| {
            for age in [-1, 0, 6, 7, 27, 28, 89, 90] {
                tally.on(Id::Dropouts, 0, Day(200 - age), 1);
            }
        }));
        assert_eq!(windows(&board, Id::Dropouts), [2, 4, 6]);
        board.advance(Day(201));
        assert_eq!(windows(&board, Id::Dropouts), [2, 4, 6], "one came into each and one left");
        board.advance(Day(500));
        assert_eq!(windows(&board, Id::Dropouts), [0, 0, 0]);
    }

    #[test]
    fn a_run_counts_each_of_its_days_as_they_come_and_is_taken_away_whole() {
        for jump in [1, 5, 100, 1000] {
            let mut board = Board::new(&LAYOUT);
            board.advance(Day(200));
            let open = tally(200, |tally| tally.run(Id::DyadDays, 0, Day(199), None));
            let past = tally(200, |tally| tally.run(Id::DyadDays, 0, Day(150), Some(Day(202))));
            board.enter(&open);
            board.enter(&past);
            assert_eq!(windows(&board, Id::DyadDays), [9, 30, 53]);
            board.advance(Day(200 + jump));
            board.strike(&past);
            let days = |n: i32| i64::from(n.min(jump + 2));
            assert_eq!(windows(&board, Id::DyadDays), [days(7), days(28), days(90)], "{jump} days later");
            board.strike(&open);
            assert_eq!(windows(&board, Id::DyadDays), [0, 0, 0]);
        }
    }

    /// What entries add to each window that ends on `day`, day by day.
    fn counted(entries: &[Vec<Entry>], cell: u16, day: Day) -> [i64; WINDOWS.len()] {
        WINDOWS.map(|window| {
            let holds = |other: &Day| other.in_days_up_to(window.days, day);
            let adds = |entry: &Entry| match *entry {
                Entry::On { cell: of, day, value } if of == cell && holds(&day) => value,
                Entry::Run { cell: of, from, to } if of == cell => {
                    let to = to.unwrap_or(day).min(day);
                    (from.0..=to.0).filter(|day| holds(&Day(*day))).count() as i64
                }
                Entry::Now { cell: of } if of == cell => 1,
                _ => 0,
            };
            entries.iter().flatten().map(adds).sum()
        })
    }

    /// An entry as of day 0; the cells are few, so that entries meet.
    fn entry() -> impl Strategy<Value = Entry> {
        let days = -130..=DAYS_APART + AHEAD;
        prop_oneof![
            4 => (0..3_u16, days.clone(), 1..1_000_i64)
                .prop_map(|(cell, day, value)| Entry::On { cell, day: Day(day), value }),
            4 => (2..5_u16, days, prop::option::of(0..40)).prop_map(|(cell, from, length)| {
                let to = length.map(|length| from + length).filter(|to| *to < DAYS_APART + AHEAD);
                Entry::Run { cell, from: Day(from), to: to.map(Day) }
            }),
            1 => (4..6_u16).prop_map(|cell| Entry::Now { cell }),
        ]
    }

    fn moved(entry: Entry, by: i32) -> Entry {
        match entry {
            Entry::On { cell, day, value } => Entry::On { cell, day: day.plus(by), value },
            Entry::Run { cell, from, to } => {
                Entry::Run { cell, from: from.plus(by), to: to.map(|to| to.plus(by)) }
            }
            Entry::Now { cell } => Entry::Now { cell },
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Enter(Vec<Entry>),
        Strike(prop::sample::Index),
        Advance(i32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => prop::collection::vec(entry(), 1..6).prop_map(Step::Enter),
            2 => any::<prop::sample::Index>().prop_map(Step::Strike),
            3 => prop_oneof![4 => 0..3, 2 => 3..40, 1 => 85..130, 1 => 120..1_000].prop_map(Step::Advance),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn the_sums_are_those_of_a_count_from_the_beginning(steps in prop::collection::vec(step(), 1..40)) {
            let mut board = Board::new(&LAYOUT);
            let mut day = 20_000;
            board.advance(Day(day));
            let mut there: Vec<Vec<Entry>> = Vec::new();
            for step in steps {
                match step {
                    Step::Enter(entries) => {
                        there.push(entries.into_iter().map(|entry| moved(entry, day)).collect());
                        board.enter(&there[there.len() - 1]);
                    }
                    Step::Strike(which) if !there.is_empty() => {
                        board.strike(&there.swap_remove(which.index(there.len())));
                    }
                    Step::Strike(_) => {}
                    Step::Advance(days) => {
                        day += days;
                        board.advance(Day(day));
                    }
                }
                for cell in 0..6 {
                    prop_assert_eq!(board.sums[usize::from(cell)], counted(&there, cell, Day(day)), "cell {}", cell);
                }
            }
        }
    }
}
