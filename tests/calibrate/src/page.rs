//! The page about the measured rule: tables, and what they mean.

use anyhow::Result;

use crate::figures::{Counts, Figures};
use crate::scenario::{BASELINE, PASSING, SESSIONS, SLOW, Scenario, Shape, Spread};
use crate::stats::{Delay, Share, delay, share};
use crate::table::Table;

/// Points of 100 that an SD is, where ratings vary as assumed: by 0.10 of the scale.
const POINTS_OF_AN_SD: f64 = 10.0;

/// False alarms of stable pairs.
///
/// # Errors
/// Where a scenario was not measured.
pub fn false_alarms(figures: &Figures) -> Result<Table> {
    let mut table = Table::new(&[
        "of 100 stable pairs, within 12 sessions",
        "with a false breakdown",
        "with a false watch",
        "with either",
        "with an alarm of the textbook rule",
    ]);
    for scenario in Scenario::all().iter().filter(|scenario| scenario.shape == Shape::Stable) {
        let counts = figures.of(scenario)?;
        let columns = [&counts.breakdown, &counts.watch, &counts.either, &counts.textbook];
        let shares = columns.map(|by_session| interval(seen(by_session, SESSIONS, counts)));
        table.row([scenario.kind()].into_iter().chain(shares));
    }
    Ok(table)
}

/// How often and how soon falls are seen.
///
/// # Errors
/// Where a scenario was not measured.
pub fn falls(figures: &Figures) -> Result<Table> {
    let mut table = Table::new(&[
        "fall, and the pairs it meets",
        "points of 100",
        "breakdown, of 100",
        "after sessions",
        "watch or breakdown",
        "textbook rule",
        "after sessions",
    ]);
    for scenario in Scenario::all().iter().filter(|scenario| scenario.shape != Shape::Stable) {
        let counts = figures.of(scenario)?;
        let last = scenario.shape.last();
        let of = |by_session: &[u64; SESSIONS]| interval(seen(by_session, last, counts));
        let after =
            |by_session: &[u64; SESSIONS]| delay(&by_session[..last]).map_or_else(String::new, sessions);
        table.row([
            format!("{} {}: {}", scenario.shape.word(), scenario.fall_text(), scenario.kind()),
            format!("{}", points(scenario)),
            of(&counts.breakdown),
            after(&counts.breakdown),
            of(&counts.either),
            of(&counts.textbook),
            after(&counts.textbook),
        ]);
    }
    Ok(table)
}

/// What model.md section 4 expects, beside what was measured.
///
/// # Errors
/// Where a scenario was not measured.
pub fn expectations(figures: &Figures) -> Result<Table> {
    let mut table =
        Table::new(&["expected", "of 100", "measured, pairs as assumed", "least to greatest", "so"]);
    let span = |shape, fall, of: fn(&Counts) -> &[u64; SESSIONS]| -> Result<(f64, f64)> {
        let shares = kinds_near_assumed(shape, fall).map(|scenario| {
            let counts = figures.of(&scenario)?;
            Ok(seen(of(counts), SESSIONS, counts).share * 100.0)
        });
        let shares = shares.collect::<Result<Vec<f64>>>()?;
        Ok((shares.iter().copied().fold(100.0, f64::min), shares.iter().copied().fold(0.0, f64::max)))
    };
    let breakdown: fn(&Counts) -> &[u64; SESSIONS] = |counts| &counts.breakdown;
    let textbook: fn(&Counts) -> &[u64; SESSIONS] = |counts| &counts.textbook;
    for (what, low, high, shape, fall, of) in [
        ("stable pairs with a false breakdown", 5.0, 10.0, Shape::Stable, 0.0, breakdown),
        ("sudden falls of 2.5 SD with a breakdown", 85.0, 85.0, Shape::Sudden, 2.5, breakdown),
        ("stable pairs with an alarm of the textbook rule", 42.0, 46.0, Shape::Stable, 0.0, textbook),
    ] {
        let counts = figures.of(&Scenario::usual(shape, fall))?;
        let measured = seen(of(counts), SESSIONS, counts).share * 100.0;
        let expected = if low == high { format!("about {low:.0}") } else { format!("{low:.0} to {high:.0}") };
        let (least, most) = span(shape, fall, of)?;
        table.row([
            what.to_owned(),
            expected,
            format!("{measured:.1}"),
            format!("{least:.1} to {most:.1}"),
            verdict(measured, low, high).to_owned(),
        ]);
    }
    Ok(table)
}

/// The kinds of pairs whose ratings vary about as much as is assumed.
fn kinds_near_assumed(shape: Shape, fall: f64) -> impl Iterator<Item = Scenario> {
    let is_near = |spread| !matches!(spread, Spread::Times(times) if times != 1.0);
    Scenario::all().into_iter().filter(move |s| s.shape == shape && s.fall == fall && is_near(s.spread))
}

fn verdict(measured: f64, low: f64, high: f64) -> &'static str {
    match measured {
        m if m < low - 5.0 => "lower",
        m if m < low - 0.5 => "a little lower",
        m if m <= high + 0.5 => "as expected",
        m if m <= high + 5.0 => "a little higher",
        _ => "higher",
    }
}

/// The share seen by session `last`.
pub fn seen(by_session: &[u64; SESSIONS], last: usize, counts: &Counts) -> Share {
    share(by_session[..last].iter().sum(), counts.pairs)
}

/// A share of 100 with its interval.
fn interval(share: Share) -> String {
    format!("{:.1} ({:.1}–{:.1})", share.share * 100.0, share.low * 100.0, share.high * 100.0)
}

/// Median and quartiles, and the interval of the median where it is more than one session.
fn sessions(delay: Delay) -> String {
    let median = if delay.median_low == delay.median_high {
        format!("{}", delay.median)
    } else {
        format!("{} [{}–{}]", delay.median, delay.median_low, delay.median_high)
    };
    format!("{median} ({}–{})", delay.quarter, delay.three_quarters)
}

fn points(scenario: &Scenario) -> f64 {
    let times = if let Spread::Times(times) = scenario.spread { times } else { 1.0 };
    (scenario.fall * times * POINTS_OF_AN_SD * 10.0).round() / 10.0
}

/// What the prose says in numbers.
struct Said {
    false_breakdown: f64,
    false_watch: f64,
    false_textbook: f64,
    a_month: f64,
    a_month_textbook: f64,
    closed: f64,
    noisy: f64,
    steady: f64,
    big: f64,
    big_after: usize,
    big_textbook: f64,
    big_textbook_after: usize,
    big_steady: f64,
    small: f64,
    small_either: f64,
    slow: f64,
    slow_after: usize,
    passing: f64,
    passing_repaired: f64,
}

impl Said {
    fn of(figures: &Figures) -> Result<Said> {
        let all = Scenario::all();
        let times = |shape: Shape, fall: f64, times: f64| {
            let is = |s: &&Scenario| s.shape == shape && s.fall == fall && s.spread == Spread::Times(times);
            let found = all.iter().find(is).copied();
            figures.of(&found.unwrap_or(Scenario::usual(shape, fall)))
        };
        let percent = |by_session: &[u64; SESSIONS], last, counts: &Counts| {
            seen(by_session, last, counts).share * 100.0
        };
        let breakdown = |counts: &Counts| percent(&counts.breakdown, SESSIONS, counts);
        let stable = times(Shape::Stable, 0.0, 1.0)?;
        let big = times(Shape::Sudden, 2.5, 1.0)?;
        let small = times(Shape::Sudden, 1.5, 1.0)?;
        let slow = times(Shape::Slow, 2.5, 1.0)?;
        let passing = times(Shape::Passing, 2.5, 1.0)?;
        let passing_seen = seen(&passing.breakdown, PASSING, passing).share;
        let median = |by_session: &[u64]| delay(by_session).map_or(0, |delay| delay.median);
        // Twelve weekly sessions are twelve weeks; a month has 52/12 weeks.
        let a_month = |share: f64| share / SESSIONS as f64 * 52.0 / 12.0;
        let false_textbook = percent(&stable.textbook, SESSIONS, stable);
        Ok(Said {
            false_breakdown: breakdown(stable),
            false_watch: percent(&stable.watch, SESSIONS, stable),
            false_textbook,
            a_month: a_month(breakdown(stable)),
            a_month_textbook: a_month(false_textbook),
            closed: share(stable.repaired, stable.breakdown.iter().sum()).share * 100.0,
            noisy: breakdown(times(Shape::Stable, 0.0, 1.5)?),
            steady: breakdown(times(Shape::Stable, 0.0, 0.5)?),
            big: breakdown(big),
            big_after: median(&big.breakdown),
            big_textbook: percent(&big.textbook, SESSIONS, big),
            big_textbook_after: median(&big.textbook),
            big_steady: breakdown(times(Shape::Sudden, 2.5, 0.5)?),
            small: breakdown(small),
            small_either: percent(&small.either, SESSIONS, small),
            slow: breakdown(slow),
            slow_after: median(&slow.breakdown),
            passing: passing_seen * 100.0,
            passing_repaired: share(passing.repaired, passing.breakdown[..PASSING].iter().sum()).share
                * 100.0,
        })
    }

    /// Of the pairs with an alarm, the share that fell, where 10 of 100 pairs fall by 2.5 SD.
    fn right(of_fallen: f64, of_stable: f64) -> f64 {
        let (right, wrong) = (0.10 * of_fallen, 0.90 * of_stable);
        right / (right + wrong) * 100.0
    }

    fn bullets(&self) -> String {
        let right = Said::right(self.big, self.false_breakdown);
        let right_textbook = Said::right(self.big_textbook, self.false_textbook);
        format!(
            "\
- **A breakdown alert is a reason to talk, not a finding.** Of 100 pairs whose alliance is stable, about {:.0} get one
  within 12 weekly sessions by chance. Watching 100 stable pairs costs about {:.1} false alerts a month; the textbook
  rule would cost {:.0}. {:.0} % of these false breakdowns are repaired by the next ratings alone by the end.
- **Most alerts are right where falls are not rare.** If 10 of 100 pairs fall by 2.5 SD (25 points of 100), {right:.0} % of the
  pairs with a breakdown alert did fall. Of the textbook rule's it would be {right_textbook:.0} %.
- **A watch is a note.** {:.0} of 100 stable pairs get one. That is why it comes in a digest and asks for nothing but a
  look at the next rating.
- **A big fall is seen, and soon.** Of sudden falls of 2.5 SD {:.0} % become a breakdown, half of those by session {}
  (textbook rule: {:.0} %, by session {}). Where the fall comes slowly, over {SLOW} sessions, it is {:.0} %, half of those by
  session {} of the decline.
- **A smaller fall is often missed.** Of falls of 1.5 SD (15 points) {:.0} % become a breakdown within 12 sessions; with
  watches {:.0} % are noticed. No alert does not mean that all is well: ask.
- **A fall that is mended within {PASSING} sessions** is seen in {:.0} % of pairs while it lasts, and {:.0} % of what was seen
  counts as repaired by the end.
- **Rapport must know how much ratings vary.** The catalogue's 0.10 is an assumption. Where a pair's ratings vary half as
  much again, {:.0} of 100 stable pairs get a false breakdown; where they vary half as much, {:.1} get one, but only {:.0} % of
  falls of 2.5 of that pair's SDs become one. `alliance_baseline_squares` ÷ `alliance_baseline_df` is the variance observed:
  after 100 pairs put its root in place of 0.10 (`within_dyad_sd` of your own catalogue).
",
            self.false_breakdown,
            self.a_month,
            self.a_month_textbook,
            self.closed,
            self.false_watch,
            self.big,
            self.big_after,
            self.big_textbook,
            self.big_textbook_after,
            self.slow,
            self.slow_after,
            self.small,
            self.small_either,
            self.passing,
            self.passing_repaired,
            self.noisy,
            self.steady,
            self.big_steady,
        )
    }
}

/// The whole page, as Markdown.
///
/// # Errors
/// Where a scenario was not measured.
pub fn page(figures: &Figures) -> Result<String> {
    let said = Said::of(figures)?;
    let (pairs, seed, kinds) = (figures.pairs(), figures.seed, figures.rows.len());
    Ok(format!(
        "\
# How sure the alliance rule is

The rule that opens a *watch* or a *breakdown* from ratings is a test, and a test is sometimes wrong. This page says how
often. `make calibrate` writes it; a test holds it to the code.

## What it means for a supervisor

{bullets}
## What was tried

{pairs} simulated pairs in each of {kinds} scenarios, seed {seed}. A pair has {BASELINE} ratings that make its baseline, then {SESSIONS}
weekly sessions with a rating each. Ratings scatter normally around the pair's usual level, 70 of 100 points, with the
SD within a pair that the catalogue assumes, 10 points, or otherwise where the tables say so; they end at the ends of the
scale. A fall begins with the first session after the baseline and is measured in SDs of the pair's own ratings. What
judged the ratings is the code that runs in production, with its defaults. The same pairs, with the same luck, met every
scenario, and the textbook rule (alarm when a rating is below the mean of the pair's first {BASELINE} ratings less two of
their own SDs) saw the very same ratings.

Shares are of 100 pairs, with 95 % intervals (Wilson). They say how exactly the simulation is known, not how well it
resembles your clients: real ratings are skewed, cluster at the top, and people change for reasons no simulation has.

## False alarms

{false_alarms}

![Share of pairs with an alarm, by session after the baseline](calibration.svg)

## Falls

*After sessions*: the median of those seen, with quartiles in round brackets, and its own 95 % interval in square brackets
where that is more than one session. A *passing* fall lasts {PASSING} sessions; only what opened in these counts as seen.

{falls}

## Against what the model expects

{expectations}

*Least to greatest*: over all kinds of pairs but those whose ratings all vary half as much, or all half as much again, as
assumed. The expectation for falls fits pairs that differ, some far steadier: a fall of 2.5 of a steady pair's own SDs is
a small one on the scale, and the rule does not page for it.

## How to repeat it

`make calibrate` measures anew and writes this page, the chart and `calibration.json`, which holds the counts by
session. `make calibrate ARGS=\"--seed 5 --pairs 100000\"` tries other luck, and more of it.
",
        bullets = said.bullets(),
        false_alarms = false_alarms(figures)?.markdown(),
        falls = falls(figures)?.markdown(),
        expectations = expectations(figures)?.markdown(),
    ))
}
