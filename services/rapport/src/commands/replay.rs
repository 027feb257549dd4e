//! `rapport replay`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comfy_table::{Table, presets};
use rapport_model::time::Instant;
use rapport_proto::v1;
use rapport_runtime::Clock;

use crate::commands::{output, progress};
use crate::demo::screen::PLAIN_WIDTH;
use crate::demo::table::{LEGEND, figures_table};
use crate::failure::Failure;
use crate::figures::Figures;
use crate::replay::{Options, Progress, Said, replay};
use crate::settings::Config;

const EXAMPLES: &str = "\
What would Rapport have said about last year's export? The whole pipeline in one process, over a
temporary log that is gone afterwards. The same file and the same options give the same bytes.

It writes, one JSON object a line:
  enriched.jsonl    every standing event with what was known at its place
  indicators.jsonl  releases: one per site, the latest; with --daily one per site and day
  alerts.jsonl      every alert as it stands at the end
  rejected.jsonl    line, reason and field of every rejected record, never its content

Examples:
  rapport replay ev.jsonl --out said
  rapport replay ev.jsonl --out said --at 2026-01-01T00:00:00Z   as if today were New Year's Day
  rapport replay ev.jsonl --out said --daily                     every day's release
  rapport replay ev.jsonl --out said --config rapport.toml       your keys, sites, instruments
  jq -r 'select(.alert==\"alliance_breakdown\") | [.since,.site,.state] | @tsv' said/alerts.jsonl";

/// Arguments of `rapport replay`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Raw events, one JSON object a line
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,

    /// Directory for the results, made if it is not there
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,

    /// Where the ingest clock stands: RFC 3339 with an offset [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Instant>,

    /// Let the clock follow `recorded_at`, so that every day's release comes out
    #[arg(long)]
    daily: bool,
}

/// Reads an instant from the command line.
pub(crate) fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text).ok_or_else(|| "write it as 2026-01-01T00:00:00Z, or with another offset".to_owned())
}

/// Replays a file.
///
/// # Errors
/// Where the file cannot be read, the results cannot be written or the configuration is refused.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let config = Config::load(config)?;
    let (rules, known_key) = config.rules_for_replay()?;
    let params = Arc::new(config.params()?);
    let at = args.at.unwrap_or_else(|| Instant(Clock::system().now_us()));
    let file = File::open(&args.file).map_err(|error| Failure::file("open", &args.file, &error))?;
    let bar = progress::bytes(file.metadata().map(|data| data.len()).unwrap_or_default(), "read");
    let events = progress::bar(0, "events assessed");
    let options = Options { at, daily: args.daily };
    let said = replay(BufReader::with_capacity(1 << 18, file), &rules, &params, options, &mut |progress| {
        match progress {
            Progress::Read(bytes) => bar.set_position(bytes),
            Progress::Assessed(done, of) => {
                bar.finish_and_clear();
                events.set_length(of);
                events.set_position(done);
            }
        }
    })?;
    bar.finish_and_clear();
    events.finish_and_clear();
    said.write(&args.out)?;
    output::say(&summary(&said, args, at, known_key)?)
}

fn summary(said: &Said, args: &Args, at: Instant, known_key: bool) -> Result<String, Failure> {
    let releases = said.releases()?;
    let mut newest: BTreeMap<String, Figures> = BTreeMap::new();
    for release in &releases {
        // Releases come in order of their days.
        newest.insert(release.site.clone(), Figures::of(release));
    }
    let mut text = format!(
        "{} records: {} accepted, {} rejected; {} rows, {} releases, {} alerts; clock at {at}\n",
        said.lines,
        said.accepted,
        said.rejected.len(),
        said.enriched.len(),
        releases.len(),
        said.alerts.len(),
    );
    if !newest.is_empty() {
        text.push('\n');
        text.push_str(&figures_table(newest.iter(), PLAIN_WIDTH, true));
        text.push_str(&format!("\n\n{LEGEND}\n"));
    }
    let alerts = said.standing_alerts()?;
    if !alerts.is_empty() {
        text.push_str(&format!("\n{}\n", alerts_table(&alerts)));
    }
    if !said.rejected.is_empty() {
        text.push_str(&format!("\n{}\n", rejected_table(said)));
    }
    text.push_str(&format!("\nwritten to {}", args.out.display()));
    if known_key {
        text.push_str(
            "\nno pseudonym key is configured, so ids were replaced under a key that everybody knows: keep these files \
             where the raw ones are, or say --config with [ingest] keys",
        );
    }
    Ok(text)
}

fn alerts_table(alerts: &[v1::Alert]) -> String {
    let mut counts: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for alert in alerts {
        let column = ["firing", "resolved"].iter().position(|state| *state == alert.state).unwrap_or(2);
        counts.entry(&alert.alert).or_default()[column] += 1;
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["alert", "firing", "resolved", "withdrawn"]);
    for (alert, counts) in counts {
        let mut row = vec![alert.to_owned()];
        row.extend(counts.map(|count| count.to_string()));
        table.add_row(row);
    }
    table.to_string()
}

fn rejected_table(said: &Said) -> String {
    let mut counts: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for rejected in &said.rejected {
        let key = (rejected.rejection.reason.as_str(), rejected.rejection.field.unwrap_or_default());
        counts.entry(key).or_insert((0, rejected.line)).0 += 1;
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["rejected for", "field", "records", "first line"]);
    for ((reason, field), (count, first)) in counts {
        table.add_row([reason.to_owned(), field.to_owned(), count.to_string(), first.to_string()]);
    }
    table.to_string()
}
