//! Figures as a table: a row each, by mechanism, a column for all sites together and one per site.

use crate::figures::{Figures, SECTIONS, Shown, total};

/// What the figures mean.
pub const LEGEND: &str = "\
Over the 28 days before the newest release, or 90 where it says so; – is nothing to show. Requests: of the five types,
met within 14 days. Lost, asked in vain: dropouts by types of support asked for and not given; one may count in several.
Improved, deteriorated: reliably, against the first score. Mean alliance rating: 100% is the best there can be.";

/// Between columns.
const GAP: usize = 2;

/// Draws the figures of sites within so many columns of text; sites for which there is no room are left out, but not
/// from the total. With `all` every figure is shown, else those that matter most.
pub fn figures_table<'a>(
    sites: impl Iterator<Item = (&'a String, &'a Figures)>,
    width: usize,
    all: bool,
) -> String {
    let sites: Vec<_> = sites.collect();
    let together = total(sites.iter().map(|(_, figures)| *figures));
    let rows = || SECTIONS.iter().flat_map(|section| section.rows.iter().filter(|row| all || row.always));
    let label_width = rows().map(|row| row.label.chars().count()).max().unwrap_or_default() + 1;

    let mut columns = Vec::new();
    let mut used = label_width;
    let candidates =
        std::iter::once(("all", &together)).chain(sites.iter().map(|(name, f)| (name.as_str(), *f)));
    for (name, figures) in candidates {
        let column = Column::new(name, figures, all);
        used += GAP + column.width;
        if used > width && !columns.is_empty() {
            break;
        }
        columns.push(column);
    }
    let shown = columns.len().saturating_sub(1);
    let note = if shown < sites.len() { format!("{shown} of {} sites", sites.len()) } else { String::new() };

    let mut lines =
        vec![line(&note, label_width, columns.iter().map(|column| (column.name.as_str(), column.width)))];
    let mut number = 0;
    for section in SECTIONS {
        lines.push(section.title.to_uppercase());
        for row in section.rows.iter().filter(|row| all || row.always) {
            let cells = columns.iter().map(|column| (column.cells[number].as_str(), column.width));
            lines.push(line(&format!(" {}", row.label), label_width, cells));
            number += 1;
        }
    }
    lines.join("\n")
}

/// Lines that a table of these figures has.
pub fn lines(all: bool) -> usize {
    let rows =
        |section: &crate::figures::Section| section.rows.iter().filter(|row| all || row.always).count();
    1 + SECTIONS.iter().map(|section| 1 + rows(section)).sum::<usize>()
}

struct Column {
    name: String,
    cells: Vec<String>,
    width: usize,
}

impl Column {
    fn new(name: &str, figures: &Figures, all: bool) -> Column {
        let rows = SECTIONS.iter().flat_map(|section| section.rows.iter().map(move |row| (section, row)));
        let shown =
            rows.filter(|(_, row)| all || row.always).map(|(section, row)| figures.shown(section, row));
        let cells: Vec<String> = shown.map(text).collect();
        let width = cells.iter().map(|cell| cell.chars().count()).chain([name.chars().count()]).max();
        Column { name: name.to_owned(), width: width.unwrap_or_default(), cells }
    }
}

fn text(shown: Shown) -> String {
    match shown {
        Shown::Count(count) => count.to_string(),
        Shown::Percent(percent) => format!("{percent}%"),
        Shown::Nothing => "–".to_owned(),
    }
}

fn line<'a>(label: &str, label_width: usize, cells: impl Iterator<Item = (&'a str, usize)>) -> String {
    let mut line = format!("{label:<label_width$}");
    for (cell, width) in cells {
        line.push_str(&format!("{:GAP$}{cell:>width$}", ""));
    }
    line.trim_end().to_owned()
}
