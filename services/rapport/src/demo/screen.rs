//! The demo's screen: a page that is drawn again and again on a terminal, plain lines anywhere else.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use super::board::{Seen, TIERS, Transition};
use super::table::{LEGEND, figures_table, lines};

/// Size of a page where nobody says how large the terminal is: columns, lines.
const USUAL: (usize, usize) = (80, 24);
/// Width where nobody redraws.
pub const PLAIN_WIDTH: usize = 120;
/// Transitions on a page, at least and at most.
const SHOWN: (usize, usize) = (3, 12);
/// How often plain figures are printed where nobody redraws, in draws.
const PLAIN_EVERY: u32 = 20;
/// Most transitions printed at a time where nobody redraws.
const PLAIN_TRANSITIONS: usize = 10;

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
            // Home, the page, then clear what is left of an earlier, longer one: no flicker. Nothing follows the last
            // line, or a page that fills the terminal would scroll.
            let page = self.page(seen, now, size()).join("\x1b[K\n");
            write!(out, "\x1b[H{page}\x1b[K\x1b[J")?;
        } else {
            self.plain(seen, now, &mut out)?;
        }
        out.flush()
    }

    /// New transitions as they come, the newest where they are many, and the head now and then.
    fn plain(&mut self, seen: &Seen, now: Duration, out: &mut impl Write) -> io::Result<()> {
        let new: Vec<_> = seen.transitions.iter().filter(|told| told.number > self.printed).collect();
        let ever = usize::try_from(seen.transitions_ever - self.printed).unwrap_or(usize::MAX);
        let printed = new.len().min(PLAIN_TRANSITIONS);
        if ever > printed {
            writeln!(out, "  … {} transitions of alerts not shown", ever - printed)?;
        }
        for transition in &new[new.len() - printed..] {
            writeln!(out, "{}", cut(&line(transition), PLAIN_WIDTH))?;
        }
        self.printed = seen.transitions_ever;
        if self.draws % PLAIN_EVERY == 1 {
            writeln!(out, "{}; {}", self.head(seen, now), by_tier(seen))?;
        }
        Ok(())
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
        let width = if self.terminal { size().0 } else { PLAIN_WIDTH };
        let page = self.page(seen, now, (width, usize::MAX));
        let mut out = io::stdout().lock();
        if self.terminal {
            write!(out, "\x1b[2J\x1b[H")?;
        }
        writeln!(out, "{}", page.join("\n"))?;
        out.flush()
    }

    fn head(&self, seen: &Seen, now: Duration) -> String {
        let what = if seen.live { "live" } else { "first year" };
        format!(
            "Rapport demo: {} ({what}) after {:.0} s, {} events, {:.0}/s, {} rejected",
            seen.clock.day(),
            now.as_secs_f64(),
            seen.events,
            self.rate.per_second,
            seen.rejected,
        )
    }

    /// The lines of a page of that size, none wider and not more of them.
    fn page(&self, seen: &Seen, now: Duration, (width, height): (usize, usize)) -> Vec<String> {
        let mut page = vec![
            self.head(seen, now),
            format!("metrics http://{}/metrics  events http://{}/v1/events", self.metrics, self.events),
        ];
        // What is there in any case, and what there is room for beside it.
        let fixed = page.len() + 1 + SHOWN.0;
        let names = by_name(seen, width);
        let legend: Vec<&str> = LEGEND.lines().collect();
        let all = height >= fixed + lines(true) + names.len();
        let roomy = height >= fixed + lines(all) + names.len() + legend.len() + 3;
        let mut add = |lines: Vec<String>| {
            if roomy {
                page.push(String::new());
            }
            page.extend(lines);
        };
        add(figures_table(seen.sites.iter(), width, all).lines().map(str::to_owned).collect());
        if roomy {
            add(legend.into_iter().map(str::to_owned).collect());
        }
        let mut alerts = vec![by_tier(seen)];
        if all {
            alerts.extend(names);
        }
        add(alerts);
        let room = height.saturating_sub(page.len()).clamp(SHOWN.0, SHOWN.1);
        page.extend(seen.transitions.iter().rev().take(room).map(line));
        page.truncate(height);
        page.iter().map(|line| cut(line, width)).collect()
    }
}

/// Columns and lines of the terminal.
fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size();
    size.map_or(USUAL, |(width, height)| (usize::from(width.0), usize::from(height.0)))
}

/// Open alerts by tier, on a line.
fn by_tier(seen: &Seen) -> String {
    let count = |tier: &str| {
        let of_tier = seen.firing.iter().filter(|((other, _), _)| other == tier);
        of_tier.map(|(_, count)| count).sum::<u64>()
    };
    let counts: Vec<String> = TIERS.iter().map(|tier| format!("{} {tier}", count(tier))).collect();
    format!("Alerts open: {}", counts.join(", "))
}

/// Open alerts by name, by tier, on lines no wider than that where they can be.
fn by_name(seen: &Seen, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for tier in TIERS {
        let mut line = format!("  {tier}:");
        let before = lines.len();
        for ((_, alert), count) in
            seen.firing.iter().filter(|((other, _), count)| other == tier && **count > 0)
        {
            let name = format!(" {alert} {count},");
            if line.chars().count() + name.chars().count() > width {
                lines.push(std::mem::replace(&mut line, "   ".to_owned()));
            }
            line.push_str(&name);
        }
        if lines.len() > before || line.ends_with(',') {
            lines.push(line.trim_end_matches(',').to_owned());
        }
    }
    lines
}

fn line(transition: &Transition) -> String {
    let Transition { at, what, alert, site, summary, .. } = transition;
    // The year is that of the head, or the one before.
    let day = at.get(5..16).unwrap_or(at).replace('T', " ");
    let line = format!(" {day} {what:<9} {alert:<24} {site:<9} {summary}");
    line.trim_end().to_owned()
}

/// The line, cut where it is too wide.
fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(sites: usize, transitions: u64) -> Seen {
        let mut seen = Seen::default();
        seen.transitions_ever = transitions;
        for number in 0..sites {
            seen.sites.insert(crate::simulate::site_name(number as u32), Default::default());
        }
        for number in 1..=transitions {
            seen.transitions.push_back(Transition {
                number,
                at: "2026-01-01T09:00:00Z".to_owned(),
                what: "opened",
                alert: "professional_help_wanted".to_owned(),
                site: "sheffield".to_owned(),
                summary: "a wish for professional help that the pair cannot meet stands open".to_owned(),
            });
        }
        seen.firing.insert(("page".to_owned(), "alliance_breakdown".to_owned()), 37);
        seen.firing.insert(("safeguarding".to_owned(), "safeguarding".to_owned()), 2);
        seen
    }

    fn page(seen: &Seen, size: (usize, usize)) -> Vec<String> {
        let at = || "127.0.0.1:9463".to_owned();
        Screen::new(at(), at()).page(seen, Duration::from_secs(21), size)
    }

    #[test]
    fn a_page_fits_the_terminal_and_shows_every_mechanism_the_outcomes_and_open_alerts_by_tier() {
        for (sites, size) in [(6, (80, 24)), (99, (80, 24)), (1, (80, 24)), (6, (120, 40)), (24, (250, 80))] {
            let page = page(&board(sites, 50), size);
            assert!(page.len() <= size.1, "{size:?}: {}", page.len());
            assert!(page.iter().all(|line| line.chars().count() <= size.0), "{size:?}: {page:#?}");
            let text = page.join("\n");
            for wanted in [
                "PEER ROLE",
                "WORKING ALLIANCE",
                "SOCIAL SUPPORT",
                "ROLE MODELLING",
                "OUTCOMES",
                "Alerts open: 2 safeguarding, 37 page, 0 digest, 0 operations",
            ] {
                assert!(text.contains(wanted), "{size:?}: {wanted} is not in\n{text}");
            }
            let told = page.iter().filter(|line| line.contains(" opened ")).count();
            assert!(told >= 3, "{size:?}: {told}");
        }
    }

    #[test]
    fn six_sites_fit_a_usual_terminal_and_more_are_left_out_but_said_to_be_there() {
        let all = page(&board(6, 3), USUAL).join("\n");
        assert!(all.contains("york") && all.contains("sheffield") && !all.contains("sites"), "{all}");
        let some = page(&board(12, 3), USUAL).join("\n");
        assert!(some.contains(" of 12 sites"), "{some}");
        let wide = page(&board(12, 3), (160, 60)).join("\n");
        assert!(
            !wide.contains("sites\n") && wide.contains("sheffield") && wide.contains("  page: alliance"),
            "{wide}"
        );
    }
}
