//! `rapport simulate`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use rapport_model::time::Day;
use rapport_proto::headers;
use rapport_stream::port::Output;

use crate::commands::{output, progress};
use crate::failure::Failure;
use crate::settings::Config;
use crate::simulate::{Arrival, Plan, Simulation, generate, table};

const EXAMPLES: &str = "\
Records go out in order of arrival. The same arguments give the same records on every machine,
and a site is the same however many there are beside it. A year of six sites holds every type,
action, kind, reason and cause there is.

Effects are in SDs of the outcome per SD of the cause since the measure before; these SDs are
fixed. --table shows each beside what came of it in this run; so does the file of --truth.

Peers are trained in the modules core (for ever), boundaries (365 days) and safeguarding (180):
name them in [model] mandatory_training, and training lapses. Acknowledgements name alerts as
`rapport replay` has them without a key of yours; under another key they answer nothing.

Examples:
  rapport simulate > events.jsonl                          six sites over a year
  rapport simulate --days 60 --truth truth.json | head     what was planted goes to a file
  rapport simulate --sites 1 --dyads 20 --days 90 --table > leeds.jsonl
  rapport simulate --alliance-effect 0 --support-effect 0 --table > no-effect.jsonl
  rapport simulate --support-effect 0.6 --truth strong.json > strong.jsonl
  rapport simulate --bad 0.02 --late 0.2 --seed 7 --out rough.jsonl
  rapport simulate --topic rapport.raw --config rapport.toml   straight to the configured log";

/// Arguments of `rapport simulate`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,

    /// Write the records to this file instead of standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "topic")]
    out: Option<PathBuf>,

    /// Write the records to this topic of the configured log
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,

    /// Write what was planted to this file, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,

    /// Print what was planted as a table, on standard error
    #[arg(long)]
    table: bool,
}

/// What is simulated; shared by `simulate` and `demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct PlanArgs {
    /// Sites, each with a town's name
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=99))]
    sites: u32,

    /// Peers at work at each site at a time
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=9999))]
    peers: u32,

    /// Dyads at each site at a time; one that ends makes room for another
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=999_999))]
    dyads: u32,

    /// Days simulated
    #[arg(long, default_value_t = 365, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,

    /// First day
    #[arg(long, default_value = "2025-01-06", value_name = "YYYY-MM-DD", value_parser = day)]
    start: Day,

    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,

    /// Share of events recorded days to weeks late
    #[arg(long, default_value_t = 0.05, value_name = "SHARE", value_parser = share)]
    late: f64,

    /// Share of records sent twice
    #[arg(long, default_value_t = 0.01, value_name = "SHARE", value_parser = share)]
    duplicates: f64,

    /// Bad records for each good one
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", value_parser = share)]
    bad: f64,

    /// What alliance does to outcomes: SD of the outcome per SD of the alliance; 0 is nothing at all
    #[arg(long, default_value_t = 0.3, value_name = "SD", value_parser = effect, allow_negative_numbers = true)]
    alliance_effect: f64,

    /// What support does to outcomes: SD of the outcome per SD of the support given
    #[arg(long, default_value_t = 0.25, value_name = "SD", value_parser = effect, allow_negative_numbers = true)]
    support_effect: f64,

    /// What reliable supervision of a peer does to alliances: SD of their usual level per SD of reliability
    #[arg(long, default_value_t = 0.3, value_name = "SD", value_parser = effect, allow_negative_numbers = true)]
    supervision_effect: f64,
}

impl PlanArgs {
    /// The plan.
    pub fn plan(&self) -> Plan {
        let PlanArgs { sites, peers, dyads, days, start, seed, late, duplicates, bad, .. } = *self;
        let PlanArgs { alliance_effect, support_effect, supervision_effect, .. } = *self;
        Plan {
            sites,
            peers,
            dyads,
            start,
            days,
            seed,
            late,
            duplicates,
            bad,
            alliance_effect,
            support_effect,
            supervision_effect,
        }
    }
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text)
        .filter(|day| day.0 >= 0)
        .ok_or_else(|| "a day is written YYYY-MM-DD, from 1970 on".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1".to_owned())
}

fn effect(text: &str) -> Result<f64, String> {
    let effect = text.parse().ok().filter(|effect: &f64| effect.abs() <= 0.7);
    effect.ok_or_else(|| "an effect is a number from -0.7 to 0.7".to_owned())
}

/// Simulates.
///
/// # Errors
/// Where the records or the truth cannot be written.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    let plan = args.plan.plan();
    let mut simulation = generate(&plan);
    let bar = progress::bar(u64::from(plan.days), "days");
    match (&args.out, &args.topic) {
        (_, Some(topic)) => append(&mut simulation, topic, &Config::load(config)?, &plan, &bar)?,
        (Some(path), None) => {
            let mut file = output::create(path)?;
            let result = write(&mut simulation, &mut file, &plan, &bar);
            result.map_err(|error| Failure::file("write", path, &error))?;
        }
        (None, None) => {
            let mut out = io::BufWriter::with_capacity(1 << 18, io::stdout().lock());
            output::written(write(&mut simulation, &mut out, &plan, &bar))?;
        }
    }
    bar.finish_and_clear();
    told(args, &simulation)
}

fn write(
    simulation: &mut Simulation,
    out: &mut impl Write,
    plan: &Plan,
    bar: &ProgressBar,
) -> io::Result<()> {
    for arrival in simulation.by_ref() {
        out.write_all(arrival.json.as_bytes())?;
        out.write_all(b"\n")?;
        move_bar(bar, &arrival, plan);
    }
    out.flush()
}

/// Records appended at a time.
const BATCH: usize = 5000;

fn append(
    simulation: &mut Simulation,
    topic: &str,
    config: &Config,
    plan: &Plan,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let log = config.open()?;
    let missing = || Failure::failed(format!("find topic {topic}")).next("create it: `rapport topics`");
    log.partitions(topic).map_err(Failure::failed)?.ok_or_else(missing)?;
    let mut appender = log.appender().map_err(Failure::failed)?;
    let headers = [(headers::CONTENT_TYPE, headers::JSON.as_bytes())];
    loop {
        let batch: Vec<Arrival> = simulation.by_ref().take(BATCH).collect();
        let Some(last) = batch.last() else { return Ok(()) };
        let output =
            |value| Output { topic, partition: None, key: None, value: Some(value), headers: &headers };
        let outputs: Vec<_> = batch.iter().map(|arrival| output(arrival.json.as_bytes())).collect();
        appender.append(&outputs).map_err(Failure::failed)?;
        move_bar(bar, last, plan);
    }
}

fn move_bar(bar: &ProgressBar, arrival: &Arrival, plan: &Plan) {
    let days = arrival.arrives_at.day().since(plan.start);
    bar.set_position(u64::try_from(days).unwrap_or_default().min(u64::from(plan.days)));
}

/// Says what was planted, where that is asked for.
fn told(args: &Args, simulation: &Simulation) -> Result<(), Failure> {
    let truth = simulation.truth();
    if let Some(path) = &args.truth {
        let mut file = output::create(path)?;
        let json = serde_json::to_string_pretty(&truth).map_err(Failure::failed)?;
        let result =
            file.write_all(json.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.flush());
        result.map_err(|error| Failure::file("write", path, &error))?;
    }
    if args.table {
        eprintln!("{}", table(&truth));
    }
    Ok(())
}
