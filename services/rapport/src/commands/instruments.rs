//! `rapport instruments`.

use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use rapport_model::catalogue::{Instrument, Target};

use crate::commands::output;
use crate::failure::Failure;
use crate::settings::Config;

const EXAMPLES: &str = "\
Metadata only: the wording of items is not Rapport's to give. Before you use an instrument, see its licence.

Examples:
  rapport instruments
  rapport instruments --licences
  rapport instruments --config rapport.toml     those of your own catalogue, [model] catalogue_file";

/// Arguments of `rapport instruments`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print what each instrument's licence asks
    #[arg(long)]
    licences: bool,
}

/// Lists the instruments.
///
/// # Errors
/// Where the catalogue cannot be read.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let params = Config::load(config)?.params()?;
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if args.licences {
        table.set_header(["instrument", "name", "licence"]);
        for instrument in params.catalogue.iter() {
            table.add_row([&instrument.id, &instrument.name, &instrument.licence]);
        }
        return output::say(&table.to_string());
    }
    table.set_header(["instrument", "about", "construct", "scores", "high is", "reliable change", "cut-off"]);
    for instrument in params.catalogue.iter() {
        table.add_row(row(instrument));
    }
    for column in [5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    output::say(&table.to_string())
}

fn row(instrument: &Instrument) -> [String; 7] {
    let about = match instrument.target {
        Target::Alliance => "alliance",
        Target::Client => "client",
        Target::Peer => "peer",
    };
    let range = |name: &str, min: i64, max: i64| format!("{name} {}–{}", plain(min), plain(max));
    let total = instrument.total.iter().map(|total| range("total", total.min_micros, total.max_micros));
    let subscales =
        instrument.subscales.iter().map(|(name, scale)| range(name, scale.min_micros, scale.max_micros));
    let scores: Vec<_> = total.chain(subscales).collect();
    [
        instrument.id.clone(),
        about.to_owned(),
        instrument.construct.clone(),
        scores.join("\n"),
        if instrument.high_is_bad { "bad" } else { "good" }.to_owned(),
        instrument.reliable_change_micros.map(plain).unwrap_or_default(),
        instrument.cut_off_micros.map(plain).unwrap_or_default(),
    ]
}

/// Millionths without needless zeros.
fn plain(micros: i64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, (micros % 1_000_000).abs());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
