//! Records a second of each engine, as an SVG drawing.

use std::fmt::Write as _;

use crate::figures::Figures;
use crate::page::thousands;
use crate::settings::Part;

const LEFT: f64 = 310.0;
const WIDTH: f64 = 520.0;
const ROW: f64 = 34.0;
const TOP: f64 = 46.0;

fn colour(part: Part) -> &'static str {
    match part {
        Part::BareRead | Part::BareKeep | Part::BareCopy | Part::BareRow | Part::BareAlike => "#9ca3af",
        Part::Streams1 => "#c2410c",
        _ => "#0f766e",
    }
}

/// The drawing: a bar for each engine's median, a line from its least to its greatest. What only reads is many times as fast as
/// all that write, and is left out.
pub fn svg(figures: &Figures) -> String {
    let rates: Vec<_> = figures
        .parts()
        .into_iter()
        .filter(|part| !matches!(part, Part::BareRead | Part::BareKeep))
        .filter_map(|part| Some((part, figures.of(part, |measured| measured.rate())?)))
        .collect();
    let most = rates.iter().map(|(_, rate)| rate.greatest).fold(1.0, f64::max);
    let height = TOP + ROW * rates.len() as f64 + 14.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 {height}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"#1f2937\">\n<title>Records a second, median of all rounds</title>\n\
         <rect width=\"960\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"14\" y=\"26\" font-weight=\"bold\">Records a second, median of all rounds</text>\n"
    );
    for (row, (part, rate)) in rates.into_iter().enumerate() {
        let (y, length) = (TOP + ROW * row as f64, |value: f64| WIDTH * value / most);
        // Writing to a string does not fail.
        let (base, middle) = (y + 15.0, y + 10.0);
        let (least, greatest) = (LEFT + length(rate.least), LEFT + length(rate.greatest));
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"20\" fill=\"{}\"/>\
             <line x1=\"{least:.1}\" y1=\"{middle}\" x2=\"{greatest:.1}\" y2=\"{middle}\" stroke=\"#1f2937\" \
             stroke-width=\"1.5\"/><text x=\"{:.1}\" y=\"{base}\">{}</text>",
            LEFT - 10.0,
            part.title().replace('`', ""),
            length(rate.median),
            colour(part),
            greatest + 8.0,
            thousands(rate.median),
        );
    }
    svg.push_str("</svg>\n");
    svg
}
