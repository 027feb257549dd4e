//! A table for a terminal and for a page.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table as Drawn, presets};

/// Text in rows; all columns but the first are numbers.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(header: &[&'static str]) -> Table {
        Table { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with as many cells as the header has.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// For a Markdown page.
    pub fn markdown(&self) -> String {
        let mut text = format!("| {} |\n|---|", self.header.join(" | "));
        text.push_str(&"---:|".repeat(self.header.len().saturating_sub(1)));
        for row in &self.rows {
            // Writing to a string does not fail.
            let _ = write!(text, "\n| {} |", row.join(" | "));
        }
        text
    }

    /// For a terminal, as wide as that is.
    pub fn terminal(&self) -> String {
        let mut drawn = Drawn::new();
        drawn.load_preset(presets::NOTHING);
        drawn.set_content_arrangement(ContentArrangement::Dynamic);
        drawn.set_header(&self.header);
        for row in &self.rows {
            drawn.add_row(row);
        }
        drawn.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        drawn.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}
