//! `rapport instruments`.

use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use rapport_model::catalogue::{Catalogue, Conversion, Instrument, Range, Target};

use crate::commands::output;
use crate::failure::Failure;
use crate::settings::Config;

const EXAMPLES: &str = "\
Metadata only: the wording of items is not Rapport's to give. Before you use an instrument, see
its licence.

Examples:
  rapport instruments                        every instrument, its scores, the least change
  rapport instruments swemwbs                all about one, and where each number comes from
  rapport instruments --wide | less -S       with names and subscales
  rapport instruments --licences
  rapport instruments --config rapport.toml  those of your own catalogue, [model] catalogue_file
  rapport instruments --check ours.toml      is this catalogue good?

Exit status 78 says that a catalogue was refused; the text names every wrong line and field.";

/// Columns of a terminal, where it does not say.
const NARROW: u16 = 80;
/// Columns from which there is room for names and subscales.
const WIDE: u16 = 140;

/// Arguments of `rapport instruments`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Tell all about this instrument
    #[arg(value_name = "ID", conflicts_with_all = ["licences", "check", "wide"])]
    id: Option<String>,
    /// Check this catalogue file and list its instruments
    #[arg(long, value_name = "FILE", conflicts_with = "licences")]
    check: Option<PathBuf>,
    /// Print what each instrument's licence asks
    #[arg(long, conflicts_with = "wide")]
    licences: bool,
    /// Print names and subscales however narrow the terminal is
    #[arg(long)]
    wide: bool,
}

/// Lists the instruments.
///
/// # Errors
/// Where the catalogue cannot be read, or has no such instrument.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let columns = Table::new().width().unwrap_or(NARROW);
    if let Some(file) = &args.check {
        return output::say(&list(&check(file)?, args.wide || columns >= WIDE));
    }
    let catalogue = Config::load(config)?.params()?.catalogue;
    output::say(&match &args.id {
        Some(id) => one(&catalogue, id, columns.clamp(NARROW, 110))?,
        None if args.licences => licences(&catalogue, columns),
        None => list(&catalogue, args.wide || columns >= WIDE),
    })
}

fn check(file: &Path) -> Result<Catalogue, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::file("read", file, &error))?;
    let shown = file.display();
    let text =
        String::from_utf8(bytes).map_err(|_| Failure::config(format!("read {shown}: it is not UTF-8")))?;
    Catalogue::parse(&text).map_err(|error| {
        Failure::config(format!("accept {shown}: {error}"))
            .next("`rapport instruments ID` shows how an entry that ships looks when it is read")
    })
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
}

/// Without the blanks that a table fills its lines with.
fn trimmed(table: &Table) -> String {
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Every instrument in a line, in 80 columns unless wide.
fn list(catalogue: &Catalogue, wide: bool) -> String {
    let mut parts = Vec::new();
    for (target, heading) in [
        (Target::Alliance, "Of the alliance of a client and a peer"),
        (Target::Client, "Of a client"),
        (Target::Peer, "Of a peer"),
    ] {
        let mut table = table();
        let mut header = vec!["instrument", "measures", "total", "change", "cut-off"];
        if wide {
            header.extend(["name", "subscales"]);
        }
        table.set_header(header);
        for instrument in catalogue.iter().filter(|instrument| instrument.target == target) {
            table.add_row(line(instrument, wide));
        }
        if table.is_empty() {
            continue;
        }
        arrange(&mut table, wide);
        parts.push(format!("{heading}\n{}", trimmed(&table)));
    }
    parts.push(
        "↑ a high score is good, ↓ a high score is bad. change: the least that is\n\
         reliable; cut-off: the scores that are clinical. Blank: no published value is\n\
         sure enough, so no change is called reliable and no score clinical.\n\
         `rapport instruments ID` tells the rest, with sources."
            .to_owned(),
    );
    parts.join("\n\n")
}

fn arrange(table: &mut Table, wide: bool) {
    table.set_content_arrangement(ContentArrangement::Dynamic);
    // One width for all parts, so that they can be read as one table.
    for (index, width) in [36, if wide { 26 } else { 18 }, 9, 8, 9].into_iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            if index >= 3 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
}

fn line(instrument: &Instrument, wide: bool) -> Vec<Cell> {
    let arrow = if instrument.high_is_bad { "↓" } else { "↑" };
    let total = instrument.total.map(|total| format!("{} {arrow}", range(total)));
    let cut_off = instrument.cut_off_micros.map(|cut_off| cut_off_text(instrument, cut_off));
    let mut cells = vec![
        instrument.id.clone(),
        words(&instrument.construct),
        total.unwrap_or_default(),
        instrument.reliable_change_micros.map(plain).unwrap_or_default(),
        cut_off.unwrap_or_default(),
    ];
    if wide {
        cells.push(instrument.name.clone());
        cells.push(subscales(instrument));
    }
    cells.into_iter().map(Cell::new).collect()
}

/// What is clinical.
fn cut_off_text(instrument: &Instrument, cut_off: i64) -> String {
    let sign = if instrument.high_is_bad { "≥" } else { "<" };
    format!("{sign} {}", plain(cut_off))
}

fn subscales(instrument: &Instrument) -> String {
    let all = instrument.subscales.iter().map(|(name, scale)| format!("{} {}", words(name), range(*scale)));
    all.collect::<Vec<_>>().join(", ")
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn range(range: Range) -> String {
    format!("{}–{}", plain(range.min_micros), plain(range.max_micros))
}

fn licences(catalogue: &Catalogue, columns: u16) -> String {
    let mut table = table();
    table.set_header(["instrument", "licence"]);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns.max(NARROW));
    for instrument in catalogue.iter() {
        table.add_row([&instrument.id, &instrument.licence]);
    }
    trimmed(&table)
}

/// All about one instrument, wrapped at `columns`.
fn one(catalogue: &Catalogue, id: &str, columns: u16) -> Result<String, Failure> {
    let (Some(instrument), Some(provenance)) = (catalogue.get(id), catalogue.provenance(id)) else {
        return Err(Failure::failed(format!("find `{id}` in the catalogue"))
            .next("`rapport instruments` lists what there is"));
    };
    let mut table = table();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
    let about = match instrument.target {
        Target::Alliance => "the alliance of a client and a peer",
        Target::Client => "a client",
        Target::Peer => "a peer",
    };
    let direction = if instrument.high_is_bad { "a high score is bad" } else { "a high score is good" };
    table.add_row(["about", about]);
    if !instrument.construct.is_empty() {
        table.add_row(["measures", &words(&instrument.construct)]);
    }
    let total = instrument.total.map_or_else(|| "none".to_owned(), range);
    table.add_row(["total", &format!("{total}; {direction}")]);
    if !instrument.subscales.is_empty() {
        table.add_row(["subscales", &subscales(instrument)]);
    }
    table.add_row(["scoring", &provenance.scoring]);
    for (key, name) in [
        ("within_dyad_sd", "SD within a pair"),
        ("sd", "SD"),
        ("reliability", "reliability"),
        ("reliable_change", "reliable change"),
        ("cut_off", "cut-off"),
    ] {
        if let Some(figure) = provenance.figures.get(key) {
            let number = match key {
                "cut_off" => cut_off_text(instrument, figure.micros),
                _ => plain(figure.micros),
            };
            let notes = [number.as_str(), &figure.population, &figure.source];
            let notes: Vec<_> = notes.into_iter().filter(|note| !note.is_empty()).collect();
            table.add_row([name, &notes.join("; ")]);
        } else if matches!(key, "reliable_change" | "cut_off") && instrument.target != Target::Alliance {
            table.add_row([name, "none that is sure enough"]);
        }
    }
    table.add_row(["licence", &instrument.licence]);
    let mut text = format!("{}: {}\n{}", instrument.id, instrument.name, trimmed(&table));
    if let Some(conversion) = &provenance.conversion {
        text.push_str(&conversion_text(conversion));
    }
    Ok(text)
}

/// The table by which a sender turns raw totals into scores, seven to a line.
fn conversion_text(conversion: &Conversion) -> String {
    let mut lines = vec![format!("\n\nRaw totals and the scores to send\n({})", conversion.source)];
    let pairs: Vec<_> = (conversion.first_raw..).zip(&conversion.scores_micros).collect();
    for seven in pairs.chunks(7) {
        let raw: String = seven.iter().map(|(raw, _)| format!("{raw:>8}")).collect();
        let scores: String = seven.iter().map(|(_, score)| format!("{:>8}", plain(**score))).collect();
        lines.push(format!(" raw  {raw}\n score{scores}\n"));
    }
    lines.join("\n").trim_end().to_owned()
}

/// Millionths without needless zeros.
fn plain(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:06}", (micros / 1_000_000).abs(), (micros % 1_000_000).abs());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::failure::EXIT_CONFIG;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn the_list_fits_80_columns_and_names_every_instrument_in_one_piece() {
        let catalogue = Catalogue::embedded();
        let text = list(&catalogue, false);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for instrument in catalogue.iter() {
            assert!(text.lines().any(|line| line.split(' ').any(|word| word == instrument.id)));
        }
        let row = |id: &str| {
            let starts = |line: &&str| line.split_whitespace().next() == Some(id);
            text.lines().find(starts).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("core-10"), "core-10 distress 0–40 ↓ 6 ≥ 11");
        assert_eq!(row("swemwbs"), "swemwbs wellbeing 7–35 ↑ 2.87");
        assert_eq!(row("ors"), "ors quality of life 0–40 ↑ < 25");
        assert!(list(&catalogue, true).contains("bond 1–5, goal 1–5, task 1–5"));
    }

    #[test]
    fn one_instrument_tells_each_number_with_its_source() {
        let catalogue = Catalogue::embedded();
        let core = one(&catalogue, "core-10", 200).unwrap();
        assert!(core.contains("reliable change  6; Barkham et al. 2013: 90 per cent interval"), "{core}");
        assert!(core.contains("≥ 11; general distress; Barkham et al. 2013"), "{core}");
        let gse = one(&catalogue, "gse", 200).unwrap();
        assert!(gse.contains("reliable change  none that is sure enough"), "{gse}");
        let swemwbs = one(&catalogue, "swemwbs", 80).unwrap();
        assert!(swemwbs.contains(" raw         7       8       9"), "{swemwbs}");
        assert!(swemwbs.contains(" score       7    9.51   11.25"), "{swemwbs}");
        let unknown = one(&catalogue, "who-5", 80).unwrap_err();
        assert!(unknown.to_string().starts_with("failed to find `who-5` in the catalogue"), "{unknown}");
    }

    #[test]
    fn a_wrong_catalogue_is_refused_with_all_its_wrong_lines_and_a_right_one_is_listed() {
        let wrong =
            Catalogue::EMBEDDED_TOML.replace("max = 36 }", "max = 0 }").replacen("licence =", "license =", 1);
        let file_of_wrong = file(&wrong);
        let failure = check(file_of_wrong.path()).unwrap_err();
        assert_eq!(failure.status, EXIT_CONFIG);
        let said = failure.to_string();
        let line = 1 + wrong.lines().position(|line| line.contains("max = 0 }")).unwrap();
        for expected in [
            format!("accept {}: read the catalogue, 3 problems:\n", file_of_wrong.path().display()),
            ", `licence`: it is missing\n".to_owned(),
            ", `license`: there is no such field\n".to_owned(),
            format!("line {line}, `total`: max is not above min\n"),
        ] {
            assert!(said.contains(&expected), "{expected}\n{said}");
        }
        let right = check(file(Catalogue::EMBEDDED_TOML).path()).unwrap();
        assert_eq!(right, *Catalogue::embedded());
        assert_eq!(check(Path::new("/nowhere.toml")).unwrap_err().status, crate::failure::EXIT_FAILED);
    }
}
