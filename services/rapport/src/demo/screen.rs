//! The demo's screen: a page that is drawn again and again on a terminal, plain lines anywhere else.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use rapport_model::words::{SupportType, Word as _};

use super::board::{Seen, Transition};
use crate::figures::{Figures, total};

/// What the columns of [`figures_table`] mean.
pub const LEGEND: &str = "\
Open: dyads open in the 28 days before the newest release; the rest: in 90 days. In vain: dropouts by the
type of support that had been asked for and not given; one dropout may count in several.";

/// Transitions shown on a page.
const SHOWN: usize = 12;
/// How often plain figures are printed where nobody redraws, in draws.
const PLAIN_EVERY: u32 = 20;

/// Draws the board.
pub struct Screen {
    terminal: bool,
    /// Where /metrics of the exporter is.
    metrics: String,
    /// Where events can be posted.
    events: String,
    draws: u32,
    /// Transitions already printed as plain lines.
    printed: u64,
    rate: Rate,
}

/// Events per second over the last draws.
#[derive(Default)]
struct Rate {
    last: Option<(Duration, u64)>,
    per_second: f64,
}

impl Rate {
    fn update(&mut self, now: Duration, events: u64) {
        if let Some((then, before)) = self.last {
            let seconds = now.saturating_sub(then).as_secs_f64();
            if seconds < 0.5 {
                return;
            }
            self.per_second = events.saturating_sub(before) as f64 / seconds;
        }
        self.last = Some((now, events));
    }
}

impl Screen {
    /// A screen on standard output.
    pub fn new(metrics: String, events: String) -> Screen {
        let terminal = io::stdout().is_terminal();
        Screen { terminal, metrics, events, draws: 0, printed: 0, rate: Rate::default() }
    }

    /// Draws once; `now` is the time since the start.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn draw(&mut self, seen: &Seen, now: Duration) -> io::Result<()> {
        self.rate.update(now, seen.events);
        self.draws += 1;
        let mut out = io::stdout().lock();
        if self.terminal {
            // Home, the page, then clear what is left of an earlier, longer one: no flicker.
            let page = self.page(seen, now).replace('\n', "\x1b[K\n");
            write!(out, "\x1b[H{page}\x1b[J")?;
        } else {
            for transition in seen.transitions.iter().filter(|transition| transition.number > self.printed) {
                writeln!(out, "{}", line(transition))?;
            }
            self.printed = seen.transitions_ever;
            if self.draws % PLAIN_EVERY == 1 {
                writeln!(out, "{}", self.head(seen, now))?;
            }
        }
        out.flush()
    }

    /// Clears the terminal before the first page.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn open(&self) -> io::Result<()> {
        if self.terminal { write!(io::stdout(), "\x1b[2J\x1b[H") } else { Ok(()) }
    }

    /// The last page, whole, where it stays.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn close(&mut self, seen: &Seen, now: Duration) -> io::Result<()> {
        let page = self.page(seen, now);
        let mut out = io::stdout().lock();
        if self.terminal {
            write!(out, "\x1b[2J\x1b[H")?;
        }
        writeln!(out, "{page}")?;
        out.flush()
    }

    fn head(&self, seen: &Seen, now: Duration) -> String {
        let what = if seen.live { "live" } else { "catching up on the first year" };
        format!(
            "simulated {} ({what}) after {:.0} s: {} events, {:.0}/s, {} rejected, {} alerts firing",
            seen.clock.day(),
            now.as_secs_f64(),
            seen.events,
            self.rate.per_second,
            seen.rejected,
            seen.firing.values().sum::<u64>(),
        )
    }

    fn page(&self, seen: &Seen, now: Duration) -> String {
        let mut page = format!("Rapport demo: {}\n", self.head(seen, now));
        page.push_str(&format!(
            "metrics http://{}/metrics   events http://{}/v1/events\n\n",
            self.metrics, self.events
        ));
        page.push_str(&figures_table(seen.sites.iter()));
        page.push_str("\n\n");
        page.push_str(LEGEND);
        page.push_str("\n\n");
        let firing: Vec<_> =
            seen.firing.iter().filter(|(_, n)| **n > 0).map(|(alert, n)| format!("{alert} {n}")).collect();
        page.push_str(&format!(
            "Alerts firing: {}\n",
            if firing.is_empty() { "none".to_owned() } else { firing.join(", ") }
        ));
        for transition in seen.transitions.iter().rev().take(SHOWN) {
            page.push_str(&line(transition));
            page.push('\n');
        }
        page
    }
}

fn line(transition: &Transition) -> String {
    let Transition { at, what, alert, site, summary, .. } = transition;
    let day = at.get(..16).unwrap_or(at).replace('T', " ");
    let mut line = format!("  {day}  {what:<9} {alert:<19} {site:<10} {summary}");
    if let Some((cut, _)) = line.char_indices().nth(118) {
        line.truncate(cut);
    }
    line.trim_end().to_owned()
}

/// Figures by site, and of all.
pub fn figures_table<'a>(sites: impl Iterator<Item = (&'a String, &'a Figures)>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let kinds: Vec<&str> = SupportType::FIVE.iter().map(|kind| kind.as_str()).collect();
    let mut header = vec!["site", "open", "breakdowns", "repairs", "dropouts"];
    // With so many words a column each, the first one carries what they have in common.
    let in_vain = format!("in vain: {}", kinds[0]);
    header.push(&in_vain);
    header.extend(&kinds[1..]);
    table.set_header(header);
    let mut all = Vec::new();
    for (site, figures) in sites {
        table.add_row(row(site, figures, &kinds));
        all.push(figures);
    }
    if all.len() > 1 {
        table.add_row(row("all", &total(all.iter().copied()), &kinds));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

fn row(site: &str, figures: &Figures, kinds: &[&str]) -> Vec<String> {
    let mut row = vec![site.to_owned()];
    row.extend([figures.open, figures.breakdowns, figures.repairs, figures.dropouts].map(|n| n.to_string()));
    row.extend(
        kinds.iter().map(|kind| figures.dropouts_unmet.get(*kind).copied().unwrap_or_default().to_string()),
    );
    row
}
