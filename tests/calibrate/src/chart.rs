//! The share of pairs with an alarm by session, as an SVG drawing.

use std::fmt::Write as _;

use anyhow::Result;

use crate::figures::{Counts, Figures};
use crate::scenario::{SESSIONS, Scenario, Shape};

const PANELS: [(&str, Shape, f64); 3] = [
    ("Stable: every alarm is false", Shape::Stable, 0.0),
    ("Falls by 1.5 SD at session 1", Shape::Sudden, 1.5),
    ("Falls by 2.5 SD at session 1", Shape::Sudden, 2.5),
];
const WIDTH: f64 = 230.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 70.0;
const STEP: f64 = 315.0;

type BySession = [u64; SESSIONS];

/// What a line is called, its colour and dashes, and its counts.
type Line = (&'static str, &'static str, &'static str, fn(&Counts) -> &BySession);

const LINES: [Line; 3] = [
    ("textbook rule", "#c2410c", "", |counts| &counts.textbook),
    ("Rapport: watch or breakdown", "#0f766e", "5 4", |counts| &counts.either),
    ("Rapport: breakdown", "#0f766e", "", |counts| &counts.breakdown),
];

/// The drawing.
///
/// # Errors
/// Where a scenario it shows was not measured.
pub fn svg(figures: &Figures) -> Result<String> {
    let mut svg = String::from(concat!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 970 345\" role=\"img\" ",
        "font-family=\"sans-serif\" font-size=\"12\" fill=\"#1f2937\">\n",
        "<title>Share of pairs with an alarm, by session after the baseline</title>\n",
        "<rect width=\"970\" height=\"345\" fill=\"#ffffff\"/>\n",
    ));
    for (at, (name, colour, dashes, _)) in LINES.iter().enumerate() {
        let x = LEFT + at as f64 * 230.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"22\" x2=\"{}\" y2=\"22\" stroke=\"{colour}\" stroke-width=\"2.5\" \
             stroke-dasharray=\"{dashes}\"/><text x=\"{}\" y=\"26\">{name}</text>",
            x + 30.0,
            x + 38.0
        );
    }
    for (at, (title, shape, fall)) in PANELS.into_iter().enumerate() {
        let counts = figures.of(&Scenario::usual(shape, fall))?;
        panel(&mut svg, LEFT + at as f64 * STEP, title, counts);
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn panel(svg: &mut String, left: f64, title: &str, counts: &Counts) {
    let _ = writeln!(svg, "<text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{title}</text>", TOP - 12.0);
    for percent in [0, 25, 50, 75, 100] {
        let y = height_of(f64::from(percent) / 100.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{left}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"#e5e7eb\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#6b7280\">{percent} %</text>",
            left + WIDTH,
            left - 6.0,
            y + 4.0
        );
    }
    for session in [1, 4, 8, 12] {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#6b7280\">{session}</text>",
            place(left, session),
            TOP + HEIGHT + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#6b7280\">session after the baseline</text>",
        left + WIDTH / 2.0,
        TOP + HEIGHT + 36.0
    );
    let mut labels: Vec<f64> = Vec::new();
    for (_, colour, dashes, by_session) in LINES {
        let reached = cumulative(by_session(counts), counts.pairs);
        let points: Vec<String> = reached
            .iter()
            .enumerate()
            .map(|(at, share)| format!("{:.1},{:.1}", place(left, at + 1), height_of(*share)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\" \
             stroke-dasharray=\"{dashes}\"/>",
            points.join(" ")
        );
        let last = reached[SESSIONS - 1];
        let y = label_height(height_of(last) + 4.0, &labels);
        labels.push(y);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{y:.1}\" fill=\"{colour}\">{:.0} %</text>",
            left + WIDTH + 4.0,
            last * 100.0
        );
    }
}

/// Where a label does not cover those there are.
fn label_height(wanted: f64, taken: &[f64]) -> f64 {
    let mut y = wanted;
    while taken.iter().any(|other| (other - y).abs() < 13.0) {
        y += 1.0;
    }
    y
}

fn cumulative(by_session: &BySession, pairs: u64) -> BySessionShare {
    let mut seen = 0;
    by_session.map(|count| {
        seen += count;
        seen as f64 / pairs.max(1) as f64
    })
}

type BySessionShare = [f64; SESSIONS];

fn place(left: f64, session: usize) -> f64 {
    left + WIDTH * (session as f64 - 0.5) / SESSIONS as f64
}

fn height_of(share: f64) -> f64 {
    TOP + HEIGHT * (1.0 - share)
}
